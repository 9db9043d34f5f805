"""The reference cases: what the real engine made of its own specifications and of the real BSM search."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from packtivity.statecontexts.posixfs_context import LocalFSState
from packtivity.syncbackends import build_job, finalize_inputs, packconfig

from tests.conftest import SHARED
from wfcompile.frontends.yadage.engine import EngineNode, compiled_once
from wfcompile.options import Options
from wfcompile.runtime.values import RUN

SPECS = SHARED / "specs"
EXPECTED = SPECS / "yadage" / "expected"
PLACES = {
    "$TESTSPECS": SPECS / "yadage" / "testspecs",
    "$EXAMPLES": SPECS / "yadage" / "examples",
    "$INPUTS": SPECS / "yadage" / "inputs",
    "$REPO": SPECS / "bsm-search",
}


def load(name: str) -> dict[str, Any]:
    """Return one record of the engine; they stand beside the repository, and CI requires them."""
    if not SPECS.is_dir():
        reason = f"the engine's records are not at {SPECS}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = SPECS / "bsm-search" if name.startswith("bsm-search") else EXPECTED
    record: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return record


def options(record: dict[str, Any], places: dict[str, Path] = PLACES) -> Options:
    """Return the options that the engine's command line (or its run file) says."""

    def place(text: str) -> Path:
        return Path(place_all(text, places))

    if record.get("run_file"):
        top = place(record["toplevel"])
        found = json.loads(place_all(json.dumps(record["dataopts"]), places))
        return Options(top / record["workflow"], toplevel=top, data_options=tuple(found.items()))
    words = iter(record["cmdline_norm"][2:])
    paths: list[Path] = []
    pairs: dict[str, dict[str, str]] = {"-d": {}, "-p": {}, "-w": {}}
    toplevel: Path | None = None
    for word in words:
        if word == "-t":
            toplevel = place(next(words))
        elif word in pairs:
            key, _, value = next(words).partition("=")
            pairs[word][key] = value
        elif word in ("-b", "-u"):
            next(words)
        elif not word.startswith("-"):
            paths.append(place(word))
    assert toplevel is not None
    spec, *inputs = [path if path.is_absolute() else toplevel / path for path in paths]
    initdir = pairs["-d"].pop("initdir", None)
    return Options(
        spec,
        toplevel=toplevel,
        input_files=tuple(inputs),
        parameters=tuple((key, yaml.safe_load(value)) for key, value in pairs["-p"].items()),
        workflow_options=tuple((key, yaml.safe_load(value)) for key, value in pairs["-w"].items()),
        data_options=tuple((key, place_all(value, places)) for key, value in pairs["-d"].items()),
        initdir=place(initdir) if initdir else None,
    )


def place_all(text: str, places: dict[str, Path]) -> str:
    """Return text with the directories that stand for others in it."""
    for name, path in places.items():
        text = text.replace(name, str(path))
    return text


def init_directories(record: dict[str, Any]) -> dict[str, str]:
    """Return what stands for each init directory in the record, and its place in our run."""
    found = {}
    for word in record["cmdline_norm"]:
        if word.startswith("initdir="):
            found[word.partition("=")[2]] = f"{RUN}/init"
    if record.get("run_file"):
        base = record["dataopts"].get("pathbase", "")

        def walk(tree: dict[str, Any], prefix: str) -> None:
            for key, value in tree.items():
                if isinstance(value, dict):
                    walk(value, f"{prefix}{key}/")
                else:
                    directory = value if value.startswith("$") else f"{base}/{value}"
                    found[directory] = f"{RUN}/init/.subinits/{prefix}{key}"

        walk(record["dataopts"]["subinits"], "")
    return found


def nodes(record: dict[str, Any]) -> list[EngineNode]:
    """Return the engine's nodes in the form in which they are compared."""
    jobs = {(job["offset"], job["name"]): job["job"] for job in record.get("jobs") or ()}
    init = init_directories(record)
    edges: dict[str, list[str]] = {}
    for parent, child in record["edges"]:
        edges.setdefault(child, []).append(parent)
    found = []
    for node in record["nodes"]:
        job = jobs.get((node["offset"], node["name"]))
        directory = node["readwrite"][0].removeprefix("$WORKDIR/") if node["readwrite"] and job else None
        if node["process"] and not jobs:  # commands were really run, and not recorded
            job, directory = _rendered(node), node["readwrite"][0].removeprefix("$WORKDIR/")
        job = job or {}
        found.append(
            EngineNode(
                identifier=node["id"],
                directory=directory,
                interpreter=job.get("interpreter", ""),
                command=here(job.get("script", job.get("command", "")), init),
                result=here(node["result"], init),
                parents=tuple(edges.get(node["id"], ())),
            )
        )
    return found


def _rendered(node: dict[str, Any]) -> dict[str, str]:
    """Return the job that packtivity makes of a node's recorded parameters."""
    with compiled_once():
        state = LocalFSState(readwrite=node["readwrite"])
        # the state makes its paths absolute; the record has a stand-in for the working directory
        place = state.readwrite[0].removesuffix(node["readwrite"][0])
        parameters, _ = finalize_inputs(node["parameters"], state)
        job: dict[str, str] = build_job(node["process"], parameters, state, packconfig())
        return {key: value.replace(place, "") for key, value in job.items()}


def here(data: Any, init: dict[str, str]) -> Any:
    """Return data of a record with its directories as they are in our run: below the run root's token."""
    if isinstance(data, dict):
        return {key: here(value, init) for key, value in data.items()}
    if isinstance(data, list):
        return [here(value, init) for value in data]
    if isinstance(data, str):
        for directory, place in init.items():
            data = data.replace(directory, place)
        return data.replace("$WORKDIR", RUN)
    return data
