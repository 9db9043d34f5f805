"""How long the expansions of the MadMiner-shaped example take in their jobs, and how many submissions they make.

    python benchmarks/expand.py [N M]        default 170 1200, the published campaign's size

Nothing of the payload runs: the records of `generate` and `sample` are written here with N and M names in them. Prints
CPU seconds (of the expansion's own process and its children, Python's start included), and for comparison those of
`wfcompile --expect` with the same numbers.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "examples" / "madminer" / "madminer.yml"


def cpu_seconds(command: list[str], **environment: str) -> float:
    """Run a command and return the CPU seconds of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env={**os.environ, **environment}, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_record(run: Path, node: str, key: str, names: list[str]) -> None:
    """Write what a node would have left that published these files."""
    (run / node).mkdir(parents=True)
    published = {f"/{key}": [f"⦗run⦘/{node}/{name}" for name in names]}
    head = json.dumps({"version": 1, "node": node, "published": published}, ensure_ascii=False)
    (run / node / "done.json").write_text(f'{head[:-1]},"files":[\n]}}\n', encoding="utf-8")


def submissions(lines: str) -> dict[str, int]:
    """Return how many sbatch calls each step of a Slurm chain takes: an array, and its sweeper where it has one."""
    found: dict[str, int] = {}
    for line in lines.splitlines():
        words = line.split()
        if words[0] == "array":
            found[words[2]] = found.get(words[2], 0) + 1 + (words[5] != "-")
        else:
            found[words[1]] = 2  # the expansion and its barrier
    return found


def main() -> None:
    files, members = (int(word) for word in sys.argv[1:3] or ("170", "1200"))
    compiler = [sys.executable, "-m", "wfcompile", str(SPEC), "--container", "none"]
    with tempfile.TemporaryDirectory() as name:
        bundle, run = Path(name) / "bundle", Path(name) / "run"
        cpu_seconds([*compiler, "-t", "slurm", "-o", str(bundle)])
        write_record(run, "physics/generate", "jobs", [f"job_{k}" for k in range(files)])
        write_record(run, "learning/sample", "samples", [f"sample_{k}" for k in range(members)])
        plan = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))
        waiting = (bundle / "lib" / "points.txt").read_text(encoding="utf-8").split()
        print(f"{plan['workflow']}: N = {files}, M = {members}")
        while waiting:
            point = waiting.pop(0)
            seconds = cpu_seconds(["bash", f"{bundle}/lib/expand.sh", point], WFC_RUN=str(run))
            place = run / "dynamic" / point
            nodes = len((place / "nodes.txt").read_text(encoding="utf-8").split())
            calls = submissions((place / "lines").read_text(encoding="utf-8"))
            print(f"{point}: {nodes} nodes in {seconds:.2f} CPU s; sbatch calls a step: {calls}")
            waiting += (place / "points.txt").read_text(encoding="utf-8").split()
        counts = {"physics/pythia": files, "physics/delphes": files}
        counts.update({"learning/train": members, "learning/evaluate": members})
        expect = [word for step, count in counts.items() for word in ("--expect", f"{step}={count}")]
        for target in ("slurm", "dagman", "make"):
            seconds = cpu_seconds([*compiler, "-t", target, "-o", str(Path(name) / target), *expect])
            print(f"compiled for {target} with --expect: {seconds:.2f} CPU s")


if __name__ == "__main__":
    main()
