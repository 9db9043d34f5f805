"""Workflows whose nodes are decided by what jobs publish, on the testbed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.runs import on_cluster, records
from tests.cluster.test_workflows import until
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from tests.test_dynamic import joined
from wfcompile.options import Options
from wfcompile.site import Site

SPECS = ROOT / "tests" / "specs"
both = pytest.mark.parametrize("target", ["dagman", "slurm"])


@both
@pytest.mark.parametrize("number", [3, 1, 0])
def test_expansion_in_an_expansion(cluster: Cluster, target: str, number: int, tmp_path: Path) -> None:
    options = Options(SPECS / "dynamic" / "workflow.yml", target=target, parameters=(("n", number),))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None)
        run = submitted.fetch()
        expected = {"generate", "reduce", *(f"{s}_{k}" for s in ("work", "more") for k in range(number))}
        assert set(records(run)) == expected | {f"inner_{k}" for k in range(2 * number)}
        names = (run / "outputs" / "all.txt").read_text(encoding="utf-8").split()
        assert [name.rpartition("/")[2] for name in names[-2 * number :]] == ["m_1.txt", "m_2.txt"] * number
        assert f"{2 + 4 * number} of {2 + 4 * number} nodes done" in submitted.head("./status.sh")


@both
def test_two_expansions_and_a_join(cluster: Cluster, target: str, tmp_path: Path) -> None:
    options = Options(SPECS / "joined" / "workflow.yml", target=target)
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None)
        assert submitted.head("cat run/outputs/all.txt") == joined(3, 5, [2, 1])


@both
def test_a_failing_element_and_resume(cluster: Cluster, target: str, tmp_path: Path) -> None:
    """An element fails until a file is gone; the run is resumed, and only what was not done runs."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text(encoding="utf-8")
    broken = cluster.shared_dir() / "broken"
    broken.touch()
    text = text.replace(
        "cat {part} > {out};", f"cat {{part}} > {{out}}; ! grep -q 1 {{out}} || test ! -e {broken} || exit 65;"
    )
    (tmp_path / "workflow.yml").write_text(text, encoding="utf-8")
    options = Options(tmp_path / "workflow.yml", target=target, parameters=(("n", 3),))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (1, None)
        failed = {failure["node"] for failure in submitted.record()["failures"]}
        assert failed == {"work_1", "more_1", "expand.inner"}
        before = submitted.head("cat run/work_0/done.json")
        broken.unlink()
        submitted.head("./resume.sh")
        assert submitted.wait() in (0, None)
        assert submitted.record()["failed"] == 0, (submitted.record(), submitted.head("cat run/logs/*.slurm.log"))
        assert submitted.head("cat run/work_0/done.json") == before
        assert len(records(submitted.fetch())) == 14


# Before it does what it is asked, the program kills who started it, once.
KILLER = """#!/bin/bash
if [[ ${1-} == %s ]] && mkdir %s/killed 2>/dev/null; then kill -9 $PPID; sleep 1; fi
exec %s "$@"
"""


def test_expander_killed_before_it_moves_its_barrier(cluster: Cluster, tmp_path: Path) -> None:
    """The arrays are submitted, the barrier still waits for the expansion's job alone: the run ends, and is resumed."""
    programs = cluster.shared_dir()
    (programs / "scontrol").write_text(KILLER % ("update", programs, "/usr/bin/scontrol"), encoding="utf-8")
    (programs / "scontrol").chmod(0o755)
    options = Options(SPECS / "dynamic" / "workflow.yml", target="slurm")
    with on_cluster(cluster, "slurm", options, tmp_path) as submitted:
        submitted.submit(f"PATH={programs}:$PATH ./submit.sh")
        submitted.wait()
        assert (programs / "killed").exists()
        assert submitted.record()["failed"] > 0
        submitted.head("./resume.sh")
        submitted.wait()
        assert submitted.record()["failed"] == 0, (submitted.record(), submitted.head("cat run/logs/*.slurm.log"))
        assert len(records(submitted.fetch())) == 14


