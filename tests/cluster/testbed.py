"""The testbed as a test sees it: run something on a host, bring files there and back, wait, break something.

Everything happens in directories that belong to this session, so that sessions may share a testbed: waiting
and cancelling look at the jobs submitted from there and at no others.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import IO

SCRIPT = Path(__file__).resolve().parents[1] / "testbed" / "testbed"
HOSTS = ("head", "node1", "node2")
SUBMITTER = 2000
"""The user and group id of `submitter` on all hosts; the shared directory shows it outside, too."""

Completed = subprocess.CompletedProcess[str]
Stdin = int | IO[bytes]
Command = str | Sequence[str | PurePath]
"""A text is for bash; a sequence is passed as it is."""


class Unavailable(Exception):
    """This machine cannot have a testbed; the text is the reason."""


class CommandFailed(Exception):
    def __init__(self, result: Completed) -> None:
        self.result = result
        output = result.stdout + result.stderr
        super().__init__(f"{shlex.join(result.args)}: exit {result.returncode}\n{output}")


def _testbed(*arguments: str | PurePath, stdin: Stdin = subprocess.DEVNULL) -> Completed:
    argv = [str(SCRIPT), *map(str, arguments)]
    return subprocess.run(argv, stdin=stdin, capture_output=True, text=True, errors="replace", check=False)


def _checked(result: Completed) -> Completed:
    if result.returncode:
        raise CommandFailed(result)
    return result


def is_built() -> bool:
    return "built=yes" in _testbed("info").stdout.split()


class Cluster:
    """A running testbed. Hosts are `head`, `node1`, `node2`; `head:root` means as root, else as submitter."""

    def __init__(self) -> None:
        """Builds and starts the testbed as far as needed."""
        result = _testbed("up")
        if result.returncode == 2:
            raise Unavailable(result.stderr.strip().splitlines()[-1])
        _checked(result)
        info = dict(line.split("=", 1) for line in _testbed("info").stdout.splitlines())
        self.shared = Path(info["shared"])
        """The same directory at the same path on every host and here."""
        self.session = f"session-{secrets.token_hex(4)}"
        self.home = PurePosixPath("/home/submitter") / self.session
        """On each host a directory of its own, where commands start."""
        for host in HOSTS:
            _checked(_testbed("run", host, "mkdir", self.home))

    def run(
        self,
        host: str,
        command: Command,
        *,
        cwd: PurePath | str | None = None,
        check: bool = True,
        timeout: float = 120,
        stdin: Stdin = subprocess.DEVNULL,
    ) -> Completed:
        argv = ["bash", "-c", command] if isinstance(command, str) else [str(word) for word in command]
        # Ended from inside: killing the outer process would leave the command running on its host.
        limit = ("timeout", "--kill-after=5", str(timeout))
        began = time.monotonic()
        result = _testbed("run", "-C", str(cwd or self.home), host, *limit, *argv, stdin=stdin)
        if result.returncode in (124, 137) and time.monotonic() - began >= timeout:
            raise subprocess.TimeoutExpired(argv, timeout, result.stdout, result.stderr)
        return _checked(result) if check else result

    def shared_dir(self, source: Path | None = None) -> Path:
        """A fresh directory below `shared` that belongs to submitter, empty or a copy of `source`."""
        path = self.shared / self.session / secrets.token_hex(4)
        path.parent.mkdir(exist_ok=True, mode=0o755)
        if source is None:
            path.mkdir()
        else:
            shutil.copytree(source, path, symlinks=True)
        for directory, _, files in os.walk(path):
            for name in (directory, *(os.path.join(directory, file) for file in files)):
                os.chown(name, SUBMITTER, SUBMITTER, follow_symlinks=False)
        return path

    def private_dir(self, host: str) -> PrivateDir:
        """A fresh directory that no other host sees."""
        path = self.home / secrets.token_hex(4)
        self.run(host, ["mkdir", path])
        return PrivateDir(self, host, path)

    def wait_dag(
        self, directory: PurePath, timeout: float = 300, *, dag: str = "workflow.dag", host: str = "head"
    ) -> int:
        """Waits until no DAGMan submitted from the directory is left; the exit status of the last one."""
        mine = f'JobUniverse == 7 && Iwd == "{directory}"'
        look = ["condor_q", "-nobatch", "-constraint", mine, "-af", "ClusterId", "JobStatus"]
        self._wait(lambda: self.run(host, look).stdout, f"{directory}/{dag}", timeout)
        said = self.run(host, ["cat", f"{dag}.dagman.out"], cwd=directory).stdout
        statuses = re.findall(r"EXITING WITH STATUS (\d+)", said)
        if not statuses:
            raise AssertionError(f"{directory}/{dag}: DAGMan is gone and left no status:\n{said[-2000:]}")
        return int(statuses[-1])

    def wait_dags(self, top: PurePath, timeout: float = 300) -> None:
        """Waits until no DAGMan submitted from below a directory of head is left."""
        mine = f'JobUniverse == 7 && substr(Iwd, 0, {len(str(top)) + 1}) == "{top}/"'
        look = ["condor_q", "-nobatch", "-constraint", mine, "-af", "ClusterId", "JobStatus", "Iwd"]
        self._wait(lambda: self.run("head", look).stdout, f"DAGs below {top}", timeout)

    def wait_slurm(self, timeout: float = 300) -> None:
        """Waits until Slurm has no job of this session left. A stranded dependency is a job, too."""
        self._wait(lambda: "\n".join(" ".join(job) for job in self._slurm_jobs()), "Slurm jobs", timeout)

    def cancel_all(self, timeout: float = 60) -> None:
        """Ends every job of this session, and starts the hosts and daemons that a test has stopped."""
        _checked(_testbed("up"))
        mine = f'regexp("/{self.session}(/|$)", Iwd)'
        look = ["condor_q", "-nobatch", "-constraint", mine, "-af", "ClusterId", "JobStatus", "HoldReason"]

        def left() -> str:
            if condor := self.run("head", look).stdout:
                self.run("head", ["condor_rm", "-constraint", f"{mine} && JobStatus != 3"], check=False)
            if slurm := self._slurm_jobs():
                self.run("head", ["scancel", *(job[0] for job in slurm)], check=False)
            return condor + "\n".join(" ".join(job) for job in slurm)

        self._wait(left, "jobs to cancel", timeout)

    def kill(self, host: str, daemon: str) -> None:
        """SIGKILL, for example `condor_schedd`, `condor_dagman`, `slurmctld`, `slurmd`."""
        _checked(_testbed("kill", host, daemon))

    def start(self, host: str) -> None:
        """Starts the daemons that do not run there."""
        _checked(_testbed("start", host))

    def cut(self, host: str) -> None:
        """Unplugs the network."""
        _checked(_testbed("cut", host))

    def join(self, host: str) -> None:
        _checked(_testbed("join", host))

    def close(self) -> None:
        """Ends the session's jobs and removes its directories; the testbed stays up."""
        self.cancel_all()
        for host in HOSTS:
            self.run(host, f"chmod -R u+w {self.home}; rm -rf {self.home}", cwd="/home/submitter")
        shutil.rmtree(self.shared / self.session, ignore_errors=True)

    def _slurm_jobs(self) -> list[list[str]]:
        """Id, state, reason and name of the jobs submitted from a directory of this session."""
        listing = self.run("head", ["squeue", "-h", "-r", "-u", "submitter", "-o", "%i|%T|%r|%j|%Z"]).stdout
        rows = [line.split("|", 4) for line in listing.splitlines()]
        return [row[:4] for row in rows if self.session in PurePosixPath(row[4]).parts]

    @staticmethod
    def _wait(left: Callable[[], str], what: str, timeout: float) -> None:
        end = time.monotonic() + timeout
        while remaining := left().strip():
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: after {timeout:g} s there is still\n{remaining}")
            time.sleep(0.5)


