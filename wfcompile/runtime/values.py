"""Values that flow between nodes, and where they came from.

Data is JSON data. A path in the run is a string that begins with the token RUN: the run's directory is known
only when a node runs. A value that a job publishes is a `Late` object in its place, one that is computed from such
values a `Deferred` object.

An origin says whose results a value uses: None (nobody's), a node number, a tuple of them (all), or a list or
dict of origins parallel to the data. Negative numbers stand for init directories.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple, Union

RUN = "⦗run⦘"
JOB = "⦗job⦘"  # the node's own directory in scratch, likewise
RESERVED = (
    "⦗",
    "⦘",
    "\0",
)  # never in a document: the tokens are unambiguous, and no command line can hold NUL
MOST_NODES = 5 * 10**6  # of one step: no scheduler takes more
ROOT_INIT = -1  # a place k of the init directories is -(k + 1)

Origin = Union[None, int, Tuple[int, ...], List[Any], Dict[str, Any]]


class Late:
    """A value known only when a node has ended: what node number `node` published at `pointer`."""

    __slots__ = ("node", "pointer")

    def __init__(self, node: int, pointer: str) -> None:
        self.node = node
        self.pointer = pointer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Late) and (self.node, self.pointer) == (other.node, other.pointer)

    def __hash__(self) -> int:
        return hash((self.node, self.pointer))


class Deferred:
    """A value computed from late ones: an operation of runtime.late, its options, and data with late values in it."""

    __slots__ = ("data", "operation", "options")

    def __init__(self, operation: str, options: List[Any], data: Any) -> None:
        self.operation = operation
        self.options = options  # JSON data of the author's; never a format string to fill in
        self.data = data

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Deferred):
            return False
        return (self.operation, self.options, self.data) == (other.operation, other.options, other.data)

    __hash__ = None  # type: ignore[assignment] # it holds lists


class Published(str):
    """Text with braces, blanks or shell characters that a job has published: data, neither format string nor code."""


class Value(NamedTuple):
    """Data with its origin."""

    data: Any
    origin: Origin = None


class Problem(Exception):
    """The workflow cannot be expanded; `step` and `part` say where its author wrote the cause."""

    code = 65  # what a process exits with that ends with it: trying again would not help

    def __init__(self, what: str, advice: str = "", step: int = -1, part: Tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.step = step
        self.part = part


class FormatError(ValueError):
    """A format string cannot be read, or names what is not there."""


class in_part:  # contextlib, with what it needs, takes longer to load than a short node's answer
    """Say of a Problem in which part of a step it was, if that is not known yet."""

    def __init__(self, *part: str) -> None:
        self.part = part

    def __enter__(self) -> None:
        """There is nothing to do before."""

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        """Tell the problem."""
        if isinstance(problem, Problem):
            problem.part = problem.part or self.part


class Waiting:
    """A stage in a scope whose nodes are known only when jobs have ended."""

    __slots__ = ("causes", "key")

    def __init__(self, key: str, causes: Set[int]) -> None:
        self.key = key  # the scope's prefix and the stage's name
        self.causes = causes


class Pending(Exception):
    """Which nodes there are depends on what the nodes `causes` publish."""

    def __init__(self, causes: Set[int], part: Tuple[str, ...] = ()) -> None:
        super().__init__("known only when jobs have ended")
        self.causes = causes
        self.part = part


def in_order(data: Any) -> Any:
    """Return JSON data with the keys of its mappings sorted, as the engine passes on what a program makes."""
    if isinstance(data, dict):
        return {key: in_order(data[key]) for key in sorted(data)}
    return [in_order(x) for x in data] if isinstance(data, list) else data


def number(data: Any) -> Any:
    """Return a number as jq's double that leaves it: whole ones are int, beyond 2^53 the nearest; else data itself."""
    if type(data) is float or (type(data) is int and not -(2**53) <= data <= 2**53):
        try:
            double = float(data)
        except OverflowError:
            return data
        return int(double) if double.is_integer() else double
    return data


def has_leaf(data: Any) -> bool:
    """Tell whether data holds any scalar but null and false: the engine makes an edge only for those."""
    if isinstance(data, list):
        return any(has_leaf(x) for x in data)
    if isinstance(data, dict):
        return any(has_leaf(x) for x in data.values())
    return data is not None and data is not False


def has_late(data: Any) -> bool:
    """Tell whether data holds a value that a job publishes."""
    if isinstance(data, list):
        return any(has_late(x) for x in data)
    if isinstance(data, dict):
        return any(has_late(x) for x in data.values())
    return isinstance(data, (Late, Deferred))


def late_nodes(data: Any, into: Set[int]) -> Set[int]:
    """Add to `into` the nodes that publish the late values in data; returns it."""
    if isinstance(data, Late):
        into.add(data.node)
    elif isinstance(data, Deferred):
        late_nodes(data.data, into)
    elif isinstance(data, (list, dict)):
        for part in data.values() if isinstance(data, dict) else data:
            late_nodes(part, into)
    return into


def has_path(data: Any) -> bool:
    """Tell whether data holds a path in the run."""
    if isinstance(data, str):
        return RUN in data
    if isinstance(data, list):
        return any(has_path(x) for x in data)
    if isinstance(data, dict):
        return any(has_path(x) for x in data.values())
    return isinstance(data, Deferred) and has_path(data.data)


def collect(origin: Origin, data: Any, into: Set[int]) -> None:
    """Add to `into` the nodes whose results the data uses."""
    if origin is None:
        return
    if isinstance(origin, int):
        if has_leaf(data):
            into.add(origin)
    elif isinstance(origin, tuple):
        if has_leaf(data):
            into.update(origin)
    elif isinstance(origin, list):
        for one, part in zip(origin, data):
            if type(one) is int and type(part) is str:  # the usual case of a gather, many thousand times
                into.add(one)
            else:
                collect(one, part, into)
    else:
        for key, one in origin.items():
            collect(one, data[key], into)


def united(origin: Origin, data: Any) -> Optional[Tuple[int, ...]]:
    """Return one origin for all of data, for a value made from it."""
    used: Set[int] = set()
    collect(origin, data, used)
    return tuple(sorted(used)) or None


def origin_at(origin: Origin, key: Any) -> Origin:
    """Return the origin of one element of a list or mapping."""
    if isinstance(origin, (list, dict)):
        return origin[key]  # type: ignore[no-any-return] # parallel to the data by construction
    return origin
