"""A yadage specification becomes the templates of an ir.Workflow.

One function a level of the document: workflow, stage, scheduler, parameters, step. Every key is checked here, so
that the author reads what is wrong where; yadage's own schemas are asked at the end (schema.py).
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfcompile import graph
from wfcompile.documents import Cursor, Document, cursor, kind
from wfcompile.errors import Refused, suggest
from wfcompile.frontends.yadage import schema
from wfcompile.frontends.yadage.inputs import load_inputs
from wfcompile.frontends.yadage.references import Library
from wfcompile.frontends.yadage.tasks import load_task
from wfcompile.ir import Part, Source, Step, Workflow
from wfcompile.loc import Loc
from wfcompile.options import Options
from wfcompile.runtime import jsonpath
from wfcompile.runtime.scatter import METHODS

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # DAGMan forbids '+'
_SELECTOR = ("stages", "steps", "step", "output", "unwrap", "flatten", "expression_type")
_COMMON = ("scheduler_type", "parameters", "step", "workflow", "workflow_opts", "cases", "register_values")
_SCHEDULERS = {
    "singlestep-stage": _COMMON,
    "multistep-stage": (*_COMMON, "scatter", "batchsize", "partitionsize"),
}
# the engine knows them, this version does not
_LATER = {"jq-stage": "the scheduler", "expressions_fulfilled": "the predicate"}


def load(document: Document, options: Options) -> Workflow:
    """Load a yadage workflow; raises Refused."""
    spec = document.path
    init, init_directory, notes = load_inputs(spec, options)
    toplevels = [options.toplevel] if options.toplevel else [Path.cwd(), spec.parent]
    allowed = [spec.parent, *toplevels, *options.allowed_paths]
    if init_directory:
        allowed.append(init_directory)
    library = Library(document, toplevels, allowed)
    builder = _Builder(library, options.data_edges_only)
    builder.workflow(cursor(document), "", "" if init is None else None, ())
    schema.validate(library)
    base = os.path.commonpath([d.path.resolve().parent for d in library.documents.values()])
    names = {d.display: os.path.relpath(path, base) for path, d in library.documents.items()}
    sources = sorted(
        (Source(names[d.display], d.text, path) for path, d in library.documents.items()),
        key=lambda s: s.name,
    )
    return Workflow(
        name=re.sub(r"[^A-Za-z0-9_.+-]", "_", spec.stem),
        language="yadage",
        template={"scopes": builder.scopes, "steps": [s for s, _, _ in builder.steps]},
        steps=tuple(make(names[loc.file]) for _, loc, make in builder.steps),
        locs=builder.locs,
        sources=tuple(sources),
        init=init,
        init_directory=init_directory,
        warnings=tuple(notes),
    )


class _Builder:
    """Collects scopes, steps and positions while it walks the specification."""

    def __init__(self, library: Library, data_edges_only: bool) -> None:
        self.library = library
        self.data_edges_only = data_edges_only
        self.scopes: list[dict[str, Any]] = []
        self.steps: list[tuple[dict[str, Any], Loc, Callable[[str], Step]]] = []
        self.locs: dict[tuple[int, Part], Loc] = {}

    def workflow(self, at: Cursor, prefix: str, no_init: str | None, inside: tuple[Loc, ...]) -> int:
        """Add one workflow's scope; `no_init` is not None when its scope has no init values."""
        at = self.library.resolve(at)
        if at.loc in inside:
            raise at.refused("this workflow includes itself", "a static graph must end somewhere")
        at.mapping("a workflow", ("stages",), ("stages",))
        stages = self.library.child(at, "stages")
        if not isinstance(stages.value, list):
            raise stages.refused(f"'stages' must be a list, not {kind(stages.value)}")
        number = len(self.scopes)
        self.scopes.append({"steps": []})
        parsed: dict[str, tuple[Cursor, int]] = {}
        every = [self.library.resolve(stage) for stage in stages.items()]
        for stage in every:
            stage.mapping("a stage", ("name", "dependencies", "scheduler"), ("name", "scheduler"))
            name = self.name(self.library.child(stage, "name"))
            if name in parsed:
                raise stage.child("name").refused(f"a second stage '{name}'", "stage names are unique in a workflow")
            parsed[name] = (stage, self.reserve(prefix + name, stage.child("name").loc))
        known = set(parsed) | ({"init"} if no_init is None else set())
        needs: dict[str, list[str]] = {}
        for name, (stage, step) in parsed.items():
            names = self.stage(stage, step, name, prefix, known, (*inside, at.loc))
            earlier = list(needs) if "*" in names else []
            needs[name] = [*earlier, *(n for n in names if n != "*")]
        ordered, cycle = graph.order(needs)
        if cycle:
            stage = parsed[cycle[0]][0]
            raise Refused(
                f"the stages {' -> '.join(cycle)} wait for each other",
                "remove one of these references",
                stage.child("dependencies").loc if "dependencies" in stage.value else stage.loc,
            )
        self.scopes[number]["steps"] = [parsed[name][1] for name in ordered]
        return number

    def reserve(self, path: str, loc: Loc) -> int:
        self.steps.append(({}, loc, lambda source: Step(path, loc, source)))
        return len(self.steps) - 1

    def name(self, at: Cursor) -> str:
        if not isinstance(at.value, str) or not _NAME.fullmatch(at.value):
            raise at.refused(
                f"{at.value!r} cannot name a stage: names become directories and job names",
                "use letters, digits, '_', '.' and '-'",
            )
        if at.value == "init":
            raise at.refused("'init' is the workflow's own input stage", "choose another name")
        return at.value

    def stage(
        self, at: Cursor, step: int, name: str, prefix: str, known: set[str], inside: tuple[Loc, ...]
    ) -> list[str]:
        """Fill in one step's template; returns the stages that it needs."""
        dependencies = self.dependencies(at, known)
        scheduler = self.library.child(at, "scheduler")
        fields = scheduler.mapping("a scheduler")
        kind_at = self.library.child(scheduler, "scheduler_type") if "scheduler_type" in fields else scheduler
        if kind_at.value in _LATER:
            raise kind_at.refused(f"{_LATER[kind_at.value]} '{kind_at.value}' is not supported by this version")
        if kind_at.value not in _SCHEDULERS:
            raise kind_at.refused(f"unknown scheduler_type {kind_at.value!r}", suggest(str(kind_at.value), _SCHEDULERS))
        scheduler.mapping(f"a {kind_at.value} scheduler", _SCHEDULERS[kind_at.value])
        self.locs[step, ("dependencies",)] = at.child("dependencies").loc if "dependencies" in at.value else at.loc
        parameters, data_names = self.parameters(scheduler, step, known)
        loc, body = self.body(scheduler)
        template: dict[str, Any] = {
            "name": name,
            "path": prefix + name,
            "parameters": parameters,
            "dependencies": [query for query, _ in dependencies],
            "after": [query for query, names in dependencies if not set(names) <= {*data_names, "init"}],
            "scatter": self.scatter(scheduler, parameters, step) if kind_at.value == "multistep-stage" else None,
            "workflow": None,
            "task": None,
            "relative": self.relative(scheduler),
        }
        if self.data_edges_only:
            template["after"] = []
        if body == "workflow":
            template["workflow"] = self.workflow(scheduler.child("workflow"), f"{prefix}{name}/", None, inside)
            stage_loc = self.steps[step][1]
            self.steps[step] = (
                template,
                stage_loc,
                lambda source: Step(prefix + name, stage_loc, f"{source}:{stage_loc.line}", nodes=False),
            )
        else:
            task, make = load_task(self.library, self.library.child(scheduler, "step"), set(parameters))
            template["task"] = task
            self.locs[step, ("task",)] = loc
            stage_loc = self.steps[step][1]
            self.steps[step] = (template, stage_loc, lambda source: make(prefix + name, stage_loc, source))
        return [n for n in [*(n for _, names in dependencies for n in names), *data_names] if n != "init"]

    def dependencies(self, stage: Cursor, known: set[str]) -> list[tuple[str, list[str]]]:
        """Return each dependency query with the stages that it begins with."""
        if "dependencies" not in stage.value:
            return []
        at = self.library.child(stage, "dependencies")
        if isinstance(at.value, dict):
            at.mapping("dependencies", ("dependency_type", "expressions"))
            predicate = at.value.get("dependency_type", "jsonpath_ready")
            if predicate in _LATER:
                raise at.refused(f"{_LATER[predicate]} '{predicate}' is not supported by this version")
            if predicate != "jsonpath_ready":
                raise at.refused(f"unknown dependency_type {predicate!r}", "use jsonpath_ready")
            at = (
                self.library.child(at, "expressions")
                if "expressions" in at.value
                else Cursor(at.document, at.pointer, [])
            )
        if not isinstance(at.value, list):
            raise at.refused(f"dependencies must be a list of stages, not {kind(at.value)}", "write [stage, …]")
        queries = []
        for item in map(self.library.resolve, at.items()):
            query, names, unknown = self.query(item, known)
            if unknown:
                raise item.refused(*unknown)
            queries.append((query, names))
        return queries

    def query(self, at: Cursor, known: set[str]) -> tuple[str, list[str], tuple[str, str] | None]:
        """Return a query, the stages that it begins with, and what is wrong (and what to do) if one does not exist."""
        if not isinstance(at.value, str):
            raise at.refused(f"a query must be a string, not {kind(at.value)}", "name a stage")
        try:
            steps = jsonpath.parse(at.value)
        except ValueError as error:
            raise at.refused(str(error), "write it with names, '*', '[n]', '[a:b]', '.', '..' and ','") from None
        if not steps or steps[0][0] != "fields" or "*" in steps[0][1]:
            return at.value, ["*"], None  # of the stages that stand before it
        for name in steps[0][1]:
            if name == "init" and name not in known:
                advice = "give them with -i FILE or -p KEY=VALUE"
                return at.value, [], ("the workflow has no input data, so there is no 'init'", advice)
            if name not in known:
                return at.value, [], (f"unknown stage '{name}'", suggest(name, known))
        return at.value, list(steps[0][1]), None

    def parameters(self, scheduler: Cursor, step: int, known: set[str]) -> tuple[dict[str, Any], list[str]]:
        """Return the parameters' expressions and the stages that they read."""
        if "parameters" not in scheduler.value:
            raise scheduler.refused("the scheduler has no 'parameters'", "write `parameters: {}` if there are none")
        at = self.library.child(scheduler, "parameters")
        entries: list[tuple[str, Cursor, bool]] = []
        if isinstance(at.value, dict):
            entries = [(str(key), self.library.child(at, key), True) for key in at.value]
        elif isinstance(at.value, list):
            for item in map(self.library.resolve, at.items()):
                item.mapping("a parameter", ("key", "value"), ("key", "value"))
                entries.append((str(item.value["key"]), self.library.child(item, "value"), False))
        else:
            raise at.refused(f"'parameters' must be a mapping, not {kind(at.value)}")
        expressions: dict[str, Any] = {}
        stages: list[str] = []
        for key, value, shorthand in entries:
            self.locs[step, ("parameters", key)] = value.loc
            expressions[key], names = self.expression(value, shorthand, step, key, known)
            stages += names
        return expressions, stages

    def expression(
        self, at: Cursor, shorthand: bool, step: int, key: str, known: set[str]
    ) -> tuple[dict[str, Any], list[str]]:
        value = at.value
        selectors = [s for s in ("stages", "steps", "step") if isinstance(value, dict) and s in value]
        declared = value.get("expression_type") if isinstance(value, dict) else None
        if declared is not None and declared != "stage-output-selector":
            raise at.refused(f"the expression_type {declared!r} is not supported by this version")
        if not declared and not (selectors and shorthand):
            if value is None or isinstance(value, bool):
                raise at.refused(f"yadage takes no {kind(value)} here", "write it in quotes, or pass it as init data")
            return {"value": self.library.plain(at)}, []
        at.mapping("a reference", _SELECTOR)
        if len(selectors) != 1:
            raise at.refused("a reference has one of 'step' and 'stages'", "keep one of them")
        query_at = self.library.child(at, selectors[0])
        query, names, unknown = self.query(query_at, known)
        self.locs[step, ("parameters", key, "query")] = query_at.loc
        output = value.get("output")
        if output is not None:
            self.locs[step, ("parameters", key, "output")] = at.child("output").loc
            if not isinstance(output, str):
                raise at.child("output").refused(f"'output' must be a string, not {kind(output)}")
        flags = {}
        for flag in ("unwrap", "flatten"):
            flags[flag] = value.get(flag, False)
            if not isinstance(flags[flag], bool):
                raise at.child(flag).refused(f"'{flag}' must be true or false")
        # said only if the stage runs: yadage's own examples hold stages that never do, with such references
        single = selectors[0] == "step"
        return {"query": query, "output": output, "single": single, "unknown": unknown, **flags}, names

    def scatter(self, scheduler: Cursor, parameters: dict[str, Any], step: int) -> dict[str, Any]:
        if "scatter" not in scheduler.value:
            raise scheduler.refused("a multistep-stage has no 'scatter'", "add it, or make it a singlestep-stage")
        at = self.library.child(scheduler, "scatter")
        at.mapping("a scatter", ("method", "parameters"), ("method", "parameters"))
        self.locs[step, ("scatter",)] = at.loc
        method = self.library.child(at, "method")
        if method.value not in METHODS:
            raise method.refused(f"unknown scatter method {method.value!r}", suggest(str(method.value), METHODS))
        names = self.library.child(at, "parameters")
        if not isinstance(names.value, list) or not names.value:
            raise names.refused("scatter parameters must be a list of parameter names")
        for name in names.items():
            if name.value not in parameters:
                raise name.refused(f"unknown parameter '{name.value}'", suggest(str(name.value), parameters))
        spec: dict[str, Any] = {"method": method.value, "parameters": list(dict.fromkeys(names.value))}
        for size in ("batchsize", "partitionsize"):
            if size in scheduler.value:
                spec[size] = scheduler.value[size]
                if type(spec[size]) is not int or spec[size] < 1:
                    raise scheduler.child(size).refused(f"'{size}' must be a positive whole number")
        return spec

    def body(self, scheduler: Cursor) -> tuple[Loc, str]:
        """Return which of step and workflow a stage runs, and where that stands."""
        bodies = [key for key in ("step", "workflow", "cases") if key in scheduler.value]
        if len(bodies) != 1:
            raise scheduler.refused(
                "a stage runs one of 'step' and 'workflow'", "keep one" if bodies else "add one of them"
            )
        for key in ("cases", "register_values"):
            if key in scheduler.value:
                raise Refused(f"'{key}' is not supported by this version", loc=scheduler.key_loc(key))
        return scheduler.child(bodies[0]).loc, bodies[0]

    def relative(self, scheduler: Cursor) -> bool:
        if "workflow_opts" not in scheduler.value:
            return True
        at = self.library.child(scheduler, "workflow_opts")
        at.mapping("workflow_opts", ("discover", "relative"))
        if at.value.get("discover"):
            raise at.child("discover").refused("'discover' in a sub-workflow is not supported by this version")
        return bool(at.value.get("relative", True))
