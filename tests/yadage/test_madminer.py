"""The example with two fan-outs whose widths only its jobs know: in the real engine and with make."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.yadage.execute import execute, sorted_globs
from wfcompile.compile import compile_bundle, plan
from wfcompile.frontends.yadage.engine import EngineNode, run_engine
from wfcompile.options import Options

EXAMPLE = ROOT / "examples" / "madminer"
FILES, MEMBERS = 3, 2


def options(**parameters: Any) -> Options:
    return Options(
        EXAMPLE / "madminer.yml",
        target="make",
        container="none",
        input_files=(EXAMPLE / "input.yml",),
        initdir=EXAMPLE,
        parameters=tuple(parameters.items()),
    )


def node_ids(files: int, members: int) -> set[str]:
    """The nodes that a campaign of this size has."""
    scattered = {"physics/pythia": files, "physics/delphes": files, "learning/train": members}
    scattered["learning/evaluate"] = members
    single = {"physics/configure", "physics/generate", "physics/combine", "learning/sample", "learning/plot"}
    return single | {f"{step}_{k}" for step, number in scattered.items() for k in range(number)}


def make(bundle: Path, run: Path) -> dict[str, Any]:
    """Run a bundle and return its results.json."""
    done = subprocess.run(
        ["make", "-j2", "-k", f"RUN={run}"], cwd=bundle, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results: dict[str, Any] = json.loads((run / "outputs" / "results.json").read_text(encoding="utf-8"))
    nodes = {json.loads(path.read_text(encoding="utf-8"))["node"] for path in run.rglob("done.json")}
    assert nodes == node_ids(results["event_files"], results["estimators"])
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    assert (record["done"], record["failed"]) == (len(nodes), 0)
    return results


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[EngineNode]]:
    """The run directory and the nodes of a real run."""
    work = tmp_path_factory.mktemp("engine")
    with sorted_globs():
        nodes = run_engine(options(seed=7, event_files=FILES, members=MEMBERS), EXAMPLE, execute, work)
    return work / "run", nodes


def test_the_engine_runs_it(engine: tuple[Path, list[EngineNode]]) -> None:
    run, nodes = engine
    assert {node.directory for node in nodes if node.directory} == node_ids(FILES, MEMBERS)
    results = json.loads((run / "learning" / "plot" / "results.json").read_text(encoding="utf-8"))
    assert (results["event_files"], results["estimators"]) == (FILES, MEMBERS)
    assert set(results["methods"]) == {"histogram", "regression"}
    assert all(method["separation"] > 0 for method in results["methods"].values())  # the hypotheses are told apart


def test_the_widths_are_not_known_before_a_run() -> None:
    ids = set(plan(options(seed=7, event_files=FILES, members=MEMBERS)).rows.ids)
    assert not ids & {f"{step}_0" for step in ("physics/pythia", "physics/delphes", "learning/train")}


def test_the_same_files_as_the_engine(engine: tuple[Path, list[EngineNode]], tmp_path: Path) -> None:
    bundle = compile_bundle(options(seed=7, event_files=FILES, members=MEMBERS), tmp_path / "bundle").directory
    make(bundle, tmp_path / "run")
    run, nodes = engine
    for node in nodes:
        if node.directory:
            theirs = files(run / node.directory)
            assert theirs
            assert files(tmp_path / "run" / node.directory) == theirs, node.directory


def files(directory: Path) -> dict[str, bytes]:
    """The files of a node, without those of the engine's and the wrapper's own."""
    found = {str(path.relative_to(directory)): path for path in sorted(directory.rglob("*")) if path.is_file()}
    own = ("_packtivity/", "done.json", ".")
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(own)}


def test_two_runs_of_one_bundle_differ_in_their_widths(tmp_path: Path) -> None:
    bundle = compile_bundle(options(event_files=[1, 4], members=[1, 4]), tmp_path / "bundle").directory
    widths = set()
    for k in range(5):  # five equal draws: once in 65 000 times
        results = make(bundle, tmp_path / f"run{k}")
        widths.add((results["event_files"], results["estimators"]))
        if len(widths) > 1:
            return
    pytest.fail(f"five runs with {widths}")
