"""A document is a stranger's: while it is compiled nothing of it runs outside our fence."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cwl.test_load import load, refused, write

TOOL = """cwlVersion: v1.2
class: CommandLineTool
requirements: {InlineJavascriptRequirement: {expressionLib: ["function ending() { return '.idx'; }"]}}
inputs:
  file:
    type: File
    secondaryFiles: PATTERN
    format: FORMAT
    inputBinding: {}
outputs: {out: stdout}
baseCommand: cat
"""
JOB = "file: {class: File, path: in.txt, format: 'http://x.org/text'}\n"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let every node that is started, by whom and by which name ever, leave a line with its options."""
    node, log = shutil.which("node"), tmp_path / "started"
    for name in ("node", "nodejs"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nprintf "%.80s\\n" "$*" >> {log}\nexec {node} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.delenv("WFC_NODE", raising=False)
    return log


def written(directory: Path, pattern: str, text_format: str = "http://x.org/text") -> Path:
    tool = TOOL.replace("PATTERN", pattern).replace("FORMAT", text_format)
    return write(directory, main_cwl=tool, job_yml=JOB, in_txt="", in_txt_idx="index", in_idx="")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("$(self.basename + ending())", "in.txt.idx"),
        ("\"${ return [{class: 'File', location: self.location + '.idx', basename: 'other'}]; }\"", "other"),
        ("{pattern: .idx, required: '$(self.nameext === \".txt\")'}", "in.txt.idx"),
    ],
)
def test_expressions_for_secondary_files_run_in_our_engine(
    tmp_path: Path, started: Path, pattern: str, found: str
) -> None:
    job = written(tmp_path, pattern, "$('http://x.org/' + 'text')") / "job.yml"
    workflow = load(tmp_path, input_files=(job,))
    assert workflow.init
    beside = workflow.init["file"]["secondaryFiles"]
    assert [(file["location"], file["basename"]) for file in beside] == [("⦗run⦘/init/in.txt.idx", found)]
    assert started.read_text().splitlines()
    assert all("--disallow-code-generation-from-strings" in line for line in started.read_text().splitlines())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("${ while (true) {} }", "the JavaScript `${ while (true) {} }` fails: it does not end within 0.3 seconds"),
        ("$(process.cwd())", "the JavaScript `$(process.cwd())` fails: ReferenceError: process is not defined"),
        ("$(inputs.none)", "`$(inputs.none)`: `inputs` has no `none`"),
    ],
)
def test_what_fails_there_is_told_where_the_file_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, message: str
) -> None:
    monkeypatch.setattr("wfcompile.runtime.cwl.javascript.Javascript.__init__.__defaults__", (0.3, 1024))
    job = written(tmp_path, pattern) / "job.yml"
    assert refused(tmp_path, input_files=(job,)).startswith(f"job.yml:1:1: {message}")
