"""The example search is the same analysis in both languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT
from wfcompile.compile import compile_bundle
from wfcompile.options import Options

EXAMPLE = ROOT / "examples" / "bsm-search"
IN_YADAGE = Options(EXAMPLE / "bsm-search.yml", target="make", container="none")
IN_CWL = replace(IN_YADAGE, spec=EXAMPLE / "bsm-search.cwl", input_files=(EXAMPLE / "job.yml",))


def run(options: Options, bundle: Path) -> dict[str, bytes]:
    """Compile for make, run, and return the outputs by name."""
    compile_bundle(options, bundle)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(["make", "-j2", "-k"], cwd=bundle, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "67 of 67 nodes are done" in done.stdout
    return {path.name: path.read_bytes() for path in (bundle / "run" / "outputs").iterdir()}


def test_same_outputs(tmp_path: Path) -> None:
    by_yadage = run(IN_YADAGE, tmp_path / "yadage")
    by_cwl = run(IN_CWL, tmp_path / "cwl")
    outputs = json.loads(by_cwl.pop("cwl.output.json"))
    assert {file["basename"] for file in outputs.values()} == set(by_cwl)
    assert by_cwl == by_yadage


def test_same_numbers() -> None:
    numbers, order = (yaml.safe_load((EXAMPLE / name).read_text(encoding="utf-8")) for name in ("input.yml", "job.yml"))
    assert order["code"] == {"class": "Directory", "path": numbers["code"]}
    flat = {name: _flat(name, value) for name, value in order.items()}
    for name in ("mc", "signal", "data"):
        flat[f"{name}_events"] = [order[f"{name}_events"]] * len(numbers[f"{name}_files"])
    assert {**flat, "code": numbers["code"]} == numbers


def _flat(name: str, value: Any) -> Any:
    return [index for group in value for index in group] if name.endswith("_files") else value
