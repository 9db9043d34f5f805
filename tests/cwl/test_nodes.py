"""What the wrapper does around a tool's command, and what compiling refuses; run by make, the real cwl-runner's way."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from wfcompile.compile import compile_bundle
from wfcompile.cwl_runner import DONE, FAILED, UNSUPPORTED, run
from wfcompile.errors import Unsupported
from wfcompile.options import Options
from wfcompile.site import Site

TOOL = "cwlVersion: v1.2\nclass: CommandLineTool\n"


def ran(tmp_path: Path, text: str, job: Any = None) -> tuple[int, Any, str]:
    """Run a document; returns the exit code, the output object and what was said."""
    (tmp_path / "main.cwl").write_text(text, encoding="utf-8")
    (tmp_path / "job.json").write_text(json.dumps(job or {}), encoding="utf-8")
    options = Options(tmp_path / "main.cwl", input_files=(tmp_path / "job.json",), container="none")
    out, log = io.StringIO(), io.StringIO()
    code = run(options, tmp_path / "out", out, log)
    return code, json.loads(out.getvalue() or "null"), log.getvalue()


WITHOUT_STEPS = """cwlVersion: v1.2
class: Workflow
inputs: {text: {type: string, default: said}, file: File}
steps: []
outputs:
  text: {type: string, outputSource: text}
  file: {type: File, outputSource: file}
"""


def test_a_workflow_without_steps_gives_its_inputs(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    code, outputs, said = ran(tmp_path, WITHOUT_STEPS, {"file": {"class": "File", "path": "a.txt"}})
    assert code == DONE, said
    assert (outputs["text"], outputs["file"]["size"]) == ("said", 2)
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "a\n"


@pytest.mark.parametrize(("target", "file", "line"), [("dagman", "workflow.dag", "JOB nothing nothing NOOP\n")])
def test_a_scheduler_that_wants_a_node_gets_one(target: str, file: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "main.cwl").write_text(WITHOUT_STEPS.replace(", file: File", "").rpartition("  file")[0])
    for name in ("make", "slurm", target):
        compile_bundle(Options(tmp_path / "main.cwl", target=name), tmp_path / name)
        assert (tmp_path / name / "lib" / "nodes.txt").read_text() == ""
    assert line in (tmp_path / target / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("glob", "code"), [("a.txt", FAILED), ("*.txt", DONE)])
def test_outputs_that_are_said_twice(tmp_path: Path, glob: str, code: int) -> None:
    """Later nodes know a name without a pattern before the command has run; cwl.output.json could say another."""
    command = """echo a >a.txt; echo b >b.txt; echo '{"a": {"class": "File", "path": "b.txt"}}' >cwl.output.json"""
    output = {"type": "File", "outputBinding": {"glob": glob}}
    text = TOOL + f"inputs: []\nbaseCommand: {json.dumps(['sh', '-c', command])}\noutputs: {json.dumps({'a': output})}"
    ended, outputs, said = ran(tmp_path, text)
    assert ended == code, said
    assert outputs["a"]["basename"] == "b.txt" if code == DONE else "output.declared" in said


@pytest.mark.parametrize("limit", ["1", "$(inputs.limit)"])
def test_a_command_is_ended_after_its_time(tmp_path: Path, limit: str) -> None:
    text = TOOL + f"requirements: {{ToolTimeLimit: {{timelimit: {limit}}}, ShellCommandRequirement: {{}}}}\n"
    text += (
        'inputs: {limit: int}\noutputs: []\narguments: [{shellQuote: false, valueFrom: "sleep 60 & sleep 60; wait"}]'
    )
    began = time.monotonic()
    code, _, said = ran(tmp_path, text, {"limit": 1})
    assert code == FAILED and "main: time.limit" in said and "longer than the 1 s" in said, said
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("codes", "ended", "expected"),
    [
        ("successCodes: [6]", 0, DONE),  # as cwltool has it
        ("successCodes: [6]\ntemporaryFailCodes: [6]", 6, DONE),
        ("successCodes: [6]\npermanentFailCodes: [0]", 0, FAILED),
    ],
)
def test_codes_of_success(tmp_path: Path, codes: str, ended: int, expected: int) -> None:
    text = TOOL + f"inputs: []\noutputs: []\nbaseCommand: [sh, -c, 'exit {ended}']\n{codes}\n"
    code, _, said = ran(tmp_path, text)
    assert code == expected, said
    assert expected == DONE or "ended with 0, which the tool calls a failure" in said, said


@pytest.mark.parametrize("glob", ["dd", "dl", "d*"])
def test_a_directory_in_itself_is_no_output(tmp_path: Path, glob: str) -> None:
    text = TOOL + "inputs: []\nbaseCommand: [sh, -c, 'mkdir dd; ln -s . dd/l1; ln -s . dd/l2; ln -s $PWD/dd dl']\n"
    kind = "Directory" if glob == "dd" else "'Directory[]'"
    text += f"outputs: {{f: {{type: {kind}, outputBinding: {{glob: '{glob}'}}}}}}\n"
    code, _, said = ran(tmp_path, text)
    assert code == FAILED and "the link d" in said and "leads to a directory that it is in" in said, said


LATE_LIMIT = """cwlVersion: v1.2
class: Workflow
requirements: {InlineJavascriptRequirement: {}}
inputs: []
steps:
  number:
    run:
      class: CommandLineTool
      inputs: []
      outputs:
        limit: {type: int, outputBinding: {glob: n, loadContents: true, outputEval: '$(parseInt(self[0].contents))'}}
      baseCommand: [echo, '1']
      stdout: n
    in: {}
    out: [limit]
  slow:
    run:
      class: CommandLineTool
      requirements: {ToolTimeLimit: {timelimit: '$(inputs.limit)'}}
      inputs: {limit: int}
      outputs: []
      baseCommand: [sleep, '60']
    in: {limit: number/limit}
    out: []
