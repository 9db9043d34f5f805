"""Small CWL documents and job orders: what templates hold, and what is refused or warned of where."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wfcompile.documents import read_document
from wfcompile.errors import Refused
from wfcompile.frontends import find_spec, recognise
from wfcompile.inspecting import summary
from wfcompile.ir import Workflow
from wfcompile.options import Options

TOOL = """cwlVersion: v1.2
class: CommandLineTool
baseCommand: cat
inputs:
  given: {type: File, inputBinding: {}}
outputs:
  out: stdout
"""
CHAIN = """cwlVersion: v1.2
class: Workflow
requirements:
  MultipleInputFeatureRequirement: {}
  EnvVarRequirement: {envDef: {OF: workflow}}
  ResourceRequirement: {coresMin: 2}
inputs:
  first: File
outputs:
  last: {type: File, outputSource: zebra/out}
steps:
  zebra:
    run: tool.cwl
    in: {given: apple/out}
    out: [out]
  apple:
    run: tool.cwl
    in: {given: first}
    out: [out]
    requirements:
      EnvVarRequirement: {envDef: {OF: step}}
"""


def load(directory: Path, name: str = "main.cwl", **options: Any) -> Workflow:
    asked = Options(directory / name, **options)
    document = read_document(find_spec(asked.spec, None))
    return recognise(document).load(document, asked)


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    job = "first: {class: File, path: data/in.txt}\n"
    return write(tmp_path, main_cwl=CHAIN, tool_cwl=TOOL, job_yml=job, data__in_txt="twelve bytes")


def refused(directory: Path, **options: Any) -> str:
    with pytest.raises(Refused) as found:
        load(directory, **options)
    return str(found.value).removeprefix(f"{directory}/")


def test_a_workflow(chain: Path) -> None:
    workflow = load(chain, input_files=(chain / "job.yml",))
    template = workflow.template
    assert [step["path"] for step in template["steps"]] == ["zebra", "apple"]
    assert template["scopes"][0]["steps"] == [1, 0]
    assert template["steps"][0]["in"]["given"]["source"] == [["step", "apple", "out"]]
    assert template["steps"][1]["in"]["given"]["source"] == [["input", "first"]]
    assert template["scopes"][0]["outputs"]["last"]["source"] == [["step", "zebra", "out"]]
    assert template["scopes"][0]["input_types"] == {"first": "File"}
    environments = [tool["requirements"]["EnvVarRequirement"]["envDef"] for tool in template["tools"]]
    assert environments == [[{"envName": "OF", "envValue": "workflow"}], [{"envName": "OF", "envValue": "step"}]]
    assert workflow.init == {
        "first": {"class": "File", "location": "⦗run⦘/init/data/in.txt", "basename": "in.txt", "size": 12}
    }
    assert workflow.init_directories == {"": chain}
    assert [source.name for source in workflow.sources] == ["main.cwl", "tool.cwl"]
    assert [(step.source, step.nodes, step.hints) for step in workflow.steps] == [
        ("main.cwl:13", True, {"": {"cpus": 2, "memory": 256}}),
        ("main.cwl:17", True, {"": {"cpus": 2, "memory": 256}}),
    ]
    assert str(workflow.loc(0, ("tool", "baseCommand"))) == f"{chain}/tool.cwl:3:1"
    assert str(workflow.loc(1, ("in", "given"))) == f"{chain}/main.cwl:18:10"


def test_a_lone_tool_is_a_workflow_of_one_step(tmp_path: Path) -> None:
    write(tmp_path, main_cwl=TOOL.replace("class: C", "label: a label\nclass: C"), in_txt="text")
    workflow = load(tmp_path, parameters=(("given", str(tmp_path / "in.txt")),))
    (scope,), (step,), (tool,) = (workflow.template[key] for key in ("scopes", "steps", "tools"))
    assert (workflow.name, step["name"], scope["inputs"]) == ("main", "main", ["given"])
    assert step["in"]["given"]["source"] == [["input", "given"]]
    assert scope["outputs"]["out"]["source"] == [["step", "main", "out"]]
    assert tool["stdout"] == tool["outputs"][0]["outputBinding"]["glob"]
    assert workflow.init is not None
    assert workflow.init["given"]["location"] == "⦗run⦘/init/in.txt"


def test_a_packed_document(tmp_path: Path) -> None:
    other = TOOL.removeprefix("cwlVersion: v1.2\n").replace("\n", "\n  ").rstrip()
    main = other.replace("cat", "tac")
    write(tmp_path, main_cwl=f"cwlVersion: v1.2\n$graph:\n- id: other\n  {other}\n- id: main\n  {main}\n", in_txt="")
    given = {"parameters": (("given", str(tmp_path / "in.txt")),)}
    commands = {
        name: load(tmp_path, name, **given).template["tools"][0]["baseCommand"]
        for name in ("main.cwl", "main.cwl#other")
    }
    assert commands == {"main.cwl": ["tac"], "main.cwl#other": ["cat"]}
    assert load(tmp_path, "main.cwl#other", **given).name == "other"
    write(tmp_path, main_cwl=(tmp_path / "main.cwl").read_text().replace("id: main", "id: mine"))
    assert "must specify one of #mine, #other" in refused(tmp_path, **given) or "#other, #mine" in refused(
        tmp_path, **given
    )


SUB = """cwlVersion: v1.2
class: Workflow
requirements: {SubworkflowFeatureRequirement: {}, ScatterFeatureRequirement: {}, StepInputExpressionRequirement: {}}
inputs: {words: "string[]"}
outputs: []
steps:
  "logs":
    scatter: word
    in: {word: words, extra: {default: 3, valueFrom: $(self)}}
    out: []
    when: $(inputs.extra == 3)
    run:
      class: Workflow
      inputs: {word: string, extra: {type: int, default: 1}}
      outputs: []
      steps:
        inner:
          in: {word: word}
          out: []
          run: {class: CommandLineTool, baseCommand: echo, inputs: {word: string}, outputs: []}
