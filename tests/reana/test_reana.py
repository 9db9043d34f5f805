"""reana.yaml as the specification: inputs, options, outputs of REANA's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_make import make, outputs
from tests.yadage.reference import SPECS, load
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.options import Options

FILE = """\
version: 0.9.0
inputs:
  files: [numbers.yml]
  directories: [flow]
  parameters: {factor: 3}
  options: {initfiles: [numbers.yml]}
workflow:
  type: yadage
  file: flow/workflow.yml
outputs:
  files: [scale_1/out.txt]
  directories: [scale_0/deep]
"""
FLOW = """\
stages:
  - name: scale
    dependencies: [init]
    scheduler:
      scheduler_type: multistep-stage
      parameters:
        number: {step: init, output: numbers}
        factor: {step: init, output: factor}
        out: '{workdir}/out.txt'
      scatter: {method: zip, parameters: [number]}
      step: {$ref: 'flow/steps.yml#/scale'}
"""
STEPS = """\
scale:
  process:
    process_type: string-interpolated-cmd
    cmd: 'mkdir -p deep/er; echo $(({number} * {factor})) | tee {out} > deep/er/copy'
  environment: {environment_type: localproc-env}
  publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""


@pytest.fixture
def reana(tmp_path: Path) -> Path:
    (tmp_path / "flow").mkdir()
    (tmp_path / "reana.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "numbers.yml").write_text("numbers: [5, 7]\n", encoding="utf-8")
    (tmp_path / "flow" / "workflow.yml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "flow" / "steps.yml").write_text(STEPS, encoding="utf-8")
    return tmp_path / "reana.yaml"


def test_it_runs_and_collects_what_it_names(reana: Path, tmp_path: Path) -> None:
    directory = compile_bundle(Options(reana, target="make"), tmp_path / "bundle").directory
    assert make(directory).returncode == 0
    assert outputs(directory / "run") == {"scale_1/out.txt": "21\n", "scale_0/deep/er/copy": "15\n"}
    sources = sorted(str(p.relative_to(directory / "spec")) for p in (directory / "spec").rglob("*") if p.is_file())
    assert sources == ["reana.yaml", "steps.yml", "workflow.yml"]


def test_the_command_line_comes_before_the_file(reana: Path) -> None:
    workflow = plan(Options(reana, parameters=(("factor", 10),)))
    assert workflow.rows.slots[1] == ("7", "10", "⦗run⦘/scale_1/out.txt")


def test_the_real_search() -> None:
    load("bsm-search")  # skips, or fails, where the records are not
    workflow = plan(Options(SPECS / "bsm-search" / "reana.yaml"))
    assert len(workflow.rows) == 67
    assert [output.destination for output in workflow.outputs] == ["plot/prefit.pdf", "plot/postfit.pdf"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: yadage", "type: snakemake", "8:9: a workflow of type 'snakemake'; snakemake submits"),
        ("type: yadage", "type: yadag", "8:9: unknown workflow type 'yadag'; did you mean 'yadage'?"),
        ("file: flow/workflow.yml", "file: flow/workflo.yml", "9:9: 'flow/workflo.yml' does not exist; did you mean"),
        ("directories: [flow]", "directories: [../..]", "4:17: '../..' leads out"),
        ("inputs:", "input:", "2:1: unknown key 'input' in a reana.yaml; did you mean 'inputs'?"),
        ("initfiles:", "initfile:", "6:13: unknown key 'initfile'"),
        ("files: [scale_1/out.txt]", "files: [/etc/passwd]", "11:11: '/etc/passwd' is no path in the workspace"),
        ("scale_1/out.txt", "scala/out.txt", "the output 'scala/out.txt' lies in no node's directory; did you mean"),
    ],
)
def test_refused_with_position(reana: Path, old: str, new: str, said: str) -> None:
    reana.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        plan(Options(reana))
    assert said in str(refused.value)
    assert ROOT not in reana.parents
