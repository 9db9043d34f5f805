"""References: queries over the nodes of a scope, and the outputs that they pick.

Semantics: yadage's expression handlers. A scope's tree is {stage: [node or sub-scope, …]}; a node is its number,
a value that no job makes is ~n.
"""

from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple

from . import jsonpath
from .values import Deferred, Late, Origin, Pending, Problem, Value, Waiting, has_late, origin_at, united

Nodes = Tuple[int, ...]


class PendingStep(NamedTuple):
    """A step of one scope whose nodes are known only when jobs have ended."""

    key: str  # the scope's prefix and the stage's name
    step: int
    point: str  # the expansion point that made the scope known, as in Rows.point
    causes: FrozenSet[int]  # nodes whose results say which nodes there are
    nodes: FrozenSet[int]  # all known nodes that the step's nodes will need
    waiting: FrozenSet[str]  # keys of pending steps that they will need
    part: Tuple[str, ...]  # the part of the template that cannot be known
    inputs: Tuple[str, ...]  # paths below the init directory that its nodes may name


class Skipped(NamedTuple):
    """A stage of one scope that has no node, or fewer than elements; the engine says nothing about it."""

    step: int
    part: Tuple[str, ...]  # the part of the template that says so
    what: str
    point: str  # the expansion that found it, as in Rows.point


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
        self.globs: List[Tuple[Tuple[str, str, str], ...]] = []
        self.mounts: List[Tuple[Tuple[str, str], ...]] = []  # path in the container, text
        self.results: List[Any] = []
        self.expected: Dict[int, Deferred] = {}  # a value whose evaluation checks that --expect holds
        self.point: List[str] = []  # the expansion point that made it known; empty: known from the start
        self.calls: Dict[int, Any] = {}  # of CWL: node -> cwl.call.Call
        self.asks: Dict[int, Dict[str, int]] = {}  # of CWL: node -> what it asks for other than its step
        self.late_asks: Dict[int, Set[str]] = {}  # of CWL: step -> what expressions ask for when jobs have ended
        self.outputs: Dict[str, Any] = {}  # of CWL: what the workflow gives
        self.read: Set[str] = set()  # of CWL: the inputs that the expansion itself has looked at
        self.skipped: List[Skipped] = []
        self.pending: List[PendingStep] = []  # steps whose nodes are not known yet

    def __len__(self) -> int:
        return len(self.ids)

    def note_request(self, node: int, step: int, asks: Dict[str, int], late: List[str]) -> None:
        """Note what a node asks for by expressions, and what of it nobody knows yet."""
        if asks:
            self.asks[node] = asks
        if late:
            self.late_asks.setdefault(step, set()).update(late)


class Scope(Dict[str, Any]):
    """One instance of a workflow: stage name to its nodes and sub-scopes, or Waiting."""

    def __init__(self, prefix: str, first: int, after: Nodes) -> None:
        super().__init__()
        self.prefix = prefix
        self.first = first  # number of the first node in it
        self.after = after
        self.registered: Dict[str, Dict[str, Any]] = {}  # name -> expression
        self.directories: List[Optional[str]] = []  # that its init values come from; see expand.directories
        self.complete = True  # no stage in it was left out
        self.emptied: Set[str] = set()  # stages that a job's empty list left without nodes


