"""A document is a stranger's: while it is compiled nothing of it runs outside our fence."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.cwl.test_load import load, refused, write

TOOL = """cwlVersion: v1.2
class: CommandLineTool
requirements: {InlineJavascriptRequirement: {expressionLib: ["function ending() { return '.idx'; }"]}}
inputs:
  file:
    type: File
    secondaryFiles: PATTERN
    format: FORMAT
    inputBinding: {}
outputs: {out: stdout}
baseCommand: cat
"""
JOB = "file: {class: File, path: in.txt, format: 'http://x.org/text'}\n"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let every node that is started, by whom and by which name ever, leave a line with its options."""
    node, log = shutil.which("node"), tmp_path / "started"
    for name in ("node", "nodejs"):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nprintf "%.80s\\n" "$*" >> {log}\nexec {node} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.delenv("WFC_NODE", raising=False)
    return log


def written(directory: Path, pattern: str, text_format: str = "http://x.org/text") -> Path:
    tool = TOOL.replace("PATTERN", pattern).replace("FORMAT", text_format)
    return write(directory, main_cwl=tool, job_yml=JOB, in_txt="", in_txt_idx="index", in_idx="")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("$(self.basename + ending())", "in.txt.idx"),
        ("\"${ return [{class: 'File', location: self.location + '.idx', basename: 'other'}]; }\"", "other"),
        ("{pattern: .idx, required: '$(self.nameext === \".txt\")'}", "in.txt.idx"),
    ],
)
def test_expressions_for_secondary_files_run_in_our_engine(
    tmp_path: Path, started: Path, pattern: str, found: str
) -> None:
    job = written(tmp_path, pattern, "$('http://x.org/' + 'text')") / "job.yml"
    workflow = load(tmp_path, input_files=(job,))
    assert workflow.init
    beside = workflow.init["file"]["secondaryFiles"]
    assert [(file["location"], file["basename"]) for file in beside] == [("⦗run⦘/init/in.txt.idx", found)]
    assert started.read_text().splitlines()
    assert all("--disallow-code-generation-from-strings" in line for line in started.read_text().splitlines())


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("${ while (true) {} }", "the JavaScript `${ while (true) {} }` fails: it does not end within 0.3 seconds"),
        ("$(process.cwd())", "the JavaScript `$(process.cwd())` fails: ReferenceError: process is not defined"),
        ("$(inputs.none)", "`$(inputs.none)`: `inputs` has no `none`"),
    ],
)
def test_what_fails_there_is_told_where_the_file_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, message: str
) -> None:
    monkeypatch.setattr("wfcompile.runtime.cwl.javascript.Javascript.__init__.__defaults__", (0.3, 1024))
    job = written(tmp_path, pattern) / "job.yml"
    assert refused(tmp_path, input_files=(job,)).startswith(f"job.yml:1:1: {message}")


CAT = """cwlVersion: v1.2
class: CommandLineTool
inputs: {given: {type: "File?", inputBinding: {}}}
outputs: {out: stdout}
baseCommand: cat
"""
FLOW = """cwlVersion: v1.2
class: Workflow
requirements: {SubworkflowFeatureRequirement: {}}
inputs: {given: "File?"}
outputs: {}
steps:
  one:
    run: RUN
    in: {given: given}
    out: []
"""
ONTOLOGY = """@prefix e: <http://e.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
e:narrow rdfs:subClassOf e:wide .
"""
INCLUDED = "doc: {$include: WHERE}\n"
TYPES = "hints: {SchemaDefRequirement: {types: [{$import: WHERE}]}}\n"
DEFAULT = 'inputs: {given: {type: "File?", default: {class: File, location: WHERE}}}'
STAGED = "hints: {InitialWorkDirRequirement: {listing: [{class: File, location: WHERE}]}}\n"


def documents(what: str) -> str:
    """Return a document that names WHERE."""
    lines = CAT.splitlines()
    return {
        "run": FLOW.replace("RUN", "WHERE"),
        "$import": CAT + TYPES,
        "$include": CAT + INCLUDED,
        "$schemas": CAT + "$schemas: [WHERE]\n",
        "default": "\n".join([*lines[:2], DEFAULT, *lines[3:]]) + "\n",
        "staged": CAT + STAGED,
    }[what]


