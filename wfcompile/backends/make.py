"""The make target: one machine, `make -j4 -k`; ^C and `make` again resumes."""

from __future__ import annotations

from collections.abc import Iterator

from wfcompile.credentials import kinds_needed
from wfcompile.ir import Workflow
from wfcompile.library import File, linked_inputs
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.make import make_rules
from wfcompile.scripts import part_of

NEXT = "make -j4 -k"
SURPLUS = False  # every node of an expansion is one of the run


def returns(options: Options) -> str:
    """One machine: nodes publish into the run directory themselves."""
    return "shared"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield the Makefile and its helper scripts."""
    values = {"workflow": workflow.name, "nodes": len(workflow.rows), "points": bool(workflow.points)}
    values["credentials"] = kinds_needed(workflow)
    values["linked_inputs"] = linked_inputs(workflow)
    frame = render("make", "Makefile.j2", values)
    yield File("Makefile", (frame + "".join(make_rules(part_of(workflow, options)))).encode())
    for name in ("status.sh", "resume.sh", "cancel.sh"):
        yield File(name, render("make", f"{name}.j2", values).encode(), 0o755)
    if workflow.points:
        yield File("dynamic.mk", render("make", "dynamic.mk.j2", values).encode())
