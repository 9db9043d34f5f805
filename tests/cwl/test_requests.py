"""What nodes ask for: the same as their commands see, by expressions, by constants, or by the user's word."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.cwl.running import run_by_make
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options

SPEC = ROOT / "tests" / "specs" / "classes" / "workflow.cwl"


def seen(bundle: Path) -> list[list[str]]:
    return [path.read_text(encoding="utf-8").split()[:2] for path in sorted(bundle.glob("run/work_*/worked.txt"))]


def asked(workflow: Workflow, step: str) -> list[tuple[int, int]]:
    nodes = [node for node, number in enumerate(workflow.rows.step) if workflow.steps[number].path == step]
    return [(request.cpus, request.memory) for request in map(workflow.request_of, nodes)]


def document(tmp_path: Path, requirements: dict[str, Any], **values: Any) -> Path:
    """A tool that says what it has, after one whose output is of a size that only the run knows."""
    first = {
        "class": "CommandLineTool",
        "baseCommand": ["echo", "hello"],
        "inputs": [],
        "outputs": {"said": "stdout"},
        "stdout": "said.txt",
    }
    work = {
        "class": "CommandLineTool",
        "requirements": requirements,
        "baseCommand": "echo",
        "arguments": ["$(runtime.cores)", "$(runtime.ram)"],
        "inputs": {"file": "File"},
        "outputs": {"worked": "stdout"},
        "stdout": "worked.txt",
    }
    steps = {"first": {"run": first, "in": {}, "out": ["said"]}}
    steps["work"] = {"run": work, "in": {"file": "first/said"}, "out": ["worked"]}
    outputs = {"worked": {"type": "File", "outputSource": "work/worked"}}
    spec = {"cwlVersion": "v1.2", "class": "Workflow", "inputs": [], "steps": steps, "outputs": outputs, **values}
    (tmp_path / "workflow.cwl").write_text(json.dumps(spec), encoding="utf-8")
    return tmp_path / "workflow.cwl"


def test_commands_see_what_is_requested(tmp_path: Path) -> None:
    run_by_make(SPEC, None, tmp_path / "bundle")
    assert seen(tmp_path / "bundle") == [["1", "384"], ["4", "768"], ["1", "384"], ["4", "768"]]
    assert asked(plan(Options(SPEC)), "work") == [(1, 384), (4, 768), (1, 384), (4, 768)]


def test_the_users_word_wins_in_both(tmp_path: Path) -> None:
    run_by_make(SPEC, None, tmp_path / "bundle", "--set", "work.cpus=2", "--set", "wor*.memory=1 GiB")
    assert seen(tmp_path / "bundle") == [["2", "1024"]] * 4
    settings = (("work", "cpus", "2"), ("wor*", "memory", "1 GiB"))
    for target in ("slurm", "dagman"):
        assert asked(plan(Options(SPEC, target=target, settings=settings)), "work") == [(2, 1024)] * 4
    bundle = compile_bundle(Options(SPEC, target="dagman", settings=settings), tmp_path / "dagman").directory
    dag = (bundle / "workflow.dag").read_text(encoding="utf-8")
    assert "request_memory = 1024M" in dag
    assert "$(memory)" not in dag and "cpus=" not in dag


def test_the_users_word_about_constants(tmp_path: Path) -> None:
    spec = document(tmp_path, {"ResourceRequirement": {"coresMin": 2, "ramMin": 500}})
    run_by_make(spec, None, tmp_path / "asked")
    run_by_make(spec, None, tmp_path / "set", "--set", "work.cpus=3")
    for name, cores in (("asked", "2"), ("set", "3")):
        text = (tmp_path / name / "run" / "work" / "worked.txt").read_text(encoding="utf-8")
        assert text.split() == [cores, "500"]


def test_what_only_the_run_knows_is_the_usual(tmp_path: Path) -> None:
    spec = document(tmp_path, {"ResourceRequirement": {"coresMin": "$(inputs.file.size)", "ramMin": 500}})
    workflow = plan(Options(spec))
    assert asked(workflow, "work") == [(1, 500)]
    (warning,) = workflow.warnings
    assert "what 'work' asks for (cpus) depends on what jobs publish" in warning
    assert "--set 'work.cpus=…'" in warning
    run_by_make(spec, None, tmp_path / "bundle")
    assert (tmp_path / "bundle" / "run" / "work" / "worked.txt").read_text(encoding="utf-8").split() == ["1", "500"]


@pytest.mark.parametrize(
    ("least", "most", "asks"),
    [
        ("1", None, 64),
        ("65", None, 96),
        ("96", None, 96),
        ("97", None, 128),
        ("1000", None, 1024),
        ("1025", None, 1536),
        ("1500", 1500, 1500),
        ("1200", 1400.5, 1400),
        ("1200", 1, 1200),
    ],
)
def test_memory_is_rounded_up(least: str, most: float | None, asks: int, tmp_path: Path) -> None:
    requirement: dict[str, Any] = {"ramMin": f"$({least})"} | ({"ramMax": most} if most else {})
    requirements = {"ResourceRequirement": requirement, "InlineJavascriptRequirement": {}}
    assert asked(plan(Options(document(tmp_path, requirements))), "work") == [(1, asks)]


def test_time_and_devices_of_expressions(tmp_path: Path) -> None:
    requirements = {
        "ToolTimeLimit": {"timelimit": "$(90 * 2)"},
        "cwltool:CUDARequirement": {"cudaVersionMin": "11.0", "cudaComputeCapability": "3.0", "cudaDeviceCountMin": 2},
        "InlineJavascriptRequirement": {},
    }
    spec = document(tmp_path, requirements, **{"$namespaces": {"cwltool": "http://commonwl.org/cwltool#"}})
    workflow = plan(Options(spec))
    assert (workflow.request_of(1).time, workflow.request_of(1).gpus) == (780, 2)  # ten minutes around the command


def test_mpi_is_refused_at_its_place(tmp_path: Path) -> None:
    requirements = {"cwltool:MPIRequirement": {"processes": 4}}
    spec = document(tmp_path, requirements, **{"$namespaces": {"cwltool": "http://commonwl.org/cwltool#"}})
    with pytest.raises(Refused, match="MPIRequirement needs several processes with a launcher"):
        plan(Options(spec))


def test_mpi_as_a_hint_is_a_warning(tmp_path: Path) -> None:
    text = "cwlVersion: v1.2\nclass: CommandLineTool\n$namespaces: {cwltool: 'http://commonwl.org/cwltool#'}\n"
    text += "hints:\n  cwltool:MPIRequirement: {processes: 4}\nbaseCommand: a\ninputs: []\noutputs: []\n"
    (tmp_path / "main.cwl").write_text(text)
    (said,) = plan(Options(tmp_path / "main.cwl")).warnings
    assert "main.cwl:5:27: the hint 'MPIRequirement' has no effect here" in said


def test_no_amount(tmp_path: Path) -> None:
    requirements = {"ResourceRequirement": {"ramMin": "$('much')"}, "InlineJavascriptRequirement": {}}
    before = node_processes()
    with pytest.raises(Refused, match="is 'much', which is no amount to ask for") as refused:
        plan(Options(document(tmp_path, requirements)))
    assert refused.tb  # holds on to what was being expanded
    assert node_processes() <= before


def node_processes() -> set[str]:
    """Return the children of this process that run JavaScript; other modules' tests may have theirs."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {child for child in children if "node" in Path(f"/proc/{child}/comm").read_text()}


