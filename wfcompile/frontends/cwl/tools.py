"""A CommandLineTool or ExpressionTool that cwltool has read becomes plain JSON, which nodes evaluate."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from wfcompile.frontends.cwl.files import Places
from wfcompile.frontends.cwl.plain import name_of, plain
from wfcompile.frontends.cwl.reading import ORIGINAL_VERSION
from wfcompile.frontends.cwl.requirements import for_tool, merged
from wfcompile.frontends.cwl.types import extras, type_of

_COMMAND = ("stdin", "stdout", "stderr", "successCodes", "temporaryFailCodes", "permanentFailCodes", "expression")
_INVENTED = re.compile(r"[0-9a-f]{40}")  # how cwltool names a stream that is an output and has no name


def version_of(process: Any) -> str:
    """Return the version of CWL that a process is written in."""
    metadata = process.metadata
    return str(metadata.get(ORIGINAL_VERSION) or metadata.get("cwlVersion"))


def named_types(process: Any) -> dict[str, Any]:
    """Return the types of a process's SchemaDefRequirement by their identifiers."""
    about = merged(process).get("SchemaDefRequirement")
    return {str(type_["name"]): type_ for type_ in about["types"]} if about else {}


def parameter(
    port: Mapping[str, Any], named: Mapping[str, Any], places: Places, formats: Any, *, given: bool
) -> dict[str, Any]:
    """Return an input (`given`) or an output of a process."""
    about = {"name": name_of(port["id"]), "type": type_of(port["type"], named, places.localise)}
    about.update(extras(port, places.localise, required=given))
    if given and formats is not None and "format" in about:
        accepted = accepted_formats(about["format"], formats)
        if accepted:
            about["formats"] = accepted
    return about


def accepted_formats(wanted: Any, ontology: Any) -> list[str]:
    """Return the formats that an ontology says a file may have besides the wanted ones: subclasses and equivalents."""
    from rdflib import OWL, RDFS, URIRef

    every = [wanted] if isinstance(wanted, str) else list(wanted)
    found: list[Any] = [URIRef(format_) for format_ in every if "$(" not in format_ and "${" not in format_]
    for format_ in found:  # grows
        more = [
            *ontology.subjects(RDFS.subClassOf, format_),
            *ontology.subjects(OWL.equivalentClass, format_),
            *ontology.objects(format_, OWL.equivalentClass),
        ]
        found += [other for other in more if isinstance(other, URIRef) and other not in found]
    return sorted({str(format_) for format_ in found} - set(every))


def tool_of(process: Any, name: str, places: Places, texts: Collection[str]) -> dict[str, Any]:
    """Return a tool; `texts` are the documents, which hold the file names that their author chose."""
    named, ontology = named_types(process), ontology_of(process)
    tool = process.tool
    about: dict[str, Any] = {
        "class": str(tool["class"]),
        "version": version_of(process),
        "name": name,
        "inputs": [parameter(port, named, places, ontology, given=True) for port in tool["inputs"]],
        "outputs": [parameter(port, named, places, None, given=False) for port in tool["outputs"]],
        "requirements": for_tool(process, places),
        "baseCommand": _listed(plain(tool.get("baseCommand") or [])),
        "arguments": plain(tool.get("arguments") or []),
    }
    about.update({key: plain(tool[key]) for key in _COMMAND if tool.get(key) is not None})
    docker = "DockerRequirement"
    if docker in about["requirements"] and docker not in merged(process, hints=False):
        about["hinted"] = [docker]
    return _stable(about, texts)


def _listed(words: Any) -> list[Any]:
    return words if isinstance(words, list) else [words]


def ontology_of(process: Any) -> Any:
    """Return the graph of the document's $schemas, None for an empty one."""
    return process.formatgraph if process.metadata.get("$schemas") else None


def _stable(tool: dict[str, Any], texts: Collection[str]) -> dict[str, Any]:
    """Replace the names of streams that cwltool made from paths of this machine."""
    streams = {stream: str(tool.get(stream, "")) for stream in ("stdout", "stderr")}
    invented = {
        stream: name
        for stream, name in streams.items()
        if _INVENTED.fullmatch(name) and not any(name in text for text in texts)
    }
    text = bare = json.dumps(tool)
    for name in invented.values():
        bare = bare.replace(name, "")
    for stream, name in invented.items():
        text = text.replace(name, hashlib.sha1(f"{stream} {bare}".encode(), usedforsecurity=False).hexdigest())
    found: dict[str, Any] = json.loads(text)
    return found
