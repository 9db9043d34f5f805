"""Expansion: workflow templates and what is known of their values make rows and edges.

A template is JSON data, so that a bundle can carry it:

    {"scopes": [{"steps": [step number, …]}, …],            in an order in which each follows what it needs
     "steps": [{"name", "path", "scatter": null | {"method", "parameters", "batchsize", "partitionsize"},
                "jq": null | {"bindings", "stepscript", "postscript"},
                "parameters": {key: expression}, "dependencies": [query, …], "fulfilled": [expression, …],
                "after": [query, …], "register": {name: expression},
                "workflow": scope number | null, "discover", "relative",
                "cases": null | [{"if": jq program, "step": step number}, …],
                "task": null | {"text", "publisher", "mounts", "runs"}}, …]}

A step's body is one of workflow, cases, task. An expression is {"value": data}, or {"query", "output", "unwrap",
"flatten", "single", "unknown"}, or {"registered", "query", "unknown"}; `unknown` is null or (what, advice) about a
stage that does not exist. Scope 0 is the workflow.
Semantics: yadage's scheduler and expression handlers; a node's directory is its name below its scope's.
"""

import json
import posixpath
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from .format_language import Context, Field, FormatError, needs_context, parse, render_field
from .jq_stage import JqAll, parameter_sets
from .late import flat, plain
from .publish import publish
from .references import Nodes, Results, Rows, Scope, jobs_in
from .scatter import scatter
from .values import ROOT_INIT, RUN, Late, Problem, Value, collect, has_late, has_path


class Known(NamedTuple):
    """What is known at the time of the expansion beside the template."""

    init: Optional[Dict[str, Any]] = None  # the workflow's own inputs, paths already below RUN/init
    scopes: Mapping[str, str] = {}  # sub-workflows with an init directory of their own -> its place below init/
    look: Callable[[str, str, bool], Any] = lambda place, text, discover: None  # see initdata.look
    jq: Optional[JqAll] = None  # all results of a jq program


def slots_of(task: Dict[str, Any]) -> List[Field]:
    """Return the distinct fields of a task's command in the order of their first use; raises FormatError."""
    fields: List[Field] = []
    for piece in parse(task["text"]) if task["runs"] else []:
        if isinstance(piece, Field) and piece not in fields:
            fields.append(piece)
    return fields


def expand(template: Dict[str, Any], known: Known) -> Rows:
    """Make the rows and edges of a workflow; raises Problem with the step and the part of it at fault."""
    expansion = _Expansion(template, known)
    expansion.run()
    return expansion.rows


class Elements(NamedTuple):
    """The elements of a step in one scope: a name and an index each, shared parameters, a column of each spread one."""

    names: List[str]
    indices: List[Optional[int]]
    common: Dict[str, Value]
    spread: Dict[str, List[Value]]

    def parameters(self, i: int) -> Dict[str, Value]:
        """Return all parameters of one element."""
        return dict(self.common, **{key: column[i] for key, column in self.spread.items()})


