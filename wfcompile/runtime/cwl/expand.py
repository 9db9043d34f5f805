"""Expansion of a CWL workflow: the template and what is known of its values make rows and edges.

The template is JSON data:

    {"language": "cwl", "version", "tools": [tool, …],
     "scopes": [{"steps": [step number, …] in an order in which each follows what it needs, "inputs": [name, …],
                 "outputs": {name: port}}, …],
     "steps": [{"name", "path", "tool": tool number | null, "workflow": scope number | null,
                "scatter": null | {"parameters": [name, …], "method"}, "in": {name: port}, "out": [name, …],
                "when"?: expression, "requirements", "version",
                "request": {"cpus", "memory", …}, "fixed": [what of its request its tool does not change, …]}, …]}

A port is {"source": [["input", name] | ["step", name, output], …], "linkMerge", "pickValue", "default"?, "valueFrom"?,
"loadContents"?}; scope 0 is the workflow. A node's parents are read off its inputs: a file's place begins with the id
of the node that made it, and late values name theirs.
Semantics: CWL v1.2, as in cwltool; inputs get loadContents, then valueFrom, then `when` is asked, for each element.
"""

from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from ..input_paths import input_paths
from ..pointers import at_pointer
from ..references import PendingStep, Rows
from ..values import RUN, Deferred, Late, Pending, Problem, Waiting, has_late, in_part, late_nodes
from .call import Call, asked_by, place_before, tool_inputs
from .command import Prepared, prepare
from .derived import is_file
from .javascript import Javascript
from .late import OPERATIONS, World, looks_at_files, resolved
from .links import check_output, is_known, is_late, linked
from .place import CwlProblem, Place, Unknown, own_location
from .predict import check_globs, predict
from .scatter import Element, elements, expected, gathered, lengths
from .staging import inner, mapped
from .types import mismatch

Values = Dict[str, Any]
Guards = Tuple[Any, ...]  # late values of `when`, all of which must be true


def expand(template: Dict[str, Any], known: Any) -> Rows:
    """Make the rows and edges of a workflow; raises Problem with the step and the part of it at fault."""
    with Javascript() as javascript:
        expansion = _Expansion(template, known, javascript)
        inputs = expansion.scope_inputs(0, known.init or {})
        expansion.rows.outputs = expansion.run_scope(0, "", inputs, ())
    return expansion.rows


