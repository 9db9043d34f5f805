"""Submit a bundle and wait for its end, for who asks for that; the bundle itself needs nobody to wait."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from wfcompile.errors import Refused

Log = Callable[[str], object]


def run_bundle(target: str, bundle: Path, log: Log) -> None:
    """Run a bundle until its last job has ended, whatever became of the others; raises Refused if none was begun."""
    try:
        WAYS[target](bundle, log)
    except FileNotFoundError as missing:
        raise Refused(f"there is no '{missing.filename}' here", f"submit the target {target} where it is") from None


def _make(bundle: Path, log: Log) -> None:
    jobs = len(os.sched_getaffinity(0))
    _call(["make", "--no-print-directory", "-k", f"-j{jobs}"], bundle, log)


def _slurm(bundle: Path, log: Log) -> None:
    _submit(bundle, log)
    ledger = (bundle / "run" / "slurm.jobs").read_text(encoding="utf-8").splitlines()
    last = next(line.split()[1] for line in ledger if line.startswith("collect "))
    _wait_or_cancel(lambda: _wait_slurm(last), bundle, log)


def _wait_slurm(job: str) -> None:
    pause = 1.0
    while True:
        time.sleep(pause)
        asked = subprocess.run(["squeue", "-h", "-j", job, "-o", "%i"], capture_output=True, text=True, check=False)
        # A controller that does not answer has not ended the job.
        if "Invalid job id" in asked.stderr or (asked.returncode == 0 and not asked.stdout.strip()):
            return
        pause = min(pause * 1.5, 20)


def _dagman(bundle: Path, log: Log) -> None:
    _submit(bundle, log)
    events = bundle / "workflow.dag.dagman.log"
    clusters = re.findall(r"^000 \(0*(\d+)\.", events.read_text(encoding="utf-8"), re.MULTILINE)
    _wait_or_cancel(lambda: _call(["condor_wait", str(events.resolve()), clusters[-1]], bundle, log), bundle, log)


def _submit(bundle: Path, log: Log) -> None:
    if code := _call(["./submit.sh"], bundle, log):
        raise Refused(f"submit.sh ended with {code}: nothing was submitted")


def _wait_or_cancel(wait: Callable[[], object], bundle: Path, log: Log) -> None:
    try:
        wait()
    except BaseException:
        _call(["./cancel.sh"], bundle, log)
        raise


def _call(words: Sequence[str], directory: Path, log: Log) -> int:
    """Run a command, its lines to the log as they come; return its exit code."""
    # the flags of a make that has started us are not ours
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    with subprocess.Popen(
        words,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # what it has started ends with it
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log(line)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            log(process.stdout.read())  # until the last of them has ended
            raise
    return process.returncode


WAYS = {"make": _make, "slurm": _slurm, "dagman": _dagman}
