"""Commands that write into the directories of their parents: no other result is touched, and the author learns it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.wrapper.harness import BOX_RUNTIME, WRAPPER, Bundle, MakeBundle

COPY = "wfc_parents=copy"
WRITES = {
    "append": ("echo more >>$root/p/x", "p (x)"),
    "same size": ("printf dAta >$root/p/x", "p (x)"),
    "new file": ("echo new >$root/p/new", "p (new)"),
    "new in a directory": ("echo new >$root/p/d/new", "p (d/new)"),
    "remove": ("rm $root/p/d/y", "p (d/y)"),
    "remove all": ("rm -r $root/p/*", "p (done.json)"),
    "old date": ("printf dAta >$root/p/x; touch -d 2001-01-01 $root/p/x", "p (x)"),
    "odd name": ("""mv $root/p/x "$root/p/a\\"b" """, 'p (a\\"b, x)'),
    "link": ("ln -sf d/y $root/p/x", "p (x)"),
}


def parent(bundle: Bundle) -> None:
    bundle.node("p", "printf data >x; mkdir d empty; echo text >d/y; ln -s d/y link; echo $PWD/x >where")
    bundle.done("p")


@pytest.mark.parametrize("case", WRITES)
def test_a_changed_parent_is_noticed(bundle: Bundle, case: str) -> None:
    command, changed = WRITES[case]
    parent(bundle)
    bundle.node("k", command, parents=["p"])
    result = bundle.run("k")
    assert (result.code, result.reason) == (65, "parent.changed"), result.log
    assert changed in result.final["advice"]
    assert "--set 'step.parents=copy'" in result.final["advice"]
    assert not (bundle.run_dir / "k/done.json").exists()
    assert bundle.leftovers() == []
    if bundle.mode == "condor":  # only the copy on the host was hit
        assert (bundle.run_dir / "p/x").read_text() == "data"
    else:
        assert not (bundle.run_dir / "p/done.json").exists()
        assert bundle.done("p").reason == "done"
    assert (bundle.run_dir / "p/x").read_text() == "data"
    bundle.node("k", "cat $root/p/x >y", parents=["p"])
    bundle.done("k")


@pytest.mark.parametrize("command", ["exit 3", "true"])
def test_a_failing_command_is_looked_at_too(make_bundle: MakeBundle, command: str) -> None:
    bundle = make_bundle()
    parent(bundle)
    bundle.node("k", f"echo more >>$root/p/x; {command}", parents=["p"])
    result = bundle.run("k")
    assert result.reason == "parent.changed"
    assert result.final.get("payload") == (3 if command == "exit 3" else None)


@pytest.mark.parametrize("command", ["touch $root/p/x", "chmod 600 $root/p/x", "cat $root/p/d/y"])
def test_what_changes_no_data_is_harmless(bundle: Bundle, command: str) -> None:
    parent(bundle)
    bundle.node("k", command, parents=["p"])
    bundle.done("k")
    assert (bundle.run_dir / "p/done.json").exists()


def test_who_reads_beside_the_writer_fails_too(make_bundle: MakeBundle, tmp_path: Path) -> None:
    """What it read may be wrong, and it must not count, whichever of the two ends first."""
    bundle = make_bundle()
    parent(bundle)
    wait = f"until [ -e {tmp_path}/%s ]; do sleep 0.02; done"
    bundle.node("writer", f"printf dAta >$root/p/x; touch {tmp_path}/written; {wait % 'read'}", parents=["p"])
    bundle.node("reader", f"{wait % 'written'}; cat $root/p/x >copy", parents=["p"])
    writer, reader = bundle.start("writer"), bundle.start("reader")
    assert bundle.end(reader).reason == "parent.changed"
    (tmp_path / "read").touch()
    assert bundle.end(writer).reason == "parent.changed"
    assert not list(bundle.run_dir.rglob("done.json"))


