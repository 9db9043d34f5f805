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

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from . import jsonpath
from .format_language import Context, Field, needs_context, parse
from .input_paths import input_paths
from .jq.reads import keys_read
from .jq_stage import JqAll, parameter_sets
from .late import jq_lines, plain, rendered
from .publish import found_by_nobody, publish, published_by_job, put
from .references import Nodes, PendingStep, Results, Rows, Scope, Skipped, completed, jobs_in
from .scatter import expected_elements, scatter
from .values import (
    ROOT_INIT,
    RUN,
    Deferred,
    FormatError,
    Late,
    Pending,
    Problem,
    Value,
    Waiting,
    collect,
    has_late,
    has_leaf,
    has_path,
    in_part,
    late_nodes,
    number,
)


class Known(NamedTuple):
    """What is known at the time of the expansion beside the template."""

    init: Optional[Dict[str, Any]] = None  # the workflow's own inputs, paths already below RUN/init
    scopes: Mapping[str, str] = {}  # sub-workflows with an init directory of their own -> its place below init/
    look: Callable[[str, str, bool], Any] = lambda place, text, discover: None  # see initdata.look
    jq: Optional[JqAll] = None  # all results of a jq program
    published: Callable[[str], Optional[Mapping[str, Any]]] = lambda node_id: None  # late pointer -> value
    points: Mapping[str, str] = {}  # PendingStep.key -> the expansion point that the step belongs to
    expected: Mapping[str, int] = {}  # path of a scattered step -> how many nodes it is taken to have
    host: Any = None  # of CWL: where inputs and published files can be looked at, a cwl.files.Host


def slots_of(task: Dict[str, Any]) -> List[Field]:
    """Return the distinct fields of a task's command in the order of their first use; raises FormatError."""
    fields: List[Field] = []
    for piece in parse(task["text"]) if task["runs"] else []:
        if isinstance(piece, Field) and piece not in fields:
            fields.append(piece)
    return fields


def expand(template: Dict[str, Any], known: Known) -> Rows:
    """Make the rows and edges of a workflow; raises Problem with the step and the part of it at fault.

    A step whose nodes depend on what jobs have yet to publish is left out, with all that depends on it: Rows.pending.
    """
    expansion = _Expansion(template, known)
    expansion.run()
    return expansion.rows


