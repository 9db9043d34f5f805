"""The stable root: one path for all nodes and attempts of a run, shared by jobs of one host, gone after the last."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest

from tests.wrapper.harness import Bundle, MakeBundle


def test_jobs_of_one_run_share_a_root(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("condor")
    bundle.node("p", "head -c 300000 /dev/zero >x; pwd >where")
    bundle.done("p")
    kids = [f"k/{i}" for i in range(6)]
    for i, kid in enumerate(kids):
        bundle.node(kid, f"pwd >where; cmp $root/p/x <(head -c 300000 /dev/zero) && sleep 0.{i}", parents=["p"])
    jobs = [bundle.start(kid) for kid in kids]
    for job in jobs:
        result = bundle.end(job)
        assert result.code == 0, result.log
    places = {(bundle.run_dir / kid / "where").read_text().rsplit("/", 2)[0] for kid in kids}
    assert places == {(bundle.run_dir / "p/where").read_text().rsplit("/", 1)[0]}
    assert bundle.leftovers() == []


def test_two_runs_do_not_meet(make_bundle: MakeBundle) -> None:
    roots = set()
    for name in ("one", "two"):
        bundle = make_bundle("condor", name)
        bundle.node("a", "pwd >where")
        bundle.done("a")
        roots.add(Path((bundle.run_dir / "a/where").read_text().strip()).parent.name)
    assert len(roots) == 2


def test_a_moved_run_keeps_its_root(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "echo text >file; echo $PWD/file >where")
    bundle.node("b", "cat $(cat $root/a/where) >copy", parents=["a"])
    bundle.done("a")
    moved = bundle.path / "moved"
    bundle.run_dir.rename(moved)
    bundle.run_dir = moved
    bundle.env["WFC_RUN"] = str(moved)
    bundle.done("b")
    assert (moved / "b" / "copy").read_text() == "text\n"


def test_root_of_killed_jobs_is_swept(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "true")
    bundle.run("a", WFC_FAULT="run:after:KILL")
    assert bundle.leftovers() != []
    other = make_bundle("shared", "other", WFC_SCRATCH=str(bundle.scratch))
    other.node("b", "true")
    other.done("b")
    assert list(bundle.scratch.iterdir()) == []


def test_a_root_that_is_not_ours_alone_is_refused(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "pwd >where")
    bundle.done("a")
    root = Path((bundle.run_dir / "a/where").read_text().strip()).parent
    (bundle.run_dir / "a/done.json").unlink()
    second = tmp_path / "second"
    second.mkdir()
    for kind in ("readable by others", "link"):
        root.symlink_to(second) if kind == "link" else root.mkdir(mode=0o755)
        bundle.done("a", WFC_SCRATCH=f"{bundle.scratch}:{second}")
        assert (bundle.run_dir / "a/where").read_text().startswith(str(second))
        (bundle.run_dir / "a/done.json").unlink()
        root.unlink() if root.is_symlink() else root.rmdir()
    assert list(second.iterdir()) == []


@pytest.mark.parametrize("damage", ["short", "same size", "gone"])
def test_damage_in_transfer(make_bundle: MakeBundle, damage: str) -> None:
    bundle = make_bundle("condor")
    bundle.node("p", "echo data >x")
    bundle.node("k", "cat $root/p/x >y", parents=["p"])
    bundle.done("p")
    file = bundle.run_dir / "p/x"
    if damage == "gone":
        file.unlink()
    else:
        file.write_text("dat" if damage == "short" else "dAta\n")
    result = bundle.run("k")
    assert (result.code, result.reason) == (75, "stage.corrupt")


def children(pid: int) -> list[str]:
    """The names of a process's children that have not ended meanwhile."""
    names = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            names.append(Path(f"/proc/{child}/comm").read_text().strip())
    return names


def test_late_files_are_waited_for(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared", WFC_LATENCY="20")
    bundle.node("p", "echo data >x")
    bundle.node("k", "cat $root/p/x >y", parents=["p"])
    bundle.done("p")
    os.rename(bundle.run_dir / "p/x", bundle.path / "x")
    job = bundle.start("k")
    while "sleep" not in children(job.pid):  # it has looked
        assert job.poll() is None
        time.sleep(0.01)
    os.rename(bundle.path / "x", bundle.run_dir / "p/x")
    assert bundle.end(job).code == 0


def test_many_parents(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("local")
    parents = [f"p/{i}" for i in range(1200)]
    record = '{"version":1,"node":"%s","files":[\n{"name":"x","size":2,"sha256":"00"}\n]}\n'
    for parent in parents:
        (bundle.run_dir / parent).mkdir(parents=True)
        (bundle.run_dir / parent / "x").write_text("1\n")
        (bundle.run_dir / parent / "done.json").write_text(record % parent)
    bundle.node("sum", "cat $root/p/*/x | wc -l >n", parents=parents)
    bundle.done("sum")
    assert (bundle.run_dir / "sum/n").read_text() == "1200\n"
    (bundle.run_dir / "p/77/x").unlink()
    bundle.node("again", "true", parents=parents)
    assert " p/77;" in bundle.run("again").final["advice"]


def test_bundle_type(bundle: Bundle) -> None:
    """A bundle is found from the script, wherever the job was started."""
    bundle.node("a", "echo x >y")
    bundle.env["WFC_LOCAL"] = "0"
    bundle.done("a")
    assert (bundle.run_dir / "a/y").exists()
