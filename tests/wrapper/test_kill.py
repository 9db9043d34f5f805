"""Killed at any instant, the next attempt gives the right bytes, and nothing partial counts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.wrapper.harness import Bundle, MakeBundle

PHASES = ["memo", "upstream", "scratch", "runtime", "stagein", "run", "collect", "publish"]
KILL = [f"{phase}:before" for phase in PHASES] + ["run:after", "publish:after", "publish:written"]
TERM = [
    "init:after",
    *(f"{phase}:before" for phase in PHASES),
    "stagein:after",
    "run:after",
    "publish:written",
    "publish:after",
]
TREE = ["publish:moved", "publish:aside"]  # where the own directory is copied into the run
CASES = [
    (mode, point, name)
    for mode in ("local", "shared", "condor")
    for name, points in (("KILL", KILL), ("TERM", TERM))
    for point in points + (TREE if mode != "local" else [])
]


def wait_for(path: Path) -> None:
    for _ in range(500):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} did not appear")


@pytest.mark.parametrize(("mode", "point", "name"), CASES)
def test_killed_at(make_bundle: MakeBundle, mode: str, point: str, name: str) -> None:
    bundle = make_bundle(mode)
    bundle.node("p", "echo parent >x")
    bundle.node("m/a", "cat $root/p/x >y; mkdir d; for i in 1 2 3; do echo $i >>d/z; done", parents=["p"])
    bundle.done("p")
    first = bundle.run("m/a", WFC_FAULT=f"{point}:{name}")
    expected = -signal.SIGKILL if name == "KILL" else 128 + signal.SIGTERM
    assert first.code == expected, first.log
    if name == "TERM":
        assert first.reason == "signal.TERM" and bundle.leftovers() == []
    if (bundle.run_dir / "m/a/done.json").exists():
        assert point == "publish:after"
    bundle.done("m/a")
    assert (bundle.run_dir / "m/a/y").read_text() == "parent\n"
    assert (bundle.run_dir / "m/a/d/z").read_text() == "1\n2\n3\n"
    assert sorted(os.listdir(bundle.run_dir / "m/a")) == ["d", "done.json", "y"]
    assert bundle.leftovers() == []


@pytest.mark.parametrize("name", ["INT", "HUP", "USR2", "XCPU"])
def test_signal_between_commands(make_bundle: MakeBundle, name: str) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "true")
    result = bundle.run("a", WFC_FAULT=f"stagein:before:{name}")
    assert (result.code, result.reason) == (128 + signal.Signals[f"SIG{name}"], f"signal.{name}")
    assert bundle.leftovers() == []


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR2", "XCPU"])
def test_signal_reaches_the_command(bundle: Bundle, name: str, tmp_path: Path) -> None:
    bundle.node("a", f"trap 'touch {tmp_path}/got; exit 0' {name}; touch {tmp_path}/up; while :; do sleep 0.05; done")
    job = bundle.start("a")
    wait_for(tmp_path / "up")
    job.send_signal(signal.Signals[f"SIG{name}"])
    result = bundle.end(job)
    assert (result.code, result.reason) == (128 + signal.Signals[f"SIG{name}"], f"signal.{name}")
    assert (tmp_path / "got").exists() and bundle.leftovers() == []
    assert not (bundle.run_dir / "a/done.json").exists()


def test_grace_ends(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared", WFC_GRACE="0.3")
    bundle.node("a", f"trap '' TERM; touch {tmp_path}/up; while :; do sleep 0.05; done")
    job = bundle.start("a")
    wait_for(tmp_path / "up")
    job.terminate()
    assert bundle.end(job).code == 143
    assert bundle.leftovers() == []


def test_what_the_command_left_running_ends(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle()
    bundle.node("a", f"(sleep 1; touch {tmp_path}/late) & echo x >y")
    bundle.done("a")
    time.sleep(1.3)
    assert not (tmp_path / "late").exists()


@pytest.mark.parametrize("mode", ["local", "shared", "condor"])
def test_killed_wrapper_does_not_leave_its_command(make_bundle: MakeBundle, mode: str, tmp_path: Path) -> None:
    """The orphan would write into the directory of the next attempt."""
    bundle = make_bundle(mode)
    go, up = tmp_path / "go", tmp_path / "up"
    bundle.node(
        "a", f"if [ ! -e {go} ]; then echo $$ >{up}; while :; do echo bad >$root/a/bad; sleep 0.01; done; fi; echo x >y"
    )
    job = bundle.start("a")
    wait_for(up)
    job.kill()
    bundle.end(job)
    go.touch()
    bundle.done("a")
    time.sleep(0.1)
    assert sorted(os.listdir(bundle.run_dir / "a")) == ["done.json", "y"]
    assert bundle.leftovers() == []


@pytest.mark.parametrize("mode", ["local", "shared"])
def test_two_attempts_at_once(make_bundle: MakeBundle, mode: str, tmp_path: Path) -> None:
    bundle = make_bundle(mode)
    bundle.node("a", f"echo run >>{tmp_path}/runs; sleep 0.3; echo x >y")
    # Their logs would be one file; two bundles share the run instead.
    twin = Bundle(tmp_path / "twin", mode)
    twin.node("a", f"echo run >>{tmp_path}/runs; sleep 0.3; echo x >y")
    jobs = [bundle.start("a"), twin.start("a", WFC_RUN=str(bundle.run_dir))]
    results = [bundle.end(jobs[0]), twin.end(jobs[1])]
    assert sorted(r.reason for r in results) == ["done", "kept"]
    assert (tmp_path / "runs").read_text() == "run\n"
    assert bundle.leftovers() == []


def test_new_result_is_swapped_in(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "echo x >y")
    bundle.done("a")
    (bundle.run_dir / "a/y").unlink()
    (bundle.run_dir / "a/stale").touch()
    bundle.done("a")
    assert sorted(os.listdir(bundle.run_dir / "a")) == ["done.json", "y"]
