"""Files that a node passes on: a later node gets them, though it knows nothing of the node that made them."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import pytest

from tests.cwl.running import placeless, run_by_make

ROOT = Path(__file__).resolve().parents[2]
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


FILL = """\
cwlVersion: v1.2
class: CommandLineTool
requirements: {ShellCommandRequirement: {}, InitialWorkDirRequirement: {listing: [$(inputs.given)]}}
inputs: {given: File}
arguments: [{shellQuote: false, valueFrom: mkdir -p .passed/0 && ln -s /dev/full .passed/0/given.txt}]
outputs: {file: {type: File, outputBinding: {glob: given.*}}}
"""


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    """The disk is full where the copy of a file that is passed on is to be."""
    (tmp_path / "given.txt").write_text("given")
    (tmp_path / "fill.cwl").write_text(FILL)
    (tmp_path / "job.json").write_text('{"given": {"class": "File", "location": "given.txt"}}')
    with pytest.raises(AssertionError):
        run_by_make(tmp_path / "fill.cwl", tmp_path / "job.json", tmp_path / "a run")
    last = json.loads((tmp_path / "a run/run/logs/fill.events.jsonl").read_text().splitlines()[-1])
    assert (last["ev"], last["code"], last["reason"]) == ("final", 75, "enospc")
    assert re.fullmatch("the file system of .*/fill.* or .* is full: No space left on device", last["advice"])


def test_the_words_by_which_a_full_disk_is_told() -> None:
    told = (ROOT / "wrapper/evaluator.sh").read_text()
    for number, words, reason in (
        (errno.ENOSPC, "No space left", "enospc"),
        (errno.EDQUOT, "quota exceeded", "edquot"),
    ):
        assert words in os.strerror(number)
        assert f"*'{words}'*) finish 75 {reason} " in told


# `index` fills a directory with an input that was staged there, and with links of its own to inputs.
INDEX = """\
cwlVersion: v1.2
class: CommandLineTool
requirements:
  ShellCommandRequirement: {}
  InitialWorkDirRequirement:
    listing: [{entryname: idx/ref.fa, entry: $(inputs.made)}, {entryname: idx/lit, entry: "literal"}, $(inputs.made)]
inputs: {made: File, given: Directory}
arguments:
  - shellQuote: false
    valueFrom: >
      wc -c < idx/ref.fa > idx/ref.fai; cd idx;
      ln -s $(inputs.given.path)/part given; ln -s $(inputs.given.path)/top top; ln -s top again
outputs:
  idx: {type: Directory, outputBinding: {glob: idx}}
"""
LISTED = """
  whole: {type: Directory, outputBinding: {glob: .}}
  names:
    type: string[]
    outputBinding: {glob: idx, loadListing: shallow_listing, outputEval: "$(self[0].listing.map(i => i.basename))"}
"""
INDEXED = """\
cwlVersion: v1.2
class: Workflow
inputs: {given: Directory}
steps:
  make: {run: say.cwl, in: {a: {default: made}}, out: [said]}
  index: {run: index.cwl, in: {made: make/said, given: given}, out: [idx, WHOLE]}
  look: {run: look.cwl, in: {file: make/said, part: index/idx, whole: index/WHOLE}, out: [seen]}
outputs:
  seen: {type: File, outputSource: look/seen}
  idx: {type: Directory, outputSource: index/idx}
  whole: {type: Directory, outputSource: index/WHOLE}
"""


@pytest.mark.parametrize("listed", [False, True], ids=["foretold", "looked at"])
def test_links_in_a_directory_that_is_given_are_content(tmp_path: Path, listed: bool) -> None:
    (tmp_path / "given/part").mkdir(parents=True)
    (tmp_path / "given/part/deep").write_text("deep\n")
    (tmp_path / "given/top").write_text("top\n")
    index = (INDEX + LISTED).replace("  Shell", "  InlineJavascriptRequirement: {}\n  Shell") if listed else INDEX
    (tmp_path / "index.cwl").write_text(index)
    (tmp_path / "workflow.cwl").write_text(INDEXED.replace("WHOLE", "whole" if listed else "idx"))
    (tmp_path / "look.cwl").write_text(LOOK.replace("cat $(inputs.file.path) $(inputs.part.path)/deep;", ""))
    (tmp_path / "say.cwl").write_text((Path(__file__).parent / "dynamic/say.cwl").read_text())
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"given": {"class": "Directory", "location": "given"}}))
    idx = "top\ndeep\nliteralmade\n5\ntop\n"
    for place in ("run", "a run"):  # with a blank, the run root is another directory
        outputs = placeless(run_by_make(tmp_path / "workflow.cwl", job, tmp_path / place))
        assert (tmp_path / place / "run/look/seen.txt").read_text() == idx + ("made\n" if listed else "")
        names = [entry["basename"] for entry in outputs["idx"]["listing"]]
        assert names == ["again", "given", "lit", "ref.fa", "ref.fai", "top"]
        if listed:
            published = json.loads((tmp_path / place / "run/index/done.json").read_text())["published"][""]
            assert published["names"] == names
            assert [entry["basename"] for entry in outputs["whole"]["listing"]] == ["idx", "said.txt"]


def test_a_link_to_nothing_in_a_directory_that_is_given_is_told(tmp_path: Path) -> None:
    command = "arguments: [sh, -c, 'mkdir idx; ln -s $1/gone idx/top', sh, $(inputs.given.path)]\n"
    text = "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {given: Directory}\n" + command
    (tmp_path / "index.cwl").write_text(text + "outputs: {idx: {type: Directory, outputBinding: {glob: idx}}}\n")
    (tmp_path / "given").mkdir()
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"given": {"class": "Directory", "location": "given"}}))
    with pytest.raises(AssertionError, match=r"output\.missing"):
        run_by_make(tmp_path / "index.cwl", job, tmp_path / "run")
