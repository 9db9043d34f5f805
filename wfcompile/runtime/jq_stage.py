"""yadage's jq-stage: jq programs make the parameter sets from bindings to other nodes' results.

Source: `jq_stage` and `process_jsonlike` in yadage. The step script sees pointers in place of results, the post
script sees the results.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple

from .pointers import at_pointer
from .publish import escape
from .references import Results, Scope, entries_of
from .values import (
    Origin,
    Pending,
    Problem,
    Value,
    has_late,
    has_leaf,
    in_order,
    in_part,
    late_nodes,
    origin_at,
    united,
)

JqAll = Callable[[str, Any], List[Any]]  # all results of a program


def parameter_sets(spec: Dict[str, Any], scope: Scope, results: Results, jq: Optional[JqAll]) -> List[Dict[str, Value]]:
    """Return the parameters of each node of a jq-stage; raises Problem, and Pending when it reads what jobs publish."""
    if jq is None:
        raise Problem("a jq-stage cannot be expanded here")
    with in_part("bindings"):
        bindings = _bind(spec["bindings"], scope, results, jq)
    with in_part("stepscript"):
        sets = next(iter(jq(spec["stepscript"], bindings)), None)
    if not isinstance(sets, list):
        raise Problem("the stepscript must make a list of parameter sets", part=("stepscript",))
    found = []
    for one in sets:
        data, origin = _resolve(one, results)
        if spec["postscript"].strip() != ".":
            with in_part("postscript"):
                data, origin = _post(spec["postscript"], data, origin, jq)
        if not isinstance(data, dict):
            raise Problem("a jq-stage must make mappings of parameters", part=("stepscript",))
        found.append({key: Value(value, origin_at(origin, key)) for key, value in data.items()})
    return found


def _bind(data: Any, scope: Scope, results: Results, jq: JqAll) -> Any:
    """Replace each {"$wflowref": [node selector, result program]} by pointers to what it selects."""
    if isinstance(data, dict):
        if "$wflowref" in data:
            pair = data["$wflowref"]
            if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(p, str) for p in pair):
                raise Problem("a $wflowref is [jq program that selects nodes, jq program on their results]")
            selector, program = pair
            return _results(jq(selector, _tree(scope)), program, results, jq)
        return {key: _bind(value, scope, results, jq) for key, value in data.items()}
    if isinstance(data, list):
        return [_bind(value, scope, results, jq) for value in data]
    return data


def _tree(scope: Scope) -> Dict[str, Any]:
    """Return a scope as its programs see it; any of them may look at any stage, so all must be known."""
    return {
        stage: [_tree(entry) if isinstance(entry, Scope) else {"_nodeid": entry} for entry in entries_of(entries)]
        for stage, entries in scope.items()
    }


def _results(data: Any, program: str, results: Results, jq: JqAll) -> Any:
    if isinstance(data, dict):
        if "_nodeid" in data:
            published = results.of(data["_nodeid"]).data
            if has_late(published):  # the program sees how the result is built
                raise Pending(late_nodes(published, set()), ("bindings",))
            return jq(program, _pointers(published, data["_nodeid"], ""))
        return {key: _results(value, program, results, jq) for key, value in data.items()}
    if isinstance(data, list):
        return [_results(value, program, results, jq) for value in data]
    return data


def _pointers(data: Any, entry: int, pointer: str) -> Any:
    """Return a result with a pointer in place of each scalar but null and false."""
    if isinstance(data, dict):
        return {key: _pointers(value, entry, "%s/%s" % (pointer, escape(key))) for key, value in data.items()}
    if isinstance(data, list):
        return [_pointers(value, entry, "%s/%d" % (pointer, i)) for i, value in enumerate(data)]
    if not has_leaf(data):
        return data
    return {"$wflowpointer": {"step": entry, "result": pointer}}


def _resolve(data: Any, results: Results) -> Tuple[Any, Origin]:
    """Return data with its pointers followed, and the origin of every part."""
    if isinstance(data, dict):
        if "$wflowpointer" in data:
            entry, pointer = data["$wflowpointer"]["step"], data["$wflowpointer"]["result"]
            value = results.of(entry)
            origin = value.origin
            for part in pointer.split("/")[1:]:
                key = part.replace("~1", "/").replace("~0", "~")
                origin = origin_at(origin, int(key) if isinstance(origin, list) else key)
            return at_pointer(value.data, pointer), origin
        pairs = {key: _resolve(data[key], results) for key in sorted(data)}
        return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
    if isinstance(data, list):
        items = [_resolve(value, results) for value in data]
        return [item[0] for item in items], [item[1] for item in items]
    return data, None


def _post(program: str, data: Any, origin: Origin, jq: JqAll) -> Tuple[Any, Origin]:
    return in_order(next(iter(jq(program, data)), None)), united(origin, data)
