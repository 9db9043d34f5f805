"""Workflows whose nodes jobs decide, as they are drawn: expanded with assumed numbers of nodes.

Three expansions tell what depends on a number that nobody knows: one element in each list, as many as --expect allows,
and several in each. What has as many nodes in all three has so many in every run. The last one is drawn, because its
nodes show how steps are joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wfcompile.ir import Workflow
from wfcompile.jq_program import run_jq
from wfcompile.runtime.expand import Known, first_names
from wfcompile.runtime.languages import expand
from wfcompile.runtime.parts import steps_below
from wfcompile.runtime.points import Expansion, Published, expanded
from wfcompile.runtime.references import Rows
from wfcompile.runtime.values import Problem

Owners = Mapping[int, "int | None"]  # step -> the sub-workflow that it is in

SEVERAL, MOST = 2, 1000  # elements in a list


class Count(NamedTuple):
    """How many nodes a step has, or how many instances a sub-workflow: None where only jobs decide."""

    number: int | None
    exact: bool = True  # else at most so many


class Reason(NamedTuple):
    """Why jobs decide what nodes a step has."""

    source: str  # where that is written: file:line
    causes: tuple[str, ...]  # the steps whose results decide


@dataclass(frozen=True, slots=True)
class Assumed:
    """A workflow, expanded as far as assumptions go."""

    rows: Rows
    known: Rows  # without assumptions
    counts: Mapping[int, Count]  # of steps and of sub-workflows; those that have none are left out
    reasons: Mapping[int, Reason]  # of the dynamic steps
    late: frozenset[int]  # steps with a command that holds a value that a job publishes


def assumed(workflow: Workflow, owners: Owners, published: Published | None) -> Assumed:
    """Expand a workflow with assumed numbers of nodes.

    `published` gives what the nodes of a run have published; raises Problem when that does not fit the workflow.
    """
    rows = workflow.rows
    if not workflow.points and not any(rows.point):
        return Assumed(rows, rows, _counts([rows], workflow.template, owners), {}, _late(rows))
    known = Known(
        workflow.init,
        workflow.init_scopes,
        lambda *key: workflow.looked.get(key),
        run_jq,
        expected=workflow.exact,
        host=workflow.host,
    )
    planned = expanded(workflow.template, known, lambda point: False, lambda node_id: None)
    now = expanded(workflow.template, known, lambda point: True, published) if published else planned
    rows_of_each = _rows_of_each(workflow, now.known) if now.points else [now.rows]
    counts = _counts(rows_of_each, workflow.template, owners)
    for step in _with_nodes(workflow.template, [pending.step for pending in now.rows.pending]):
        for without in (step, *above(owners, step)):  # no such number makes it run
            counts.setdefault(without, Count(None))
    return Assumed(
        rows=rows_of_each[-1],
        known=now.rows,
        counts=counts,
        reasons=_reasons(workflow, planned),
        late=_late(planned.rows),
    )


def above(owners: Owners, step: int) -> Iterator[int]:
    """Yield the sub-workflows that a step is in, the innermost first."""
    owner = owners[step]
    while owner is not None:
        yield owner
        owner = owners[owner]


def _rows_of_each(workflow: Workflow, known: Known) -> list[Rows]:
    """Expand with few elements, as many as allowed, and several; without assumptions where no run can have so many."""
    few, allowed, several = _widths(workflow)
    while True:
        try:
            rows = [
                expand(workflow.template, known._replace(expected={**widths, **workflow.exact}))
                for widths in ((few, allowed, several) if workflow.bounds else (few, several))
            ]
            return [rows[0], rows[-2], rows[-1]]
        except Problem as problem:
            path = workflow.template["steps"][problem.step]["path"]
            if path not in several:
                return [expand(workflow.template, known)]
            few, allowed, several = (
                {step: width for step, width in widths.items() if step != path} for widths in (few, allowed, several)
            )


def _widths(workflow: Workflow) -> Iterator[dict[str, int]]:
    """Yield for each expansion how many elements a list has that a job publishes, by the path of the step."""
    scatters = {about["path"]: about["scatter"] for about in workflow.template["steps"] if about.get("scatter")}
    sizes = [spec.get(key) or 1 for spec in scatters.values() for key in ("batchsize", "partitionsize")]
    several = min(max(SEVERAL, 1 + max(sizes, default=1)), MOST)  # more than one batch of them
    bounds = workflow.bounds
    yield {path: max(0, min(1, bounds.get(path, SEVERAL) - 1)) for path in scatters}
    yield {path: bounds.get(path, 1) for path in scatters}
    yield {path: bounds.get(path, several) for path in scatters}


def _late(rows: Rows) -> frozenset[int]:
    return frozenset(
        step for step, slots in zip(rows.step, rows.slots, strict=True) if any(not isinstance(s, str) for s in slots)
    )


def _reasons(workflow: Workflow, planned: Expansion) -> dict[int, Reason]:
    """Return why steps are dynamic, each with the outermost step whose number is not known."""
    step_of = dict(zip(planned.rows.ids, planned.rows.step, strict=True))
    causes: dict[int, dict[str, None]] = {}
    sources: dict[int, str] = {}
    for point in planned.points:
        paths = {workflow.steps[step_of[node_id]].path: None for node_id in point.causes}
        for pending in point.steps:
            for step in steps_below(workflow.template, pending.step):
                causes.setdefault(step, {}).update(paths)
                sources.setdefault(step, workflow.steps[pending.step].source)
    return {step: Reason(sources[step], tuple(causes[step])) for step in causes}


# how many


def _counts(rows_of_each: Sequence[Rows], template: dict[str, Any], owners: Owners) -> dict[int, Count]:
    """Return how many nodes or instances each step has, from the expansions: few elements, as many as allowed, many."""
    tallies = [_tally(rows, template, owners) for rows in rows_of_each]
    unknown = {step for _, open_steps in tallies for step in open_steps}
    few, allowed, many = (tallies[number][0] for number in (0, len(tallies) // 2, -1))
    counts = {}
    for step in owners:
        if step in unknown or few[step] != many[step] != allowed[step]:
            counts[step] = Count(None)
        elif many[step]:
            counts[step] = Count(many[step], few[step] == many[step] == allowed[step])
    return counts


def _tally(rows: Rows, template: dict[str, Any], owners: Owners) -> tuple[Counter[int], set[int]]:
    """Return how many nodes and instances there are, pending ones too, and the steps of which nobody knows."""
    counts = Counter(rows.step)
    unknown: set[int] = set()
    prefixes: dict[int, set[str]] = {}
    for step, node_id in zip(rows.step, rows.ids, strict=True):
        prefixes.setdefault(step, set()).add(node_id.rpartition("/")[0])
    for pending in rows.pending:
        for step, single in _below(template, pending.step, True):
            if not single:
                unknown.add(step)
            elif template["steps"][step]["task"] is not None:
                counts[step] += 1
        prefixes.setdefault(pending.step, set()).add(pending.key.rpartition("/")[0])
    instances: dict[int, set[str]] = {}
    for step, found in prefixes.items():
        for owner in above(owners, step):
            instances.setdefault(owner, set()).update(found)
            found = {prefix.rpartition("/")[0] for prefix in found}
    counts.update({step: len(found) for step, found in instances.items()})
    return counts, unknown


def _below(template: dict[str, Any], step: int, single: bool) -> Iterator[tuple[int, bool]]:
    """Yield a step and all steps in it, each with whether it has one node for one scope of the first."""
    about = template["steps"][step]
    single = single and not about.get("scatter") and not about.get("jq") and not about["cases"]
    yield step, single
    for inner in template["scopes"][about["workflow"]]["steps"] if about["workflow"] is not None else ():
        yield from _below(template, inner, single)
    for case in about["cases"] or ():
        yield from _below(template, case["step"], False)


# what is joined, where not even assumptions make nodes


def pending_edges(rows: Rows, template: dict[str, Any]) -> set[tuple[int, int]]:
    """Return each step that has pending nodes with each step that they may need."""
    below = {pending.key: _with_nodes(template, [pending.step]) for pending in rows.pending}
    edges: set[tuple[int, int]] = set()
    for pending in rows.pending:
        needs = {rows.step[node] for node in pending.nodes}.union(*(below.get(key, ()) for key in pending.waiting))
        edges.update(_edges_into(template, pending.step, needs))
    return {(source, target) for source, target in edges if source != target}


def _edges_into(template: dict[str, Any], step: int, needs: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the edges of a step and of those in it: a stage follows those that it names, the first ones `needs`."""
    about = template["steps"][step]
    if about["task"] is not None:
        yield from ((source, step) for source in needs)
    for case in about["cases"] or ():
        yield from _edges_into(template, case["step"], needs)
    stages = template["scopes"][about["workflow"]]["steps"] if about["workflow"] is not None else []
    numbers = {template["steps"][stage]["name"]: stage for stage in stages}
    for stage in stages:
        named = _named(template["steps"][stage])
        inside = _with_nodes(template, [numbers[name] for name in named if name in numbers])
        yield from _edges_into(template, stage, inside if inside and "init" not in named else inside | needs)


def _named(about: dict[str, Any]) -> set[str]:
    """Return the stages that a step's template names."""
    expressions = [*about["parameters"].values(), *about["fulfilled"]]
    queries = [expression["query"] for expression in expressions if expression.get("query")]
    return {name for query in [*queries, *about["after"], *about["dependencies"]] for name in first_names(query)}


def _with_nodes(template: dict[str, Any], steps: Sequence[int]) -> set[int]:
    every = {inner for step in steps for inner in steps_below(template, step)}
    return {step for step in every if (template["steps"][step]["task"] or {}).get("runs")}
