"""Large workflows have a script a step and rows of values: the same results as with a script a node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.test_make import RESULTS, SPECS, make, outputs
from wfcompile import scripts
from wfcompile.compile import compile_bundle
from wfcompile.options import Options


@pytest.mark.parametrize("shard", [1000, 2])
@pytest.mark.parametrize("case", RESULTS)
def test_results_from_rows(case: str, shard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "NODE_SCRIPTS", 0)
    monkeypatch.setattr(scripts, "SHARD_ROWS", shard)
    options = Options(SPECS / case / "workflow.yml", target="make", container="none")
    directory = compile_bundle(options, tmp_path / "bundle").directory
    assert not (directory / "nodes").exists()
    done = make(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs(directory / "run") == RESULTS[case]


MIXED = """\
stages:
  - name: late
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'echo late > a.txt'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: fromglob-pub, globexpression: '*.txt', outputkey: file}
  - name: static
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {out: '{workdir}/b.txt'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'echo static > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {file: out}}
  - name: both
    dependencies: [late, static]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {file: {stages: 'ORDER', output: file}, out: '{workdir}/both.txt'}
      scatter: {method: zip, parameters: [file]}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'cat {file} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {file: out}}
"""


@pytest.mark.parametrize("order", ["late,static", "static,late"])
def test_rows_that_mix_late_and_static_values(order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "NODE_SCRIPTS", 0)
    (tmp_path / "mixed.yml").write_text(MIXED.replace("ORDER", order), encoding="utf-8")
    directory = compile_bundle(Options(tmp_path / "mixed.yml", target="make"), tmp_path / "bundle").directory
    done = make(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {f"both_{n}/both.txt": f"{name}\n" for n, name in enumerate(order.split(","))}
    assert outputs(directory / "run") == expected


def test_a_row_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "NODE_SCRIPTS", 0)
    directory = compile_bundle(Options(SPECS / "chain" / "workflow.yml"), tmp_path / "bundle").directory
    subprocess.run(["bash", "seed.sh", "3"], cwd=directory / "steps", check=True, capture_output=True)
    assert (directory / "run" / "seed_3" / "out").read_text(encoding="utf-8") == "4\n"
    refused = subprocess.run(["bash", "seed.sh", "5"], cwd=directory / "steps", check=False, capture_output=True)
    assert refused.returncode == 65
