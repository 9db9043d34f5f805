"""The engine's own cases on both schedulers: node by node the files that the engine's run left."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.runs import on_cluster
from tests.cluster.testbed import Cluster
from tests.yadage import reference
from tests.yadage.test_runs import BY_HAND, DATE, STAMP, assert_same, contents, placed, recorded

DYNAMIC = ("dynamic_glob-five", "dynamic_glob-three", "dynamic_glob-subworkflow-five", "dynamic_mapreduce_fromfile")
OTHERS = (
    "cartesian_mapreduce",
    "mapreduce_batched",
    "nested",
    "nestedmapreduce_regval",
    "registering_values",
    "jqnodestruct",
)


@pytest.fixture(scope="module")
def places(cluster: Cluster) -> dict[str, Path]:
    """Where the specifications are: what they name by path is seen on every host."""
    shared = cluster.shared_dir()
    for place, path in reference.PLACES.items():
        shutil.copytree(path, shared / place.strip("$"), copy_function=shutil.copyfile)
    for path in [shared, *shared.rglob("*")]:
        path.chmod(0o755)
    return {place: shared / place.strip("$") for place in reference.PLACES}


@pytest.mark.parametrize("name", DYNAMIC + OTHERS)
@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_same_files_as_the_engine(
    cluster: Cluster, target: str, name: str, places: dict[str, Path], tmp_path: Path
) -> None:
    options = reference.options(reference.load(name), places)
    values = tuple((key, placed(value, places)) for key, value in options.parameters)
    options = replace(options, target=target, container="none", parameters=values)
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None)
        run = submitted.fetch()
        found = {file: STAMP.sub(DATE, data.decode()).encode() for file, data in text_files(run).items()}
        by_hand = {file: text.encode() for file, text in BY_HAND.get(name, {}).items()}
        expected = {**recorded(name, run), **by_hand}
        assert_same({**contents(run), **found}, expected)


def text_files(run: Path) -> dict[str, bytes]:
    """Return the files of a run's nodes that are text."""
    return {file: data for file, data in contents(run).items() if data.isascii()}
