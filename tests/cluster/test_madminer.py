"""The example whose widths only its jobs know, on both schedulers."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.conftest import IMAGE
from tests.cluster.runs import checksums, on_cluster, records
from tests.cluster.testbed import Cluster
from tests.yadage.test_madminer import make, node_ids, options
from wfcompile.compile import compile_bundle

FILES, MEMBERS = 17, 24
PYTHON = "docker.io/library/python:3.12-slim"  # any image with a Python will do


@pytest.fixture(scope="module")
def by_make(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("make")
    wanted = options(seed=1, event_files=FILES, members=MEMBERS)
    make(compile_bundle(wanted, top / "bundle").directory, top / "run")
    return top / "run"


@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_the_same_results_as_with_make(
    cluster: Cluster, images: Path, by_make: Path, target: str, tmp_path: Path
) -> None:
    wanted = options(seed=1, event_files=FILES, members=MEMBERS)
    wanted = replace(wanted, target=target, container=None, images=((PYTHON, str(images / IMAGE)),))
    with on_cluster(cluster, target, wanted, tmp_path) as submitted:
        submitted.submit()
        status = submitted.wait(900)
        run = submitted.fetch()
        assert status in (0, None)
        done = records(run)
        assert set(done) == node_ids(FILES, MEMBERS)
        assert {record["runtime"].split()[0] for record in done.values()} == {"apptainer"}
        record = submitted.record()
        assert (record["done"], record["failed"]) == (len(done), 0)
        assert checksums(run / "outputs") == checksums(by_make / "outputs")


@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_two_runs_of_one_bundle_differ_in_their_widths(cluster: Cluster, target: str, tmp_path: Path) -> None:
    wanted = replace(options(event_files=[1, 9], members=[1, 9]), target=target)
    with on_cluster(cluster, target, wanted, tmp_path) as submitted:
        free = cluster.shared_dir() if target == "slurm" else cluster.private_dir("head").path
        widths = set()
        for k in range(4):
            place = f"{free}/run{k}"
            submitted.head(f"./submit.sh --run {place}")
            if target == "dagman":
                assert cluster.wait_dag(Path(place) / ".dag", 600) == 0
            else:
                cluster.wait_slurm(600)
            results = json.loads(submitted.head(f"cat {place}/outputs/results.json"))
            nodes = len(node_ids(results["event_files"], results["estimators"]))
            assert re.match(rf"madminer: {nodes} of {nodes} nodes done", submitted.head(f"./status.sh --run {place}"))
            widths.add((results["event_files"], results["estimators"]))
            if len(widths) > 1:
                return
        pytest.fail(f"four runs with {widths}")
