"""A step that writes into its parent's directory, as some real workflows do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.options import Options

SPEC = """\
stages:
  - name: first
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {out: '{workdir}/numbers'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'echo 3 > {out}; echo 1 >> {out}'}
        environment: {environment_type: localproc-env}
        publisher: PUBLISHER
  - name: sort
    dependencies: [first]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {file: {stages: first, output: out, unwrap: true}, out: '{workdir}/least'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'sort -o {file} {file}; head -n 1 {file} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: PUBLISHED}}
"""
KNOWN = "{publisher_type: frompar-pub, outputmap: {out: out}}"
LATE = "{publisher_type: fromglob-pub, globexpression: 'num*', outputkey: out}"
COPY = (("sort", "parents", "copy"),)


def spec(tmp_path: Path, publisher: str = KNOWN, published: str = "out") -> Path:
    path = tmp_path / "spec.yml"
    path.write_text(SPEC.replace("PUBLISHER", publisher).replace("PUBLISHED", published), encoding="utf-8")
    return path


def make(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-k"], cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("publisher", [KNOWN, LATE])
def test_refused_or_given_a_copy(tmp_path: Path, publisher: str) -> None:
    path = spec(tmp_path, publisher)
    directory = compile_bundle(Options(path), tmp_path / "bundle").directory
    for _ in range(2):  # the second time the first step has to run again
        done = make(directory)
        assert done.returncode != 0
        assert "done  first" in done.stdout
        assert "FAILED sort parent.changed" in done.stdout
        record = json.loads((directory / "run" / "record.json").read_text(encoding="utf-8"))
        assert [failure["node"] for failure in record["failures"]] == ["first", "sort"]
    log = (directory / "run" / "logs" / "sort.log").read_text(encoding="utf-8")
    assert "first (numbers)" in log
    assert "--set 'sort.parents=copy'" in log

    directory = compile_bundle(Options(path, settings=COPY), tmp_path / "copy").directory
    done = make(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (directory / "run" / "first" / "numbers").read_text(encoding="utf-8") == "3\n1\n"
    assert (directory / "run" / "outputs" / "least").read_text(encoding="utf-8") == "1\n"


@pytest.mark.parametrize("publisher", [KNOWN, LATE])
def test_what_is_thrown_away_cannot_be_published(tmp_path: Path, publisher: str) -> None:
    path = spec(tmp_path, publisher, "file")
    plan(Options(path))
    with pytest.raises(Refused, match=r"spec\.yml:16:\d+: step 'sort' has private copies of its parents' .*@RUN@/"):
        plan(Options(path, settings=COPY))
