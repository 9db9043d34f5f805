"""Expansion: workflow templates and what is known of their values make rows and edges.

A template is JSON data, so that a bundle can carry it:

    {"scopes": [{"steps": [step number, …]}, …],            in an order in which each follows what it needs
     "steps": [{"name", "path", "scatter": null | {"method", "parameters", "batchsize", "partitionsize"},
                "parameters": {key: expression}, "dependencies": [query, …], "after": [query, …],
                "workflow": scope number | null, "discover", "relative",
                "task": null | {"text", "interpreter", "publisher", "runs"}}, …]}

An expression is {"value": data} or {"query", "output", "unwrap", "flatten", "single", "unknown"}; `unknown` is null or
(what, advice) about a stage that does not exist. Scope 0 is the workflow.
Semantics: yadage's scheduler and expression handlers; a node's directory is its name below its scope's.
"""

import os.path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from . import jsonpath
from .format_language import Context, Field, FormatError, needs_context, parse, render_field
from .publish import Glob, Jq, publish
from .scatter import scatter
from .values import ROOT_INIT, RUN, Late, Origin, Problem, Value, collect, has_path, origin_at

Nodes = Tuple[int, ...]


class Known(NamedTuple):
    """What is known at the time of the expansion beside the template."""

    init: Optional[Dict[str, Any]] = None  # the workflow's own inputs, paths already below RUN/init
    exists: Callable[[str], bool] = lambda path: False  # of a path relative to the init directory
    jq: Optional[Jq] = None


class Rows:
    """The nodes as columns: element n of each list belongs to node n; parents have smaller numbers."""

    def __init__(self) -> None:
        self.step: List[int] = []
        self.index: List[Optional[int]] = []
        self.ids: List[str] = []
        self.parents: List[Nodes] = []
        self.after: List[Nodes] = []
        self.inputs: List[Tuple[str, ...]] = []
        self.slots: List[Tuple[Any, ...]] = []
        self.globs: List[Tuple[Glob, ...]] = []
        self.results: List[Any] = []
        self.skipped: List[Tuple[int, str, str]] = []  # step, scope, the query that matches nothing

    def __len__(self) -> int:
        return len(self.ids)


class Scope(Dict[str, List[Any]]):
    """One instance of a workflow: stage name to its nodes (numbers; ~n for values without a node) and sub-scopes."""

    def __init__(self, prefix: str, first: int, after: Nodes, read_only: Optional[str]) -> None:
        super().__init__()
        self.prefix = prefix
        self.first = first  # number of the first node in it
        self.after = after
        self.read_only = read_only  # what relative init values are looked up in: "init" or None


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