"""


def test_a_scattered_sub_workflow(tmp_path: Path) -> None:
    template = load(write(tmp_path, main_cwl=SUB), parameters=(("words", ["a", "b"]),)).template
    outer, inner = template["steps"]
    assert (outer["name"], outer["path"], inner["path"]) == ("_logs_", "_logs_", "_logs_/inner")
    assert (outer["workflow"], outer["tool"], inner["tool"]) == (1, None, 0)
    assert outer["scatter"] == {"parameters": ["word"], "method": "dotproduct"}
    assert (outer["in"]["word"]["type"], outer["in"]["extra"]["default"]) == ("string", 3)
    assert (outer["in"]["extra"]["valueFrom"], outer["when"]) == ("$(self)", "$(inputs.extra == 3)")
    assert template["scopes"][1]["input_extra"]["extra"] == {"default": 1}


JOBS = """cwlVersion: v1.2
class: CommandLineTool
baseCommand: "true"
inputs:
  bam: {type: File, secondaryFiles: [.bai, {pattern: ^.txt, required: false}]}
  folder: {type: Directory?}
  literal: {type: File, default: {class: File, basename: made.txt, contents: hello}}
  number: {type: float, default: 1.5}
  anything: Any
outputs: []
"""


def test_job_orders(tmp_path: Path) -> None:
    job = """bam: {class: File, path: ../far/a.bam}
