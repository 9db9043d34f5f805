"""Which steps of a CWL workflow run JavaScript when they are jobs: their compute nodes need `node`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfcompile.ir import Workflow
from wfcompile.runtime.cwl.expressions import needs_javascript
from wfcompile.runtime.parts import steps_below
from wfcompile.runtime.values import Deferred, Problem

LAST_JOB = "the last job"


def javascript_steps(workflow: Workflow) -> list[str]:
    """Return the steps, in their order; what the compiler has evaluated is no reason."""
    if workflow.language != "cwl":
        return []
    rows, template = workflow.rows, workflow.template
    speaks = [_speaks(tool, tool["requirements"], tool["version"]) for tool in template["tools"]]
    found = set()
    for node, call in rows.calls.items():
        if (call.late or call.collects) and (speaks[call.tool] or _late([call.inputs, list(call.guards)])):
            found.add(rows.step[node])
    for pending in rows.pending:
        for number in steps_below(template, pending.step):
            step = template["steps"][number]
            tool = step["tool"] is not None and speaks[step["tool"]]
            if tool or _speaks([step["in"], step.get("when")], step["requirements"], step["version"]):
                found.add(number)
    paths = [workflow.steps[number].path for number in sorted(found)]
    return paths + ([LAST_JOB] if _late(rows.outputs) else [])


def _speaks(data: Any, requirements: dict[str, Any], version: str) -> bool:
    """Tell whether a tool or a step has an expression that only JavaScript can evaluate."""
    return "InlineJavascriptRequirement" in requirements and any(_is_javascript(text, version) for text in _texts(data))


def _is_javascript(text: str, version: str) -> bool:
    try:
        return needs_javascript(text, version)
    except Problem:  # it has no end, which is said where it is evaluated
        return False


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key != "InlineJavascriptRequirement":  # a library, not an expression
                yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


def _late(data: Any) -> bool:
    """Tell whether data holds late values that JavaScript makes."""
    if isinstance(data, Deferred):
        if data.operation == "cwl.eval":
            text, requirements, version = data.options
            if _speaks(text, requirements, version):
                return True
        elif data.operation == "cwl.tool":
            tool = data.options[0]
            if _speaks(tool["expression"], tool["requirements"], tool["version"]):
                return True
        return _late(data.data)
    if isinstance(data, dict):
        return any(_late(value) for value in data.values())
    return isinstance(data, list | tuple) and any(_late(value) for value in data)