class _Expansion:
    def __init__(self, template: Dict[str, Any], known: Known) -> None:
        self.steps = template["steps"]
        self.scopes = template["scopes"]
        self.known = known
        self.rows = Rows()
        self.values: List[Value] = []  # results that no job makes: init data, pure publishing
        self.origins: Dict[int, Nodes] = {}  # nodes whose results hold other nodes' paths
        self.context = Context()
        self.fields: Dict[int, List[Field]] = {}
        self.queries: Dict[str, List[jsonpath.Step]] = {}
        self.interned: Dict[Nodes, Nodes] = {}

    def run(self) -> None:
        root = Scope("", 0, (), "init")
        if self.known.init is not None:
            origin = {key: ROOT_INIT if has_path(data) else None for key, data in self.known.init.items()}
            self.add_value(root, "init", Value(self.known.init, origin))
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
        for query in step["dependencies"]:
            if not self.find(query, scope):
                self.rows.skipped.append((number, scope.prefix, query))
                return
        common = {}
        for key, expression in step["parameters"].items():
            try:
                common[key] = self.evaluate(expression, scope)
            except Problem as problem:
                problem.part = ("parameters", key, *problem.part)
                raise
        spread: Dict[str, List[Value]] = {}
        names = [step["name"]]
        if step["scatter"]:
            spread = scatter(step["scatter"], common)
            common = {key: value for key, value in common.items() if key not in spread}
            count = len(next(iter(spread.values())))
            names = ["%s_%d" % (step["name"], i) for i in range(count)]
        after = {job for query in step["after"] for entry in self.find(query, scope) for job in jobs_in(entry)}
        if step["workflow"] is not None:
            for i, name in enumerate(names):
                parameters = dict(common, **{key: column[i] for key, column in spread.items()})
                self.run_subworkflow(step, scope, name, parameters, self.intern(after.union(scope.after)))
        else:
            self.run_task(number, scope, names, common, spread, after)

    # values

    def parsed(self, query: str) -> List[jsonpath.Step]:
        if query not in self.queries:
            try:
                self.queries[query] = jsonpath.parse(query)
            except ValueError as error:
                raise Problem(str(error), "write it with names, '*', '[n]', '[a:b]', '.', '..' and ','")
        return self.queries[query]

    def find(self, query: str, scope: Scope) -> List[Any]:
        """Return the nodes and sub-scopes that a query selects in a scope."""
        found: List[Any] = []
        for match in jsonpath.find(self.parsed(query), scope):
            if isinstance(match, list):
                found.extend(match)
            elif isinstance(match, (int, Scope)):
                found.append(match)
        return found

    def evaluate(self, expression: Dict[str, Any], scope: Scope) -> Value:
        if "value" in expression:
            return Value(expression["value"])
        query = expression["query"]
        if expression["unknown"]:
            what, advice = expression["unknown"]
            raise Problem(what, advice, part=("query",))
        found = self.find(query, scope)
        if any(isinstance(entry, Scope) for entry in found):
            raise Problem(
                "'%s' selects a sub-workflow, which publishes nothing itself" % query,
                "name a stage inside it, for example '%s[*].STAGE'" % query.split("[")[0],
                part=("query",),
            )
        if expression["single"]:
            if len(found) != 1:
                raise Problem(
                    "'step: %s' must select one node; it selects %d" % (query, len(found)),
                    "use 'stages:'",
                    part=("query",),
                )
            return self.output(found[0], expression["output"])
        return combine([self.output(entry, expression["output"]) for entry in found], expression)

    def output(self, entry: int, output: Optional[str]) -> Value:
        """Return one output of a node (or of a value without a node)."""
        data, origin = self.values[~entry] if entry < 0 else self.result(entry)
        if output is None:
            return Value(data, origin)
        if isinstance(data, dict) and output in data:
            return Value(data[output], origin_at(origin, output))
        matches = jsonpath.find_with(self.parsed(output), data, origin, origin_at)
        if len(matches) != 1:
            name = "the input data" if entry < 0 else "'%s'" % self.rows.ids[entry]
            known = ", ".join(sorted(data)) if isinstance(data, dict) else ""
            raise Problem(
                "%s publishes no output '%s'" % (name, output) if not matches else "output '%s' is ambiguous" % output,
                "published: %s" % known if known else "",
                part=("output",),
            )
        return Value(*matches[0])

    def result(self, node: int) -> Value:
        return Value(self.rows.results[node], self.origins.get(node, node))

    def add_value(self, scope: Scope, stage: str, value: Value) -> None:
        self.values.append(value)
        scope.setdefault(stage, []).append(~(len(self.values) - 1))

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
        read_only = "init" if used == {ROOT_INIT} and scope.read_only else None
        inner = Scope("%s%s/" % (scope.prefix, name), len(self.rows), after, read_only)
        data = {}
        for key, value in sorted(parameters.items()):
            try:
                data[key] = self.init_value(value.data, bool(read_only and step["relative"]))
            except FormatError as error:
                raise Problem(str(error), part=("parameters", key))
        origin = {key: parameters[key].origin if data[key] == parameters[key].data else ROOT_INIT for key in data}
        self.add_value(inner, "init", Value(data, origin))
        self.run_scope(step["workflow"], inner)
        scope.setdefault(step["name"], []).append(inner)

    def init_value(self, data: Any, relative: bool) -> Any:
        """Return a sub-workflow's init value: braces resolved but {workdir}, which its nodes fill in themselves."""
        if isinstance(data, list):
            return [self.init_value(x, relative) for x in data]
        if isinstance(data, dict):
            return {k: self.init_value(v, relative) for k, v in data.items()}
        if isinstance(data, str):
            if "{workdir}" not in data:
                data = self.context.string(data, "")
            if relative and not data.startswith((RUN, "/")) and self.known.exists(data):
                return os.path.join(RUN + "/init", data)
        return data

    # jobs

    def run_task(
        self,
        number: int,
        scope: Scope,
        names: List[str],
        common: Dict[str, Value],
        spread: Dict[str, List[Value]],
        after: Set[int],
    ) -> None:
        rows, step = self.rows, self.steps[number]
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
                self.add_value(scope, step["name"], Value(result, tuple(sorted(uses)) or None))
                continue
            rows.slots.append(tuple([s(parameters) if callable(s) else s for s in slots]))
            rows.step.append(number)
            rows.index.append(i if step["scatter"] else None)
            rows.ids.append(node_id)
            rows.inputs.append(input_paths(parameters) if ROOT_INIT in uses else ())
            parents = self.intern(uses - {ROOT_INIT})
            rows.parents.append(parents)
            # what a sub-workflow waits for, its nodes wait for through the first ones among them
            waits = after if any(p >= scope.first for p in parents) else after.union(scope.after)
            rows.after.append(self.intern(waits - uses) if waits else ())
            rows.globs.append(globs)
            rows.results.append(result)
            if foreign(result, workdir, node):
                self.origins[node] = tuple(sorted(uses | {node}))
            scope.setdefault(step["name"], []).append(node)

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


def flat(value: Any) -> Any:
    """Return a list as its elements joined by a blank: packtivity quotes nothing."""
    if type(value) is list and not any(type(x) is Late for x in value):
        return " ".join([x if type(x) is str else str(x) for x in value])
    return value


def plain(value: Any, field: Field) -> Any:
    """Return what a field `{name}` without more becomes: text, or the Late value itself."""
    if type(value) is str or type(value) is Late:
        return value
    if type(value) is list:
        value = flat(value)
    return value if type(value) is str else render_field(field, {field.name: value})


def combine(outputs: List[Value], expression: Dict[str, Any]) -> Value:
    """Return the outputs of several nodes as one list, flattened or unwrapped as asked."""
    data: List[Any] = []
    origin: List[Origin] = []
    for one in outputs:
        if expression["flatten"] and isinstance(one.data, Late):
            if len(outputs) > 1 or expression["unwrap"]:
                raise Problem("'flatten' of a list that a job publishes is known only when the job has run")
            return one
        if expression["flatten"] and isinstance(one.data, list):
            data.extend(one.data)
            origin.extend([origin_at(one.origin, i) for i in range(len(one.data))])
        else:
            data.append(one.data)
            origin.append(one.origin)
    if expression["unwrap"] and len(data) == 1:
        return Value(data[0], origin[0])
    return Value(data, origin if any(o is not None for o in origin) else None)


def jobs_in(entry: Any) -> Set[int]:
    """Return the jobs of a query's match: itself, or all below a sub-scope."""
    if isinstance(entry, Scope):
        return {job for entries in entry.values() for inner in entries for job in jobs_in(inner)}
    return {entry} if entry >= 0 else set()


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
            found.add(os.path.normpath("./" + value[len(RUN + "/init") :]) if inside else ".")
    if "." in found:
        return (".",)
    return tuple(sorted(found))