@pytest.mark.parametrize("how", ["../other/{}", "file://{}", "beside/{}"])
@pytest.mark.parametrize(
    ("what", "name", "line"),
    [
        ("run", "tool.cwl", 8),
        ("$import", "types.yml", 6),
        ("$include", "tool.cwl", 6),
        ("$schemas", "formats.ttl", 6),
        ("default", "in.txt", 3),
        ("staged", "in.txt", 6),
    ],
)
def test_documents_read_only_files_of_theirs(tmp_path: Path, what: str, name: str, line: int, how: str) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    types = "{name: Pair, type: record, fields: []}\n"
    write(other, tool_cwl=CAT, formats_ttl=ONTOLOGY, in_txt="", types_yml=types)
    own.mkdir()
    (own / "beside").symlink_to(other)
    where = how.format(other / name if how.startswith("file:") else name)
    write(own, main_cwl=documents(what).replace("WHERE", where))
    said = refused(own)
    assert said.startswith(f"main.cwl:{line}:")
    assert f"{name}' leads out of the document's directories; allow it with --allow-path {other}" in said
    for options in ({"allowed_paths": (other,)}, {"toplevel": tmp_path}, {"initdir": other}):
        assert load(own, **options)


def test_what_the_user_names_may_be_anywhere(tmp_path: Path) -> None:
    write(tmp_path / "other", in_txt="", given_txt="here", job_yml="given: {class: File, path: ../in.txt}\n")
    write(tmp_path, in_txt="", own__main_cwl=CAT)
    workflow = load(tmp_path / "own", input_files=(tmp_path / "other/job.yml",))
    assert workflow.init and workflow.init["given"]["basename"] == "in.txt"
    file = {"class": "File", "path": str(tmp_path / "other/in.txt")}
    assert load(tmp_path / "own", parameters=(("given", file),)).init


@pytest.mark.parametrize("pattern", ["$('../secret')", "\"${ return {class: 'File', location: 'file://SECRET'}; }\""])
def test_secondary_files_are_beside_their_file(tmp_path: Path, pattern: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("")
    job = written(tmp_path / "own", pattern.replace("SECRET", str(secret))) / "job.yml"
    what = f"job.yml:1:1: secondaryFiles of the input 'file': '{secret}' is not beside the file; name it in the job"
    assert refused(tmp_path / "own", input_files=(job,)).startswith(what)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Serve the files of a directory."""
    write(tmp_path / "web", tools__tool_cwl=CAT, formats_ttl=ONTOLOGY, flow_cwl=FLOW.replace("RUN", "tools/tool.cwl"))
    write(tmp_path / "web", thief_cwl=FLOW.replace("RUN", f"file://{tmp_path}/main.cwl"), bad_cwl=CAT + "wrong: 1\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_documents_come_from_the_web_when_the_user_says_so(tmp_path: Path, web: str) -> None:
    write(tmp_path / "own", main_cwl=FLOW.replace("RUN", f"{web}/flow.cwl"))
    said = refused(tmp_path / "own")
    assert said.startswith(f"main.cwl:8:5: '{web}/flow.cwl' is not on this machine, and nothing is fetched")
    assert said.endswith("or add --allow-remote")
    workflow = load(tmp_path / "own", allow_remote=True)
    assert [step["path"] for step in workflow.template["steps"]] == ["one", "one/one"]
    names = [source.name for source in workflow.sources]
    assert [unquote(name) for name in names] == [
        "main.cwl",
        f"remote/{web}/flow.cwl",
        f"remote/{web}/tools/tool.cwl",
    ]
    assert workflow.steps[1].source == f"{names[1]}:8"


def test_ontologies_come_from_the_web_when_the_user_says_so(tmp_path: Path, web: str) -> None:
    tool = CAT.replace('"File?"', '"File?", format: "http://e.org/wide"')
    write(tmp_path / "own", main_cwl=f"{tool}$schemas: ['{web}/formats.ttl']\n")
    assert any("--allow-remote" in warning for warning in load(tmp_path / "own").warnings)
    workflow = load(tmp_path / "own", allow_remote=True)
    assert not workflow.warnings
    assert workflow.template["tools"][0]["inputs"][0]["formats"] == ["http://e.org/narrow"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("thief.cwl", "WEB/thief.cwl:8:17: 'OWN/main.cwl' leads out of the document's directories"),
        ("none.cwl", "cannot be fetched: 404"),
        ("bad.cwl", "WEB/bad.cwl:6:1: invalid field 'wrong'"),
    ],
)
def test_faults_of_documents_from_the_web(tmp_path: Path, web: str, name: str, message: str) -> None:
    write(tmp_path / "own", main_cwl=FLOW.replace("RUN", f"{web}/{name}"))
    write(tmp_path, main_cwl=CAT)
    assert message.replace("WEB", web).replace("OWN", str(tmp_path)) in refused(tmp_path / "own", allow_remote=True)
