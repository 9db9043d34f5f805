"""The slurm target: `./submit.sh` hands the whole chain of arrays to Slurm, which needs nothing else afterwards.

Source: sbatch and scontrol manuals, Slurm 24.11. Gathers wait with afterany and look at their parents' records;
one-to-one data flow waits with aftercorr, and a sweeper cancels the elements whose counterpart failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfcompile.credentials import kinds_needed
from wfcompile.ir import Workflow
from wfcompile.library import File, linked_inputs
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.parts import by_step
from wfcompile.runtime.slurm import slurm_lines
from wfcompile.scripts import has_node_scripts, part_of

NEXT = "./submit.sh"
SURPLUS = True  # where jobs may not submit, all nodes that a bound allows are submitted at once


def returns(options: Options) -> str:
    """Slurm sites share a file system: nodes publish into the run directory themselves."""
    return "shared"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield submit.sh and the other scripts, and the ids of each step's rows."""
    values = {
        "workflow": workflow.name,
        "nodes": len(workflow.rows),
        "retries": options.site.retries,
        "linked_inputs": linked_inputs(workflow),
        "images": sorted(image.file_name for image in workflow.images.values() if not image.unpacked),
        "credentials": kinds_needed(workflow),
        "own_scripts": has_node_scripts(workflow),
        "points": bool(workflow.points),
        "lines": "".join(slurm_lines(part_of(workflow, options))),
    }
    scripts = ["submit.sh", "chain.sh", "task.sh", "sweep.sh", "status.sh", "resume.sh", "cancel.sh", "collect.sh"]
    scripts += ["expand.sh", "barrier.sh"] if workflow.points else []
    for name in scripts:
        yield File(name, render("slurm", f"{name}.j2", values).encode(), 0o755)
    for step, nodes in by_step(workflow.rows, set(workflow.rows.point)):
        ids = "".join([f"{workflow.rows.ids[node]}\n" for node in nodes])
        yield File(f"rows/{workflow.steps[step].path}.ids", ids.encode())