folder: {class: Directory, path: .}
anything: {deep: [1, {class: File, location: here.txt}]}
cwl:requirements: [{class: EnvVarRequirement, envDef: {A: b}}]
nonsense: 1
"""
    files = {"jobs__job_yml": job, "far__a_bam": "", "far__a_bam_bai": "x", "far__a_txt": "", "jobs__here_txt": ""}
    workflow = load(write(tmp_path, main_cwl=JOBS, **files), input_files=(tmp_path / "jobs" / "job.yml",))
    init = workflow.init or {}
    assert init["bam"]["location"] == "⦗run⦘/init/.elsewhere/1/a.bam"
    beside = [(file["location"], file["size"]) for file in init["bam"]["secondaryFiles"]]
    assert beside == [("⦗run⦘/init/.elsewhere/1/a.bam.bai", 1), ("⦗run⦘/init/.elsewhere/1/a.txt", 0)]
    assert init["folder"] == {"class": "Directory", "location": "⦗run⦘/init/.elsewhere/2/jobs", "basename": "jobs"}
    assert init["literal"] == {"class": "File", "basename": "made.txt", "contents": "hello"}
    assert (init["number"], init["anything"]["deep"][1]["location"]) == (1.5, "⦗run⦘/init/here.txt")
    expected = {".elsewhere/1": tmp_path / "far", ".elsewhere/2": tmp_path, "": tmp_path / "jobs"}
    assert workflow.init_directories == expected
    assert workflow.template["tools"][0]["requirements"]["EnvVarRequirement"]["envDef"]
    assert workflow.warnings == (
        f"{tmp_path}/jobs/job.yml:5:1: 'nonsense' is no input of the workflow; "
        "known: anything, bam, folder, literal, number",
    )


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (
            "bam: {class: File, path: no.bam}\nanything: 1",
            "job.yml:1:6: 'no.bam' does not exist; did you mean 'n.bam'?",
        ),
        ("bam: {class: File, path: lone.bam}\nanything: 1", "Missing required secondary file 'lone.bam.bai'"),
        ("bam: 3\nanything: 1", "job.yml:1:1: the 'bam' field is not valid because"),
        (
            "bam: {class: File, location: 'http://example.org/x'}\nanything: 1",
            "job.yml:1:20: 'http://example.org/x' is not",
        ),
        ("anything: 1", "main.cwl:5:3: the input 'bam' must have a value; give it in a job order"),
        ("bam: [", "job.yml:1:7: "),
        (f"anything: {'[' * 3000}{']' * 3000}", "job.yml:1:1: nested too deeply; flatten it"),
        ("- a list", "is no mapping of inputs to values"),
        ("bam: {class: File, path: n.bam}\nanything: ⦗", "job.yml:2:1: a reserved character; take it out"),
    ],
)
def test_job_orders_that_do_not_fit(tmp_path: Path, job: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, main_cwl=JOBS, job_yml=job, n_bam="", n_bam_bai="", lone_bam=""))
    assert said in refused(Path(), input_files=(Path("job.yml"),))


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ("\nnumber: x", "later.yml:2:1: the 'number' field is not valid because"),
        ("\nanything: {a: ⦗}\nnumber: 3", "later.yml:2:12: a reserved character; take it out"),
        ("\nanything: ⦗\nnumber: 3", "later.yml:2:1: a reserved character; take it out"),
        (
            "\nbam: {class: File,\n  path: no.bam}\nnumber: 3",
            "later.yml:2:6: 'no.bam' does not exist",
        ),
        ("\n\nbam: {class: File, path: lone.bam}\nnumber: 3", "later.yml:3:1: Missing required secondary file"),
        ("number: 3\nfolder: 7", "later.yml:2:1: the 'folder' field is not valid because"),
        ("number: 3", "first.yml:2:1: the 'folder' field is not valid because"),
    ],
)
def test_of_several_job_orders_the_one_at_fault_is_named(
    tmp_path: Path, later: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = "bam: {class: File, path: n.bam}\nfolder: 5\nanything: 1\nnumber: y"
    write(tmp_path, main_cwl=JOBS, first_yml=first, later_yml=later, n_bam="", n_bam_bai="", lone_bam="")
    monkeypatch.chdir(tmp_path)
    if "folder" not in said:
        Path("first.yml").write_text(first.replace("folder: 5", ""))
    assert refused(Path(), input_files=(Path("first.yml"), Path("later.yml"))).startswith(said)


def test_a_warning_names_the_job_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = "bam: {class: File, path: n.bam}\nanything: 1"
    monkeypatch.chdir(
        write(tmp_path, main_cwl=JOBS, first_yml=first, later_yml="\nnonsense: 1", n_bam="", n_bam_bai="")
    )
    workflow = load(Path(), input_files=(Path("first.yml"), Path("later.yml")))
    assert [warning.partition(";")[0] for warning in workflow.warnings] == [
        "later.yml:2:1: 'nonsense' is no input of the workflow"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("MultipleInputFeatureRequirement", "MPIRequirement", "main.cwl:4:3: "),
        ("given: first}", "given: zebra/out}", "main.cwl:16:3: the steps apple and zebra wait for each other; remove"),
        (
            "first: File",
            "first: string",
            "main.cwl:8:3: Source 'first' of type string is incompatible with sink",
        ),
        ("cwl\n    in: {given: first}", "cwl\n    in: {}", "main.cwl:18:"),
        ("class: Workflow", "class: Werkflow", "main.cwl:2:1: "),
        ("v1.2", "draft-2", "main.cwl:1:13: unknown cwlVersion 'draft-2'; known: v1.0, v1.1, v1.2"),
        ("run: tool.cwl", "run: tol.cwl", "main.cwl:17:5: Field 'run' contains undefined reference to 'tol.cwl'"),
        (
            "run: tool.cwl",
            "run: main.cwl",
            "main.cwl:17:5: the step runs 'main.cwl', which it is a part of; a workflow",
        ),
        (
            "run: tool",
            "run: http://a.b/tool",
            "main.cwl:17:5: 'http://a.b/tool.cwl' is not on this machine, and",
        ),
        ("out: [out]", "out: [aut]", "main.cwl:14:10: Field 'source' references unknown identifier 'apple/out'"),
        ("apple/out", "aple/out", "main.cwl:14:10: Field 'source' references unknown identifier 'aple/out'"),
    ],
)
def test_faults_of_documents(chain: Path, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(chain, main_cwl=CHAIN.replace(old, new)))
    assert refused(Path(), input_files=(Path("job.yml"),)).startswith(said)


def with_requirements(text: str) -> str:
    return TOOL.replace("inputs:", f"{text}\ninputs:").replace("type: File,", "type: File?,")


@pytest.mark.parametrize(
    ("text", "image", "hints"),
    [
        ("hints: {DockerRequirement: {dockerPull: 'debian:12'}}", "debian:12", {}),
        ("requirements: {DockerRequirement: {dockerImageId: mine}}", "mine", {}),
        ("requirements: {ToolTimeLimit: {timelimit: 60}}", None, {"": {"time": 660}}),
        (
            "requirements: {ResourceRequirement: {coresMax: 2.5, ramMin: 900.2, outdirMin: 10}}",
            None,
            {"": {"cpus": 3, "memory": 901, "disk": 1034}},
        ),
        ("requirements: {ResourceRequirement: {ramMin: $(1)}}", None, {"": {"cpus": 1}}),
    ],
)
def test_what_a_step_asks_for(tmp_path: Path, text: str, image: str | None, hints: dict[str, Any]) -> None:
    (step,) = load(write(tmp_path, main_cwl=with_requirements(text))).steps
    assert (step.image, step.hints) == (image, hints)


def test_hints_and_unknown_hints(tmp_path: Path) -> None:
    text = "hints: {http://a.b/Cloud: {}, EnvVarRequirement: {envDef: {A: hint}}, DockerRequirement: {dockerPull: x}}\n"
    text += "requirements: {EnvVarRequirement: {envDef: {A: required}}}"
    workflow = load(write(tmp_path, main_cwl=with_requirements(text)))
    (tool,) = workflow.template["tools"]
    assert tool["requirements"]["EnvVarRequirement"]["envDef"] == [{"envName": "A", "envValue": "required"}]
    assert (tool["requirements"]["DockerRequirement"], tool["hinted"]) == ({"dockerPull": "x"}, ["DockerRequirement"])
    assert workflow.warnings == (f"{tmp_path}/main.cwl:4:27: the hint 'Cloud' has no effect here",)


SUM = """cwlVersion: v1.2
class: CommandLineTool
hints: {InlineJavascriptRequirement: {}}
baseCommand: echo
inputs: []
arguments: [$(1 + 1)]
outputs: []
"""


def test_a_hint_allows_no_javascript(tmp_path: Path) -> None:
    """As in cwltool: "If this requirement is not present, the workflow platform must not perform" it."""
    write(tmp_path, main_cwl=SUM)
    theirs = [sys.executable, "-m", "cwltool", "--no-container", "--outdir", str(tmp_path), str(tmp_path / "main.cwl")]
    said = subprocess.run(theirs, capture_output=True, text=True, check=False).stderr
    assert "Syntax error in parameter reference" in said
    (warning,) = load(tmp_path).warnings
    assert warning.startswith(f"{tmp_path}/main.cwl:3:38: InlineJavascriptRequirement has no effect as a hint")
    with pytest.raises(Refused, match=r"main.cwl:6:13: .*needs InlineJavascriptRequirement \(not as a hint\)"):
        list(summary(Options(tmp_path / "main.cwl")))
    write(tmp_path, main_cwl=SUM.replace("hints", "requirements"))
    assert "1 x main  static" in list(summary(Options(tmp_path / "main.cwl")))[1]


FORMATS = """cwlVersion: v1.2
class: CommandLineTool
$namespaces: {e: "http://e.org/"}
$schemas: [formats.ttl]
baseCommand: "true"
inputs:
  given: {type: File, format: e:wide}
