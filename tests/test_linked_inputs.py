"""Inputs that are too large for the bundle: what a run reads is what was compiled, or it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from wfcompile.compile import compile_bundle
from wfcompile.options import Options

SPEC = """\
stages:
  - name: count
    dependencies: [init]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {data: {step: init, output: data}, tool: {step: init, output: tool}, out: '{workdir}/out'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: '{tool} {data} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""
SIZE = 1024 * 1024 + 1


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "init/data/large file"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x" * SIZE)
    (tmp_path / "init/tool").write_text("#!/bin/sh\ncat -- $1/* | wc -c\n")
    (tmp_path / "init/tool").chmod(0o755)
    return file


def compiled(large: Path, target: str) -> Path:
    (large.parents[2] / "workflow.yml").write_text(SPEC)
    options = Options(
        large.parents[2] / "workflow.yml",
        target=target,
        container="none",
        initdir=large.parents[1],
        parameters=(("data", "data"), ("tool", "tool")),
    )
    return compile_bundle(options, large.parents[2] / "b").directory


def run(bundle: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=bundle, capture_output=True, text=True, check=False, env={**os.environ, **env}, timeout=60
    )


def test_a_run_in_another_place_finds_them(large: Path, tmp_path: Path) -> None:
    bundle = compiled(large, "make")
    done = run(bundle, "make", f"RUN={tmp_path}/other")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "other/outputs/out").read_text() == f"{SIZE}\n"


def shorten(large: Path) -> None:
    large.write_bytes(b"other")


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed": (shorten, f"has 5 bytes at RUN/.inputs/data/large file, and had {SIZE} when it was compiled"),
    "gone": (Path.unlink, "is not at RUN/.inputs/data/large file, where a link to it should be"),
}


@pytest.mark.parametrize("target", ["make", "slurm", "dagman"])
@pytest.mark.parametrize("change", CHANGES)
def test_one_that_is_not_as_compiled_is_refused_at_submission(large: Path, change: str, target: str) -> None:
    bundle = compiled(large, target)
    damage, message = CHANGES[change]
    damage(large)
    done = run(bundle, *(["make"] if target == "make" else ["./submit.sh"]))
    assert done.returncode != 0
    said = "wfcompile: the input data/large file " + message.replace("RUN", f"{bundle}/run")
    assert done.stderr.startswith(said), done.stderr
    assert not (bundle / "run/logs/count.log").exists()


@pytest.mark.parametrize("change", CHANGES)
def test_one_that_changes_later_fails_the_node(large: Path, change: str) -> None:
    bundle = compiled(large, "make")
    damage, message = CHANGES[change]
    kept = large.read_bytes()
    damage(large)
    node = run(bundle, "bash", "nodes/count.sh", WFC_LOCAL="1")
    assert node.returncode == 65
    assert message.replace("RUN", f"{bundle}/run") in node.stdout
    assert "resume the run" in node.stdout
    large.write_bytes(kept)
    assert run(bundle, "make").returncode == 0


def test_a_moved_bundle_is_linked_again(large: Path, tmp_path: Path) -> None:
    bundle = compiled(large, "make")
    shutil.rmtree(bundle / "run")
    shutil.move(bundle, tmp_path / "moved")
    done = run(tmp_path / "moved", "make")
    assert done.returncode != 0 and "ln -sfn FILE LINK" in done.stderr
    link = tmp_path / "moved/run/.inputs/data/large file"
    link.parent.mkdir(parents=True)
    link.symlink_to(large)
    assert run(tmp_path / "moved", "make").returncode == 0
