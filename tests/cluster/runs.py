"""Bundles submitted on the testbed as a user submits them, and what they leave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.testbed import Cluster, PrivateDir
from wfcompile.compile import compile_bundle
from wfcompile.options import Options


@dataclass
class Run:
    """A submitted bundle: `bundle` is its directory on head, `private` is set where no other host sees it."""

    cluster: Cluster
    target: str
    bundle: Path
    private: PrivateDir | None
    local: Path  # where copies come to

    def head(self, command: str, timeout: float = 120) -> str:
        return self.cluster.run("head", command, cwd=self.bundle, timeout=timeout).stdout

    def submit(self, command: str = "") -> None:
        self.head(command or {"dagman": "condor_submit_dag workflow.dag", "slurm": "./submit.sh"}[self.target])

    def wait(self, timeout: float = 600) -> int | None:
        """Wait for the end; DAGMan's exit status, None for Slurm, which has none for a whole workflow."""
        if self.target == "dagman":
            return self.cluster.wait_dag(self.bundle, timeout)
        self.cluster.wait_slurm(timeout)
        return None

    def fetch(self, *names: str) -> Path:
        """Copy run/ (or some names in it) here and return where it is."""
        if self.private is None:
            return self.bundle / "run"
        self.private.get(self.local, *(f"run/{name}" for name in names or ("",)))
        return self.local / "run"

    def record(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.head("cat run/record.json"))
        return data


@contextmanager
def on_cluster(cluster: Cluster, target: str, options: Options, tmp_path: Path) -> Iterator[Run]:
    """Compile here and put the bundle where a user of that scheduler would have it.

    HTCondor gets it on head alone: its nodes see nothing but what HTCondor transfers.
    """
    bundle = compile_bundle(options, tmp_path / f"bundle-{target}").directory
    if target == "slurm":
        yield Run(cluster, target, cluster.shared_dir(bundle), None, tmp_path)
        return
    private = cluster.private_dir("head")
    private.put(bundle)
    # what the compiler linked on this machine has to be on head itself
    real = "for f in run/.images/* run/.inputs/*; do [ ! -L $f ] || cp --remove-destination $(realpath $f) $f; done"
    private.run(real)
    yield Run(cluster, target, Path(private.path), private, tmp_path / f"copy-{target}")


def checksums(top: Path) -> dict[str, str]:
    """Return the checksum of every file below a directory."""
    found = sorted(path for path in top.rglob("*") if path.is_file())
    return {str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def records(run: Path) -> dict[str, dict[str, Any]]:
    """Return all done.json records of a run by node."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in run.rglob("done.json")]
    return {record["node"]: record for record in found}