outputs: []
"""
ONTOLOGY = """@prefix e: <http://e.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
e:narrow rdfs:subClassOf e:wide . e:other rdfs:subClassOf e:else .
"""


def test_formats(tmp_path: Path) -> None:
    write(tmp_path, main_cwl=FORMATS, formats_ttl=ONTOLOGY, in_txt="")
    given = {"class": "File", "path": str(tmp_path / "in.txt")}
    workflow = load(tmp_path, parameters=(("given", {**given, "format": "http://e.org/narrow"}),))
    (parameter,) = workflow.template["tools"][0]["inputs"]
    assert (parameter["format"], parameter["formats"]) == ("http://e.org/wide", ["http://e.org/narrow"])
    assert "formats.ttl" in [source.name for source in workflow.sources]
    said = refused(tmp_path, parameters=(("given", {**given, "format": "http://e.org/other"}),))
    assert said.startswith(
        "main.cwl:7:10: the File 'in.txt' of the input 'given' has the format http://e.org/other; it must be"
    )


def test_types_are_written_out(tmp_path: Path) -> None:
    types = """requirements:
  SchemaDefRequirement:
    types:
    - {name: Colour, type: enum, symbols: [red, green]}
    - {name: Pair, type: record, fields: {left: Colour, right: {type: "File?", secondaryFiles: .x}}}
