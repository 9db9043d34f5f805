"""The passes, in order: each takes a workflow and returns one that says more; verify() runs between any two."""

from __future__ import annotations

from collections.abc import Callable

from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.passes.copies import refuse_lost_files
from wfcompile.passes.expand import expand
from wfcompile.passes.images import choose_images
from wfcompile.passes.inputs import find_inputs
from wfcompile.passes.outputs import choose_outputs
from wfcompile.passes.programs import refuse_foreign_programs
from wfcompile.passes.requests import request_resources
from wfcompile.verify import verify

Pass = Callable[[Workflow, Options], Workflow]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("requests", request_resources),  # what each step asks the scheduler for, which its tools may see
    ("expand", expand),  # templates become rows and edges
    ("programs", refuse_foreign_programs),  # jq programs that wait for a job's results are of our subset
    ("inputs", find_inputs),  # which files of the init directory the nodes use
    ("outputs", choose_outputs),  # what the last job collects
    ("copies", refuse_lost_files),  # no step publishes what it wrote into private copies
    ("images", choose_images),  # which file each container image is
)


def run(workflow: Workflow, options: Options) -> Workflow:
    """Run all passes; raises Refused for what the user must change, AssertionError for a broken invariant."""
    for name, step in PASSES:
        workflow = step(workflow, options)
        verify(workflow, name)
    return workflow