outputs: []
"""


def test_a_time_limit_that_a_job_decides(tmp_path: Path) -> None:
    code, _, said = ran(tmp_path, LATE_LIMIT)
    assert code == FAILED and "slow: time.limit" in said, said


def test_the_scheduler_gives_more_time_than_the_limit(tmp_path: Path) -> None:
    text = TOOL + "requirements: {ToolTimeLimit: {timelimit: $(inputs.limit)}}\n"
    (tmp_path / "main.cwl").write_text(
        text + "inputs: {limit: {type: int, default: 7200}}\noutputs: []\nbaseCommand: a"
    )
    for target, said in (("dagman", 'time="7800"'), ("slurm", "--time=130")):
        compile_bundle(Options(tmp_path / "main.cwl", target=target), tmp_path / target)
        texts = [path.read_text() for path in (tmp_path / target).iterdir() if path.is_file()]
        assert any(said in text for text in texts)


@pytest.mark.parametrize(("limit", "said"), [("$(inputs.limit)", "is -1"), ('$("x")', "is 'x'")])
def test_a_wrong_time_limit(tmp_path: Path, limit: str, said: str) -> None:
    text = TOOL + f"requirements:\n  InlineJavascriptRequirement: {{}}\n  ToolTimeLimit:\n    timelimit: {limit}\n"
    code, _, log = ran(tmp_path, text + "inputs: {limit: int}\noutputs: []\nbaseCommand: a", {"limit": -1})
    assert code == FAILED and said in log and f"{tmp_path}/main.cwl:6:" in log, log


DOCKER = TOOL + "requirements:\n  DockerRequirement:\n    dockerPull: debian:12\n"


def test_who_requires_a_container_is_refused_without(tmp_path: Path) -> None:
    code, _, said = ran(tmp_path, DOCKER + "inputs: []\noutputs: []\nbaseCommand: 'true'\n")
    assert code == UNSUPPORTED and f"{tmp_path}/main.cwl:5:5: the tool requires a container" in said, said


def test_a_site_without_containers(tmp_path: Path) -> None:
    (tmp_path / "main.cwl").write_text(DOCKER + "inputs: []\noutputs: []\nbaseCommand: 'true'\n")
    with pytest.raises(Unsupported):
        compile_bundle(Options(tmp_path / "main.cwl", site=Site(runtimes=("none",))), tmp_path / "bundle")


def test_a_link_out_of_the_run_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n", encoding="utf-8")
    text = TOOL + "inputs: []\noutputs: {out: {type: File, outputBinding: {glob: here}}}\n"
    code, _, said = ran(tmp_path, text + f"baseCommand: [ln, -s, {tmp_path}/secret, here]\n")
    assert code == FAILED and "the link here leads to" in said, said


@pytest.mark.parametrize("link", ["/etc/passwd", "../../../../../../../../../etc/passwd"])
def test_nor_one_that_only_begins_in_the_run(tmp_path: Path, link: str) -> None:
    text = TOOL + "requirements: {ShellCommandRequirement: {}}\ninputs: []\n"
    text += "outputs: {out: {type: File, outputBinding: {glob: here}}}\n"
    text += f'arguments: [{{shellQuote: false, valueFrom: "ln -s $PWD/../{link} here"}}]\n'
    code, _, said = ran(tmp_path, text)
    assert code == FAILED and ("output.escape" in said or "output.missing" in said), said


RECORDS = (
    TOOL
    + """requirements:
  SchemaDefRequirement:
    types:
      - {name: Pair, type: record, fields: {f: {type: File, secondaryFiles: .idx}}}
