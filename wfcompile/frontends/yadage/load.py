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

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # DAGMan forbids '+'
_SELECTOR = ("stages", "steps", "step", "output", "unwrap", "flatten", "expression_type")
_BODIES = ("step", "workflow", "cases")
_COMMON = ("scheduler_type", "parameters", "workflow_opts", "register_values", *_BODIES)
_SCHEDULERS = {
    "singlestep-stage": _COMMON,
    "multistep-stage": (*_COMMON, "scatter", "batchsize", "partitionsize"),
    "jq-stage": ("bindings", "stepscript", "postscript", *(key for key in _COMMON if key != "parameters")),
}


def load(document: Document, options: Options) -> Workflow:
    """Load a yadage workflow; raises Refused."""
    spec = document.path
    init = load_inputs(spec, options)
    toplevels = [options.toplevel] if options.toplevel else [Path.cwd(), spec.parent]
    allowed = [spec.parent, *toplevels, *options.allowed_paths, *init.directories.values()]
    library = Library(document, toplevels, allowed)
    builder = _Builder(library, options.data_edges_only)
    builder.workflow(cursor(document), "", "" if init.values is None else None, ())
    schema.validate(library)
    base = os.path.commonpath([d.path.resolve().parent for d in library.documents.values()])
    names = {d.display: os.path.relpath(path, base) for path, d in library.documents.items()}
    for name in names.values():
        if not name.isprintable():
            raise Refused(f"the file name {name!r} has a control character", "rename it")
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
        init=init.values,
        init_directories=init.directories,
        init_scopes=init.scopes,
        warnings=(*init.notes, *dict.fromkeys(map(str, library.warnings))),
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
        if not stages.value and not prefix:
            raise stages.refused("the workflow has no stages", "add one")
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
                "use up to 100 letters, digits, '_', '.' and '-'",
            )
        if at.value.upper() in ("PARENT", "CHILD", "ALL_NODES") or at.value.endswith((".sh", ".ids", ".rows")):
            raise at.refused(f"'{at.value}' is a word of DAGMan or the name of a file of ours", "choose another name")
        if at.value.startswith(("outputs.", "expand.")):
            raise at.refused("names that begin with 'outputs.' or 'expand.' are the run's own", "choose another name")
        if at.value == "init":
            raise at.refused("'init' is the workflow's own input stage", "choose another name")
        return at.value

    def stage(
        self, at: Cursor, step: int, name: str, prefix: str, known: set[str], inside: tuple[Loc, ...]
    ) -> list[str]:
        """Fill in one step's template; returns the stages that it needs."""
        scheduler = self.library.child(at, "scheduler")
        fields = scheduler.mapping("a scheduler")
        kind_at = self.library.child(scheduler, "scheduler_type") if "scheduler_type" in fields else scheduler
        scheduler_type = kind_at.choice("scheduler_type", _SCHEDULERS)
        scheduler.mapping(f"a {scheduler_type} scheduler", _SCHEDULERS[scheduler_type])
        self.locs[step, ("dependencies",)] = at.child("dependencies").loc if "dependencies" in at.value else at.loc
        dependencies, fulfilled = self.dependencies(at, step, known)
        names = [name for _, begins in dependencies for name in begins]
        parameters: dict[str, Any] = {}
        data_names: list[str] = []
        jq = None
        if scheduler_type == "jq-stage":
            jq, data_names = self.jq_stage(scheduler, step, known)
        else:
            parameters, data_names = self.parameters(scheduler, step, known)
        register, _ = self.expressions(scheduler, "register_values", step, known)
        template: dict[str, Any] = {
            "name": name,
            "path": prefix + name,
            "scatter": self.scatter(scheduler, parameters, step) if scheduler_type == "multistep-stage" else None,
            "jq": jq,
            "parameters": parameters,
            "dependencies": [query for query, _ in dependencies],
            "fulfilled": [expression for expression, _ in fulfilled],
            "after": [query for query, begins in dependencies if not set(begins) <= {*data_names, "init"}],
            "register": register,
        }
        if self.data_edges_only:
            template["after"] = []
        known_names = None if jq else set(parameters)
        self.body(scheduler, step, template, f"{prefix}{name}", known_names, inside)
        names += [*data_names, *(name for _, begins in fulfilled for name in begins)]
        return [name for name in names if name != "init"]

    def body(
        self,
        at: Cursor,
        step: int,
        template: dict[str, Any],
        path: str,
        parameters: set[str] | None,
        inside: tuple[Loc, ...],
    ) -> None:
        """Fill in what a stage (or one of its cases) runs; `parameters` is None when their names are not known."""
        bodies = [key for key in _BODIES if key in at.value]
        if len(bodies) != 1:
            advice = "keep one" if bodies else "add one of them"
            raise at.refused("a stage runs one of 'step', 'workflow' and 'cases'", advice)
        loc = self.steps[step][1]
        template |= {"workflow": None, "cases": None, "task": None, **self.workflow_options(at)}
        if bodies == ["workflow"]:
            template["workflow"] = self.workflow(at.child("workflow"), f"{path}/", None, inside)
        elif bodies == ["cases"]:
            template["cases"] = self.cases(self.library.child(at, "cases"), step, template, path, parameters, inside)
        else:
            body = self.library.child(at, "step")
            self.locs[step, ("task",)] = body.loc
            template["task"], make = load_task(self.library, body, parameters)
            self.programs(body, step)
            self.steps[step] = (template, loc, lambda source: make(path, loc, source))
            return
        self.steps[step] = (template, loc, lambda source: Step(path, loc, f"{source}:{loc.line}", nodes=False))

    def programs(self, body: Cursor, step: int) -> None:
        """Note where a task's jq programs stand."""
        publisher, environment = self.library.child(body, "publisher"), self.library.child(body, "environment")
        if "script" in publisher.value:
            self.locs[step, ("task", "publisher", "script")] = self.library.child(publisher, "script").loc
        mounts = self.library.child(environment, "par_mounts") if (environment.value or {}).get("par_mounts") else None
        for number, mount in enumerate(map(self.library.resolve, mounts.items()) if mounts else ()):
            script = self.library.child(mount, "jqscript")
            self.locs[step, ("task", "mounts", str(number))] = script.loc

    def cases(
        self,
        at: Cursor,
        step: int,
        stage: dict[str, Any],
        path: str,
        parameters: set[str] | None,
        inside: tuple[Loc, ...],
    ) -> list[dict[str, Any]]:
        """Return the cases of a stage; the body of each is a step of its own, so that it has its own image."""
        if not isinstance(at.value, list) or not at.value:
            raise at.refused("'cases' must be a list of `if:` with a step or a workflow")
        found = []
        for number, case in enumerate(map(self.library.resolve, at.items())):
            case.mapping("a case", ("if", "step", "workflow"), ("if",))
            condition = self.library.child(case, "if")
            if not isinstance(condition.value, str):
                raise condition.refused(f"'if' must be a jq program, not {kind(condition.value)}", "write it in quotes")
            self.locs[step, ("cases", str(number))] = condition.loc
            own = f"{path}.case{number}"
            body = self.reserve(own, case.loc)
            template = {"name": stage["name"], "path": own}
            self.body(case, body, template, own, parameters, inside)
            found.append({"if": condition.value, "step": body})
        return found

    def workflow_options(self, at: Cursor) -> dict[str, bool]:
        options = {"discover": False, "relative": True}
        if "workflow_opts" in at.value:
            given = self.library.child(at, "workflow_opts")
            for key in given.mapping("workflow_opts", tuple(options)):
                if not isinstance(given.value[key], bool):
                    raise given.child(key).refused(f"'{key}' must be true or false")
            options |= given.value
        return options

    def dependencies(
        self, stage: Cursor, step: int, known: set[str]
    ) -> tuple[list[tuple[str, list[str]]], list[tuple[dict[str, Any], list[str]]]]:
        """Return each query (or each expression to be fulfilled) with the stages that it begins with."""
        if "dependencies" not in stage.value:
            return [], []
        at = self.library.child(stage, "dependencies")
        predicate = "jsonpath_ready"
        if isinstance(at.value, dict):
            at.mapping("dependencies", ("dependency_type", "expressions"))
            if "dependency_type" in at.value:
                predicates = ("jsonpath_ready", "expressions_fulfilled")
                predicate = self.library.child(at, "dependency_type").choice("dependency_type", predicates)
            if "expressions" not in at.value:
                return [], []
            at = self.library.child(at, "expressions")
        if not isinstance(at.value, list):
            raise at.refused(f"dependencies must be a list of stages, not {kind(at.value)}", "write [stage, …]")
        items = [self.library.resolve(item) for item in at.items()]
        if predicate == "expressions_fulfilled":
            for item in items:
                if not isinstance(item.value, dict) or "expression_type" not in item.value:
                    raise item.refused("an expression to be fulfilled has no 'expression_type'", "add it")
            return [], [self.expression(item, False, step, f"dependency {n}", known) for n, item in enumerate(items)]
        queries = []
        for item in items:
            query, names, unknown = self.query(item, known)
            if unknown:
                raise item.refused(*unknown)
            queries.append((query, names))
        return queries, []

    def jq_stage(self, scheduler: Cursor, step: int, known: set[str]) -> tuple[dict[str, Any], list[str]]:
        """Return a jq-stage's programs, and the stages that its bindings name."""
        if "bindings" not in scheduler.value:
            raise scheduler.refused("a jq-stage has no 'bindings'", "add them")
        spec: dict[str, Any] = {"bindings": self.library.plain(scheduler.child("bindings"))}
        self.locs[step, ("bindings",)] = scheduler.child("bindings").loc
        for key, default in (("stepscript", "[.]"), ("postscript", ".")):
            spec[key] = scheduler.value.get(key, default)
            self.locs[step, (key,)] = scheduler.child(key).loc if key in scheduler.value else scheduler.loc
            if not isinstance(spec[key], str):
                raise scheduler.child(key).refused(f"'{key}' must be a jq program, not {kind(spec[key])}")
        words = set(re.findall(r"[A-Za-z0-9_.-]*[A-Za-z0-9_-]", " ".join(_selectors(spec["bindings"]))))
        return spec, sorted({part for word in words for part in word.split(".")} & known)

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
        return self.expressions(scheduler, "parameters", step, known)

    def expressions(self, scheduler: Cursor, part: str, step: int, known: set[str]) -> tuple[dict[str, Any], list[str]]:
        if part not in scheduler.value:
            return {}, []
        at = self.library.child(scheduler, part)
        entries: list[tuple[str, Cursor, bool]] = []
        if isinstance(at.value, dict):
            entries = [(str(key), self.library.child(at, key), part == "parameters") for key in at.value]
        elif isinstance(at.value, list) and part == "parameters":
            for item in map(self.library.resolve, at.items()):
                item.mapping("a parameter", ("key", "value"), ("key", "value"))
                entries.append((str(item.value["key"]), self.library.child(item, "value"), False))
        else:
            raise at.refused(f"'{part}' must be a mapping, not {kind(at.value)}")
        expressions: dict[str, Any] = {}
        stages: list[str] = []
        for key, value, shorthand in entries:
            self.locs[step, (part, key)] = value.loc
            expressions[key], names = self.expression(value, shorthand, step, key, known)
            stages += names
            if part == "register_values" and "value" in expressions[key]:
                raise value.refused("a registered value must be an expression", "give it an expression_type")
        return expressions, stages

    def expression(
        self, at: Cursor, shorthand: bool, step: int, key: str, known: set[str]
    ) -> tuple[dict[str, Any], list[str]]:
        value = at.value
        selectors = [s for s in ("stages", "steps", "step") if isinstance(value, dict) and s in value]
        declared = value.get("expression_type") if isinstance(value, dict) else None
        if declared == "fromvalue":
            return self.registered(at, step, key, known)
        if declared is not None and declared != "stage-output-selector":
            advice = suggest(str(declared), ("stage-output-selector", "fromvalue"))
            raise at.child("expression_type").refused(f"unknown expression_type {declared!r}", advice)
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

    def registered(self, at: Cursor, step: int, key: str, known: set[str]) -> tuple[dict[str, Any], list[str]]:
        """Return a reference to a registered value; whoever registers it comes first, so it needs all stages before."""
        at.mapping("a registered value", ("expression_type", "key", "scope"), ("key",))
        name = self.library.child(at, "key")
        self.locs[step, ("parameters", key, "output")] = name.loc
        if not isinstance(name.value, str):
            raise name.refused(f"'key' must be a string, not {kind(name.value)}")
        query, names, unknown = None, ["*"], None
        if "scope" in at.value:
            scope = self.library.child(at, "scope")
            self.locs[step, ("parameters", key, "query")] = scope.loc
            query, names, unknown = self.query(scope, known)
        return {"registered": name.value, "query": query, "unknown": unknown}, names

    def scatter(self, scheduler: Cursor, parameters: dict[str, Any], step: int) -> dict[str, Any]:
        if "scatter" not in scheduler.value:
            raise scheduler.refused("a multistep-stage has no 'scatter'", "add it, or make it a singlestep-stage")
        at = self.library.child(scheduler, "scatter")
        at.mapping("a scatter", ("method", "parameters"), ("method", "parameters"))
        self.locs[step, ("scatter",)] = at.loc
        method = self.library.child(at, "method").choice("scatter method", METHODS)
        names = self.library.child(at, "parameters")
        if not isinstance(names.value, list) or not names.value:
            raise names.refused("scatter parameters must be a list of parameter names")
        for name in names.items():
            name.choice("parameter", parameters)
        spec: dict[str, Any] = {"method": method, "parameters": list(dict.fromkeys(names.value))}
        for size in ("batchsize", "partitionsize"):
            if size in scheduler.value:
                spec[size] = scheduler.value[size]
                if type(spec[size]) is not int or spec[size] < 1:
                    raise scheduler.child(size).refused(f"'{size}' must be a positive whole number")
        return spec


def _selectors(data: Any) -> list[str]:
    """Return the node selectors among a jq-stage's bindings."""
    if isinstance(data, dict):
        if "$wflowref" in data:
            return [str(data["$wflowref"])]
        return [text for value in data.values() for text in _selectors(value)]
    return [text for value in data for text in _selectors(value)] if isinstance(data, list) else []
