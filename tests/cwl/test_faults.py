"""Whoever reads a message finds the line: faults of documents and data, seen before a run or only in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from wfcompile.cwl_runner import FAILED, UNSUPPORTED, run
from wfcompile.options import Options

TOOL = """cwlVersion: v1.2
class: CommandLineTool
requirements:
  InitialWorkDirRequirement:
    listing:
      - {entryname: fine, entry: text}
      - {entryname: other, entry: text}
inputs:
  file:
    type: File?
    loadContents: true
  pair:
    type: {type: record, fields: {a: "File?"}}
    default: {}
outputs:
  out: {type: File, outputBinding: {glob: a.txt}}
baseCommand: [touch, a.txt]
arguments:
  - plain
  - $(inputs.pair.class)
"""
FLOW = """cwlVersion: v1.2
class: Workflow
requirements: {MultipleInputFeatureRequirement: {}, StepInputExpressionRequirement: {}}
inputs: {given: "string?"}
outputs:
  first:
    type: string
    outputSource: [one/out, given]
    pickValue: the_only_non_null
steps:
  one:
    in: {given: given}
    out: [out]
    run:
      class: CommandLineTool
      inputs: {given: "string?"}
      stdout: said
      baseCommand: [printf, hello]
      outputs: {out: {type: string, outputBinding: {glob: said, loadContents: true, outputEval: "$(self[0].contents)"}}}
"""
OK_TOOL = TOOL.replace("$(inputs.pair.class)", "words")


def said(directory: Path, document: str, job: str, code: int = FAILED) -> str:
    directory.joinpath("main.cwl").write_text(document)
    directory.joinpath("job.yml").write_text(job)
    log = io.StringIO()
    options = Options(directory / "main.cwl", target="make", input_files=(directory / "job.yml",), container="none")
    assert run(options, directory / "out", io.StringIO(), log, quiet=True) == code, log.getvalue()
    return log.getvalue()


@pytest.mark.parametrize(
    ("document", "job", "line", "words"),
    [
        (TOOL, "{}", 20, "`inputs.pair` has no `class`"),
        (OK_TOOL.replace("other", "/far"), "{}", 7, "the entryname '/far' is an absolute path"),
        (OK_TOOL.replace("glob: a.txt", "glob: /etc/hosts"), "{}", 16, "the glob '/etc/hosts' begins with '/'"),
        (OK_TOOL, "file: {class: File, path: large}", 10, "'large' is too large: loadContents reads at most 64 KiB"),
        (FLOW, "given: x", 7, "2 sources of 'first' are not null; the_only_non_null takes one"),
        (FLOW.replace("one/out, given", "given, given"), "{}", 7, "all sources of 'first' are null"),
        (FLOW.replace("[one/out, given]\n    pickValue: the_only_non_null", "given"), "{}", 7, "null is not a string"),
    ],
)  # fmt: skip
def test_before_the_run(tmp_path: Path, document: str, job: str, line: int, words: str) -> None:
    (tmp_path / "large").write_bytes(b"x" * 65537)
    message = said(tmp_path, document, job)
    assert f"/main.cwl:{line}:" in message and words in message


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (  # a null at the end of the run
            FLOW.replace("the_only", "first").replace(
                "out: {type: string,", 'out: {type: "string?",').replace("$(self[0].contents)", "$(null)"),
            ("the output 'first' (main.cwl:7): all sources of 'first' are null",),
        ),
        (  # an output that the command does not leave
            FLOW.replace("glob: said", "glob: unsaid"),
            ("at step one, main.cwl:12", "output 'out' of 'one'", "`self` has 0 elements"),
        ),
    ],
)  # fmt: skip
def test_in_the_run(tmp_path: Path, document: str, words: tuple[str, ...]) -> None:
    message = said(tmp_path, document, "{}")
    assert [word for word in words if word not in message] == [], message


def test_a_link_that_leads_out_of_the_run(tmp_path: Path) -> None:
    document = """cwlVersion: v1.2
