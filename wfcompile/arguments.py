"""Command-line words become Options."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from wfcompile.documents import parse_document
from wfcompile.errors import Misused, suggest
from wfcompile.options import Options
from wfcompile.site import Site, load_site


def options_from(
    spec: Path,
    target: str,
    inputs: tuple[Path, ...],
    parameter: tuple[str, ...],
    toplevel: Path | None,
    initdir: Path | None,
    dataopt: tuple[str, ...],
    wflowopt: tuple[str, ...],
    site: str | None,
    resources: tuple[Path, ...],
    settings: tuple[str, ...],
    container: str | None,
    image: tuple[str, ...],
    output: tuple[str, ...],
    allow_path: tuple[Path, ...],
    allow_remote: bool,
    data_edges_only: bool,
    expect: tuple[str, ...],
    debug: bool,
    run: Path | None = None,
) -> Options:
    """Return the options; raises Misused for words that cannot be understood."""
    data_options = {}
    for key, text in (_pair(text, "-d") for text in dataopt):
        data_options[key] = text if key in ("inputarchive", "archivematch") else _yaml(text, f"-d {key}")
        if key not in ("initdir", "pathbase", "subinits", "inputarchive", "archivematch"):
            raise Misused(f"-d {key}: unknown data option", suggest(key, ("initdir", "pathbase", "subinits")))
    if "initdir" in data_options:
        initdir = Path(str(data_options.get("pathbase", "."))) / str(data_options.pop("initdir"))
    for path, name in ((toplevel, "--toplevel"), (initdir, "--initdir")):
        if path is not None and not path.is_dir():
            raise Misused(f"{name}: the directory '{path}' does not exist", "check the path")
    texts = tuple(_pair(text, "-p") for text in parameter)
    options = Options(
        spec=spec,
        target=target,
        site=load_site(site) if site else Site(),
        input_files=inputs,
        parameters=tuple((key, _yaml(value, f"-p {key}")) for key, value in texts),
        parameter_texts=texts,
        toplevel=toplevel,
        initdir=initdir,
        data_options=tuple(data_options.items()),
        workflow_options=tuple((key, _yaml(value, f"-w {key}")) for key, value in (_pair(w, "-w") for w in wflowopt)),
        resources=resources,
        settings=tuple(_setting(text) for text in settings),
        container=container,
        images=tuple(_pair(text, "--image") for text in image),
        outputs=output,
        allowed_paths=allow_path,
        allow_remote=allow_remote,
        data_edges_only=data_edges_only,
        expected=tuple(_expected(text) for text in expect),
        run=run,
    )
    for key, value in options.workflow_options:
        if key not in ("discover", "relative"):
            raise Misused(f"-w {key}: unknown workflow option", "known: discover, relative")
        if not isinstance(value, bool):
            raise Misused(f"-w {key}: must be true or false")
    return replace(options, container=known_container(container))


def known_container(name: str | None) -> str | None:
    """Return what --container says; raises Misused for what is no runtime."""
    known = ("auto", "apptainer", "singularity", "charliecloud", "none")
    if name is not None and name not in known:
        raise Misused(f"--container {name}: unknown runtime", f"known: {', '.join(known)}")
    return name


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise Misused(f"{option} '{text}' is not KEY=VALUE", "write an equals sign between them")
    return key, value


def _setting(text: str) -> tuple[str, str, str]:
    name, value = _pair(text, "--set")
    step, _, key = name.rpartition(".")
    if not step:
        raise Misused(f"--set '{text}' is not STEP.KEY=VALUE", "for example --set 'fit.memory=4 GiB'")
    return step, key, value


def _expected(text: str) -> tuple[str, bool, int]:
    match = re.fullmatch(r"([^=<>]+)(<?=)([0-9]{1,8})", text)
    if not match:
        raise Misused(f"--expect '{text}' is not STEP=N or STEP<=N", "for example --expect train=1200")
    return match[1], match[2] == "=", int(match[3])


def _yaml(text: str, where: str) -> Any:
    from wfcompile.frontends.yadage.references import Library

    document = parse_document(text, Path(where), where)
    from wfcompile.documents import cursor

    return Library(document, [], []).plain(cursor(document))
