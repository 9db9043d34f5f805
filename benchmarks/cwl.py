"""What a CWL scatter costs: compiling it for each target, and each of its nodes at run time on top of bash.

    python benchmarks/cwl.py [N]        default 1000

A static node's command is known when it is compiled; a late one's is not, and its output is looked at by the
evaluator: a start of Python. What is on top of bash is the CPU time of `make` less that of a loop that
gives the same commands to `bash -c`, each in a directory of its own. Processes are counted by the process ids of a
namespace of their own (util-linux' unshare; `?` where that is not allowed). The exit code is 1 when a figure is above
its limit.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS, STATIC, LATE = 3.0, 20.0, 60.0  # to compile, and milliseconds a node

SAY = {
    "class": "CommandLineTool",
    "baseCommand": "echo",
    "inputs": {"word": {"type": "string", "inputBinding": {}}},
    "outputs": {"said": "stdout"},
    "stdout": "said.txt",
}
MEASURE = {
    "class": "CommandLineTool",
    "baseCommand": "echo",
    "arguments": ["$(inputs.file.size)"],
    "inputs": {"word": {"type": "string", "inputBinding": {}}, "file": "File"},
    "outputs": {
        "size": {
            "type": "string",
            "outputBinding": {"glob": "size.txt", "loadContents": True, "outputEval": "$(self[0].contents)"},
        }
    },
    "stdout": "size.txt",
}
SCATTER = {"scatter": "word", "run": SAY, "in": {"word": "words"}, "out": ["said"]}
FIRST = {"run": SAY, "in": {"word": {"default": "hello"}}, "out": ["said"]}
AFTER = {"scatter": "word", "run": MEASURE, "in": {"word": "words", "file": "first/said"}, "out": ["size"]}


def workflow(steps: dict[str, Any], output: str) -> dict[str, Any]:
    """Return a workflow over the list `words`."""
    return {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "requirements": {"ScatterFeatureRequirement": {}},
        "inputs": {"words": "string[]"},
        "steps": steps,
        "outputs": {"all": {"type": {"type": "array", "items": "Any"}, "outputSource": output}},
    }


def measure(command: list[str], directory: Path) -> tuple[float, int | None]:
    """Run a command; return its CPU seconds with those of all it started, and how many processes it made."""
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    # a namespace counts from 1; the last field of this file is the last number it gave
    counted = f"{shlex.join(command)} >&2 || exit; read -r line </proc/loadavg; echo ${{line##* }}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*alone, "bash", "-c", counted], cwd=directory, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stdout) - 1 if alone else None


def compiled(top: Path, name: str, target: str) -> float:
    """Compile a workflow and return the CPU seconds of it."""
    words = [f"{name}.cwl", "-i", "words.yml", "-t", target, "-o", f"{name}-{target}", "--container", "none"]
    return measure([sys.executable, "-m", "wfcompile", *words], top)[0]


def run(top: Path, name: str, size: int) -> float:
    """Run a bundle with make, and as many commands in a loop; print both; return the milliseconds a node on top."""
    commands = [f"export HOME=$PWD TMPDIR=/tmp && exec echo word {k} </dev/null >said.txt" for k in range(size)]
    loop = "".join(f"mkdir {k} && (cd {k} && exec bash -c {shlex.quote(text)})\n" for k, text in enumerate(commands))
    (top / f"{name}.loop").mkdir()
    (top / f"{name}.sh").write_text(loop, encoding="utf-8")
    bash, _ = measure(["bash", f"../{name}.sh"], top / f"{name}.loop")
    jobs = str(len(os.sched_getaffinity(0)))
    seconds, processes = measure(["make", "-s", "-k", "-j", jobs], top / f"{name}-make")
    each = "?" if processes is None else f"{processes / size:.1f}"
    above = 1000 * (seconds - bash) / size
    print(f"{name:8} {1000 * seconds / size:9.1f} {1000 * bash / size:9.1f} {above:9.1f} {each:>10}", flush=True)
    return above


def main() -> int:
    size = int(sys.argv[1]) if sys.argv[1:] else 1000
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        documents = {"static": workflow({"say": SCATTER}, "say/said")}
        documents["late"] = workflow({"first": FIRST, "measure": AFTER}, "measure/size")
        for name, document in documents.items():
            (top / f"{name}.cwl").write_text(json.dumps(document), encoding="utf-8")
        (top / "words.yml").write_text(json.dumps({"words": [f"word {k}" for k in range(size)]}), encoding="utf-8")
        slowest = 0.0
        for target in ("make", "dagman", "slurm"):
            seconds = compiled(top, "static", target)
            slowest = max(slowest, seconds)
            print(f"{size} static nodes compiled for {target}: {seconds:.2f} CPU s", flush=True)
        compiled(top, "late", "make")
        print("CPU ms a node:  make      bash  on top  processes a node")
        static, late = run(top, "static", size), run(top, "late", size)
    return int(slowest > SECONDS or static > STATIC or late > LATE)


if __name__ == "__main__":
    sys.exit(main())
