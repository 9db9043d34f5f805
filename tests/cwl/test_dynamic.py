"""Scatter over what a step has made, and `when` on it, at any depth: compared with cwltool, run by make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cwl.running import placeless, run_by_cwltool, run_by_make
from wfcompile.inspecting import summary
from wfcompile.options import Options

HERE = Path(__file__).parent / "dynamic"
TEXT = {"class": "File", "location": str(HERE / "say.cwl")}
CASES = [
    *(("dot", {"count": n}) for n in (0, 1, 12)),
    *(("crossproducts", {"count": n, "words": w}) for n in (0, 1, 3) for w in ([], ["x"], ["x", "y"])),
    *(("subworkflows", {"counts": counts}) for counts in ([], [0, 1, 3])),
    *(("nested", {"count": n}) for n in (0, 1, 3)),
    *(("merged", {"count": n}) for n in (0, 1, 3)),
    *(("lines", {"words": words, "text": TEXT}) for words in ("", "a b")),
    ("facts", {"words": "a b", "text": TEXT}),
    ("faults", {"count": 1, "none": None, "word": "x"}),
    *(("when", {"count": n}) for n in (0, 1, 4)),
    ("defaults", {"count": 2}),
    ("literals", {"text": {"class": "File", "basename": "lit", "contents": "abc"}}),
]


@pytest.mark.parametrize(("name", "job"), CASES, ids=[f"{name}-{json.dumps(job)}" for name, job in CASES])
def test_same_outputs_as_cwltool(name: str, job: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(job))
    document = HERE / f"{name}.cwl"
    expected = run_by_cwltool(document, tmp_path / "job.json", tmp_path / "cwltool")
    found = run_by_make(document, tmp_path / "job.json", tmp_path / "make")
    assert placeless(found) == placeless(expected)


def test_what_is_asked_about_an_input_needs_no_job(tmp_path: Path) -> None:
    parameters = (("words", "a b"), ("text", TEXT))
    lines = list(summary(Options(HERE / "facts.cwl", parameters=parameters)))
    assert [line.split()[:4] for line in lines[1:]] == [
        ["1", "x", "say", "static"],
        ["3", "x", "all", "static"],
        ["*", "x", "each", "dynamic"],
    ]
    assert lines[-1].endswith("facts.cwl:26:41: what say publishes")


@pytest.mark.parametrize("expect", ["shout=3", "shout<=5"])
def test_an_expected_number(expect: str, tmp_path: Path) -> None:
    """What is compiled with the number gives what the run finds by itself."""
    (tmp_path / "job.json").write_text('{"count": 3}')
    found = run_by_make(HERE / "dot.cwl", tmp_path / "job.json", tmp_path / "found")
    expected = run_by_make(HERE / "dot.cwl", tmp_path / "job.json", tmp_path / "expected", "--expect", expect)
    assert placeless(found) == placeless(expected)


def test_a_wrong_number_is_said(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text('{"count": 3}')
    with pytest.raises(AssertionError, match="1 of 4 nodes are done"):
        run_by_make(HERE / "dot.cwl", tmp_path / "job.json", tmp_path / "made", "--expect", "shout=2")
    log = (tmp_path / "made" / "run" / "logs" / "shout_0.log").read_text(encoding="utf-8")
    assert "compiled with --expect shout=2, and this run has 3; compile again with that number" in log


@pytest.mark.parametrize(
    ("count", "none", "said"),
    [(4, None, "all sources of 'a' are null"), (4, "y", "2 sources of 'only' are not null"), (1, None, "")],
)
def test_a_fault_behind_a_late_when_is_one_when_that_is_true(
    count: int, none: str | None, said: str, tmp_path: Path
) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"count": count, "none": none, "word": "x"}))
    if not said:
        assert run_by_make(HERE / "faults.cwl", tmp_path / "job.json", tmp_path / "made")["only"] is None
        return
    with pytest.raises(AssertionError) as failed:
        run_by_make(HERE / "faults.cwl", tmp_path / "job.json", tmp_path / "made")
    log = tmp_path / "made/run/logs/perhaps/picked.log"
    assert said in str(failed.value) + log.read_text(encoding="utf-8")
