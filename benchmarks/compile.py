"""Print what compiling a map-reduce costs: CPU seconds, peak memory, files and bytes, for each target and size.

    python benchmarks/compile.py [N …]            default 1000 10000 100000

Each compilation is a process of its own (`python -m wfcompile`), start included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SPEC = """\
stages:
  - name: map
    dependencies: [init]
    scheduler:
      scheduler_type: multistep-stage
      parameters:
        number: {step: init, output: numbers}
        outputfile: '{workdir}/square.txt'
      scatter: {method: zip, parameters: [number]}
      step:
        process:
          process_type: string-interpolated-cmd
          cmd: 'echo $(({number} * {number})) > {outputfile}'
        environment: {environment_type: docker-encapsulated, image: debian, imagetag: '12'}
        publisher: {publisher_type: frompar-pub, outputmap: {square: outputfile}}
  - name: reduce
    dependencies: [map]
    scheduler:
      scheduler_type: singlestep-stage
      parameters:
        squares: {stages: map, output: square}
        outputfile: '{workdir}/sum.txt'
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: bash
          script: |
            sum=0
            for file in {squares}; do read -r square <"$file"; sum=$((sum + square)); done
            echo $sum > {outputfile}
        environment: {environment_type: docker-encapsulated, image: debian, imagetag: '12'}
        publisher: {publisher_type: frompar-pub, outputmap: {sum: outputfile}}
"""


def main() -> None:
    """Compile and print a table."""
    sizes = [int(word) for word in sys.argv[1:]] or [1000, 10_000, 100_000]
    print(f"{'target':8} {'nodes':>8} {'CPU s':>7} {'peak MB':>8} {'files':>6} {'MB':>7}")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        (top / "map-reduce.yml").write_text(SPEC, encoding="utf-8")
        for size in sizes:
            inputs = top / "input.yml"
            inputs.write_text(f"numbers: [{', '.join(map(str, range(size)))}]\n", encoding="utf-8")
            for target in ("make", "dagman", "slurm"):
                print(measure(top, target, size), flush=True)


def measure(top: Path, target: str, size: int) -> str:
    """Compile once and return a row of the table."""
    bundle = top / f"{target}-{size}"
    command = [sys.executable, "-m", "wfcompile", str(top / "map-reduce.yml"), "-t", target, "-o", str(bundle)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    files = [path for path in bundle.rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    return f"{target:8} {size + 1:8} {cpu:7.2f} {peak:8.0f} {len(files):6} {megabytes:7.1f}"


if __name__ == "__main__":
    main()
