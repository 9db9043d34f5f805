"""Pass: templates become rows, edges and expansion points (runtime.points, with what the compiler knows)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from wfcompile.errors import Diagnostic, Refused, suggest
from wfcompile.initdata import look
from wfcompile.ir import Workflow
from wfcompile.jq_program import run_jq
from wfcompile.options import Options
from wfcompile.runtime.expand import Known
from wfcompile.runtime.parts import instances
from wfcompile.runtime.points import Expansion, Point, expanded
from wfcompile.runtime.references import Rows
from wfcompile.runtime.values import MOST_NODES, Problem


def expand(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its rows; raises Refused with the position of what stops the expansion."""
    looked: dict[tuple[str, str, bool], Any] = {}

    def look_once(place: str, text: str, discover: bool) -> Any:
        key = (place, text, discover)
        if key not in looked:
            directory = workflow.init_directories.get(place)
            looked[key] = look(directory, place, text, discover) if directory else None
        return looked[key]

    exact, bounds = _expectations(workflow, options)
    known = Known(workflow.init, workflow.init_scopes, look_once, run_jq, expected=exact, host=workflow.host)
    try:
        expansion = _expanded(workflow, known)
        if bounds and options.surplus:
            # each pending step keeps its point: Rows.point tells which nodes a run may not have
            expansion = _expanded(workflow, expansion.known._replace(expected={**exact, **bounds}))
    except Problem as problem:
        raise Refused(problem.what, problem.advice, workflow.loc(problem.step, problem.part)) from None
    rows, points = expansion.rows, expansion.points
    _refuse_wrong_expectations(workflow, rows, exact, bounds)
    _refuse_points(workflow, options, points)
    _refuse_shared_directories(workflow, rows.ids, rows.step)
    _refuse_future_names(workflow, rows)
    for slots, step in zip(rows.slots, rows.step, strict=True):
        if any(type(slot) is str and "\0" in slot for slot in slots):
            raise Refused("a value holds a NUL character, which no command can", loc=workflow.loc(step, ("task",)))
    warnings = list(workflow.warnings)
    for skipped in rows.skipped:
        loc = workflow.loc(skipped.step, skipped.part)
        warnings.append(str(Diagnostic(loc, skipped.what, "yadage would skip it silently")))
    warnings += _late_requests(workflow, rows)
    if not len(rows) and workflow.language != "cwl":
        raise Refused(
            "the workflow has no node to run", "does a scatter run over an empty list?", workflow.steps[0].loc
        )
    return replace(
        workflow,
        rows=rows,
        points=points,
        exact=exact,
        bounds=bounds,
        looked=looked,
        warnings=tuple(warnings),
    )


def _expanded(workflow: Workflow, known: Known) -> Expansion:
    return expanded(workflow.template, known, lambda point: False, lambda node_id: None)


def _late_requests(workflow: Workflow, rows: Rows) -> Iterator[str]:
    for step, keys in sorted(rows.late_asks.items()):
        path, names = workflow.steps[step].path, ", ".join(sorted(keys))
        what = f"what '{path}' asks for ({names}) depends on what jobs publish, so the usual amount is requested"
        advice = f"give one that is enough: --set '{path}.{min(keys)}=…'"
        yield str(Diagnostic(workflow.loc(step, ("tool", "requirements", "ResourceRequirement")), what, advice))


def _expectations(workflow: Workflow, options: Options) -> tuple[dict[str, int], dict[str, int]]:
    """Return the steps with an exact number of nodes, and those with a bound."""
    scattered = {about["path"] for about in workflow.template["steps"] if about.get("scatter")}
    exact: dict[str, int] = {}
    bounds: dict[str, int] = {}
    for path, exactly, count in options.expected:
        if path not in scattered:
            raise Refused(f"--expect {path}: no such scattered step", suggest(path, scattered))
        if count > MOST_NODES:
            raise Refused(f"--expect {path}: {count} is more than any scheduler takes", "is it meant to be smaller?")
        if exactly and count == 0:
            raise Refused(f"--expect {path}=0: a step that has no nodes cannot be checked", f"write '{path}<=0'")
        (exact if exactly else bounds)[path] = count
    return exact, bounds


