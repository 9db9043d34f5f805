"""Bundles run for real on this machine: results, resuming, moving, several runs of one bundle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from wfcompile.compile import compile_bundle
from wfcompile.options import Options

SPECS = ROOT / "tests" / "specs"
RESULTS = {
    "chain": {"all.txt": "1\n2\n3\n4\n5\n"},
    "inputs": {"found.txt": "a line of text\nmore\n"},
    "late": {"joined.txt": "a\nb\nc\n"},
    "nested": {"merged.txt": "1\n2\n3\n4\n5\n", "note.txt": "it is done\n"},
    "serial": {
        "summary.txt": "it's a {list}\n3\nONE\nONE two three\n",
        "results/first": "ONE\n",
        "results/parts/ONE": "ONE\n",
        "results/parts/three": "three\n",
        "data/other.txt": "untouched\n",
        "data/words.txt": "ONE two three\n",
    },
    "squares": {"sum.txt": "14\n"},
}


def bundle(case: str, tmp_path: Path) -> Path:
    spec = SPECS / case / "workflow.yml"
    return compile_bundle(Options(spec, target="make", container="none"), tmp_path / case).directory


def make(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-j2", "-k", *arguments], cwd=directory, capture_output=True, text=True, check=False)


def outputs(run: Path) -> dict[str, str]:
    found = (run / "outputs").rglob("*")
    return {str(p.relative_to(run / "outputs")): p.read_text(encoding="utf-8") for p in found if p.is_file()}


@pytest.mark.parametrize("case", RESULTS)
def test_results(case: str, tmp_path: Path) -> None:
    directory = bundle(case, tmp_path)
    done = make(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs(directory / "run") == RESULTS[case]
    record = json.loads((directory / "run" / "record.json").read_text(encoding="utf-8"))
    assert record["done"] == record["nodes"] > 0
    assert record["failed"] == 0
    status = subprocess.run(["./status.sh"], cwd=directory, capture_output=True, text=True, check=True).stdout
    assert status.startswith(f"workflow: {record['nodes']} of {record['nodes']} nodes done")


def test_a_second_make_runs_nothing(tmp_path: Path) -> None:
    directory = bundle("chain", tmp_path)
    make(directory)
    before = {p: p.stat().st_mtime_ns for p in (directory / "run").rglob("done.json")}
    again = make(directory)
    assert again.returncode == 0
    assert "done  " not in again.stdout
    assert {p: p.stat().st_mtime_ns for p in (directory / "run").rglob("done.json")} == before


def test_resume_runs_what_was_damaged(tmp_path: Path) -> None:
    directory = bundle("chain", tmp_path)
    make(directory)
    (directory / "run" / "double_1" / "out").unlink()
    said = subprocess.run(["./resume.sh"], cwd=directory, capture_output=True, text=True, check=True).stdout
    ran = sorted(line.split()[1] for line in said.splitlines() if line.startswith("done  "))
    assert ran == ["double_1"]
    assert outputs(directory / "run") == RESULTS["chain"]


def test_a_moved_read_only_bundle_and_two_runs_at_once(tmp_path: Path) -> None:
    directory = bundle("inputs", tmp_path)
    moved = tmp_path / "moved"
    shutil.move(directory, moved)
    for path in sorted(moved.rglob("*"), reverse=True):
        path.chmod(path.stat().st_mode & ~0o222)
    moved.chmod(0o555)
    runs = [tmp_path / "one", tmp_path / "two"]
    processes = [subprocess.Popen(["make", "-k", f"RUN={run}"], cwd=moved, stdout=subprocess.DEVNULL) for run in runs]
    assert [process.wait(60) for process in processes] == [0, 0]
    for run in runs:
        assert outputs(run) == RESULTS["inputs"]
        listing = (run / "list" / "listing.txt").read_text(encoding="utf-8")
        assert str(run) in listing
    assert not (moved / "run").exists()
    moved.chmod(0o755)


SLOW = """\
stages:
  - name: slow
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: [1, 2, 3, 4], out: '{workdir}/out', log: LOG}
      scatter: {method: zip, parameters: [value]}
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: bash
          script: |
            echo half > {out}
            sleep 0.4
            echo {value} >> {log}
            echo {value} > {out}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
  - name: all
    dependencies: [slow]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {value: {stages: slow, output: out}, out: '{workdir}/all.txt'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'cat {value} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""


@pytest.mark.parametrize("victim", ["make", "node", "group"])
@pytest.mark.parametrize("when", [0.25, 0.7])
def test_killed_in_the_middle(victim: str, when: float, tmp_path: Path) -> None:
    (tmp_path / "slow.yml").write_text(SLOW.replace("LOG", str(tmp_path / "log")), encoding="utf-8")
    directory = compile_bundle(Options(tmp_path / "slow.yml", target="make"), tmp_path / "bundle").directory
    process = subprocess.Popen(
        ["make", "-j2", "-k"],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(when)
    if victim == "make":
        process.kill()
    elif victim == "group":  # ^C in a terminal
        os.killpg(process.pid, signal.SIGINT)
    else:
        for node in running_nodes(directory):
            os.kill(node, signal.SIGKILL)
    process.wait(30)
    for record in (directory / "run").rglob("done.json"):
        value = record.parent.name.rpartition("_")[2]
        if record.parent.name != "all":
            assert (record.parent / "out").read_text(encoding="utf-8") == f"{int(value) + 1}\n"
    again = make(directory)
    assert again.returncode == 0, again.stdout + again.stderr
    assert outputs(directory / "run") == {"all.txt": "1\n2\n3\n4\n"}
    finished = (tmp_path / "log").read_text(encoding="utf-8").split()
    assert sorted(set(finished)) == ["1", "2", "3", "4"]
    if victim == "make":  # the nodes went on by themselves; make found their results
        assert sorted(finished) == ["1", "2", "3", "4"]


def running_nodes(directory: Path) -> list[int]:
    """Return the wrapper processes of this bundle."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if os.readlink(process / "cwd").startswith(str(directory)) and any(b"nodes/slow_" in w for w in words):
                found.append(int(process.name))
        except OSError:
            continue  # it has ended
    return found


def test_a_failed_node_stops_only_what_needs_it(tmp_path: Path) -> None:
    text = SLOW.replace("LOG", str(tmp_path / "log")).replace(
        "sleep 0.4", "[ {value} != 2 ] || {{ echo no >&2; exit 3; }}"
    )
    (tmp_path / "slow.yml").write_text(text, encoding="utf-8")
    directory = compile_bundle(Options(tmp_path / "slow.yml", target="make"), tmp_path / "bundle").directory
    done = make(directory)
    assert done.returncode != 0
    assert "FAILED slow_1 payload.exit 3" in done.stdout
    record = json.loads((directory / "run" / "record.json").read_text(encoding="utf-8"))
    assert (record["done"], record["nodes"]) == (3, 5)
    assert (directory / "run" / "logs" / "slow_1.log").read_text(encoding="utf-8").count("no\n") == 1
