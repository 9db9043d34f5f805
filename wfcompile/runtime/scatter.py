"""How a list of parameter sets is made from one: yadage's zip and cartesian, batches and partitions.

Source: `scatter`, `chunk` and `partition` in yadage's scheduler handlers.
"""

import itertools
from typing import Any, Dict, List, Optional, Sequence

from .values import MOST_NODES, Deferred, Late, Pending, Problem, Value, late_nodes, origin_at, united

METHODS = ("zip", "cartesian")


def groups(length: int, batchsize: Optional[int], partitionsize: Optional[int]) -> Optional[List[range]]:
    """Return the index ranges that a list is cut into, or None for element by element."""
    if batchsize:
        return [range(at, min(at + batchsize, length)) for at in range(0, length, batchsize)]
    if partitionsize:
        parts = min(partitionsize, length)
        ranges = []
        end = 0
        for k in range(parts):
            begin, end = end, end + (length + k) // parts
            ranges.append(range(begin, end))
        return ranges
    return None


def elements(value: Value, batchsize: Optional[int], partitionsize: Optional[int]) -> List[Value]:
    """Return the elements (or batches) of one scattered parameter; raises Problem when it is no list."""
    data, origin = value
    if isinstance(data, dict):  # the engine iterates over the keys
        data = list(data)
        origin = None if origin is None else [origin_at(origin, key) for key in data]
    elif isinstance(data, str):  # and over the characters of a string
        data = list(data)
    elif not isinstance(data, list):
        raise Problem("a scatter needs a list")
    cut = groups(len(data), batchsize, partitionsize)
    if cut is None:
        if isinstance(origin, list):
            return list(map(Value, data, origin))
        return [Value(x, origin) for x in data]
    if isinstance(origin, list):
        return [Value(data[r.start : r.stop], origin[r.start : r.stop]) for r in cut]
    return [Value(data[r.start : r.stop], origin) for r in cut]


def scatter(spec: Dict[str, Any], parameters: Dict[str, Value]) -> Dict[str, List[Value]]:
    """Return for each scattered parameter its values, one for each node, all of the same length.

    Raises Problem when one is no list, Pending when a job has yet to publish one.
    """
    names: Sequence[str] = spec["parameters"]
    columns = []
    late = [name for name in names if isinstance(parameters[name].data, (Late, Deferred))]
    if late:
        causes = late_nodes([parameters[name].data for name in late], set())
        raise Pending(causes, ("parameters", late[0]))
    for name in names:
        try:
            columns.append(elements(parameters[name], spec.get("batchsize"), spec.get("partitionsize")))
        except Problem as problem:
            problem.part = problem.part or ("parameters", name)
            raise
    if spec["method"] == "zip":
        shortest = min(len(column) for column in columns)
        return {name: column[:shortest] for name, column in zip(names, columns)}
    count = 1
    for column in columns:
        count *= len(column)
    if count > MOST_NODES:
        raise Problem("the scatter makes %d nodes, more than %d" % (count, MOST_NODES), "is it meant to be a zip?")
    rows = list(itertools.product(*columns))
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def expected_elements(
    spec: Dict[str, Any], parameters: Dict[str, Value], count: int, path: str
) -> Dict[str, List[Value]]:
    """Return as scatter the values of `count` nodes, some of them parts of lists that jobs have yet to publish.

    Raises Problem when a list that is known already shows the number to be wrong.
    """
    names = spec["parameters"]
    one_by_one = spec["method"] == "zip" and not spec.get("batchsize") and not spec.get("partitionsize")
    known = [n for n in names if one_by_one and not isinstance(parameters[n].data, (Late, Deferred))]
    spread = {name: elements(parameters[name], None, None) for name in known}
    shortest = min([len(column) for column in spread.values()] or [count])
    if shortest < count:
        what = "--expect %s=%d: one of its lists has %d elements" % (path, count, shortest)
        raise Problem(what, "lists are cut to the shortest", part=("scatter",))
    # a list that is not known yet may be longer than a known one, which then decides
    longer = bool(known) and shortest == count
    found = {name: column[:count] for name, column in spread.items()}
    late = [name for name in names if name not in found]
    for name in late:
        own = [name] if one_by_one and len(late) == 1 else late
        data = {key: parameters[key].data for key in own}
        origin = united([parameters[key].origin for key in own], [data[key] for key in own])
        options = [dict(spec, parameters=own), name, count, path, longer]
        found[name] = [Value(Deferred("element", [i] + options, data), origin) for i in range(count)]
    return found


def element(
    index: int, spec: Dict[str, Any], name: str, count: int, path: str, longer: bool, data: Dict[str, Any]
) -> Any:
    """Return one value of expected_elements when the lists are known; raises Problem when there are not `count`."""
    column = scatter(spec, {key: Value(value) for key, value in data.items()})[name]
    if len(column) < count or (len(column) > count and not longer):
        what = "the step '%s' was compiled with --expect %s=%d, and this run has %d" % (path, path, count, len(column))
        raise Problem(what, "compile again with that number, or without --expect")
    return column[index].data