def _refuse_wrong_expectations(
    workflow: Workflow, rows: Rows, exact: Mapping[str, int], bounds: Mapping[str, int]
) -> None:
    """Refuse a number that is wrong already: the step's list is known."""
    paths = [step.path for step in workflow.steps]
    for path, number in (*exact.items(), *bounds.items()):
        step = paths.index(path)
        if workflow.template["steps"][step]["cases"]:
            continue  # elements that no case takes have no node
        for count in instances(rows, paths, path).values():
            if count > number or (path in exact and count < number):
                what = f"--expect {path}{'=' if path in exact else '<='}{number}: the step has {count} nodes"
                raise Refused(what, "its list is known without running anything", workflow.loc(step, ("scatter",)))


def _refuse_points(workflow: Workflow, options: Options, points: tuple[Point, ...]) -> None:
    """Refuse what would have to be expanded on a site where that cannot be done."""
    if not points or options.site.submit_from_jobs or not options.surplus:
        return
    first = points[0].steps[0]
    path = workflow.steps[first.step].path
    waited = ", ".join(points[0].causes[:3])
    raise Refused(
        f"how many nodes '{path}' has is known only when {waited} has ended, and at the site "
        f"'{options.site.name}' jobs may not submit jobs",
        f"give a bound: --expect '{path}<=N', or the number: --expect {path}=N",
        workflow.loc(first.step, first.part),
    )


# names of the run's own files, and of DAGMan's own words and nodes
_RESERVED = ("init", "logs", "outputs", "dynamic", "record.json", "slurm.jobs", "wfcompile.final")


def _refuse_future_names(workflow: Workflow, rows: Rows) -> None:
    """Refuse names that the nodes of a step which the run expands may have."""
    template = workflow.template["steps"]
    if not rows.pending:
        return
    keys = [step.key for step in rows.pending if template[step.step]["scatter"] or template[step.step]["jq"]]
    names = {name: step for node_id, step in zip(rows.ids, rows.step, strict=True) for name in _directories(node_id)}
    names |= {step.key: step.step for step in rows.pending}
    for key in keys:
        for name, step in names.items():
            if re.fullmatch(re.escape(key) + r"_[0-9]+", name):
                what = f"'{name}' is a directory that nodes of '{key}' may have"
                raise Refused(what, "rename a stage", workflow.loc(step))


def _directories(node_id: str) -> Iterator[str]:
    parts = node_id.split("/")
    yield from ("/".join(parts[:length]) for length in range(1, len(parts) + 1))


def _refuse_shared_directories(workflow: Workflow, ids: list[str], steps: list[int]) -> None:
    """Refuse nodes whose directories are the same, or one inside another: each is moved and replaced as a whole."""
    taken = dict(zip(ids, steps, strict=True))
    if len(taken) < len(ids):
        seen: set[str] = set()
        for node_id, step in zip(ids, steps, strict=True):
            if node_id in seen:
                raise Refused(f"two nodes would share the directory '{node_id}'", "rename a stage", workflow.loc(step))
            seen.add(node_id)
    paths: dict[str, int] = {}
    for number, about in enumerate(workflow.steps):
        if about.path in paths:
            raise Refused(f"two steps are called '{about.path}'", "rename a stage", about.loc)
        paths[about.path] = number
    longest = max(ids, key=len, default="")
    if len(longest) > 200:  # a log file is named after it
        what = f"the node name '{longest[:60]}…' has {len(longest)} characters, more than 200"
        raise Refused(what, "shorten stage names", workflow.loc(taken[longest]))
    scopes = {node_id.rpartition("/")[0] for node_id in ids}
    for scope in sorted(scopes):
        while scope:
            if scope in taken or scope == "init":
                step = taken.get(scope, steps[0])
                raise Refused(f"nodes would share the directory '{scope}'", "rename a stage", workflow.loc(step))
            scope = scope.rpartition("/")[0]
    for reserved in _RESERVED:
        if reserved in taken or reserved in {s.split("/")[0] for s in scopes}:
            step = taken.get(reserved, steps[0])
            raise Refused(f"'{reserved}' is a directory of the run itself", "rename the stage", workflow.loc(step))
