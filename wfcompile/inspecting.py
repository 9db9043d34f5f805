"""What `wfcompile inspect` shows: a summary, the nodes as JSON lines, the resources to fill in, the engine's view."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.nodejs import javascript_steps
from wfcompile.options import Options
from wfcompile.runs import workflow_of
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.late import command, shown
from wfcompile.runtime.parts import by_step, steps_below
from wfcompile.runtime.points import Point
from wfcompile.runtime.references import PendingStep
from wfcompile.runtime.values import RUN, Deferred, Late


def summary(options: Options) -> Iterator[str]:
    """Yield a line a step: nodes, binding time, where it is written, and what makes it late or dynamic."""
    workflow = workflow_of(options)
    yield from (f"warning: {warning}" for warning in workflow.warnings)
    count = len(workflow.rows)
    yield f"{workflow.name} ({workflow.language}): {count} node{'s' * (count != 1)}"
    for step, nodes in by_step(workflow.rows, set(workflow.rows.point)):
        about = workflow.steps[step]
        yield f"{len(nodes):7d} x {about.path}  {binding(workflow, nodes[0])}  {about.image or '-'}  {about.source}"
    for record in pending_records(workflow):
        number = "*" if record["id"].endswith("_*") else "1"
        yield f"{number:>7} x {record['step']}  dynamic  {record['image'] or '-'}  {record['because']}"
    if steps := javascript_steps(workflow):
        yield f"JavaScript, which needs node (PATH, WFC_NODE) where it runs: {', '.join(steps)}"


def nodes(options: Options) -> Iterator[str]:
    """Yield a JSON line a node."""
    workflow = workflow_of(options)
    for node in range(len(workflow.rows)):
        yield json.dumps(node_record(workflow, node), ensure_ascii=False)
    for record in pending_records(workflow):
        yield json.dumps(record, ensure_ascii=False)


def pending_records(workflow: Workflow) -> Iterator[dict[str, Any]]:
    """Yield a record for each step of each point whose nodes only the run decides; its id ends in _*."""
    ids = {step.key: _pending_id(workflow, step) for point in workflow.points for step in point.steps}
    for point in workflow.points:
        for pending in point.steps:
            needs = [ids[key] for key in sorted(pending.waiting) if key in ids]
            parents = [workflow.rows.ids[node] for node in sorted(pending.nodes)] + needs
            for number in steps_below(workflow.template, pending.step):
                if workflow.steps[number].nodes:
                    yield _pending_record(workflow, pending, number, parents, point)


def _pending_id(workflow: Workflow, pending: PendingStep) -> str:
    about = workflow.template["steps"][pending.step]
    return f"{pending.key}_*" if about["scatter"] or about["jq"] else pending.key


def _pending_record(
    workflow: Workflow, pending: PendingStep, number: int, parents: list[str], point: Point
) -> dict[str, Any]:
    step, request = workflow.steps[number], workflow.requests[number]
    above = workflow.steps[pending.step].path
    inside = step.path.removeprefix(above).partition("/")[2]
    own = _pending_id(workflow, pending)
    return {
        "id": "/".join([own, *(f"{part}_*" for part in inside.split("/") if part)]),
        "step": step.path,
        "index": None,
        "binding": "dynamic",
        "parents": parents,
        "after": [],
        "because": f"{_place(workflow, pending)}: what {_listed(point.causes)} publishes",
        "command": workflow.template["steps"][number]["task"]["text"],
        "interpreter": step.interpreter or "sh",
        "image": step.image,
        "resources": request.asked(),
        "outputs": None,
    }


def _place(workflow: Workflow, pending: PendingStep) -> str:
    """Return where it is written what waits; a bundle knows the lines of whole steps only."""
    return str(workflow.loc(pending.step, pending.part)) if workflow.locs else workflow.steps[pending.step].source


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[:3] if more else names) + more


def node_record(workflow: Workflow, node: int) -> dict[str, Any]:
    """Return one node as `inspect --nodes` shows it; the run root is written @RUN@."""
    rows = workflow.rows
    step = workflow.steps[rows.step[node]]
    task = workflow.template["steps"][rows.step[node]]["task"]
    request = workflow.request_of(node)
    text = command(rows, node, task["text"], slots_of(task), lambda slot, field: shown(slot, rows.ids))
    return {
        "id": rows.ids[node],
        "step": step.path,
        "index": rows.index[node],
        "binding": binding(workflow, node),
        "parents": [rows.ids[parent] for parent in rows.parents[node]],
        "after": [rows.ids[parent] for parent in rows.after[node]],
        "command": text.replace(RUN, "@RUN@"),
        "interpreter": step.interpreter or "sh",
        "image": step.image,
        "resources": request.asked(),
        "outputs": _shown(workflow, rows.results[node]),
    }


def binding(workflow: Workflow, node: int) -> str:
    """Return a node's binding time: late when its command holds a value that a job publishes."""
    return "late" if any(not isinstance(slot, str) for slot in workflow.rows.slots[node]) else "static"


