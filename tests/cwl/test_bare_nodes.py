"""Bundles on hosts that have little: no package of Python, no Python, no node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cwl.running import output_object, placeless, run_by_make
from wfcompile.compile import compile_bundle
from wfcompile.inspecting import summary
from wfcompile.options import Options

DYNAMIC = Path(__file__).parent / "dynamic"
PYTHON = os.path.realpath(sys.executable)
NODE = shutil.which("node") or ""
ABSENT = re.compile(r"(python|pypy|node)[\w.-]*\Z")

pytestmark = pytest.mark.skipif(not NODE and "CI" not in os.environ, reason="no node (Debian: nodejs)")

# The JavaScript of `say` is evaluated by the compiler; the names of all files are known before.
STATIC = """\
cwlVersion: v1.2
class: Workflow
requirements: {InlineJavascriptRequirement: {}, StepInputExpressionRequirement: {}}
inputs: {words: 'string[]'}
steps:
  say: {run: SAY, in: {a: {source: words, valueFrom: '$(self.join("-"))'}}, out: [said]}
  shout: {run: SHOUT, in: {text: say/said}, out: [loud]}
outputs:
  loud: {type: File, outputSource: shout/loud}
"""
# What `read` gives takes no JavaScript; `echo` cannot make its command without.
LATE = """\
cwlVersion: v1.2
class: Workflow
requirements: {InlineJavascriptRequirement: {}}
inputs: {word: string}
steps:
  read:
    in: {word: word}
    out: [text]
    run:
      class: CommandLineTool
      baseCommand: [echo, -n]
      inputs: {word: {type: string, inputBinding: {}}}
      stdout: text
      outputs:
        text: {type: string, outputBinding: {glob: text, loadContents: true, outputEval: '$(self[0].contents)'}}
  echo:
    in: {text: read/text}
    out: [said]
    run:
      class: CommandLineTool
      baseCommand: echo
      inputs: {text: string}
      arguments: ['$(inputs.text.toUpperCase())']
      stdout: said.txt
      outputs: {said: stdout}
outputs:
  said: {type: File, outputSource: echo/said}
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """All programs of this host but Python and node."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for program in [*Path("/bin").iterdir(), *Path("/usr/bin").iterdir()]:
        link = directory / program.name
        if not ABSENT.match(program.name) and not link.is_symlink():
            link.symlink_to(program)
    return directory


def compiled(tmp_path: Path, document: str, job: dict[str, Any]) -> Path:
    """Write a document and its job order, and compile them; returns the bundle."""
    text = document.replace("SAY", str(DYNAMIC / "say.cwl")).replace("SHOUT", str(DYNAMIC / "shout.cwl"))
    (tmp_path / "workflow.cwl").write_text(text)
    (tmp_path / "job.json").write_text(json.dumps(job))
    compile_bundle(options(tmp_path), tmp_path / "bundle")
    return tmp_path / "bundle"


def options(tmp_path: Path) -> Options:
    return Options(
        tmp_path / "workflow.cwl",
        target="make",
        input_files=(tmp_path / "job.json",),
        container="none",
        allowed_paths=(DYNAMIC,),
    )


def make(bundle: Path, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a bundle with nothing in the environment but PATH and some variables."""
    environment = {"PATH": str(path), **variables}
    return subprocess.run([path / "make", "-k"], cwd=bundle, env=environment, capture_output=True, text=True)


def events(bundle: Path, node: str) -> list[dict[str, Any]]:
    lines = (bundle / f"run/logs/{node}.events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_nothing_but_the_standard_library_is_imported(bare: Path, tmp_path: Path) -> None:
    """With packages of the same names in the way, and a record of how Python is called."""
    calls = tmp_path / "calls"
    (bare / "python3").write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexec {PYTHON} "$@"\n')
    (bare / "python3").chmod(0o755)
    (bare / "node").symlink_to(NODE)
    for name in ("wfcompile", "wfcompile_runtime", "cwltool", "yaml", "ruamel"):
        (tmp_path / "traps" / name).mkdir(parents=True)
        (tmp_path / "traps" / name / "__init__.py").write_text("raise SystemExit(9)\n")
        alone = subprocess.run([PYTHON, "-I", "-S", "-c", f"import {name}"], cwd="/", capture_output=True, text=True)
        assert "ModuleNotFoundError" in alone.stderr
    (tmp_path / "job.json").write_text('{"count": 4}')
    expected = run_by_make(DYNAMIC / "when.cwl", tmp_path / "job.json", tmp_path / "usual")
    job = Options(DYNAMIC / "when.cwl", target="make", input_files=(tmp_path / "job.json",), container="none")
    compile_bundle(job, tmp_path / "bundle")
    done = make(tmp_path / "bundle", bare, PYTHONPATH=str(tmp_path / "traps"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert placeless(output_object(tmp_path / "bundle/run/outputs")) == placeless(expected)
    ran = [line for line in calls.read_text().splitlines() if "start.py" in line]
    assert {line.split("start.py ")[1].split()[0] for line in ran} >= {"node", "expand", "give"}
    assert all(line.startswith("-I -S ") for line in ran)


def test_static_tools_need_neither_python_nor_node(bare: Path, tmp_path: Path) -> None:
    bundle = compiled(tmp_path, STATIC, {"words": ["a", "b"]})
    done = make(bundle, bare)
    assert (bundle / "run/shout/loud.said.txt").read_text() == "A-B\n"
    assert done.returncode
    assert "no Python 3.6 or newer" in done.stderr + done.stdout
    assert "missing output: all, because the last job needs Python" in done.stderr + done.stdout
    record = json.loads((bundle / "run/record.json").read_text())
    assert (record["done"], record["failed"]) == (2, 0)
    assert record["missing_outputs"] == ["all, because the last job needs Python"]
    kept = (bundle / "run/shout/done.json").stat()
    done = make(bundle, bare, WFC_PYTHON=PYTHON)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output_object(bundle / "run/outputs")["loud"]["size"] == 4
    assert (bundle / "run/shout/done.json").stat().st_mtime_ns == kept.st_mtime_ns


@pytest.mark.parametrize("document", ["command", "results"])
def test_who_needs_node_says_so(document: str, bare: Path, tmp_path: Path) -> None:
    if document == "command":
        bundle, node, code = compiled(tmp_path, LATE, {"word": "a"}), "echo", "$(inputs.text.toUpperCase())"
    else:
        text = (DYNAMIC / "number.cwl").read_text()
        bundle, node, code = compiled(tmp_path, text, {"value": 3}), "workflow", "$(parseInt(self[0].contents)"
    assert f"JavaScript, which needs node (PATH, WFC_NODE) where it runs: {node}" in list(summary(options(tmp_path)))
    assert make(bundle, bare, WFC_PYTHON=PYTHON).returncode
    last = events(bundle, node)[-1]
    assert (last["code"], last["reason"]) == (75, "javascript.none")
    assert code in last["advice"]
    assert "install Node.js, or set WFC_NODE to its path" in last["advice"]
    record = json.loads((bundle / "run/record.json").read_text())
    assert record["failures"] == [{"node": node, "reason": "javascript.none"}]
    done = make(bundle, bare, WFC_PYTHON=PYTHON, WFC_NODE=NODE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_parent_that_needs_no_node_is_not_in_the_list(tmp_path: Path) -> None:
    compiled(tmp_path, STATIC, {"words": []})
    assert not any("JavaScript" in line for line in summary(options(tmp_path)))