def test_expansion_killed_on_the_access_point(cluster: Cluster, tmp_path: Path) -> None:
    options = Options(SPECS / "dynamic" / "workflow.yml", target="dagman")
    with on_cluster(cluster, "dagman", options, tmp_path) as submitted:
        programs = f"{submitted.bundle}/programs"
        submitted.head(
            f"mkdir {programs}; cat > {programs}/python3 <<'END'\n{KILLER % ('-I', programs, '/usr/bin/python3')}END"
        )
        submitted.head(f"chmod +x {programs}/python3; PATH={programs}:$PATH condor_submit_dag workflow.dag")
        assert submitted.wait() == 1
        submitted.head(f"test -e {programs}/killed && ./resume.sh")
        assert submitted.wait() == 0
        assert len(records(submitted.fetch())) == 14


@pytest.mark.parametrize("number", [3, 2, 0])
def test_a_bound_where_jobs_may_not_submit(cluster: Cluster, number: int, tmp_path: Path) -> None:
    """On the partition `strict` everything that the bounds allow is submitted at once; the surplus ends at once."""
    options = Options(
        SPECS / "dynamic" / "workflow.yml",
        target="slurm",
        parameters=(("n", number),),
        site=Site(submit_from_jobs=False),
        expected=(("work", False, 3), ("inner", False, 7)),
    )
    with on_cluster(cluster, "slurm", options, tmp_path) as submitted:
        submitted.submit("./submit.sh --partition=strict")
        submitted.wait()
        assert submitted.record()["failed"] == 0, submitted.record()
        run = submitted.fetch()
        names = (run / "outputs" / "all.txt").read_text(encoding="utf-8").split()
        assert [name.rpartition("/")[2] for name in names[-2 * number :]] == ["m_1.txt", "m_2.txt"] * number
        assert not (run / f"inner_{2 * number}" / "w.txt").exists()


def test_no_expansion_where_jobs_may_not_submit(cluster: Cluster, tmp_path: Path) -> None:
    """Without a site profile that says so, the run's own message names the step."""
    options = Options(SPECS / "dynamic" / "workflow.yml", target="slurm")
    with on_cluster(cluster, "slurm", options, tmp_path) as submitted:
        submitted.submit("./submit.sh --partition=strict")
        submitted.wait()
        assert "work_0" in {failure["node"] for failure in submitted.record()["failures"]}
        assert "--expect 'work<=N'" in submitted.head("cat run/logs/expand.slurm.log")


@both
def test_cancelled_in_an_expansion(cluster: Cluster, target: str, tmp_path: Path) -> None:
    """cancel.sh takes away what expansions submitted too; resumed, the run ends well."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text(encoding="utf-8")
    (tmp_path / "workflow.yml").write_text(text.replace("cat {part} > {out};", "sleep 8; cat {part} > {out};"))
    options = Options(tmp_path / "workflow.yml", target=target, parameters=(("n", 3),))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        expanded = "ls run/dynamic/expand.work/nodes.txt run/dynamic/expand.work.jobs run/dynamic/*/*.nodes.log || true"
        until(lambda: len(submitted.head(f"{expanded} 2>/dev/null").split()) == 2, "the point is expanded")
        submitted.head("./cancel.sh")
        left = {"dagman": "condor_q -af ClusterId", "slurm": "squeue -h -o %A"}[target]
        until(lambda: submitted.head(left).split() == [], "no job is left")
        submitted.submit("./resume.sh")
        assert submitted.wait() in (0, None)
        assert len(records(submitted.fetch())) == 14


@both
def test_a_hostile_name(cluster: Cluster, target: str, tmp_path: Path) -> None:
    """It is refused by name where it would reach a shell; what it says is not done."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text(encoding="utf-8")
    start = text.index("cmd: 'i=0;")
    script = json.dumps("touch part_0.txt 'part_\nJOB x y --wrap=id $(touch pwned).txt'")
    spec = f"{text[:start]}cmd: {script}}}{text[text.index(chr(10), start) :]}"
    (tmp_path / "workflow.yml").write_text(spec, encoding="utf-8")
    options = Options(tmp_path / "workflow.yml", target=target, parameters=(("n", 1),))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (1, None)
        assert submitted.record()["failures"] == [{"node": "expand.work", "reason": "expand.failed"}]
        assert r"part_\nJOB x y --wrap=id $(touch pwned).txt" in submitted.head("cat run/logs/expand.work.log")
        assert submitted.head("find . -name pwned; ls run/work_0 2>&1 || true").startswith("ls: cannot")
