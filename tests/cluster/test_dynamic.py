"""Workflows whose nodes are decided by what jobs publish, on the testbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.runs import on_cluster, records
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from wfcompile.options import Options

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