def test_a_copied_run_is_no_change(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    parent(bundle)
    copy = bundle.path / "copy"
    (copy / "p").mkdir(parents=True)
    for name in ("done.json", "x", "d", "link", "where", "empty"):  # the record first: all else is newer
        subprocess.run(["cp", "-a", bundle.run_dir / "p" / name, copy / "p"], check=True)
    bundle.env["WFC_RUN"] = str(copy)
    bundle.node("k", "cat $root/p/x >y", parents=["p"])
    bundle.done("k")


def test_a_private_copy(bundle: Bundle, tmp_path: Path) -> None:
    """At the same place, also for paths in data, writable, and for this command only."""
    parent(bundle)
    wait = f"until [ -e {tmp_path}/%s ]; do sleep 0.02; done"
    bundle.node(
        "k",
        f"""set -e; echo more >>$root/p/x; echo more >>$(cat $root/p/where); echo new >$root/p/new; rm $root/p/d/y
        pwd >where; id -u >user; touch {tmp_path}/written; {wait % "read"}; cat $root/p/x $root/p/new >all""",
        parents=["p"],
        more=COPY,
    )
    bundle.node("reader", f"{wait % 'written'}; ls $root/p >names; cat $root/p/x $root/p/d/y >copy", parents=["p"])
    writer = bundle.start("k")
    bundle.done("reader")
    (tmp_path / "read").touch()
    result = bundle.end(writer)
    assert result.code == 0, result.log
    assert (bundle.run_dir / "k/all").read_text() == "datamore\nmore\nnew\n"
    assert (bundle.run_dir / "reader/copy").read_text() == "datatext\n"
    assert (bundle.run_dir / "reader/names").read_text().split() == ["d", "done.json", "empty", "link", "where", "x"]
    assert (bundle.run_dir / "k/where").read_text() == (bundle.run_dir / "p/where").read_text().replace("/p/x", "/k")
    assert (bundle.run_dir / "k/user").read_text() == f"{os.getuid()}\n"
    bundle.node("after", "cat $root/p/x >y", parents=["p", "k"])
    bundle.done("after")
    assert (bundle.run_dir / "after/y").read_text() == "data"
    assert bundle.leftovers() == []


def test_no_namespaces(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle()
    parent(bundle)
    bundle.node("k", "true", parents=["p"], more=COPY)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/unshare").chmod(0o755)
    result = bundle.run("k", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert (result.code, result.reason) == (75, "parents.copy")
    assert "need a container runtime or user namespaces" in result.final["advice"]


@pytest.fixture
def boxed(make_bundle: MakeBundle) -> Bundle:
    """A bundle whose nodes run in containers."""
    bundle = make_bundle("shared", WFC_CONTAINER="box")
    (bundle.path / "lib").unlink()
    shutil.copytree(WRAPPER, bundle.path / "lib")
    (bundle.path / "lib/runtimes/box.sh").write_text(BOX_RUNTIME)
    (bundle.run_dir / ".images/box").mkdir(parents=True)
    return bundle


BOX = "wfc_image=box:1 wfc_image_key=box"


@pytest.mark.parametrize("then", ["", "; exit 3"])
def test_a_container_says_what_to_do(boxed: Bundle, then: str) -> None:
    boxed.node("p", "printf data >x", more=BOX)
    boxed.done("p")
    boxed.node("k", "echo more >>$root/p/x" + then, parents=["p"], more=BOX)
    result = boxed.run("k")
    assert (result.code, result.reason) == (65, "payload.exit"), result.log
    assert "Read-only file system" in result.log
    assert "--set 'step.parents=copy'" in result.final["advice"]
    boxed.node("k", "exit 3", parents=["p"], more=BOX)
    assert "parents=copy" not in boxed.run("k").final["advice"]
    assert (boxed.run_dir / "p/x").read_text() == "data"


def test_a_private_copy_in_a_container(boxed: Bundle) -> None:
    boxed.node("p", "printf data >x; echo $PWD/x >where", more=BOX)
    boxed.done("p")
    boxed.node("k", "echo more >>$(cat $root/p/where) && cat $root/p/x >y", parents=["p"], more=f"{BOX} {COPY}")
    boxed.done("k")
    assert (boxed.run_dir / "p/where").read_text() == "/wfc/run/p/x\n"
    assert (boxed.run_dir / "p/x").read_text() == "data"
    assert (boxed.run_dir / "k/y").read_text() == "datamore\n"
    assert boxed.leftovers() == []


DAEMON = "{ setsid sh -c 'while sleep 0.02; do echo more >>x; done' & } && sleep 0.1"


def test_a_daemon_of_the_parent_is_ended_with_its_command(bundle: Bundle) -> None:
    """Else it would write into the result for as long as it lives, and every later step would fail."""
    bundle.node("p", f"printf data >x; {DAEMON}")
    result = bundle.done("p")
    assert "warn.payload.strays" in result.names()
    left = (bundle.run_dir / "p/x").read_bytes()
    bundle.node("k", "sleep 0.2; cat $root/p/x >y", parents=["p"])
    bundle.done("k")
    assert (bundle.run_dir / "k/y").read_bytes() == left


def test_a_daemon_of_a_container_is_ended_too(boxed: Bundle) -> None:
    boxed.env["WFC_LOCAL"] = "1"  # works in its final place
    boxed.node("p", f"printf data >x; {DAEMON}", more=BOX)
    assert "warn.payload.strays" in boxed.done("p").names()


def test_something_else_that_writes_into_the_parent_is_said_and_the_node_can_be_tried_again(
    make_bundle: MakeBundle,
) -> None:
    bundle = make_bundle()
    parent(bundle)
    begun = bundle.path / "begun"
    bundle.node("k", f"touch {begun}; sleep 0.3; cat $root/p/x >y", parents=["p"])
    writing = f"until test -e {begun}; do sleep 0.01; done; while sleep 0.02; do echo more >>x; done"
    writer = subprocess.Popen(["sh", "-c", writing], cwd=bundle.run_dir / "p")
    result = bundle.run("k")
    writer.kill()
    writer.wait()
    assert (result.code, result.reason) == (65, "parent.changed")
    assert "or a process that one left running; resume the run" in result.final["advice"]
    bundle.done("p")
    bundle.done("k")
    assert (bundle.run_dir / "k/y").read_text() == "data"