"""
    tool = with_requirements(types).replace("type: File?", 'type: "Pair[]?"').replace(", inputBinding: {}", "")
    (parameter,) = load(write(tmp_path, main_cwl=tool)).template["tools"][0]["inputs"]
    colour = {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}
    left = {"name": "left", "type": colour}
    right = {"name": "right", "type": ["null", "File"], "secondaryFiles": [{"pattern": ".x", "required": True}]}
    pair = {"type": "record", "name": "Pair", "fields": [left, right]}
    assert parameter["type"] == ["null", {"type": "array", "items": pair}]


REANA = """workflow: {type: cwl, file: flow/main.cwl}
inputs: {files: [data/in.txt], parameters: {input: flow/job.yml}}
"""


def test_a_reana_workflow_has_paths_that_begin_at_its_workspace(tmp_path: Path) -> None:
    job = "given: {class: File, path: data/in.txt}\n"
    write(tmp_path, reana_yaml=REANA, flow__main_cwl=TOOL, flow__job_yml=job, data__in_txt="")
    workflow = load(tmp_path, "reana.yaml")
    assert workflow.init is not None
    assert workflow.init["given"]["location"] == "⦗run⦘/init/data/in.txt"
    assert workflow.init_directories == {"": tmp_path}


def test_a_scatter_over_a_thousand_loads_in_time(tmp_path: Path) -> None:
    write(tmp_path, main_cwl=SUB, job_json=json.dumps({"words": [f"word {n}" for n in range(1000)]}))
    code = f"""import time; from pathlib import Path
