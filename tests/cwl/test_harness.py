"""The judge of the conformance tests is as strict as it should be: checked with cwltool, and with wrong answers."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cwl.conformance import (
    COPY,
    FAIL,
    LEFT_OUT,
    PASS,
    UNSUPPORTED,
    Case,
    Fault,
    Ran,
    by_cwltool,
    cases,
    faults,
    judge,
    run_case,
    summary,
)

ALL = {case.name: case for case in cases(COPY / "conformance_tests.yaml", "v1.2")}


def test_what_the_copy_holds() -> None:
    assert len(ALL) == 378
    assert set(ALL) >= LEFT_OUT
    assert len(ALL) - len(LEFT_OUT) == 357
    readme = (COPY / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"[\w-]+", next(line for line in readme.splitlines() if line.startswith("cl_basic_generation")))
    assert set(listed) == LEFT_OUT
    for case in ALL.values():
        if case.name not in LEFT_OUT:
            assert Path(case.tool.partition("#")[0]).is_file(), case.name
            assert case.job is None or Path(case.job).is_file(), case.name


def test_every_fault_is_described() -> None:
    """A test that should fail has its place and words, and the places are in the files."""
    known = faults()
    assert {name for suite, name in known if suite == "v1.2"} == {c.name for c in ALL.values() if c.should_fail}
    for (suite, _), fault in known.items():
        for file, lines in fault.places if suite == "v1.2" else ():
            text = (COPY / "tests" / file).read_text(encoding="utf-8").splitlines()
            assert all(text[line - 1 : line] for line in lines), file


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cwltool leaves files open
@pytest.mark.parametrize(
    ("name", "state"),
    {
        "wf_simple": PASS,
        "directory_output": PASS,
        "all_non_null_all_null_nojs": PASS,
        "filename_with_hash_mark": PASS,
        "invalid_syntax_v10_uses_v12_tool": PASS,
        "illegal_symlink": FAIL,  # it should fail, and cwltool lets it pass
        "networkaccess": UNSUPPORTED,
    }.items(),
)
def test_cwltool_as_the_runner(name: str, state: str, tmp_path: Path) -> None:
    assert run_case(ALL[name], by_cwltool, tmp_path).state == state


def case(**changes: object) -> Case:
    return Case("v1.2", "x", "x.cwl", None, {"out": 3}, False, ("workflow",))._replace(**changes)  # type: ignore[arg-type]


def test_verdicts() -> None:
    assert judge(case(), Ran(0, {"out": 3}, "")).state == PASS
    assert judge(case(), Ran(0, {"out": 4}, "")).state == FAIL
    assert judge(case(), Ran(0, {"out": 3, "more": 1}, "")).state == FAIL
    assert judge(case(), Ran(0, None, "")).state == FAIL
    assert judge(case(), Ran(1, None, "why")).why == "exit 1: why"
    assert judge(case(), Ran(33, None, "")).state == UNSUPPORTED
    assert judge(case(tags=("required",)), Ran(33, None, "")).state == FAIL
    assert judge(case(should_fail=True), Ran(0, {"out": 3}, "")).state == FAIL
    assert judge(case(should_fail=True), Ran(1, None, "")).state == PASS


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("wfcompile-cwl-runner: tests/x.cwl:7:3: the pattern is wrong", PASS),
        ("x.cwl:8:1: the pattern is wrong", PASS),
        ("x.cwl:9:1: the pattern is wrong", FAIL),
        ("ax.cwl:7:3: the pattern is wrong", FAIL),
        ("x.cwl:7: the pattern is wrong", FAIL),
        ("x.cwl:7:3: it is wrong", FAIL),
    ],
)
def test_a_refusal_must_name_the_fault(said: str, state: str) -> None:
    fault = Fault((("x.cwl", range(7, 9)), ("y.yml", range(1, 2))), re.compile("pattern"))
    assert judge(case(should_fail=True), Ran(1, None, said), fault).state == state


def test_a_test_that_takes_too_long_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cwl.conformance.TIME", 1)

    def stuck(case: Case, outdir: Path) -> Ran:
        os.read(os.pipe()[0], 1)
        raise AssertionError

    verdict = run_case(case(should_fail=True), stuck, tmp_path)
    assert (verdict.state, verdict.why) == (FAIL, "it took longer than 1 s")


@pytest.mark.parametrize("should_fail", [True, False])
def test_a_runner_that_breaks_has_failed(should_fail: bool, tmp_path: Path) -> None:
    def broken(case: Case, outdir: Path) -> Ran:
        raise KeyError("some name")

    verdict = run_case(case(should_fail=should_fail), broken, tmp_path)
    assert verdict.state == FAIL and "KeyError: 'some name'" in verdict.why


def test_summary() -> None:
    verdicts = [judge(case(name=name), Ran(code, {"out": 3}, "")) for name, code in (("a", 0), ("b", 33), ("c", 1))]
    assert list(summary(verdicts)) == [
        "v1.2: 3 tests, 1 pass, 1 unsupported, 1 fail",
        "  unsupported: b",
        "  fail: c",
        "  by tag: workflow 1/3",
    ]