def _shown(workflow: Workflow, data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _shown(workflow, value) for key, value in data.items()}
    if isinstance(data, list):
        return [_shown(workflow, value) for value in data]
    if isinstance(data, Late | Deferred):
        return shown(data, workflow.rows.ids).replace(RUN, "@RUN@")
    return data.replace(RUN, "@RUN@") if isinstance(data, str) else data


def resources(options: Options) -> Iterator[str]:
    """Yield a --resources file with what each step asks for now."""
    workflow = workflow_of(options)
    yield "# What each step asks for; change it and give the file to --resources. Step names may be globs ('*/fit').\n"
    yield "# memory and disk in MiB (or 4 GiB, …), time in seconds (or 2h, 01:30:00).\n"
    for step, _ in by_step(workflow.rows, set(workflow.rows.point)):
        asked = workflow.requests[step].asked()
        values = ", ".join(f"{key}: {json.dumps(value)}" for key, value in asked.items())
        yield f"{workflow.steps[step].path}: {{{values}}}\n"


def engine(options: Options) -> Iterator[str]:
    """Yield how the real engine's workflow differs from ours; raises Refused when it does."""
    try:
        from wfcompile.frontends.yadage import engine as oracle
    except ModuleNotFoundError as error:
        raise Refused(f"the engine is not installed ({error.name})", "pip install 'wfcompile[yadage]'") from None
    options = replace(options, expected=())  # of which the engine knows nothing
    workflow = workflow_of(options)
    _refuse_beyond_engine(options, workflow)
    if waiting := [workflow.steps[step.step].path for step in workflow.rows.pending]:
        names = _listed(list(dict.fromkeys(waiting)))
        yield f"not compared: {names}; their number of nodes is known when jobs have ended, and no command is run"
    recorded = oracle.run_engine(options, workflow.init_directories.get(""))
    differences = oracle.compare(workflow, recorded)
    yield from differences
    if differences:
        raise Refused(f"the engine's workflow differs in {len(differences)} points")
    yield f"the engine makes the same {len(workflow.rows)} jobs"


def _refuse_beyond_engine(options: Options, workflow: Workflow) -> None:
    """Refuse what the engine cannot make anything of when no command is run."""
    if workflow.language != "yadage" or not workflow.locs or options.spec.is_dir():
        raise Refused(f"'{options.spec}' is no yadage specification, which is what the engine reads", "name one")
    for about, step in zip(workflow.steps, workflow.template["steps"], strict=True):
        if step["task"] and step["task"]["publisher"]["publisher_type"] == "fromyaml-pub":
            what = f"the engine would have to read what '{about.path}' writes, and no command is run"
            raise Refused(what, "compare the results of a run instead", about.loc)


VIEWS: dict[str, Callable[[Options], Iterator[str]]] = {
    "summary": summary,
    "nodes": nodes,
    "resources": resources,
    "engine": engine,
}
