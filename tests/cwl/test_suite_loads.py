"""Every document of the CWL v1.2 conformance suite loads with its job order, or is refused where its fault is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import SHARED, needs
from wfcompile.documents import read_document
from wfcompile.errors import Refused, Unsupported
from wfcompile.frontends import find_spec, recognise
from wfcompile.ir import Workflow
from wfcompile.options import Options

SUITE = SHARED / "specs" / "cwl-v1.2"
# programs that a copy of the suite may lack; loading does not look into them
PROGRAMS = {"args.py", "index.py", "search.py", "subdirsecondaries/hello.py", "Hello.java", "underscore.js"}
PROGRAMS |= {"loadContents/mkfilelist.py", "iwd/loadit.py"}
# what cwltool, too, refuses before it runs anything; the others of the suite's faults show only in a run
REFUSED = {
    "expression_any_nodefaultany": "null-expression2-tool.cwl:9:3: the input 'i1' must have a value",
    "expression_any_null_nodefaultany": "null-expression2-tool.cwl:9:3: the input 'i1' must have a value",
    "filesarray_secondaryfiles2": "docker-array-secondaryfiles.cwl:24:46: Missing required secondary file '.dat'",
    "any_without_defaults_unspecified_fails": "echo-tool.cwl:6:3: the input 'in' must have a value",
    "any_without_defaults_specified_fails": "echo-tool.cwl:6:3: the input 'in' must have a value",
    "input_records_file_entry_with_format_and_bad_regular_input_file_format": "record-format-job2.yml:2:3: the File",
    "input_records_file_entry_with_format_and_bad_entry_file_format": "record-format-job3.yml:7:5: the File 'A'",
    "input_records_file_entry_with_format_and_bad_entry_array_file_format": "record-format-job4.yml:14:7: the File 'C'",
    "timelimit_invalid": "timelimit2.cwl:7:5: a time limit of -1 seconds; write a positive number",
    "all_non_null_multi_with_non_array_output": "cond-wf-005.cwl:21:5: Source 'out1' of type",
    "all_non_null_multi_with_non_array_output_nojs": "cond-wf-005_nojs.cwl:24:5: Source 'out1' of type",
    "invalid_syntax_v10_uses_v12_tool": "invalid-tool-v10.cwl:7:9: the 'secondaryFiles' field is not valid",
    "invalid_syntax_v11_uses_v12_tool": "invalid-tool-v11.cwl:11:5: the 'coresMin' field is not valid",
    "invalid_syntax_v10_uses_v12_workflow": "invalid-wf-v10.cwl:12:9: the 'secondaryFiles' field is not valid",
    "invalid_syntax_v11_uses_v12_workflow": "invalid-wf-v11.cwl:27:5: the 'steps' field is not valid because invalid",
    "invalid_syntax_mixed_v12_workflow": "invalid-tool-v10.cwl:7:9: the 'secondaryFiles' field is not valid",
}


def entries(file: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the entries of a suite with the directory that their paths begin at, below that of the suite."""
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        if "$import" in entry:
            yield from entries(file.parent / entry["$import"])
        else:
            yield file.parent.relative_to(SUITE), entry


pytestmark = needs(SUITE)
ENTRIES = (
    {entry["id"]: (place, entry) for place, entry in entries(SUITE / "conformance_tests.yaml")}
    if SUITE.is_dir()
    else {}
)
UNSUPPORTED = {"docker_entrypoint": "docker-run-cmd.cwl:12:1: the command begins with '-c', for the image's ENTRYPOINT"}
FAULTY = [name for name, (_, entry) in ENTRIES.items() if entry.get("should_fail")]
VALID = [name for name in ENTRIES if name not in FAULTY and name not in UNSUPPORTED]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    found = [tmp_path_factory.mktemp("here") / "suite", tmp_path_factory.mktemp("there") / "else" / "where"]
    for copy in found:
        shutil.copytree(SUITE, copy)
        for program in PROGRAMS:
            path = copy / "tests" / program
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("")
    return found


def load(suite: Path, name: str) -> Workflow:
    place, entry = ENTRIES[name]
    directory = suite / place
    jobs = (directory / entry["job"],) if entry.get("job") else ()
    options = Options(directory / entry["tool"], toplevel=suite, input_files=jobs)
    document = read_document(find_spec(options.spec, None))
    return recognise(document).load(document, options)


def shown(workflow: Workflow) -> str:
    return json.dumps(
        [workflow.template, workflow.init, [s.name for s in workflow.sources], *workflow.init_directories]
    )


@pytest.mark.parametrize("name", VALID)
def test_it_loads_to_the_same_bytes_wherever_it_lies(copies: list[Path], name: str) -> None:
    here, there = (load(copy, name) for copy in copies)
    assert shown(here) == shown(there)
    assert not [copy for copy in copies if str(copy) in shown(here)]
    assert [step.source for step in here.steps] == [step.source for step in there.steps]
    assert not [step.source for step in here.steps if step.source.startswith("/")]


def test_what_should_fail_is_refused_where_its_fault_is(copies: list[Path]) -> None:
    said = {}
    for name in FAULTY:
        try:
            load(copies[0], name)
        except Refused as refused:
            said[name] = str(refused)
    assert sorted(said) == sorted(REFUSED)
    assert {name: text for name, text in said.items() if f"/{REFUSED[name]}" not in text} == {}


def test_the_suite_is_whole() -> None:
    assert (len(VALID), len(REFUSED), len(ENTRIES)) == (336, 16, 378)


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_what_is_not_supported_is_said(copies: list[Path], name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        load(copies[0], name)
    assert f"/{UNSUPPORTED[name]}" in str(caught.value)
