"""Serial workflows of a reana.yaml: what is substituted, which steps, what is refused; and runs against plain bash."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.test_make import make, outputs
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.inspecting import node_record, summary
from wfcompile.options import Options

FILE = """\
inputs:
  files: [code/gendata.sh, code/fitdata.sh]
  parameters:
    events: 200
    data: results/data.txt
    plot: results/plot.txt
  options: {CACHE: off}
workflow:
  type: serial
  specification:
    steps:
      - name: gendata
        environment: docker.io/reanahub/reana-env-root6:6.18.04
        kubernetes_memory_limit: 256Mi
        commands:
        - mkdir -p results && bash 'code/gendata.sh' ${events} "${data}"
      - name: fitdata
        environment: docker.io/reanahub/reana-env-root6:6.18.04
        htcondor_request_cpus: '2'
        htcondor_max_runtime: '600'
        commands:
        - bash code/fitdata.sh "${data}" "${plot}"
        - echo $$HOME >>$plot; PRICE=$$5; test -z "$$PRICE"
outputs:
  files: [results/plot.txt]
"""
CODE = {
    "gendata": 'for i in $(seq $1); do echo $i >>"$2"; done',
    "fitdata": 'awk \'{ n += $1 } END { print n }\' "$1" >"$2"; : >"$1"',
}


@pytest.fixture
def reana(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    for name, text in CODE.items():
        (tmp_path / "code" / f"{name}.sh").write_text(f"{text}\n", encoding="utf-8")
    (tmp_path / "reana.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path / "reana.yaml"


def in_one_directory(reana: Path, top: Path) -> dict[str, str]:
    """Run it as the engine does: Template, `cd WORKSPACE && COMMAND` by bash, one after the other."""
    data = yaml.safe_load(reana.read_text(encoding="utf-8"))
    for name in data["inputs"].get("files", []):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes((reana.parent / name).read_bytes())
    for step in data["workflow"]["specification"]["steps"]:
        for command in step["commands"]:
            text = Template(command).substitute(data["inputs"]["parameters"])
            subprocess.run(["bash", "-c", f"cd '{top}' && {text}"], check=True)
    return {name: (top / name).read_text(encoding="utf-8") for name in data["outputs"]["files"]}


def test_the_same_as_the_engine_makes(reana: Path, tmp_path: Path) -> None:
    directory = compile_bundle(Options(reana, container="none"), tmp_path / "bundle").directory
    done = make(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = in_one_directory(reana, tmp_path / "plain")
    assert outputs(directory / "run") == expected
    assert expected["results/plot.txt"].startswith("20100\n/")
    assert (directory / "run/gendata/layer/results/data.txt").read_text(encoding="utf-8").endswith("200\n")
    assert (directory / "run/fitdata/layer/results/data.txt").read_text(encoding="utf-8") == ""
    again = make(directory)
    assert again.returncode == 0 and "done  " not in again.stdout


def test_a_failed_command_ends_its_step(reana: Path, tmp_path: Path) -> None:
    reana.write_text(FILE.replace("        - echo $$HOME", "        - exit 7\n        - echo $$HOME"), encoding="utf-8")
    directory = compile_bundle(Options(reana, container="none"), tmp_path / "bundle").directory
    done = make(directory)
    assert done.returncode != 0
    assert "FAILED fitdata payload.exit 7" in done.stdout
    assert "missing output: results/plot.txt (no node that is done made it)" in done.stdout


def test_steps_are_a_chain(reana: Path) -> None:
    workflow = plan(Options(reana))
    records = [node_record(workflow, node) for node in range(2)]
    assert [record["id"] for record in records] == ["gendata", "fitdata"]
    assert records[1]["parents"] == ["gendata"]
    assert records[0]["resources"]["memory"] == 256
    assert (records[1]["resources"]["cpus"], records[1]["resources"]["time"]) == (2, 600)
    assert workflow.rows.inputs == [("code/fitdata.sh", "code/gendata.sh")] * 2
    assert [line.split()[2] for line in list(summary(Options(reana)))[-2:]] == ["gendata", "fitdata"]


def commands(reana: Path, **options: Any) -> list[str]:
    workflow = plan(replace(Options(reana), **options))
    return [str(node_record(workflow, node)["command"]) for node in range(len(workflow.rows))]


def test_parameters(reana: Path, tmp_path: Path) -> None:
    text = FILE.replace("events: 200", "events: {a: [1, true, null, '}{']}").replace(
        "${events}", "'${events}' ${EVENTS}"
    )
    text = text.replace("data: results", "EVENTS: 1.50\n    data: results")
    reana.write_text(text, encoding="utf-8")
    parameters = yaml.safe_load(text)["inputs"]["parameters"]
    step = yaml.safe_load(text)["workflow"]["specification"]["steps"][0]["commands"][0]
    said = subprocess.run(["bash", "-c", commands(reana)[0].replace("bash -c", "echo")], capture_output=True, text=True)
    assert said.stdout == Template(step).substitute(parameters) + "\n"
    (tmp_path / "more.yml").write_text("data: other\nplot: p\n", encoding="utf-8")
    changed = commands(reana, input_files=(tmp_path / "more.yml",), parameters=(("plot", "q r"),))
    assert '"other" "q r"' in changed[1]


def test_parameters_of_the_command_line_are_text(reana: Path) -> None:
    command = [sys.executable, "-m", "wfcompile", "inspect", "--nodes", str(reana)]
    command += ["-p", "events=05", "-p", "data=[a,  1.50]"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    gendata, fitdata = (json.loads(line)["command"] for line in said.splitlines())
    assert ' 05 "[a,  1.50]"' in gendata
    assert '"[a,  1.50]" "results/plot.txt"' in fitdata


def test_names_of_nodes(reana: Path) -> None:
    steps = FILE.replace("name: gendata", "name: init").replace("- name: fitdata\n        env", "- env")
    reana.write_text(steps, encoding="utf-8")
    assert plan(Options(reana)).rows.ids == ["init_1", "step_2"]
    for name, node in (
        ("'é!/../x'", "______x"),
        ("logs", "logs_1"),
        ("'-a.sh'", "step-a_sh"),
        ("Child", "Child_1"),
    ):
        reana.write_text(FILE.replace("name: gendata", f"name: {name}"), encoding="utf-8")
        assert plan(Options(reana)).rows.ids[0] == node
    reana.write_text(FILE.replace("name: gendata", "name: fitdata"), encoding="utf-8")
    assert plan(Options(reana)).rows.ids == ["fitdata", "fitdata_2"]


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [("TARGET: GenData", ["gendata"]), ("FROM: fitdata", ["fitdata"]), ("CACHE: on", ["gendata", "fitdata"])],
)
def test_operational_options(reana: Path, chosen: str, ids: list[str]) -> None:
    reana.write_text(FILE.replace("CACHE: off", chosen), encoding="utf-8")
    assert plan(Options(reana)).rows.ids == ids


def test_warnings(reana: Path) -> None:
    text = FILE.replace("kubernetes_memory_limit", "kubernetes_memory_limits").partition("outputs:")[0]
    reana.write_text(text, encoding="utf-8")
    workflow = plan(Options(reana, container="none"))
    assert [warning.partition("reana.yaml:")[2] for warning in workflow.warnings] == [
        "14:9: 'kubernetes_memory_limits' of a step has no effect; did you mean 'kubernetes_memory_limit'?",
        "1:1: there is no 'outputs': nothing is collected; name files or directories of the workspace",
    ]
    assert workflow.outputs == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("${plot}", "${plt}", "22:43: '${plt}' names no parameter; did you mean 'plot'?; write '$${plt}'"),
        ("$$HOME", "$HOME", "23:16: '$HOME' names no parameter; "),
        ("$$HOME", "$(pwd)", "23:16: a '$' that begins no parameter; write '$$'"),
        (
            "        environment: docker.io/reanahub/reana-env-root6:6.18.04\n        kub",
            "        kub",
            "12:9: a step has no 'environment'",
        ),
        (
            "environment: docker.io/reanahub/reana-env-root6:6.18.04\n        kub",
            "environment: 3\n        kub",
            "13:22: 'environment' must be a string",
        ),
        ("commands:\n        - mkdir", "commands:\n          mkdir: mkdir", "'commands' must be a list"),
        ("kubernetes_memory_limit: 256Mi", "kubernetes_memory_limit: much", "14:34: kubernetes_memory_limit: 'much'"),
        ("specification:", "file: x.json\n  specifications:", "10:3: unknown key 'file' in a serial 'workflow'"),
        ("CACHE: off", "TARGET: gendatum", "7:21: no step is called 'gendatum'; did you mean 'gendata'?"),
        ("CACHE: off", "FROM: fitdata, TARGET: gendata", "7:19: the step of FROM comes after"),
        ("CACHE: off", "initdir: x", "7:13: unknown key 'initdir' in a serial workflow's operational options"),
        ("code/fitdata.sh]", "code/fitdat.sh]", "'code/fitdat.sh' does not exist; did you mean 'fitdata.sh'?"),
        ("[results/plot.txt]", "[../plot.txt]", "'../plot.txt' is no path in the workspace; write FILE"),
        ("[results/plot.txt]", "results", "'files' must be a list"),
        ("events: 200", "events: ⦗run⦘", "the character '⦗' is reserved"),
    ],
)
def test_refused_with_position(reana: Path, old: str, new: str, said: str) -> None:
    assert old in FILE
    reana.write_text(FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        plan(Options(reana))
    assert said in str(refused.value)
    assert ROOT not in reana.parents


def test_a_parameter_that_is_not_there(reana: Path) -> None:
    with pytest.raises(Refused, match=r"the reana.yaml has no parameter 'event'; did you mean 'events'"):
        plan(Options(reana, parameters=(("event", 1),)))