class Results:
    """What has been published so far, and how references read it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.values: List[Value] = []  # results that no job makes: init data, pure publishing
        self.origins: Dict[int, Nodes] = {}  # nodes whose results hold other nodes' paths
        self._reading: Set[Tuple[int, str]] = set()
        self._queries: Dict[str, List[jsonpath.Step]] = {}

    def add_value(self, scope: Scope, stage: str, value: Value) -> None:
        """Publish a value that no job makes as if it were a node of a stage."""
        self.values.append(value)
        scope.setdefault(stage, []).append(~(len(self.values) - 1))

    def of(self, entry: int) -> Value:
        """Return what a node (or a value without one) publishes."""
        if entry < 0:
            return self.values[~entry]
        return Value(self.rows.results[entry], self.origins.get(entry, entry))

    def look(self, query: str, scope: Scope) -> List[Any]:
        """Return the nodes, sub-scopes and waiting stages that a query selects in a scope."""
        found: List[Any] = []
        for match in jsonpath.find(self._parsed(query), scope):
            if isinstance(match, list):
                found.extend(match)
            elif isinstance(match, (int, Scope, Waiting)):
                found.append(match)
        return found

    def find(self, query: str, scope: Scope) -> List[Any]:
        """Return the nodes and sub-scopes that a query selects; raises Pending when they are not known yet."""
        found = self.look(query, scope)
        causes = [entry.causes for entry in found if isinstance(entry, Waiting)]
        if causes:
            raise Pending(set().union(*causes))
        return found

    def involved(self, expression: Dict[str, Any], scope: Scope, nodes: Set[int], waiting: Dict[str, Waiting]) -> None:
        """Add what is known of the nodes and waiting stages that an expression reads."""
        if "value" in expression:
            return
        if "registered" in expression:
            scopes = self.look(expression["query"], scope) if expression["query"] else [scope]
            for entry in scopes:
                if isinstance(entry, Waiting):
                    waiting[entry.key] = entry
                elif isinstance(entry, Scope) and (id(entry), expression["registered"]) not in self._reading:
                    self._involved_registered(expression["registered"], entry, nodes, waiting)
            return
        for entry in self.look(expression["query"], scope):
            if isinstance(entry, Scope):
                self._involved_registered(expression["output"] or "", entry, nodes, waiting)
            self.involve(entry, nodes, waiting)

    def _involved_registered(self, key: str, scope: Scope, nodes: Set[int], waiting: Dict[str, Waiting]) -> None:
        if key in scope.registered:
            self._reading.add((id(scope), key))
            self.involved(scope.registered[key], scope, nodes, waiting)
            self._reading.discard((id(scope), key))

    def read_directly(self, expression: Dict[str, Any], scope: Scope) -> Set[int]:
        """Return the nodes, and ~n for values that no job makes, whose results an expression reads itself."""
        if "value" in expression:
            return set()
        if "registered" in expression:
            inner = self._scope(expression["query"], scope)
            return self.read_directly(inner.registered[expression["registered"]], inner)
        found: Set[int] = set()
        for entry in self.find(expression["query"], scope):
            if not isinstance(entry, Scope):
                found.add(entry)
            elif expression["output"] in entry.registered:
                found |= self.read_directly(entry.registered[expression["output"]], entry)
        return found

    def involve(self, entry: Any, nodes: Set[int], waiting: Dict[str, Waiting]) -> None:
        """Add a query's match: a node with those whose values it hands on, all of a sub-scope, a waiting stage."""
        if isinstance(entry, Waiting):
            waiting[entry.key] = entry
        elif isinstance(entry, Scope):
            for stage in entry.values():
                for inner in stage if isinstance(stage, list) else [stage]:
                    self.involve(inner, nodes, waiting)
        elif entry >= 0:
            nodes.update(n for n in self.origins.get(entry, (entry,)) if n >= 0)
        else:
            value = self.values[~entry]
            nodes.update(n for n in united(value.origin, value.data) or () if n >= 0)

    def evaluate(self, expression: Dict[str, Any], scope: Scope) -> Value:
        """Return the value of an expression; raises Problem with the part of the expression at fault."""
        if "value" in expression:
            return Value(expression["value"])
        if expression["unknown"]:
            what, advice = expression["unknown"]
            raise Problem(what, advice, part=("query",))
        if "registered" in expression:
            return self._registered(expression["registered"], self._scope(expression["query"], scope))
        query, output = expression["query"], expression["output"]
        found = self.find(query, scope)
        if expression["single"]:
            if len(found) != 1:
                what = "'step: %s' must select one node; it selects %d" % (query, len(found))
                raise Problem(what, "use 'stages:'", part=("query",))
            return self._select(found[0], query, output)
        return combine([self._select(entry, query, output) for entry in found], expression)

    def _select(self, entry: Any, query: str, output: Optional[str]) -> Value:
        if not isinstance(entry, Scope):
            return self._output(entry, output)
        if output is None:
            raise Problem(
                "'%s' selects a sub-workflow, which publishes nothing itself" % query,
                "name a stage inside it, for example '%s[*].STAGE', or a registered value" % query.split("[")[0],
                part=("query",),
            )
        return self._registered(output, entry)

    def _scope(self, query: Optional[str], scope: Scope) -> Scope:
        found = self.find(query, scope) if query else [scope]
        if len(found) != 1 or not isinstance(found[0], Scope):
            raise Problem("'scope: %s' must select one sub-workflow" % query, part=("query",))
        return found[0]

    def _registered(self, key: str, scope: Scope) -> Value:
        if (id(scope), key) in self._reading:
            raise Problem("the registered value '%s' refers to itself" % key, part=("output",))
        if key not in scope.registered:
            known = ", ".join(sorted(scope.registered)) or "none"
            raise Problem("no value '%s' is registered there" % key, "registered: %s" % known, part=("output",))
        self._reading.add((id(scope), key))
        try:
            return self.evaluate(scope.registered[key], scope)
        finally:
            self._reading.discard((id(scope), key))

    def _output(self, entry: int, output: Optional[str]) -> Value:
        data, origin = self.of(entry)
        if output is None:
            return Value(data, origin)
        if isinstance(data, dict) and output in data:
            return Value(data[output], origin_at(origin, output))
        steps = self._parsed(output)
        if isinstance(data, Late) and output.isidentifier():
            return Value(Late(data.node, "%s/%s" % (data.pointer, output)), origin)
        if has_late(data):
            first = steps[0][1] if steps and steps[0][0] == "fields" else []
            if not isinstance(data, dict) or len(first) != 1 or has_late(data.get(first[0])):
                return Value(Deferred("output", [output], data), united(origin, data))
        matches = jsonpath.find_with(steps, data, origin, origin_at)
        if len(matches) != 1:
            name = "the input data" if entry < 0 else "'%s'" % self.rows.ids[entry]
            known = ", ".join(sorted(data)) if isinstance(data, dict) else ""
            raise Problem(
                "%s publishes no output '%s'" % (name, output) if not matches else "output '%s' is ambiguous" % output,
                "published: %s" % known if known else "",
                part=("output",),
            )
        return Value(*matches[0])

    def _parsed(self, query: str) -> List[jsonpath.Step]:
        if query not in self._queries:
            try:
                self._queries[query] = jsonpath.parse(query)
            except ValueError as error:
                advice = "write it with names, '*', '[n]', '[a:b]', '.', '..' and ','"
                raise Problem(str(error), advice, part=("output",))
        return self._queries[query]