from wfcompile.documents import read_document
from wfcompile.frontends.cwl.load import load
from wfcompile.options import Options
spec = Path({str(tmp_path / "main.cwl")!r})
workflow = load(read_document(spec), Options(spec, input_files=(spec.with_name("job.json"),)))
print(len(workflow.init["words"]), time.process_time())"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == "1000"
    assert float(said[1]) < 2.5  # CPU seconds, start included; about 0.9 on the machine this was written on


def test_steps_come_in_the_same_order_always(chain: Path) -> None:
    assert len({json.dumps(load(chain, input_files=(chain / "job.yml",)).template) for _ in range(10)}) == 1


def test_pick_value_leaves_the_types_as_they_are(tmp_path: Path) -> None:
    """cwltool's check of the links strikes null out of the list's items."""
    items = "{type: array, items: ['null', int]}"
    main = f"""cwlVersion: v1.2
class: Workflow
inputs:
  given: {{type: {items}}}
outputs:
  chosen: {{type: "int[]", outputSource: given, pickValue: all_non_null}}
  passed: {{type: "int[]", outputSource: pass/out, pickValue: all_non_null}}
steps:
  pass:
    run:
      class: CommandLineTool
      baseCommand: "true"
      inputs:
        in: {{type: {items}}}
      outputs:
        out: {{type: {items}, outputBinding: {{outputEval: $(inputs.in)}}}}
    in: {{in: given}}
    out: [out]
"""
    write(tmp_path, main_cwl=main, job_yml="given: [1, null]\n")
    template = load(tmp_path, input_files=(tmp_path / "job.yml",)).template
    expected = {"type": "array", "items": ["null", "int"]}
    assert template["scopes"][0]["input_types"]["given"] == expected
    assert template["tools"][0]["outputs"][0]["type"] == expected


def test_one_pattern_that_is_not_in_a_list(chain: Path) -> None:
    """cwltool's check of the link breaks off there (difference 23 in docs/cwl-differences.md)."""
    tool = TOOL.replace("type: File,", "type: File, secondaryFiles: .idx,")
    write(chain, tool_cwl=tool, job_yml="first: {class: File, path: data/in.txt}\n")
    workflow = load(chain, input_files=(chain / "job.yml",))
    assert workflow.template["tools"][0]["inputs"][0]["secondaryFiles"] == [{"pattern": ".idx", "required": True}]
    assert "Source 'first' of type File may be incompatible" in " ".join(workflow.warnings)


def test_a_warning_says_things_once(tmp_path: Path) -> None:
    """Types are as authors write them, and two links that are alike are told apart."""
    document = """cwlVersion: v1.2
class: Workflow
inputs: {a: "int[]?"}
outputs: []
steps:
  one:
    in: {x: a, y: a}
    out: []
    run: {class: CommandLineTool, inputs: {x: "int[]", y: "int[]"}, baseCommand: 'true', outputs: []}
"""
    warnings = load(write(tmp_path, main_cwl=document), parameters=(("a", [1]),)).warnings
    said = "Source 'a' of type int[]? may be incompatible with sink '%s' of type int[]"
    assert [warning.partition(": ")[2] for warning in warnings] == [" ".join((said % "x", said % "y"))]
