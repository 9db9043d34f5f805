"""Files that a node passes on: a later node gets them, though it knows nothing of the node that made them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cwl.running import placeless, run_by_make

# `pass` gives what it got: a file that another step made, a part of an input, a list of both, and a literal.
PASS = """\
cwlVersion: v1.2
class: CommandLineTool
requirements:
  InlineJavascriptRequirement: {}
  InitialWorkDirRequirement: {listing: [$(inputs.made), $(inputs.given)]}
baseCommand: 'true'
inputs: {made: File, given: Directory}
outputs:
  file: {type: File, outputBinding: {glob: said.txt}}
  part: {type: Directory, outputBinding: {glob: given/part}}
  whole:
    type: Directory
    outputBinding:
      outputEval: |
        ${ return {class: "Directory", basename: "whole", listing:
             [inputs.made, inputs.given, {class: "File", basename: "said", contents: "literal"}]}; }
"""
WORKFLOW = """\
cwlVersion: v1.2
class: Workflow
inputs: {given: Directory}
steps:
  make: {run: say.cwl, in: {a: {default: made}}, out: [said]}
  pass: {run: pass.cwl, in: {made: make/said, given: given}, out: [file, part, whole]}
  look: {run: look.cwl, in: {file: pass/file, part: pass/part, whole: pass/whole}, out: [seen]}
outputs:
  seen: {type: File, outputSource: look/seen}
  part: {type: Directory, outputSource: pass/part}
  whole: {type: Directory, outputSource: pass/whole}
"""
LOOK = """\
cwlVersion: v1.2
class: CommandLineTool
requirements: {ShellCommandRequirement: {}}
inputs: {file: File, part: Directory, whole: Directory}
arguments:
  - shellQuote: false
    valueFrom: >
      cat $(inputs.file.path) $(inputs.part.path)/deep;
      cd $(inputs.whole.path); find -L . -type f | sort | xargs cat
stdout: seen.txt
outputs: {seen: {type: stdout}}
"""


def test_what_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "given/part").mkdir(parents=True)
    (tmp_path / "given/part/deep").write_text("deep\n")
    (tmp_path / "given/top").write_text("top\n")
    for name, text in (("workflow", WORKFLOW), ("pass", PASS), ("look", LOOK)):
        (tmp_path / f"{name}.cwl").write_text(text)
    (tmp_path / "say.cwl").write_text((Path(__file__).parent / "dynamic/say.cwl").read_text())
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"given": {"class": "Directory", "location": "given"}}))
    outputs = []
    for place in ("run", "a run"):  # with a blank, the run root is another directory
        outputs.append(placeless(run_by_make(tmp_path / "workflow.cwl", job, tmp_path / place)))
        assert (tmp_path / place / "run/look/seen.txt").read_text() == "made\ndeep\ndeep\ntop\nliteralmade\n"
    assert outputs[0] == outputs[1]
    assert [entry["basename"] for entry in outputs[0]["part"]["listing"]] == ["deep"]
    assert [entry["basename"] for entry in outputs[0]["whole"]["listing"]] == ["said.txt", "given", "said"]
