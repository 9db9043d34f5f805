"""Expansion of a CWL workflow: the template and what is known of its values make rows and edges.

The template is JSON data:

    {"language": "cwl", "version", "tools": [tool, …],
     "scopes": [{"steps": [step number, …] in an order in which each follows what it needs, "inputs": [name, …],
                 "outputs": {name: port}}, …],
     "steps": [{"name", "path", "tool": tool number | null, "workflow": scope number | null,
                "scatter": null | {"parameters": [name, …], "method"}, "in": {name: port}, "out": [name, …],
                "when"?: expression, "requirements", "version"}, …]}

A port is {"source": [["input", name] | ["step", name, output], …], "linkMerge", "pickValue", "default"?, "valueFrom"?,
"loadContents"?}; scope 0 is the workflow. A node's parents are read off its inputs: a file's place begins with the id
of the node that made it, and late values name theirs.
Semantics: CWL v1.2, as in cwltool; inputs get loadContents, then valueFrom, then `when` is asked, for each element.
"""

from typing import Any, Dict, List, NamedTuple, Set, Tuple

from ..input_paths import input_paths
from ..late import at_pointer
from ..references import PendingStep, Rows
from ..values import RUN, Deferred, Late, Pending, Problem, Waiting, has_late, late_nodes
from .call import Call, place_before, tool_inputs
from .command import prepare
from .javascript import Javascript
from .late import OPERATIONS, World
from .links import is_late, linked
from .node import host_of_run
from .place import Unknown
from .predict import predict
from .scatter import Element, elements, expected, gathered, lengths

Values = Dict[str, Any]


def expand(template: Dict[str, Any], known: Any) -> Rows:
    """Make the rows and edges of a workflow; raises Problem with the step and the part of it at fault."""
    expansion = _Expansion(template, known)
    inputs = expansion.scope_inputs(0, known.init or {})
    expansion.rows.outputs = expansion.run_scope(0, "", inputs, ())
    return expansion.rows


class Scope(NamedTuple):
    """One instance of a workflow: its inputs, its steps' outputs so far, and what it depends on to run at all."""

    prefix: str
    inputs: Values
    outputs: Dict[str, Values]
    guards: Tuple[Any, ...]  # late values of `when`, all of which must be true


class Blocked:
    """An output of steps whose nodes are known only when jobs have ended."""

    __slots__ = ("waiting",)

    def __init__(self, waiting: List[Waiting]) -> None:
        self.waiting = waiting

    @property
    def causes(self) -> Set[int]:
        """Return the nodes whose results are waited for."""
        return set().union(*[one.causes for one in self.waiting])