def combine(outputs: List[Value], expression: Dict[str, Any]) -> Value:
    """Return the outputs of several nodes as one list, flattened or unwrapped as asked."""
    data: List[Any] = []
    origin: List[Origin] = []
    flatten, unwrap = expression["flatten"], expression["unwrap"]
    if flatten and any(isinstance(one.data, (Late, Deferred)) for one in outputs):
        parts = [one.data for one in outputs]
        return Value(Deferred("combine", [flatten, unwrap], parts), united([one.origin for one in outputs], parts))
    for one in outputs:
        if flatten and isinstance(one.data, list):
            data.extend(one.data)
            origin.extend([origin_at(one.origin, i) for i in range(len(one.data))])
        else:
            data.append(one.data)
            origin.append(one.origin)
    if unwrap and len(data) == 1:
        return Value(data[0], origin[0])
    return Value(data, origin if any(o is not None for o in origin) else None)


def completed(entry: Any) -> bool:
    """Tell whether every stage of a sub-scope runs; whatever waits for one with a stage left out waits for ever."""
    if not isinstance(entry, Scope):
        return True
    known = [stage for stage in entry.values() if not isinstance(stage, Waiting)]
    return entry.complete and all(completed(inner) for stage in known for inner in stage)


def jobs_in(entry: Any) -> Set[int]:
    """Return the jobs of a query's match: itself, or all below a sub-scope; raises Pending when not all are known."""
    if isinstance(entry, Scope):
        return {job for entries in entry.values() for inner in entries_of(entries) for job in jobs_in(inner)}
    return {entry} if entry >= 0 else set()


def entries_of(stage: Any) -> List[Any]:
    """Return the nodes and sub-scopes of a stage; raises Pending when they are not known yet."""
    if isinstance(stage, Waiting):
        raise Pending(stage.causes)
    return list(stage)
