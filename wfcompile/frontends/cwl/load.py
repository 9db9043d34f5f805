"""A CWL document becomes the templates of an ir.Workflow; cwltool reads it, and is not needed afterwards."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wfcompile.documents import Document, cursor, display_path
from wfcompile.errors import Refused
from wfcompile.frontends.cwl import joborder
from wfcompile.frontends.cwl.fence import fence_of
from wfcompile.frontends.cwl.files import Places
from wfcompile.frontends.cwl.plain import file_name_of
from wfcompile.frontends.cwl.reading import Reader
from wfcompile.frontends.cwl.tools import version_of
from wfcompile.frontends.cwl.workflows import Builder
from wfcompile.ir import Source, Step, Workflow
from wfcompile.loc import Loc
from wfcompile.options import Options
from wfcompile.runtime.cwl.files import Host

VERSIONS = ("v1.0", "v1.1", "v1.2")


def load(document: Document, options: Options) -> Workflow:
    """Load a CWL document, the process that FILE#NAME selects, else its #main; raises Refused."""
    path = Path(os.path.normpath(document.path.absolute()))
    _check_version(document)
    reader = Reader(fence_of(options, path))
    order = joborder.read_job_order(reader, options, path)
    orders = set(reader.texts)
    fragment = "" if options.spec.name == path.name else options.spec.name.partition("#")[2]
    process = reader.process(document, fragment, order.requirements, order.overrides)
    places = Places(joborder.base_of(options, path), reader.fence)
    name = file_name_of(str(process.tool["id"])) if fragment else path.stem
    documents = {file: text for file, text in reader.texts.items() if file not in orders}
    texts = (*documents.values(), *reader.remote.values())
    builder = Builder(places, texts, document.loc(), options)
    init = joborder.complete(order, process, reader, options, places, builder.warnings)
    builder.main(process, name)
    sources = (*_sources(documents), *_fetched(reader.remote))
    shown = {display_path(source.path): source.name for source in sources}
    shown.update({address: _name_of(address) for address in reader.remote})
    _say_where(builder, shown)
    return Workflow(
        name=re.sub(r"[^A-Za-z0-9_.+-]", "_", name),
        language="cwl",
        template={
            "language": "cwl",
            "version": version_of(process),
            "tools": builder.tools,
            "steps": [_generic(step) | step for step in builder.steps],
            "scopes": builder.scopes,
        },
        steps=tuple(
            Step(
                step["path"],
                about.loc,
                _in_bundle(about.loc, shown),
                about.image,
                recipe=about.recipe,
                hints=about.hints,
                nodes=about.nodes,
            )
            for step, about in zip(builder.steps, builder.about, strict=True)
        ),
        locs=builder.locs,
        sources=sources,
        init=init,
        init_directories=places.directories,
        host=Host("", below=[(place, str(top)) for place, top in sorted(places.directories.items(), reverse=True)]),
        warnings=tuple(dict.fromkeys(map(str, (*reader.warnings, *builder.warnings)))),
    )


def _in_bundle(loc: Loc, shown: Mapping[str, str]) -> str:
    """Return a position in terms of the bundle's spec/."""
    return f"{shown.get(loc.file, loc.file)}:{loc.line}"


def _say_where(builder: Builder, shown: Mapping[str, str]) -> None:
    """Let the workflow's outputs know where they were written: what is wrong with them shows at the end of a run."""
    for name, port in builder.scopes[0]["outputs"].items():
        port["at"] = _in_bundle(builder.locs[-1, ("outputs", name)], shown)


def _generic(step: dict[str, Any]) -> dict[str, Any]:
    """Return what a step has to those who look at steps of any language: one field, its command."""
    publisher = {"publisher_type": "cwl", "glob": False}
    task = {"text": "{command}", "publisher": publisher, "mounts": [], "runs": True}
    lists: dict[str, Any] = {key: [] for key in ("dependencies", "fulfilled", "after")}
    return lists | {
        "jq": None,
        "parameters": {},
        "register": {},
        "cases": None,
        "task": task if step["tool"] is not None else None,
    }


def _check_version(document: Document) -> None:
    root = cursor(document)
    if "cwlVersion" not in root.value:
        raise root.refused("there is no 'cwlVersion' at the top level", f"write one of {', '.join(VERSIONS)}")
    root.child("cwlVersion").choice("cwlVersion", VERSIONS)


def _sources(documents: dict[Path, str]) -> tuple[Source, ...]:
    """Return the documents by their paths relative to the directory that holds them all."""
    base = os.path.commonpath([path.parent for path in documents])
    found = [Source(os.path.relpath(path, base), text, path) for path, text in documents.items()]
    for source in found:
        if not source.name.isprintable():
            raise Refused(f"the file name {source.name!r} has a control character", "rename it")
    return tuple(sorted(found, key=lambda source: source.name))


def _fetched(remote: dict[str, str]) -> tuple[Source, ...]:
    """Return the documents that came from the web."""
    return tuple(Source(_name_of(address), text, Path(address)) for address, text in sorted(remote.items()))


def _name_of(address: str) -> str:
    """Return the name in the bundle's spec/ of a document from the web."""
    return f"remote/{quote(address, safe='')}"