inputs: {pair: Pair}
outputs: []
baseCommand: [test, -f]
arguments: [$(inputs.pair.f.path).idx]
"""
)


def test_secondary_files_in_named_records(tmp_path: Path) -> None:
    for name in ("a", "a.idx"):
        (tmp_path / name).touch()
    code, _, said = ran(tmp_path, RECORDS, {"pair": {"f": {"class": "File", "path": "a"}}})
    assert code == DONE, said


IN_PLACE = """cwlVersion: v1.2
class: Workflow
inputs: {file: File}
steps:
  first: {run: add.cwl, in: {file: file}, out: [out]}
  second: {run: add.cwl, in: {file: first/out}, out: [out]}
  read: {run: read.cwl, in: {file: file, wait: second/out}, out: [out]}
outputs:
  first: {type: File, outputSource: first/out}
  second: {type: File, outputSource: second/out}
  read: {type: File, outputSource: read/out}
"""
ADD = (
    TOOL
    + """requirements:
  ShellCommandRequirement: {}
  InplaceUpdateRequirement: {inplaceUpdate: true}
  InitialWorkDirRequirement: {listing: [{entry: $(inputs.file), writable: true}]}
inputs: {file: File}
outputs: {out: {type: File, outputBinding: {glob: $(inputs.file.basename)}}}
arguments: [{shellQuote: false, valueFrom: 'echo more >> $(inputs.file.basename)'}]
"""
)
READ = TOOL + "inputs: {file: File, wait: File}\noutputs: {out: stdout}\nstdin: $(inputs.file.path)\nbaseCommand: cat\n"


def test_an_update_in_place_is_seen_by_later_steps_and_leaves_the_original(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n", encoding="utf-8")
    (tmp_path / "add.cwl").write_text(ADD, encoding="utf-8")
    (tmp_path / "read.cwl").write_text(READ, encoding="utf-8")
    code, outputs, said = ran(tmp_path, IN_PLACE, {"file": {"class": "File", "path": "a.txt"}})
    assert code == DONE, said
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "a\n"
    assert outputs["read"]["size"] == outputs["second"]["size"] == len("a\nmore\nmore\n")