@pytest.mark.parametrize(
    ("all_", "missing", "some", "found"),
    [
        ("1", "", "0,2-3", "0,2-3"),
        ("0", "n0 n2 n3", "0,2-3", "0,2-3"),
        ("0", "n1 n2", "0,2-3", "2"),
        ("0", "n1", "", "1"),
    ],
)
def test_elements_of_a_class_that_are_not_done(all_: str, missing: str, some: str, found: str, tmp_path: Path) -> None:
    bundle = compile_bundle(Options(SPEC, target="slurm"), tmp_path / "bundle").directory
    (tmp_path / "work.ids").write_text("n0\nn1\nn2\nn3\n", encoding="utf-8")
    script = (
        "declare -A missing=(); for n in $2; do missing[$n]=1; done; rows=$1 all=$3; rows() { :; }; source chain.sh; "
    )
    script += 'rows work 0 4 "$4"; echo "$list"'
    command = ["bash", "-c", script, "sh", str(tmp_path), missing, all_, some]
    assert subprocess.run(command, cwd=bundle, capture_output=True, text=True, check=True).stdout.strip() == found


def test_which_lists_are_within_others(tmp_path: Path) -> None:
    bundle = compile_bundle(Options(SPEC, target="slurm"), tmp_path / "bundle").directory
    script = 'source chain.sh; within "$1" "$2"'
    for inner, outer, expected in (("0,2-3", "0-3", 0), ("0-3", "0,2-3", 1), ("5", "5", 0), ("1", "0-0,2", 1)):
        done = subprocess.run(["bash", "-c", script, "sh", inner, outer], cwd=bundle, capture_output=True, check=False)
        assert done.returncode == expected