class PrivateDir:
    """A directory on one host, of submitter."""

    def __init__(self, cluster: Cluster, host: str, path: PurePosixPath) -> None:
        self.cluster, self.host, self.path = cluster, host, path

    def run(self, command: Command, *, check: bool = True, timeout: float = 120) -> Completed:
        return self.cluster.run(self.host, command, cwd=self.path, check=check, timeout=timeout)

    def read(self, name: str) -> str:
        return self.run(["cat", "--", name]).stdout

    def put(self, source: Path) -> None:
        """Copies what is in a local directory into this one, with modes and symlinks."""
        unpack = ["tar", "-x", "-p", "--no-overwrite-dir"]
        with subprocess.Popen(["tar", "-C", source, "-c", "."], stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            self.cluster.run(self.host, unpack, cwd=self.path, stdin=tar.stdout)
        if tar.returncode:
            raise OSError(f"tar could not read {source}")

    def get(self, destination: Path, *names: str) -> None:
        """Copies the named files and directories, or all, into a local directory."""
        destination.mkdir(parents=True, exist_ok=True)
        pack = [str(SCRIPT), "run", "-C", str(self.path), self.host, "tar", "-c", "--", *(names or ".")]
        with subprocess.Popen(pack, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as tar:
            unpack = ["tar", "-C", str(destination), "-x", "-p", "--no-same-owner"]
            subprocess.run(unpack, stdin=tar.stdout, check=True)
        if tar.returncode:
            raise OSError(f"tar could not read {', '.join(names) or self.path} on {self.host}")
