"""References: queries over the nodes of a scope, and the outputs that they pick.

Semantics: yadage's expression handlers. A scope's tree is {stage: [node or sub-scope, …]}; a node is its number,
a value that no job makes is ~n.
"""

from typing import Any, Dict, List, Optional, Set, Tuple

from . import jsonpath
from .values import Late, Origin, Problem, Value, has_late, origin_at

Nodes = Tuple[int, ...]


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
        self.skipped: List[Tuple[int, str, str]] = []  # step, scope, the query that matches nothing

    def __len__(self) -> int:
        return len(self.ids)


class Scope(Dict[str, List[Any]]):
    """One instance of a workflow: stage name to its nodes and sub-scopes."""

    def __init__(self, prefix: str, first: int, after: Nodes) -> None:
        super().__init__()
        self.prefix = prefix
        self.first = first  # number of the first node in it
        self.after = after
        self.registered: Dict[str, Dict[str, Any]] = {}  # name -> expression


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

    def find(self, query: str, scope: Scope) -> List[Any]:
        """Return the nodes and sub-scopes that a query selects in a scope."""
        found: List[Any] = []
        for match in jsonpath.find(self._parsed(query), scope):
            if isinstance(match, list):
                found.extend(match)
            elif isinstance(match, (int, Scope)):
                found.append(match)
        return found

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
        if has_late(data):
            what = "'%s' is part of what a job publishes, known only when it has ended" % output
            raise Problem(what, part=("output",))
        matches = jsonpath.find_with(self._parsed(output), data, origin, origin_at)
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
    for one in outputs:
        if expression["flatten"] and isinstance(one.data, Late):
            if len(outputs) > 1 or expression["unwrap"]:
                what = "'flatten' of a list that a job publishes is known only when the job has ended"
                raise Problem(what, "leave it out if one list is enough")
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
