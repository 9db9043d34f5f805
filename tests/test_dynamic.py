"""Workflows whose nodes jobs decide, run with make: the same as when everything had been known."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.inspecting import pending_records
from wfcompile.jq_program import run_jq
from wfcompile.options import Options
from wfcompile.runtime.expand import Known, slots_of
from wfcompile.runtime.late import command, evaluate, in_command
from wfcompile.runtime.pointers import published_at
from wfcompile.runtime.points import expanded
from wfcompile.runtime.records import published_by
from wfcompile.runtime.references import Rows
from wfcompile.site import Site

SPECS = ROOT / "tests" / "specs"


def make(bundle: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = ["make", "-j2", "-k", "-s", *arguments]
    return subprocess.run(
        words, cwd=bundle, env={**os.environ, **environment}, capture_output=True, text=True, timeout=100
    )


def compiled(tmp_path: Path, case: str, **options: Any) -> Path:
    spec = tmp_path / "workflow.yml" if case == "" else SPECS / case / "workflow.yml"
    return compile_bundle(Options(spec, container="none", **options), tmp_path / "bundle").directory


def nodes(run: Path) -> set[str]:
    return {str(path.parent.relative_to(run)) for path in run.rglob("done.json")}


def joined(left: int, right: int, counts: list[int]) -> str:
    """What the specification `joined` makes, worked out from its text."""
    numbers = list(range(1, right + 1))
    lefts = "".join(f"said part_{k}.txt\n" for k in range(1, left + 1))
    rights = "".join(f"said {' '.join(map(str, numbers[at : at + 2]))}\n" for at in range(0, right, 2))
    inner = "".join(f"said{' out.txt' * count}\n" for count in counts)
    return f"of {right}\n{lefts}{rights}{inner}"


@pytest.mark.parametrize(("left", "right", "counts"), [(3, 5, [2, 1]), (1, 1, [1]), (0, 2, [0, 3]), (2, 0, [])])
def test_two_expansions_and_a_join(left: int, right: int, counts: list[int], tmp_path: Path) -> None:
    values = (("left", left), ("right", right), ("counts", counts))
    bundle = compiled(tmp_path, "joined", parameters=values)
    result = make(bundle)
    if not counts:  # known when compiled, and then the engine leaves out what waits for it
        assert not (bundle / "run" / "join").exists()
        return
    assert result.returncode == 0, result
    assert (bundle / "run" / "outputs" / "all.txt").read_text() == joined(left, right, counts)


def test_two_runs_of_one_bundle_differ(tmp_path: Path) -> None:
    """What the first job writes depends on a file that is no part of the bundle."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text().replace("-lt {n} ]", "-lt $(cat /tmp/{n}) ]")
    number = tmp_path / "number"
    (tmp_path / "workflow.yml").write_text(text.replace("/tmp/{n}", str(number)))
    bundle = compiled(tmp_path, "", parameters=(("n", 1),))
    before = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    for count in (2, 5):
        number.write_text(str(count))
        assert make(bundle, f"RUN={tmp_path}/run{count}").returncode == 0
        assert len(nodes(tmp_path / f"run{count}")) == 2 + 4 * count
    assert {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()} == before


def test_a_failing_element_and_resume(tmp_path: Path) -> None:
    text = (SPECS / "dynamic" / "workflow.yml").read_text()
    broken = tmp_path / "broken"
    text = text.replace(
        "cat {part} > {out};", f"cat {{part}} > {{out}}; case {{part}} in *_1.txt) test ! -e {broken};; esac &&"
    )
    (tmp_path / "workflow.yml").write_text(text)
    broken.touch()
    bundle = compiled(tmp_path, "", parameters=(("n", 3),))
    result = make(bundle)
    assert result.returncode != 0
    record = json.loads((bundle / "run" / "record.json").read_text())
    failed = {failure["node"] for failure in record["failures"]}
    assert failed == {"work_1", "more_1", "expand.inner"}
    done = nodes(bundle / "run")
    times = {node: (bundle / "run" / node / "done.json").stat().st_mtime_ns for node in done}
    broken.unlink()
    resumed = subprocess.run(["./resume.sh"], cwd=bundle, capture_output=True, text=True, timeout=100)
    assert resumed.returncode == 0, resumed
    assert nodes(bundle / "run") == done | {"work_1", "more_1", "reduce", *(f"inner_{k}" for k in range(6))}
    assert {node: (bundle / "run" / node / "done.json").stat().st_mtime_ns for node in done} == times


