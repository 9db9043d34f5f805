"""The example search, in yadage and in CWL, to its plots: HTCondor without a shared file system, Slurm, make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.runs import Run, checksums, on_cluster, records
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from wfcompile.compile import compile_bundle
from wfcompile.options import Options

EXAMPLE = ROOT / "examples" / "bsm-search"


@pytest.fixture(scope="session")
def by_make(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the example on this machine, with no container."""
    top = tmp_path_factory.mktemp("make")
    bundle = compile_bundle(Options(EXAMPLE / "bsm-search.yml", target="make", container="none"), top / "b").directory
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(["make", "-j2"], cwd=bundle, env={**os.environ, "PATH": path}, check=True, capture_output=True)
    return bundle / "run"


def bins(run: Path) -> Iterator[tuple[str, str]]:
    """Yield each histogram file of a run with all its bin contents."""
    for path in sorted(run.rglob("*.h5")):
        if "hist" in path.parent.name or "merge" in path.parent.name or path.parent.name == "results":
            said = subprocess.run(
                [sys.executable, "bins.py", path], cwd=EXAMPLE / "code", capture_output=True, text=True, check=False
            )
            if said.returncode == 0:  # not a table of events
                yield str(path.relative_to(run)), said.stdout


@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_bsm_search(
    cluster: Cluster, images: Path, by_make: Path, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WFCOMPILE_IMAGE_CACHE", str(images))
    in_yadage = Options(EXAMPLE / "bsm-search.yml", target=target)
    in_cwl = replace(in_yadage, spec=EXAMPLE / "bsm-search.cwl", input_files=(EXAMPLE / "job.yml",))
    with (
        on_cluster(cluster, target, in_yadage, tmp_path / "yadage") as first,
        on_cluster(cluster, target, in_cwl, tmp_path / "cwl") as second,
    ):
        first.submit()
        second.submit()
        run, same = finished(first), finished(second)
        for name in ("prefit.pdf", "postfit.pdf"):
            assert (run / "outputs" / name).read_bytes().startswith(b"%PDF")
        ours, theirs = dict(bins(run)), dict(bins(by_make))
        assert len(ours) >= 20
        assert ours == theirs
        by_yadage, by_cwl = checksums(run / "outputs"), checksums(same / "outputs")
        del by_cwl["cwl.output.json"]
        assert by_cwl == by_yadage
        if target == "dagman":  # nothing is left in the queue, and no node has seen the bundle
            for host in ("node1", "node2"):
                assert cluster.run(host, ["test", "-e", first.bundle], check=False).returncode == 1


def finished(submitted: Run) -> Path:
    """Wait for a run and return it; all its nodes are done, in containers, on both hosts."""
    status = submitted.wait(900)
    run = submitted.fetch()
    assert status in (0, None)
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    assert (record["done"], record["nodes"], record["failed"]) == (67, 67, 0)
    done = records(run)
    assert {r["host"] for r in done.values()} == {"node1", "node2"}
    assert {r["runtime"].split()[0] for r in done.values()} == {"apptainer"}
    return run