class Elements(NamedTuple):
    """The elements of a step in one scope: a name and an index each, shared parameters, a column of each spread one."""

    names: List[str]
    indices: List[Optional[int]]
    common: Dict[str, Value]
    spread: Dict[str, List[Value]]
    expressions: Dict[str, Any]  # of the parameters; empty for a jq-stage

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
        self.point = ""  # the expansion point of the step in hand

    def run(self) -> None:
        root = Scope("", 0, ())
        if self.known.init is not None:
            self.results.add_value(root, "init", Value(self.known.init, ROOT_INIT))
            root.directories = [""]
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
        key = scope.prefix + step["name"]
        outer, self.point = self.point, self.known.points.get(key, self.point)
        try:
            if not self.run_nodes(number, step, scope):
                return
        except Pending as pending:
            self.rows.pending.append(self.pending_step(number, step, scope, pending))
        finally:
            self.point = outer
        for name, expression in step["register"].items():
            if name in scope.registered:
                raise Problem(
                    "the value '%s' is registered twice" % name, "choose another name", part=("register", name)
                )
            scope.registered[name] = expression

    def run_nodes(self, number: int, step: Dict[str, Any], scope: Scope) -> bool:
        """Make a step's nodes in one scope; False when it does not run. Raises Pending before anything is made."""
        if not self.ready(number, step, scope):
            return False
        after = {job for query in step["after"] for entry in self.results.find(query, scope) for job in jobs_in(entry)}
        for elements in self.elements(number, step, scope):
            self.run_body(number, scope, elements, after)
        return True

    def elements(self, number: int, step: Dict[str, Any], scope: Scope) -> List["Elements"]:
        """Return the elements of a step in one scope; those of a jq-stage differ in the names of their parameters."""
        if step["jq"]:
            sets = parameter_sets(step["jq"], scope, self.results, self.known.jq)
            self.note_empty(number, scope, len(sets), "jq")
            return [Elements(["%s_%d" % (step["name"], i)], [i], one, {}, {}) for i, one in enumerate(sets)]
        common = {key: self.parameter(key, expression, scope) for key, expression in step["parameters"].items()}
        if not step["scatter"]:
            return [Elements([step["name"]], [None], common, {}, step["parameters"])]
        for name in step["scatter"]["parameters"]:
            # the engine iterates over text that stands there, and fails on a reference to text
            if isinstance(common[name].data, str) and "value" not in step["parameters"][name]:
                raise Problem("a scatter needs a list; this is %r" % common[name].data, part=("parameters", name))
        try:
            spread = scatter(step["scatter"], common)
        except Pending:
            if step["path"] not in self.known.expected:
                raise
            spread = expected_elements(step["scatter"], common, self.known.expected[step["path"]], step["path"])
        common = {key: value for key, value in common.items() if key not in spread}
        indices: List[Optional[int]] = list(range(len(next(iter(spread.values())))))
        self.note_empty(number, scope, len(indices), "scatter")
        names = ["%s_%s" % (step["name"], i) for i in indices]
        return [Elements(names, indices, common, spread, step["parameters"])]

    def skip(self, number: int, scope: Scope, part: str, why: str) -> None:
        what = "the stage '%s%s' %s" % (scope.prefix, self.steps[number]["name"], why)
        self.rows.skipped.append(Skipped(number, (part,), what, self.point))

    def note_empty(self, number: int, scope: Scope, count: int, part: str) -> None:
        """Note a stage without nodes. Where a job's result left it so, it is an empty list for what refers to it."""
        step = self.steps[number]
        if count == 0:
            self.skip(number, scope, part, "has no node: there are no elements")
        if count == 0 and scope.prefix + step["name"] in self.known.points:
            scope[step["name"]] = []
            scope.emptied.add(step["name"])

    def pending_step(self, number: int, step: Dict[str, Any], scope: Scope, pending: Pending) -> PendingStep:
        """Note a step of one scope as waiting, with all that its nodes may need."""
        nodes: Set[int] = set(scope.after)
        waiting: Dict[str, Waiting] = {}
        inputs: Set[str] = set()
        for expression in [*step["parameters"].values(), *step["fulfilled"]]:
            self.results.involved(expression, scope, nodes, waiting)
        for query in [*step["after"], *step["dependencies"]]:
            for entry in self.results.look(query, scope):
                if isinstance(entry, Waiting) or query in step["after"]:
                    self.results.involve(entry, nodes, waiting)
        if step["jq"]:  # its programs may look at every stage that stands before it
            self.results.involve(scope, nodes, waiting)
        for key, expression in step["parameters"].items():
            try:
                inputs.update(input_paths(self.parameter(key, expression, scope).data))
            except Pending:  # what is known of it
                entries = self.results.look(expression["query"], scope) if expression.get("query") else [scope]
                inputs.update(input_paths([self.data_of(entry) for entry in entries]))
        if step["jq"]:
            inputs.update(input_paths(self.data_of(scope)))
        causes = pending.causes.union(*[entry.causes for entry in waiting.values()])
        scope[step["name"]] = Waiting(scope.prefix + step["name"], causes)
        return PendingStep(
            key=scope.prefix + step["name"],
            step=number,
            point=self.point,
            causes=frozenset(causes),
            nodes=frozenset(nodes | causes),
            waiting=frozenset(waiting),
            part=pending.part,
            inputs=tuple(sorted(inputs)),
        )

    def data_of(self, entry: Any) -> Any:
        """Return what is known of the results of a query's match."""
        if isinstance(entry, Scope):
            every = [stage for stage in entry.values() if isinstance(stage, list)]
            return [self.data_of(inner) for stage in every for inner in stage]
        return None if isinstance(entry, Waiting) else self.results.of(entry).data

    def ready(self, number: int, step: Dict[str, Any], scope: Scope) -> bool:
        """Tell whether a stage runs; the engine leaves out one whose dependencies never come true."""
        for query in step["dependencies"]:
            found = self.results.find(query, scope)
            if not (found or scope.emptied.intersection(first_names(query))) or not all(map(completed, found)):
                self.skip(number, scope, "dependencies", "never runs: nothing matches its dependency '%s'" % query)
                scope.complete = False
                return False
        for expression in step["fulfilled"]:
            data = self.results.evaluate(expression, scope).data
            if isinstance(data, (Late, Deferred)):
                raise Pending(late_nodes(data, set()), ("dependencies",))
            # the engine asks for the truth of references: a list by its length, any scalar but null and false is true
            if not (len(data) if isinstance(data, (list, dict)) else data is not None and data is not False):
                why = "never runs: its expression '%s' is not true" % expression.get("query")
                self.skip(number, scope, "dependencies", why)
                scope.complete = False
                return False
        return True

    def parameter(self, key: str, expression: Dict[str, Any], scope: Scope) -> Value:
        try:
            return self.results.evaluate(expression, scope)
        except (Problem, Pending) as problem:
            problem.part = ("parameters", key) + problem.part
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
        every = [elements.parameters(i) for i in range(len(elements.names))]
        if step["cases"] is None:
            for name, parameters in zip(elements.names, every):
                inner = Scope("%s%s/" % (scope.prefix, name), len(self.rows), self.intern(after.union(scope.after)))
                inner.directories = self.directories(scope, inner, parameters, elements.expressions)
                self.run_subworkflow(step, scope, inner, parameters)
            return
        chosen = [self.choose(step["cases"], parameters) for parameters in every]  # all, before any node is made
        without = [elements.names[i] for i, case in enumerate(chosen) if case is None]
        if without:
            names = ", ".join(without[:3] + ["…"] * (len(without) > 3))
            self.skip(number, scope, "cases", "has no node for %s: no case is true" % names)
        for i, case in enumerate(chosen):
            if case is not None:
                one = Elements([elements.names[i]], [elements.indices[i]], every[i], {}, elements.expressions)
                self.run_body(case, scope, one, after)

    def choose(self, cases: List[Dict[str, Any]], parameters: Dict[str, Value]) -> Optional[int]:
        """Return the step of the first case whose program's result is true to Python."""
        data = {key: value.data for key, value in parameters.items()}
        for k, case in enumerate(cases):
            read = only_read(case["if"], data)
            if has_late(read):
                raise Pending(late_nodes(read, set()), ("cases", str(k)))
            if self.known.jq is None:
                raise Problem("a case needs jq", part=("cases", str(k)))
            with in_part("cases", str(k)):
                found = self.known.jq(case["if"], read)
            if found and found[0]:
                return int(case["step"])
        return None

    def intern(self, nodes: Set[int]) -> Nodes:
        key = tuple(sorted(nodes))
        return self.interned.setdefault(key, key)

    # sub-workflows

    def directories(
        self, scope: Scope, inner: Scope, parameters: Dict[str, Value], expressions: Dict[str, Any]
    ) -> List[Optional[str]]:
        """Return the directories that a sub-workflow's init values come from, as the engine counts them.

        A place of the init directories each; None is the directory of a job. Source: LocalFSProvider, LocalFSState.
        """
        used: Set[int] = set()  # nodes, and ~n for values that no job makes
        for key, value in parameters.items():
            if not has_leaf(value.data):
                continue
            if key in expressions:
                used.update(self.results.read_directly(expressions[key], scope))
            else:
                collect(value.origin, value.data, used)
        found: List[Optional[str]] = []
        if used.intersection(scope.get("init", ())):
            found += scope.directories
        found += [None for _ in used.difference(scope.get("init", ()))]
        if inner.prefix[:-1] in self.known.scopes:
            found.append(self.known.scopes[inner.prefix[:-1]])
        return found

    def run_subworkflow(self, step: Dict[str, Any], scope: Scope, inner: Scope, parameters: Dict[str, Value]) -> None:
        # the engine looks relative values up when there is one directory
        place = inner.directories[0] if len(inner.directories) == 1 and step["relative"] else None
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
        if isinstance(data, Deferred):
            return Deferred(data.operation, data.options, self.init_value(data.data, None, False))
        if isinstance(data, str):
            if type(data) is str and "{workdir}" not in data:
                data = self.context.string(data, "")
            if place is not None and not data.startswith((RUN, "/")):
                found = self.known.look(place, data, discover)
                return data if found is None else found
        return number(data)  # the engine's init stages run jq

    # jobs

    def run_task(
        self,
        number: int,
        scope: Scope,
        elements: Elements,
        after: Set[int],
    ) -> None:
        rows, step = self.rows, self.steps[number]
        names, indices, common, spread, _ = elements
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
            node, workdir = len(rows), "%s/%s%s" % (RUN, scope.prefix, name)
            parameters, uses = self.parameters_of(i, shared, own, spread, used, workdir)
            result, globs = publish(task["publisher"], parameters, node, workdir, self.known.jq)
            if not task["runs"]:
                result = put(result, node, found_by_nobody(globs, self.known.jq)) if globs else result
                self.results.add_value(scope, step["name"], Value(result, tuple(sorted(uses)) or None))
                continue
            if foreign(result, workdir, node) or published_by_job(globs):
                self.results.origins[node] = tuple(sorted(uses | {node}))
            found = self.known.published(scope.prefix + name) if globs else None
            rows.results.append(result if found is None else put(result, node, found))
            if i == 0:
                for column in spread.values():
                    if is_expected(column[0].data):
                        rows.expected[node] = column[0].data
            rows.point.append(self.point)
            rows.slots.append(tuple([s(parameters) if callable(s) else s for s in slots]))
            rows.step.append(number)
            rows.index.append(indices[i])
            rows.ids.append(scope.prefix + name)
            rows.inputs.append(input_paths(parameters) if min(uses, default=0) < 0 else ())
            if uses is not used or i == 0:
                parents = self.intern({n for n in uses if n >= 0})
            rows.parents.append(parents)
            # what a sub-workflow waits for, its nodes wait for through the first ones among them
            waits = after if any(p >= scope.first for p in parents) else after.union(scope.after)
            rows.after.append(self.intern(waits - uses) if waits else ())
            rows.globs.append(globs)
            rows.mounts.append(self.mounts(task["mounts"], parameters))
            scope.setdefault(step["name"], []).append(node)

    def parameters_of(
        self,
        i: int,
        shared: Dict[str, Any],
        own: List[str],
        spread: Dict[str, List[Value]],
        used: Set[int],
        workdir: str,
    ) -> Tuple[Dict[str, Any], Set[int]]:
        """Return the parameters of one element, and the nodes whose results they use (`used` itself if no others)."""
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
        return parameters, uses

    def mounts(self, mounts: List[Dict[str, str]], parameters: Dict[str, Any]) -> Tuple[Tuple[str, Any], ...]:
        found = []
        for k, mount in enumerate(mounts):
            with in_part("task", "mounts", str(k)):
                found.append((mount["path"], self.mounted(mount["script"], parameters)))
        return tuple(found)

    def mounted(self, script: str, parameters: Dict[str, Any]) -> Any:
        """Return the text of a parameter mount: the results of a jq program as JSON, a line each."""
        read = only_read(script, parameters)
        if has_late(read):
            return Deferred("lines", [script], read)
        if self.known.jq is None:
            raise Problem("a parameter mount needs jq")
        return jq_lines(read, self.known.jq, script)

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
        return lambda parameters: rendered(field, parameters)


def foreign(result: Any, workdir: str, node: int) -> bool:
    """Tell whether a result holds a path, or a late value, that is not the node's own."""
    if isinstance(result, dict):
        return any(foreign(x, workdir, node) for x in result.values())
    if isinstance(result, list):
        return any(foreign(x, workdir, node) for x in result)
    if isinstance(result, str):
        return RUN in result and not result.startswith(workdir)
    return isinstance(result, Deferred) or (isinstance(result, Late) and result.node != node)


def only_read(program: str, data: Dict[str, Any]) -> Dict[str, Any]:
    """Return the parameters that a jq program reads; all of them when that cannot be told and one of them is late."""
    if not has_late(data):
        return data
    keys = keys_read(program)
    return data if keys is None else {key: value for key, value in data.items() if key in keys}


def is_expected(data: Any) -> bool:
    """Tell whether a value is an element of a list whose length --expect says."""
    return isinstance(data, Deferred) and data.operation == "element"


def first_names(query: str) -> List[str]:
    """Return the stages that a query begins with."""
    steps = jsonpath.parse(query)
    return list(steps[0][1]) if steps and steps[0][0] == "fields" else []
