"""Runs of CWL documents: by cwltool, which is the oracle, and by what we compile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote


def run_by_cwltool(document: Path, job: Path | None, outdir: Path, *words: str) -> Any:
    """Return the output object that cwltool gives, without containers."""
    command = [
        sys.executable,
        "-m",
        "cwltool",
        "--quiet",
        "--no-container",
        "--copy-outputs",
        "--outdir",
        str(outdir),
        *words,
        str(document),
    ]
    done = subprocess.run([*command, *([str(job)] if job else [])], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_by_make(document: Path, job: Path | None, bundle: Path, *words: str) -> Any:
    """Compile for make and run; returns the output object, its locations made absolute."""
    inputs = ["-i", str(job)] if job else []
    command = [
        sys.executable,
        "-m",
        "wfcompile",
        str(document),
        *inputs,
        "-o",
        str(bundle),
        "--container",
        "none",
        *words,
    ]
    done = subprocess.run([*command, "--target", "make"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-j2", "-k"], cwd=bundle, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return output_object(bundle / "run" / "outputs")


def output_object(directory: Path) -> Any:
    """Return the output object of a run, its locations made absolute."""
    return absolute(json.loads((directory / "cwl.output.json").read_text(encoding="utf-8")), directory)


def absolute(value: Any, directory: Path) -> Any:
    """Return an output object whose files are where they are."""
    if isinstance(value, list):
        return [absolute(one, directory) for one in value]
    if not isinstance(value, dict):
        return value
    value = {key: absolute(one, directory) for key, one in value.items()}
    if value.get("class") in ("File", "Directory") and "location" in value:
        place = directory / unquote(value["location"])
        value["path"], value["location"] = str(place), place.as_uri()
    return value


def placeless(value: Any) -> Any:
    """Return an output object without the places of its files: names, sizes and checksums tell them."""
    if isinstance(value, list):
        return [placeless(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: placeless(one) for key, one in value.items() if key not in ("location", "path")}
