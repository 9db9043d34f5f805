"""Pass: templates become rows and edges (runtime.expand, called with what the compiler knows)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wfcompile.errors import Diagnostic, Refused
from wfcompile.initdata import look
from wfcompile.ir import Workflow
from wfcompile.jq_program import run_jq
from wfcompile.options import Options
from wfcompile.runtime.expand import Known
from wfcompile.runtime.expand import expand as expand_rows
from wfcompile.runtime.values import Problem


def expand(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its rows; raises Refused with the position of what stops the expansion."""
    looked: dict[tuple[str, str, bool], Any] = {}

    def look_once(place: str, text: str, discover: bool) -> Any:
        key = (place, text, discover)
        if key not in looked:
            directory = workflow.init_directories.get(place)
            looked[key] = look(directory, place, text, discover) if directory else None
        return looked[key]

    known = Known(workflow.init, workflow.init_scopes, look_once, run_jq)
    try:
        rows = expand_rows(workflow.template, known)
    except Problem as problem:
        raise Refused(problem.what, problem.advice, workflow.loc(problem.step, problem.part)) from None
    _refuse_shared_directories(workflow, rows.ids, rows.step)
    for slots, step in zip(rows.slots, rows.step, strict=True):
        if any(type(slot) is str and "\0" in slot for slot in slots):
            raise Refused("a value holds a NUL character, which no command can", loc=workflow.loc(step, ("task",)))
    warnings = list(workflow.warnings)
    for step, scope, query in rows.skipped:
        name = scope + workflow.template["steps"][step]["name"]
        what = f"the stage '{name}' never runs: nothing matches its dependency '{query}'"
        warnings.append(str(Diagnostic(workflow.loc(step, ("dependencies",)), what, "yadage would skip it silently")))
    if not len(rows):
        raise Refused(
            "the workflow has no node to run", "does a scatter run over an empty list?", workflow.steps[0].loc
        )
    return replace(workflow, rows=rows, looked=looked, warnings=tuple(warnings))


# names of the run's own files, and of DAGMan's own words and nodes
_RESERVED = ("init", "logs", "outputs", "record.json", "slurm.jobs", "wfcompile.final")


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