@pytest.mark.parametrize(
    ("case", "expect"),
    [
        ("dynamic", [("work", 3), ("inner", 6)]),
        ("joined", [("lefts", 3), ("rights", 3)]),
    ],
)
def test_expected_is_as_expanded(case: str, expect: list[tuple[str, int]], tmp_path: Path) -> None:
    """--expect with the true number gives the nodes, commands and results that the expansions gave."""
    bundle = compiled(tmp_path, case)
    assert make(bundle).returncode == 0
    run = str(bundle / "run")

    def published(node_id: str) -> Any:
        return published_by(run, node_id)

    spec = SPECS / case / "workflow.yml"
    workflow = plan(Options(spec))
    known = Known(workflow.init, workflow.init_scopes, lambda *_: None, run_jq)
    now = expanded(workflow.template, known, lambda name: True, published).rows
    expected = plan(Options(spec, expected=tuple((step, True, count) for step, count in expect))).rows

    def described(rows: Rows) -> dict[str, Any]:
        def late(node: Any, pointer: str) -> Any:
            return published_at(published_by(run, rows.ids[node]), pointer)

        found = {}
        for node, node_id in enumerate(rows.ids):
            task = workflow.template["steps"][rows.step[node]]["task"]
            fields = slots_of(task)
            text = command(rows, node, task["text"], fields, lambda s, f: in_command(s, f, late, run_jq))
            found[node_id] = (rows.index[node], text, evaluate(rows.results[node], late, run_jq))
        return found

    ours, theirs = described(expected), described(now)
    assert {node: ours[node] for node in theirs if node in ours} == {n: v for n, v in theirs.items() if n in ours}
    assert set(ours) <= set(theirs)
    steps = {step for step, _ in expect}
    assert {n for n in theirs if n.rpartition("_")[0] in steps} == {n for n in ours if n.rpartition("_")[0] in steps}
    again = compile_bundle(
        Options(spec, container="none", expected=tuple((step, True, count) for step, count in expect)),
        tmp_path / "again",
    ).directory
    assert make(again).returncode == 0
    assert sorted(nodes(again / "run")) == sorted(nodes(bundle / "run"))
    for output in (bundle / "run" / "outputs").iterdir():
        text = output.read_text().replace(str(bundle), "")
        assert (again / "run" / "outputs" / output.name).read_text().replace(str(again), "") == text


def test_another_number_than_expected(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "dynamic", expected=(("work", True, 4), ("inner", True, 8)))
    assert make(bundle).returncode != 0
    log = (bundle / "run" / "logs" / "work_0.log").read_text()
    assert "the step 'work' was compiled with --expect work=4, and this run has 3" in log


def test_more_than_the_bound(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "dynamic", expected=(("work", False, 2),))
    result = make(bundle)
    assert result.returncode != 0
    assert "the step 'work' has 3 nodes in this run, more than --expect work<=2 allows" in result.stdout + result.stderr
    bundle = compile_bundle(
        Options(SPECS / "dynamic" / "workflow.yml", container="none", expected=(("work", False, 3),)),
        tmp_path / "enough",
    ).directory
    assert make(bundle).returncode == 0


HOSTILE = [
    "part_\nJOB x y.txt",
    'part_".txt',
    "part_'.txt",
    "part_$(touch pwned).txt",
    "part_`id`.txt",
    "part_ --wrap=id.txt",
    "part_;rm -rf x.txt",
    "part_⦗run⦘.txt",
    "part_{n}.txt",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str, tmp_path: Path) -> None:
    """A file name that a job publishes is data, or refused by its name; nothing runs it."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text()
    quoted = "'" + name.replace("'", "'\\''") + "'"
    quoted = quoted.replace("⦗run⦘", "'\"$(printf '\\342\\246\\227run\\342\\246\\230')\"'")  # reserved in a document
    script = json.dumps(f"touch part_0.txt {quoted}".replace("{", "{{").replace("}", "}}"))
    start = text.index("cmd: 'i=0;")
    (tmp_path / "workflow.yml").write_text(f"{text[:start]}cmd: {script}}}{text[text.index(chr(10), start) :]}")
    bundle = compiled(tmp_path, "", parameters=(("n", 1),))
    result = make(bundle)
    said = result.stdout + result.stderr
    assert not list(tmp_path.rglob("pwned"))
    if "{n}" in name:
        assert result.returncode == 0, said
        assert (bundle / "run" / "work_1" / "out.txt").read_text() == "done\n"
    else:
        assert result.returncode != 0
        assert repr(name)[1:-1] in said or name in said
        assert nodes(bundle / "run") == {"generate"}


def test_what_is_pending_is_shown(tmp_path: Path) -> None:
    records = list(pending_records(plan(Options(SPECS / "dynamic" / "workflow.yml"))))
    assert [(record["id"], record["index"], record["parents"]) for record in records] == [
        ("work_*", None, ["generate"]),
        ("more_*", None, ["generate", "work_*"]),
        ("inner_*", None, ["generate", "more_*"]),
        ("reduce", None, ["generate", "inner_*", "more_*"]),
    ]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ((), "how many nodes 'work' has is known only when generate has ended"),
        ((("work", True, 3),), "how many nodes 'inner' has is known only when more_0, more_1, more_2 has ended"),
        ((("wrk", True, 3),), "--expect wrk: no such scattered step.*did you mean 'work'"),
    ],
)
def test_refused_where_jobs_may_not_submit(expected: Any, said: str) -> None:
    spec = SPECS / "dynamic" / "workflow.yml"
    with pytest.raises(Refused, match=said):
        plan(Options(spec, target="slurm", site=Site(submit_from_jobs=False), expected=expected))


@pytest.mark.parametrize("target", ["dagman", "make"])
def test_no_job_submits_jobs_but_on_slurm(target: str) -> None:
    """DAGMan and make expand where they run themselves."""
    spec = SPECS / "dynamic" / "workflow.yml"
    workflow = plan(Options(spec, target=target, site=Site(submit_from_jobs=False)))
    assert [point.name for point in workflow.points] == ["expand.work"]