class: CommandLineTool
inputs: []
outputs: {out: {type: File, outputBinding: {glob: a.txt}}}
baseCommand: [ln, -s, /etc/hosts, a.txt]
"""
    assert "the link a.txt leads to /etc/hosts, outside of the node's directory" in said(tmp_path, document, "{}")


def test_requirements_that_nobody_need_have(tmp_path: Path) -> None:
    document = OK_TOOL.replace("requirements:\n", "requirements:\n  http://example.org/Cloud: {}\n")
    message = said(tmp_path, document, "{}", UNSUPPORTED)
    assert "/main.cwl:4:" in message and "the requirement 'http://example.org/Cloud' is not supported" in message


def test_secondary_files_that_the_workflow_does_not_ask_for(tmp_path: Path) -> None:
    flow = FLOW.replace("one/out, given", "one/out").replace(
        'inputs: {given: "string?"}\noutputs', "inputs: {given: File}\noutputs"
    )
    document = flow.replace('{given: "string?"}', "{given: {type: File, secondaryFiles: [.b]}}")
    for name in ("a", "a.b"):
        (tmp_path / name).touch()
    message = said(tmp_path, document, "given: {class: File, path: a}")
    assert "/main.cwl:16:" in message and "the File 'a' comes without its secondary file 'a.b'" in message


def test_a_file_that_is_only_passed_on(tmp_path: Path) -> None:
    document = "cwlVersion: v1.2\nclass: Workflow\ninputs: {a: File}\nsteps: {}\n"
    document += "outputs: {b: {type: File, outputSource: a}}\n"
    (tmp_path / "a").write_text("kept")
    said(tmp_path, document, "a: {class: File, path: a}", 0)
    assert (tmp_path / "out" / "a").read_text() == "kept"


def test_formats_of_files_in_a_list(tmp_path: Path) -> None:
    document = OK_TOOL.replace("  file:\n", "  many: {type: 'File[]', format: 'http://e.org/a'}\n  file:\n")
    (tmp_path / "x").touch()
    one = "{class: File, path: x, format: 'http://e.org/%s'}"
    message = said(tmp_path, document, f"many:\n- {one % 'a'}\n- {one % 'b'}\n")
    assert "/job.yml:3:3: the File 'x' of the input 'many' has the format http://e.org/b; it must be" in message


def test_a_crossproduct_without_end(tmp_path: Path) -> None:
    document = """cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {a: "int[]"}
outputs: []
steps:
  one:
    scatter: [x, y, z]
    scatterMethod: nested_crossproduct
    in: {x: a, y: a, z: a}
    out: []
    run: {class: CommandLineTool, inputs: {x: int, y: int, z: int}, baseCommand: 'true', outputs: []}
"""
    message = said(tmp_path, document, f"a: {list(range(2000))}")
    assert "/main.cwl:9:" in message and "the scatter makes 8000000000 nodes, more than 5000000; is it" in message


def test_every_wrong_input_is_named(tmp_path: Path) -> None:
    document = """cwlVersion: v1.2
class: Workflow
inputs:
  x: int
  f: File
  e: {type: {type: enum, symbols: [a, b]}}
outputs: []
steps: []
"""
    message = said(tmp_path, document, "e: c\nx: three\nf: notafile.txt\n")
    assert "/job.yml:1:1: the 'e' field is not valid because the value 'c' is not one of 'a', 'b'; also" in message
    assert "'x' (" in message and "job.yml:2:1), 'f' (" in message and "job.yml:3:1)" in message
    message = said(tmp_path, document, "f: null\nx: 1")
    assert "/main.cwl:5:3: the inputs 'f', 'e' must have a value; give it in a job order (-i) or with -p" in message


STEP = """cwlVersion: v1.2
class: Workflow
requirements: {ScatterFeatureRequirement: {}}
inputs: {a: "int[]", b: "int[]"}
outputs: []
steps:
  one:
    scatter: [x, y]
    scatterMethod: dotproduct
    in: {x: a, y: b}
    out: []
    run:
      class: CommandLineTool
      inputs: {x: int, y: int, name: {type: string, default: "../*"}}
      baseCommand: 'true'
      outputs: []
"""


@pytest.mark.parametrize(
    ("old", "new", "said_"),
    [
        ("    scatterMethod: dotproduct\n", "", "8:5: Must specify scatterMethod when scattering over multiple inputs"),
        ("ScatterFeatureRequirement: {}", "", "8:5: Workflow contains scatter but ScatterFeatureRequirement not in"),
        ("    out: []", "    out: [nope]", "11:11: Workflow step output 'nope' does not correspond to tool output"),
        ("scatter: [x, y]\n    scatterMethod: dotproduct", "# not", "9:10: Source 'a' of type int[] is incompatible"),
        ("    outputs: []", "    outputs: {o: {type: 'File[]', outputBinding: {glob: $(inputs.name)}}}",
         "16:20: the glob '../*' leads out of the working directory"),
        ("    outputs: []", "    outputs: {o: {type: File, format: $(inputs.a), outputBinding: {glob: x}}}",
         "16:20: `$(inputs.a)`: `inputs` has no `a`"),
    ],
)  # fmt: skip
def test_the_part_of_a_step_that_is_at_fault(tmp_path: Path, old: str, new: str, said_: str) -> None:
    message = said(tmp_path, STEP.replace(old, new), "{a: [1], b: [2]}")
    assert f"/main.cwl:{said_}" in message


def test_a_name_with_a_directory(tmp_path: Path) -> None:
    job = "file: {class: File, basename: ../x, contents: a}"
    assert "/job.yml:1:21: '../x' is no name of a file; write it without a directory" in said(tmp_path, OK_TOOL, job)


def test_bytes_that_are_no_text_in_a_tool(tmp_path: Path) -> None:
    (tmp_path / "tool.cwl").write_bytes(b"cwlVersion: v1.2\ndoc: caf\xe9\n")
    document = STEP.partition("    run:")[0] + "    run: tool.cwl\n"
    assert "/tool.cwl:2:9: not text in UTF-8 (byte 0xe9); write it in UTF-8" in said(tmp_path, document, "{}")