class Scope(NamedTuple):
    """One instance of a workflow: its inputs, its steps' outputs so far, and what it depends on to run at all."""

    prefix: str
    inputs: Values
    outputs: Dict[str, Values]
    guards: Guards


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
    def __init__(self, template: Dict[str, Any], known: Any, javascript: Javascript) -> None:
        self.template = template
        self.steps = template["steps"]
        self.known = known
        self.javascript = javascript
        self.rows = Rows()
        self.numbers: Dict[str, int] = {}  # node id -> number
        self.point = ""  # the expansion point of the step in hand
        self.updated: Dict[str, str] = {}  # location -> that of its copy which a tool has updated "in place"

    # workflows

    def run_scope(self, number: int, prefix: str, inputs: Values, guards: Guards) -> Values:
        scope = Scope(prefix, inputs, {}, guards)
        about = self.template["scopes"][number]
        for step in about["steps"]:
            try:
                self.run_step(step, scope)
            except Problem as problem:
                if problem.step < 0:
                    problem.step = step
                raise
        outputs = {}
        for name, port in about["outputs"].items():
            with in_part("outputs", name):
                outputs[name] = self.output(name, port, scope)
        return outputs

    def scope_inputs(self, number: int, values: Values) -> Values:
        """Return the inputs of a workflow, defaults in the place of null."""
        about = self.template["scopes"][number]
        ports = {name: dict(about["input_extra"][name], source=[["input", name]]) for name in about["inputs"]}
        found = {}
        for name, port in ports.items():
            with in_part("inputs", name):
                value = linked(name, port, lambda source: values.get(source[1]))
                found[name] = self.with_contents(value) if port.get("loadContents") else value
        return found

    def output(self, name: str, port: Dict[str, Any], scope: Scope) -> Any:
        """Return an output of a workflow, Blocked when one of its sources is."""
        blocked = self.blocked(port, scope)
        if blocked:
            return Blocked(blocked)
        value = self.link(name, port, scope)
        if not scope.prefix and not has_late(value):
            check_output(port, value)
        return value

    def link(self, name: str, port: Dict[str, Any], scope: Scope) -> Any:
        """Return the value of a port in a scope."""
        value = partial(linked, name, port, lambda source: self.current(fetch(source, scope)), self.is_given)
        return unless_skipped(scope.guards, value)

    def is_given(self, value: Any) -> bool:
        """Tell whether a value is known not to be null."""
        if not isinstance(value, Late) or value.node not in self.rows.calls:
            return is_known(value)
        call = self.rows.calls[value.node]
        types = {"/" + port["name"]: port["type"] for port in self.template["tools"][call.tool]["outputs"]}
        return not call.guards and value.pointer in types and mismatch(types[value.pointer], None) is not None

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
            with in_part("in", name):
                inputs[name] = self.link(name, port, scope)
        key = scope.prefix + step["name"]
        if not step["scatter"]:
            return self.run_element(number, step, scope, Element((), inputs), key)
        parameters, method = step["scatter"]["parameters"], step["scatter"]["method"]
        inputs.update({name: self.settled(self.now(inputs[name])) for name in parameters})
        late = [name for name in parameters if is_late(inputs[name])]
        if late:
            if step["path"] not in self.known.expected:
                raise Pending(self.makers([inputs[name] for name in late]), ("in", late[0]))
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
        inputs = self.evaluated_inputs(step, one.inputs, scope.guards)
        guards = scope.guards
        if "when" in step:
            wanted = self.value_of(step["when"], inputs, None, step, ("when",), guards)
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
            outputs = self.expression_tool(step, tool, inputs, guards)
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
                inputs=input_paths([values, list(self.written(number))]),
            )
        )
        return Waiting(key, causes)

    def written(self, number: int) -> Iterator[Any]:
        """Yield what the template says of a step and all within it: defaults name files, too."""
        step = self.steps[number]
        yield step["in"]
        if step["workflow"] is None:
            yield self.template["tools"][step["tool"]]
            return
        scope = self.template["scopes"][step["workflow"]]
        yield scope
        for each in scope["steps"]:
            yield from self.written(each)

    # values

    def evaluated_inputs(self, step: Dict[str, Any], inputs: Values, guards: Guards) -> Values:
        """Return a step's inputs after loadContents and valueFrom, which all see the others as they were before."""
        before = dict(inputs)
        for name, port in step["in"].items():
            if port.get("loadContents"):
                before[name] = self.with_contents(inputs[name])
        after = dict(before)
        for name, port in step["in"].items():
            if "valueFrom" in port:
                after[name] = self.value_of(port["valueFrom"], before, before[name], step, ("in", name), guards)
        return after

    def current(self, value: Any) -> Any:
        """Return a value whose Files and Directories are as the last tool left them that updated them in place."""
        try:
            return mapped(value, self.renewed) if self.updated else value
        except Unknown:  # what belongs to a file is known only when a job has ended
            return value

    def renewed(self, file: Dict[str, Any]) -> Dict[str, Any]:
        """Return a File or Directory at its present location."""
        file = inner(file, self.renewed)
        location = file.get("location")
        while isinstance(location, str) and location != at_present(location, self.updated):
            location = at_present(location, self.updated)
        if location == file.get("location"):
            return file
        return {key: part for key, part in dict(file, location=location).items() if key not in ("size", "checksum")}

    def with_contents(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.with_contents(one) for one in value]
        if not is_late(value) and (not is_file(value) or "contents" in value):
            return value
        return self.now(Deferred("cwl.contents", [], value))

    def value_of(
        self,
        text: str,
        inputs: Values,
        self_: Any,
        step: Dict[str, Any],
        part: Tuple[str, ...],
        guards: Guards,
    ) -> Any:
        """Return the value of a step's expression, Deferred where it needs what only a node knows."""
        options = [text, step["requirements"], step["version"]]
        data = {"inputs": inputs, "self": self_}
        try:
            return unless_skipped(guards, partial(self.now, Deferred("cwl.eval", options, data)))
        except Problem as problem:
            problem.part = problem.part or part
            raise

    def now(self, value: Any) -> Any:
        """Return a Deferred value's result when all that it needs is known."""
        if not isinstance(value, Deferred) or value.operation == "cwl.fault":
            return value
        data = self.parts_now(value.data)
        again = Deferred(value.operation, value.options, data)
        if value.operation not in ("cwl.eval", "cwl.tool") and has_late(data):
            return again
        try:
            return OPERATIONS[value.operation](data, value.options, self.world(again))
        except Unknown:
            return again

    def settled(self, value: Any) -> Any:
        """Return a late value as a node would see it, when all jobs that have a part in it have ended."""
        if not isinstance(value, Deferred) or self.known.host is None or not self.ended(value):
            return value
        self.rows.read.update(input_paths(value.data))
        return resolved(value, self.published, World(self.javascript, self.known.host))

    def ended(self, value: Any) -> bool:
        """Tell whether all nodes whose results a value holds have ended."""
        return all([self.known.published(self.rows.ids[node]) is not None for node in self.makers(value)])

    def published(self, node: int, pointer: str) -> Any:
        """Return what a node that has ended has published."""
        return at_pointer(self.known.published(self.rows.ids[node])[""], pointer)

    def parts_now(self, data: Any) -> Any:
        """Return data in which the Deferred values next to the surface have their results where that is possible."""
        if isinstance(data, dict):
            return {key: self.parts_now(value) for key, value in data.items()}
        if isinstance(data, list) and any([isinstance(value, Deferred) for value in data]):
            return [self.now(value) for value in data]
        return self.now(data)

    def world(self, value: Deferred) -> World:
        """Return what a value's operation can use: files, when it asks for them and all who make them have ended."""
        if self.known.host is None or not looks_at_files(value.operation, value.options):
            return World(self.javascript)
        if not self.ended(value):
            return World(self.javascript)
        self.rows.read.update(input_paths(value.data))
        return World(self.javascript, self.known.host)

    def expression_tool(self, step: Dict[str, Any], tool: Dict[str, Any], inputs: Values, guards: Guards) -> Values:
        wanted = tool_inputs(tool, inputs)
        values = {name: Deferred("cwl.tool", [tool, name], wanted) for name in step["out"]}
        return {name: unless_skipped(guards, partial(self.now, value)) for name, value in values.items()}

    # jobs

    def add_node(
        self, number: int, step: Dict[str, Any], key: str, one: Element, inputs: Values, guards: Guards
    ) -> Values:
        """Add a node; returns its outputs, late where only the node can tell."""
        rows, node = self.rows, len(self.rows)
        tool = self.template["tools"][step["tool"]]
        wanted = tool_inputs(tool, inputs)
        place = place_before(tool, key)
        asked = asked_by(tool, step, wanted, place, self.javascript)
        place = place._replace(**asked.place)
        self.rows.note_request(node, number, asked.request, asked.late)
        prepared, result = (None, None) if guards else self.before(tool, wanted, place)
        command, stage, limit = (prepared.command, tuple(prepared.stage), prepared.limit) if prepared else (None, (), 0)
        if tool["requirements"].get("InplaceUpdateRequirement", {}).get("inplaceUpdate"):
            self.updated.update({one.source: own_location(place, one.target) for one in stage if one.action == "copy"})
        call = Call(step["tool"], wanted, guards, stage, command is None, result is None, limit, asked.place)
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
        brought = tool["requirements"].get("InitialWorkDirRequirement")  # may name files of its own
        rows.inputs.append(input_paths([wanted, list(guards), brought]))
        rows.parents.append(tuple(sorted(self.makers([wanted, list(guards)]))))
        rows.after.append(())
        rows.globs.append(())
        rows.mounts.append(())
        self.numbers[key] = node
        return dict(rows.results[node])

    def before(self, tool: Dict[str, Any], inputs: Values, place: Place) -> Tuple[Optional[Prepared], Any]:
        """Return a node's command with what belongs to it, and its outputs; None for what only the node can tell."""
        prepared = None
        check_globs(tool, inputs, place)
        if has_late(inputs):
            return None, None
        try:
            prepared = prepare(tool, inputs, place, self.javascript)
            if any([one.action == "link" and one.target.startswith(place.outdir + "/") for one in prepared.stage]):
                return prepared, None  # an output may be what was staged
            return prepared, predict(tool, prepared.inputs, place, self.javascript)
        except Unknown:
            return prepared, None

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


def at_present(location: str, updated: Dict[str, str]) -> str:
    """Return where the copy of what was at a location is, after one update."""
    above, below = location, ""
    while above:
        if above in updated:
            return updated[above] + below
        above = above.rpartition("/")[0]
        below = location[len(above) :]
    return location


def fetch(source: List[str], scope: Scope) -> Any:
    """Return the value of a source."""
    return scope.inputs.get(source[1]) if source[0] == "input" else scope.outputs[source[1]].get(source[2])


def every_blocked(results: List[Values], name: str) -> Blocked:
    """Return what a scattered step's output waits for."""
    return Blocked([one for result in results if isinstance(result[name], Blocked) for one in result[name].waiting])


def unless_skipped(guards: Guards, value: Callable[[], Any]) -> Any:
    """Return a value; its fault is one only when all guards turn out to be true."""
    try:
        return value()
    except CwlProblem as problem:
        if not guards:
            raise
        return Deferred("cwl.fault", [problem.what, problem.advice], None)


def guarded(guards: Guards, value: Any) -> Any:
    """Return a value that is null unless all guards are true."""
    return value if isinstance(value, Blocked) else Deferred("cwl.if", [], {"guards": list(guards), "value": value})
