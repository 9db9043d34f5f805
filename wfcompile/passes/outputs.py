"""Pass: what the last job collects into outputs/ (runtime.outputs). After an expansion the run decides it again."""

from __future__ import annotations

from dataclasses import replace

from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.runtime import outputs
from wfcompile.runtime.values import Problem


def choose_outputs(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its outputs; raises Refused for an --output that nobody publishes."""
    if workflow.language == "cwl":  # a CWL workflow says itself what it gives (runtime.cwl)
        return workflow
    if workflow.steps[-1].workspace and not options.outputs:
        last = len(workflow.rows) - 1
        of_workspace = tuple(outputs.Output(last, f"/{path}", path) for path in workflow.asked)
        return replace(workflow, outputs=of_workspace)
    asked = outputs.Asked(options.outputs, workflow.asked)
    paths = [step.path for step in workflow.steps]
    try:
        chosen = outputs.choose_outputs(workflow.rows, paths, asked, final=not workflow.points)
    except Problem as problem:
        raise Refused(problem.what, problem.advice) from None
    return replace(workflow, outputs=tuple(chosen), asked_keys=tuple(options.outputs))
