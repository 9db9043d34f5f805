"""The make target: one machine, `make -j4 -k`; ^C and `make` again resumes."""

from __future__ import annotations

from collections.abc import Iterator

from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.scripts import File, by_step, has_node_scripts

NEXT = "make -j4 -k"


def returns(options: Options) -> str:
    """One machine: nodes publish into the run directory themselves."""
    return "shared"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield the Makefile and its helper scripts."""
    values = {"workflow": workflow.name, "nodes": len(workflow.rows)}
    frame = render("make", "Makefile.j2", values)
    yield File("Makefile", (frame + "".join(_rules(workflow))).encode())
    for name in ("status.sh", "resume.sh", "cancel.sh"):
        yield File(name, render("make", f"{name}.j2", values).encode(), 0o755)


def _rules(workflow: Workflow) -> Iterator[str]:
    """Yield a rule for each node: its record follows its parents' records."""
    rows = workflow.rows
    own_scripts = has_node_scripts(workflow)
    for step, nodes in by_step(workflow):
        path = workflow.steps[step].path
        for number, node in enumerate(nodes):
            node_id = rows.ids[node]
            needs = sorted({*rows.parents[node], *rows.after[node]})
            target = f"$(RUN)/{node_id}/done.json"
            script = f"nodes/{node_id}.sh" if own_scripts else f"steps/{path}.sh {number}"
            yield f"nodes: {target}\n{target}:"
            yield "".join([f" $(RUN)/{rows.ids[parent]}/done.json" for parent in needs])
            yield f"\n\t@$(NODE) {script}\n"
