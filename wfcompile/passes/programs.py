"""Pass: jq programs that run with a job's results are of the subset that needs no jq there (runtime.jq)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfcompile.errors import Refused
from wfcompile.ir import Part, Workflow
from wfcompile.options import Options
from wfcompile.runtime.jq import JqSyntax, parse
from wfcompile.runtime.parts import steps_below


def refuse_foreign_programs(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow; raises Refused for a jq program that would need jq on a compute node."""
    template, rows = workflow.template, workflow.rows
    expanded = {number for step in rows.pending for number in steps_below(template, step.step)}
    late = {
        step
        for node, step in enumerate(rows.step)
        if any(not isinstance(text, str) for _, text in rows.mounts[node])
        or any(mode == "jq" for _, mode, _ in rows.globs[node])
    }
    for number in sorted(expanded | late):
        for part, program in _programs(template["steps"][number], late_only=number not in expanded):
            try:
                parse(program)
            except JqSyntax as error:
                raise Refused(
                    f"this jq program runs with what jobs publish, where there is no jq: {error}",
                    "write it with the functions that the documentation lists",
                    workflow.loc(number, part),
                ) from None
    return workflow


def _programs(step: dict[str, Any], late_only: bool) -> Iterator[tuple[Part, str]]:
    """Yield the jq programs of a step with the part of the template that each stands in."""
    task = step.get("task")
    if task:
        if task["publisher"]["publisher_type"] == "fromparjq-pub":
            yield ("task", "publisher", "script"), task["publisher"]["script"]
        for number, mount in enumerate(task["mounts"]):
            yield ("task", "mounts", str(number)), mount["script"]
    if late_only:
        return
    for number, case in enumerate(step.get("cases") or ()):
        yield ("cases", str(number)), case["if"]
    if step.get("jq"):
        for key in ("stepscript", "postscript"):
            yield (key,), step["jq"][key]
        yield from _selectors(step["jq"]["bindings"])


def _selectors(data: Any) -> Iterator[tuple[Part, str]]:
    if isinstance(data, dict) and "$wflowref" in data:
        yield from ((("bindings",), program) for program in data["$wflowref"] if isinstance(program, str))
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _selectors(part)
