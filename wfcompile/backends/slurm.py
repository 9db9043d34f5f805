"""The slurm target: `./submit.sh` hands the whole chain of arrays to Slurm, which needs nothing else afterwards.

Source: sbatch and scontrol manuals, Slurm 24.11. Gathers wait with afterany and look at their parents' records;
one-to-one data flow waits with aftercorr, and a sweeper cancels the elements whose counterpart failed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from wfcompile.backends.chain import Array, arrays
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.scripts import File, by_step, has_node_scripts

NEXT = "./submit.sh"


def returns(options: Options) -> str:
    """Slurm sites share a file system: nodes publish into the run directory themselves."""
    return "shared"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield submit.sh and the other scripts, and the ids of each step's rows."""
    chain = arrays(workflow, options.site.max_array_size)
    values = {
        "workflow": workflow.name,
        "nodes": len(workflow.rows),
        "retries": options.site.retries,
        "images": sorted(image.file_name for image in workflow.images.values()),
        "own_scripts": has_node_scripts(workflow),
        "lines": "".join(_line(workflow, number, array) for number, array in enumerate(chain)),
    }
    for name in ("submit.sh", "task.sh", "sweep.sh", "status.sh", "resume.sh", "cancel.sh", "collect.sh"):
        yield File(name, render("slurm", f"{name}.j2", values).encode(), 0o755)
    for step, nodes in by_step(workflow):
        ids = "".join([f"{workflow.rows.ids[node]}\n" for node in nodes])
        yield File(f"rows/{workflow.steps[step].path}.ids", ids.encode())


def _line(workflow: Workflow, number: int, array: Array) -> str:
    """Return the line of submit.sh that submits one array."""
    request = workflow.requests[array.step]
    asks = [
        f"--cpus-per-task={request.cpus}",
        f"--mem={request.memory}M",
        f"--time={math.ceil(request.time / 60)}",
    ]
    if request.gpus:
        asks.append(f"--gpus={request.gpus}")
    elementwise = ",".join(map(str, array.elementwise)) or "-"
    whole = ",".join(map(str, array.whole)) or "-"
    path = workflow.steps[array.step].path
    return f"array {number} {path} {array.first} {array.count} {elementwise} {whole} {' '.join(asks)}\n"
