"""Tools in our shape, files of a run on this host, and commands that really run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.cwl.tools import apply
from wfcompile.runtime.cwl.command import Prepared
from wfcompile.runtime.cwl.place import Place
from wfcompile.runtime.values import JOB, RUN

BEFORE = Place(RUN, f"{RUN}/n", f"{JOB}/tmp", f"{JOB}/stage", measured=False)


def tool(*inputs: dict[str, Any], requirements: Any = None, **given: Any) -> dict[str, Any]:
    """Return a tool in our shape."""
    base = {"class": "CommandLineTool", "version": "v1.2", "name": "t", "inputs": list(inputs), "outputs": []}
    return {**base, "baseCommand": ["echo"], "requirements": requirements or {}, **given}


def bound(name: str, kind: Any, **binding: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "inputBinding": binding}


def file(path: str, **more: Any) -> dict[str, Any]:
    """Return a File of the run as values have it."""
    return {"class": "File", "location": f"{RUN}/{path}", "basename": path.rpartition("/")[2], **more}


def write(place: Place, path: str, text: str = "") -> dict[str, Any]:
    """Write a file into the run and return its value."""
    target = Path(place.root) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return file(path, size=len(text))


def execute(prepared: Prepared, place: Place) -> str:
    """Apply the stage list, run the command with sh where a node runs it, and return what it prints."""
    apply(prepared.stage)
    command = ["sh", "-c", prepared.command]
    return subprocess.run(command, cwd=place.outdir, capture_output=True, text=True, check=True, timeout=60).stdout