class _Expansion:
    def __init__(self, template: Dict[str, Any], known: Known) -> None:
        self.steps = template["steps"]
        self.scopes = template["scopes"]
        self.known = known
        self.rows = Rows()
        self.results = Results(self.rows)
        self.context = Context()
        self.fields: Dict[int, List[Field]] = {}
        self.interned: Dict[Nodes, Nodes] = {}
        self.places = [""] + sorted(known.scopes.values())

    def run(self) -> None:
        root = Scope("", 0, ())
        if self.known.init is not None:
            self.results.add_value(root, "init", Value(self.known.init, ROOT_INIT))
        self.run_scope(0, root)

    def run_scope(self, number: int, scope: Scope) -> None:
        for step in self.scopes[number]["steps"]:
            try:
                self.run_step(step, scope)
            except Problem as problem:
                if problem.step < 0:
                    problem.step = step
                raise
            except FormatError as error:
                raise Problem(str(error), "", step, ("task",))

    def run_step(self, number: int, scope: Scope) -> None:
        step = self.steps[number]
        if not self.ready(number, step, scope):
            return
        after = {job for query in step["after"] for entry in self.results.find(query, scope) for job in jobs_in(entry)}
        if step["jq"]:
            for i, parameters in enumerate(parameter_sets(step["jq"], scope, self.results, self.known.jq)):
                element = Elements(["%s_%d" % (step["name"], i)], [i], parameters, {})
                self.run_body(number, scope, element, after)
        else:
            common = {key: self.parameter(key, expression, scope) for key, expression in step["parameters"].items()}
            if step["scatter"]:
                spread = scatter(step["scatter"], common)
                common = {key: value for key, value in common.items() if key not in spread}
                indices: List[Optional[int]] = list(range(len(next(iter(spread.values())))))
                names = ["%s_%s" % (step["name"], i) for i in indices]
                self.run_body(number, scope, Elements(names, indices, common, spread), after)
            else:
                self.run_body(number, scope, Elements([step["name"]], [None], common, {}), after)
        for name, expression in step["register"].items():
            if name in scope.registered:
                raise Problem(
                    "the value '%s' is registered twice" % name, "choose another name", part=("register", name)
                )
            scope.registered[name] = expression

    def ready(self, number: int, step: Dict[str, Any], scope: Scope) -> bool:
        """Tell whether a stage runs; the engine leaves out one whose dependencies never come true."""
        for query in step["dependencies"]:
            if not self.results.find(query, scope):
                self.rows.skipped.append((number, scope.prefix, query))
                return False
        for expression in step["fulfilled"]:
            data = self.results.evaluate(expression, scope).data
            if has_late(data):
                raise Problem("whether this stage runs is known only when a job has ended", part=("dependencies",))
            # the engine asks for the truth of references: a list by its length, any scalar but null and false is true
            if not (len(data) if isinstance(data, (list, dict)) else data is not None and data is not False):
                self.rows.skipped.append((number, scope.prefix, str(expression.get("query"))))
                return False
        return True

    def parameter(self, key: str, expression: Dict[str, Any], scope: Scope) -> Value:
        try:
            return self.results.evaluate(expression, scope)
        except Problem as problem:
            problem.part = ("parameters", key, *problem.part)
            raise

    def run_body(
        self,
        number: int,
        scope: Scope,
        elements: Elements,
        after: Set[int],
    ) -> None:
        """Run a step's body for each of its elements."""
        step = self.steps[number]
        if step["task"] is not None:
            self.run_task(number, scope, elements, after)
            return
        for i, name in enumerate(elements.names):
            parameters = elements.parameters(i)
            if step["cases"] is None:
                self.run_subworkflow(step, scope, name, parameters, self.intern(after.union(scope.after)))
                continue
            case = self.choose(step["cases"], parameters)
            if case is None:
                self.rows.skipped.append((number, scope.prefix, "cases"))
            else:
                self.run_body(case, scope, Elements([name], [elements.indices[i]], parameters, {}), after)

    def choose(self, cases: List[Dict[str, Any]], parameters: Dict[str, Value]) -> Optional[int]:
        """Return the step of the first case whose program's result is true to Python."""
        data = {key: value.data for key, value in parameters.items()}
        for k, case in enumerate(cases):
            if has_late(data) or self.known.jq is None:
                raise Problem("which case applies is known only when a job has ended", part=("cases", str(k)))
            found = self.known.jq(case["if"], data)
            if found and found[0]:
                return int(case["step"])
        return None

    def intern(self, nodes: Set[int]) -> Nodes:
        key = tuple(sorted(nodes))
        return self.interned.setdefault(key, key)

    # sub-workflows

    def run_subworkflow(
        self, step: Dict[str, Any], scope: Scope, name: str, parameters: Dict[str, Value], after: Nodes
    ) -> None:
        used: Set[int] = set()
        for value in parameters.values():
            collect(value.origin, value.data, used)
        inner = Scope("%s%s/" % (scope.prefix, name), len(self.rows), after)
        places = {self.places[-n - 1] for n in used if n < 0}
        if inner.prefix[:-1] in self.known.scopes:
            places.add(self.known.scopes[inner.prefix[:-1]])
        # the engine looks relative values up when the sub-workflow reads exactly one directory
        place = places.pop() if len(places) == 1 and step["relative"] and max(used, default=-1) < 0 else None
        data, origin = {}, {}
        for key, value in sorted(parameters.items()):
            try:
                data[key] = self.init_value(value.data, place, step["discover"])
            except FormatError as error:
                raise Problem(str(error), part=("parameters", key))
            origin[key] = value.origin
            if place is not None and has_path(data[key]):
                origin[key] = -(self.places.index(place) + 1)
        self.results.add_value(inner, "init", Value(data, origin))
        self.run_scope(step["workflow"], inner)
        scope.setdefault(step["name"], []).append(inner)

    def init_value(self, data: Any, place: Optional[str], discover: bool) -> Any:
        """Return a sub-workflow's init value: braces resolved but {workdir}, which its nodes fill in themselves."""
        if isinstance(data, list):
            return [self.init_value(x, place, discover) for x in data]
        if isinstance(data, dict):
            return {k: self.init_value(v, place, discover) for k, v in data.items()}
        if isinstance(data, str):
            if "{workdir}" not in data:
                data = self.context.string(data, "")
            if place is not None and not data.startswith((RUN, "/")):
                found = self.known.look(place, data, discover)
                return data if found is None else found
        return data

    # jobs

    def run_task(
        self,
        number: int,
        scope: Scope,
        elements: Elements,
        after: Set[int],
    ) -> None:
        rows, step = self.rows, self.steps[number]
        names, indices, common, spread = elements
        task = step["task"]
        if number not in self.fields:
            self.fields[number] = slots_of(task)
        shared = {key: value.data for key, value in common.items()}
        own = [key for key, data in shared.items() if needs_context(data)]  # differ from node to node by {workdir}
        slots = [self.slot(field, shared, own, spread) for field in self.fields[number]]
        used: Set[int] = set()
        for value in common.values():
            collect(value.origin, value.data, used)
        for i, name in enumerate(names):
            node, node_id = len(rows), scope.prefix + name
            workdir = "%s/%s" % (RUN, node_id)
            parameters = dict(shared)
            for key in own:
                parameters[key] = self.filled(key, parameters[key], workdir)
            uses = used
            for key, column in spread.items():
                value = column[i]
                parameters[key] = self.filled(key, value.data, workdir)
                if value.origin is not None:
                    uses = set(uses)
                    collect(value.origin, value.data, uses)
            result, globs = publish(task["publisher"], parameters, node, workdir, self.known.jq)
            if not task["runs"]:
                self.results.add_value(scope, step["name"], Value(result, tuple(sorted(uses)) or None))
                continue
            rows.slots.append(tuple([s(parameters) if callable(s) else s for s in slots]))
            rows.step.append(number)
            rows.index.append(indices[i])
            rows.ids.append(node_id)
            rows.inputs.append(input_paths(parameters) if min(uses, default=0) < 0 else ())
            if uses is not used or i == 0:
                parents = self.intern({n for n in uses if n >= 0})
            rows.parents.append(parents)
            # what a sub-workflow waits for, its nodes wait for through the first ones among them
            waits = after if any(p >= scope.first for p in parents) else after.union(scope.after)
            rows.after.append(self.intern(waits - uses) if waits else ())
            rows.globs.append(globs)
            rows.mounts.append(tuple([(m["path"], self.mounted(m["script"], parameters)) for m in task["mounts"]]))
            rows.results.append(result)
            if foreign(result, workdir, node):
                self.results.origins[node] = tuple(sorted(uses | {node}))
            scope.setdefault(step["name"], []).append(node)

    def mounted(self, script: str, parameters: Dict[str, Any]) -> str:
        """Return the text of a parameter mount: the results of a jq program as JSON, a line each."""
        if has_late(parameters) or self.known.jq is None:
            raise Problem("a parameter mount reads values that are known only when a job has ended", part=("task",))
        lines = [json.dumps(x, ensure_ascii=False, separators=(",", ":")) for x in self.known.jq(script, parameters)]
        return "\n".join(lines)

    def filled(self, key: str, data: Any, workdir: str) -> Any:
        """Return a parameter with {workdir} filled in."""
        try:
            return self.context.data(data, workdir)
        except FormatError as error:
            raise Problem(str(error), part=("parameters", key))

    def slot(self, field: Field, shared: Dict[str, Any], own: List[str], spread: Dict[str, List[Value]]) -> Any:
        """Return the text (or Late) of one field of the command, or a function of the node's parameters."""
        if field.conversion is None and not field.spec and (field.name in shared or field.name in spread):
            if field.name in spread or field.name in own:
                return lambda parameters: plain(parameters[field.name], field)
            return plain(shared[field.name], field)
        return lambda parameters: render_field(field, {k: flat(v) for k, v in parameters.items()})


def foreign(result: Any, workdir: str, node: int) -> bool:
    """Tell whether a result holds a path, or a late value, that is not the node's own."""
    if isinstance(result, dict):
        return any(foreign(x, workdir, node) for x in result.values())
    if isinstance(result, list):
        return any(foreign(x, workdir, node) for x in result)
    if isinstance(result, str):
        return RUN in result and not result.startswith(workdir)
    return isinstance(result, Late) and result.node != node


def input_paths(data: Any) -> Tuple[str, ...]:
    """Return the paths below the init directory that parameters name; '.' is all of it."""
    found: Set[str] = set()
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str) and RUN + "/init" in value:
            inside = value.startswith(RUN + "/init") and value.count(RUN) == 1
            found.add(posixpath.normpath("./" + value[len(RUN + "/init") :]) if inside else ".")
    if "." in found:
        return (".",)
    return tuple(sorted(found))