class _Expansion:
    def __init__(self, template: Dict[str, Any], known: Any) -> None:
        self.template = template
        self.steps = template["steps"]
        self.known = known
        self.javascript = Javascript()
        self.rows = Rows()
        self.numbers: Dict[str, int] = {}  # node id -> number
        self.point = ""  # the expansion point of the step in hand
        self.host = host_of_run(*known.place) if known.place else None

    # workflows

    def run_scope(self, number: int, prefix: str, inputs: Values, guards: Tuple[Any, ...]) -> Values:
        scope = Scope(prefix, inputs, {}, guards)
        about = self.template["scopes"][number]
        for step in about["steps"]:
            try:
                self.run_step(step, scope)
            except Problem as problem:
                if problem.step < 0:
                    problem.step = step
                raise
        return {name: self.output(name, port, scope) for name, port in about["outputs"].items()}

    def scope_inputs(self, number: int, values: Values) -> Values:
        """Return the inputs of a workflow, defaults in the place of null."""
        about = self.template["scopes"][number]
        ports = {name: dict(about["input_extra"][name], source=[["input", name]]) for name in about["inputs"]}
        return {name: linked(name, port, lambda source: values.get(source[1])) for name, port in ports.items()}

    def output(self, name: str, port: Dict[str, Any], scope: Scope) -> Any:
        """Return an output of a workflow, Blocked when one of its sources is."""
        blocked = self.blocked(port, scope)
        return Blocked(blocked) if blocked else linked(name, port, lambda source: fetch(source, scope))

    def blocked(self, port: Dict[str, Any], scope: Scope) -> List[Waiting]:
        found = [fetch(source, scope) for source in port["source"]]
        return [one for value in found if isinstance(value, Blocked) for one in value.waiting]

    def run_step(self, number: int, scope: Scope) -> None:
        step = self.steps[number]
        key = scope.prefix + step["name"]
        outer, self.point = self.point, self.known.points.get(key, self.point)
        try:
            outputs = self.step_outputs(number, step, scope)
        except Pending as pending:
            waiting = self.pend(number, step, scope, pending)
            outputs = {name: Blocked([waiting]) for name in step["out"]}
        finally:
            self.point = outer
        scope.outputs[step["name"]] = outputs

    def step_outputs(self, number: int, step: Dict[str, Any], scope: Scope) -> Values:
        """Return a step's outputs; raises Pending before any node is made."""
        inputs = {}
        for name, port in step["in"].items():
            blocked = self.blocked(port, scope)
            if blocked:
                raise Pending(Blocked(blocked).causes, ("in", name))
            inputs[name] = linked(name, port, lambda source: fetch(source, scope))
        key = scope.prefix + step["name"]
        if not step["scatter"]:
            return self.run_element(number, step, scope, Element((), inputs), key)
        parameters, method = step["scatter"]["parameters"], step["scatter"]["method"]
        inputs.update({name: self.now(inputs[name]) for name in parameters})
        try:
            sizes = lengths(parameters, inputs)
        except Pending as pending:
            if step["path"] not in self.known.expected:
                late = [inputs[name] for name in parameters if is_late(inputs[name])]
                raise Pending(self.makers(late), pending.part)  # expressions may look at files of nodes foretold
            inputs = expected(parameters, method, inputs, self.known.expected[step["path"]], step["path"])
            sizes = lengths(parameters, inputs)
        results = []
        for one in list(elements(parameters, method, inputs)):
            name = "_".join([key] + [str(i) for i in one.indices])
            results.append(self.run_element(number, step, scope, one, name))
        if any([isinstance(value, Blocked) for result in results for value in result.values()]):
            return {name: every_blocked(results, name) for name in step["out"]}
        return gathered(sizes, method, results, step["out"])

    def run_element(self, number: int, step: Dict[str, Any], scope: Scope, one: Element, key: str) -> Values:
        """Return the outputs of a step for one element; all null when its `when` is false."""
        inputs = self.evaluated_inputs(step, one.inputs)
        guards = scope.guards
        if "when" in step:
            wanted = self.value_of(step["when"], inputs, None, step, ("when",))
            if is_late(wanted):
                guards = guards + (wanted,)
            elif wanted is not True:
                if wanted is not False:
                    raise Problem("'when' must be true or false; it is %.60r" % (wanted,), part=("when",))
                return {name: None for name in step["out"]}
        own = guards[len(scope.guards) :]
        if step["workflow"] is None:
            tool = self.template["tools"][step["tool"]]
            if tool["class"] == "CommandLineTool":
                return self.add_node(number, step, key, one, inputs, guards)
            outputs = self.expression_tool(step, tool, inputs)
        else:
            outputs = self.run_scope(step["workflow"], key + "/", self.scope_inputs(step["workflow"], inputs), guards)
        return {name: guarded(own, value) for name, value in outputs.items()} if own else outputs

    def pend(self, number: int, step: Dict[str, Any], scope: Scope, pending: Pending) -> Waiting:
        """Note a step of one scope as waiting, with all that its nodes may need."""
        waiting: Dict[str, Waiting] = {}
        values = []
        for port in step["in"].values():
            for source in port["source"]:
                value = fetch(source, scope)
                if isinstance(value, Blocked):
                    waiting.update({one.key: one for one in value.waiting})
                else:
                    values.append(value)
        causes = late_nodes(list(scope.guards), pending.causes.union(*[one.causes for one in waiting.values()]))
        nodes = self.makers([values, list(scope.guards)])
        key = scope.prefix + step["name"]
        self.rows.pending.append(
            PendingStep(
                key=key,
                step=number,
                point=self.point,
                causes=frozenset(causes),
                nodes=frozenset(nodes | causes),
                waiting=frozenset(waiting),
                part=pending.part,
                inputs=input_paths(values),
            )
        )
        return Waiting(key, causes)

    # values

    def evaluated_inputs(self, step: Dict[str, Any], inputs: Values) -> Values:
        """Return a step's inputs after loadContents and valueFrom, which all see the others as they were before."""
        before = dict(inputs)
        for name, port in step["in"].items():
            if port.get("loadContents"):
                before[name] = self.with_contents(inputs[name])
        after = dict(before)
        for name, port in step["in"].items():
            if "valueFrom" in port:
                after[name] = self.value_of(port["valueFrom"], before, before[name], step, ("in", name))
        return after

    def with_contents(self, value: Any) -> Any:
        if is_late(value):
            return Deferred("cwl.contents", [], value)
        if isinstance(value, list):
            return [self.with_contents(one) for one in value]
        if not isinstance(value, dict) or value.get("class") != "File" or "contents" in value:
            return value
        contents = self.known.look("", value["location"], False)
        return self.now(Deferred("cwl.contents", [], value)) if contents is None else dict(value, contents=contents)

    def value_of(self, text: str, inputs: Values, self_: Any, step: Dict[str, Any], part: Tuple[str, ...]) -> Any:
        """Return the value of a step's expression, Deferred where it needs what only a node knows."""
        options = [text, step["requirements"], step["version"]]
        data = {"inputs": inputs, "self": self_}
        try:
            return self.now(Deferred("cwl.eval", options, data))
        except Problem as problem:
            problem.part = problem.part or part
            raise

    def now(self, value: Any) -> Any:
        """Return a Deferred value's result when all that it needs is known."""
        if not isinstance(value, Deferred):
            return value
        data = {k: self.now(v) for k, v in value.data.items()} if isinstance(value.data, dict) else self.now(value.data)
        again = Deferred(value.operation, value.options, data)
        if value.operation not in ("cwl.eval", "cwl.tool") and has_late(data):
            return again
        try:
            return OPERATIONS[value.operation](data, value.options, World(self.javascript))
        except Unknown:
            return self.looked_at(again)

    def looked_at(self, value: Deferred) -> Any:
        """Return the result of an operation on files, when the run expands itself and their nodes have ended."""
        if self.host is None:
            return value
        data = self.settled(value.data)
        ended = [self.known.published(self.rows.ids[node]) is not None for node in self.makers(data)]
        if has_late(data) or not all(ended):
            return value
        return OPERATIONS[value.operation](data, value.options, World(self.javascript, self.host))

    def settled(self, data: Any) -> Any:
        """Return a copy of data whose Deferred values have their results where that is possible."""
        if isinstance(data, dict):
            return {key: self.settled(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.settled(value) for value in data]
        return self.now(data)

    def expression_tool(self, step: Dict[str, Any], tool: Dict[str, Any], inputs: Values) -> Values:
        wanted = tool_inputs(tool, inputs)
        options = [tool]
        return {name: self.now(Deferred("cwl.tool", options + [name], wanted)) for name in step["out"]}

    # jobs

    def add_node(
        self, number: int, step: Dict[str, Any], key: str, one: Element, inputs: Values, guards: Tuple[Any, ...]
    ) -> Values:
        """Add a node; returns its outputs, late where only the node can tell."""
        rows, node = self.rows, len(self.rows)
        tool = self.template["tools"][step["tool"]]
        wanted = tool_inputs(tool, inputs)
        command, stage, result = (None, (), None) if guards else self.before(tool, wanted, key)
        call = Call(step["tool"], wanted, guards, stage, late=command is None, collects=result is None)
        if result is None:
            found = self.known.published(key)
            late = {name: Late(node, "/" + name) for name in step["out"]}
            result = late if found is None else {name: at_pointer(found[""], "/" + name) for name in step["out"]}
        rows.calls[node] = call
        rows.results.append({name: result.get(name) for name in step["out"]})
        rows.point.append(self.point)
        rows.slots.append((Deferred("cwl.command", [], wanted) if command is None else command,))
        rows.step.append(number)
        rows.index.append(one.indices[0] if len(one.indices) == 1 else None)
        rows.ids.append(key)
        rows.inputs.append(input_paths([wanted, list(guards)]))
        rows.parents.append(tuple(sorted(self.makers([wanted, list(guards)]))))
        rows.after.append(())
        rows.globs.append(())
        rows.mounts.append(())
        self.numbers[key] = node
        return dict(rows.results[node])

    def before(self, tool: Dict[str, Any], inputs: Values, key: str) -> Tuple[Any, Tuple[Any, ...], Any]:
        """Return a node's command, what is staged for it and its outputs; None for what only the node can tell."""
        command, stage = None, ()  # type: Any, Tuple[Any, ...]
        if has_late(inputs):
            return None, (), None
        try:
            place = place_before(tool, inputs, key, self.javascript)
            prepared = prepare(tool, inputs, place, self.javascript)
            command, stage = prepared.command, tuple(prepared.stage)
            if any([target.startswith(place.outdir + "/") for _, target, _ in stage]):
                return command, stage, None  # an output may be what was staged
            return command, stage, predict(tool, prepared.inputs, place, self.javascript)
        except Unknown:
            return command, stage, None

    def makers(self, data: Any) -> Set[int]:
        """Return the nodes whose results data holds: late values, and files in their directories."""
        found: Set[int] = set()
        stack = [data]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                stack.extend(value.values())
            elif isinstance(value, (list, tuple)):
                stack.extend(value)
            elif isinstance(value, Late):
                found.add(value.node)
            elif isinstance(value, Deferred):
                stack.append(value.data)
            elif isinstance(value, str) and value.startswith(RUN):
                found.update(self.maker(value[len(RUN) + 1 :]))
        return found

    def maker(self, path: str) -> List[int]:
        while path and path not in self.numbers:
            path = path.rpartition("/")[0]
        return [self.numbers[path]] if path else []


def fetch(source: List[str], scope: Scope) -> Any:
    """Return the value of a source."""
    return scope.inputs.get(source[1]) if source[0] == "input" else scope.outputs[source[1]].get(source[2])


def every_blocked(results: List[Values], name: str) -> Blocked:
    """Return what a scattered step's output waits for."""
    return Blocked([one for result in results if isinstance(result[name], Blocked) for one in result[name].waiting])


def guarded(guards: Tuple[Any, ...], value: Any) -> Any:
    """Return a value that is null unless all guards are true."""
    return value if isinstance(value, Blocked) else Deferred("cwl.if", [], {"guards": list(guards), "value": value})
