"""Scatter: the elements of a step, and its results put together again.

Source: CWL v1.2 Workflow, "Scatter/gather".
"""

import itertools
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from ..values import MOST_NODES, Deferred
from .links import is_late
from .place import CwlProblem


class Element(NamedTuple):
    """One element of a scatter: its place in each list (one number in a dot product), and its inputs."""

    indices: Tuple[int, ...]
    inputs: Dict[str, Any]


def lengths(parameters: Sequence[str], inputs: Dict[str, Any]) -> List[int]:
    """Return the lengths of the scattered lists; raises CwlProblem."""
    for name in parameters:
        if not isinstance(inputs[name], list):
            raise CwlProblem("the scatter over '%s' needs a list" % name, "it is %.60r" % (inputs[name],))
    return [len(inputs[name]) for name in parameters]


def elements(parameters: Sequence[str], method: str, inputs: Dict[str, Any]) -> Iterator[Element]:
    """Yield the elements of a step; raises CwlProblem."""
    sizes = lengths(parameters, inputs)
    if method == "dotproduct":
        if len(set(sizes)) > 1:
            lists = ", ".join(["%s has %d" % pair for pair in zip(parameters, sizes)])
            raise CwlProblem("the lists of a dotproduct scatter differ in length: %s" % lists)
        every: Iterator[Tuple[int, ...]] = ((i,) for i in range(sizes[0]))
    else:
        count = 1
        for size in sizes:
            count *= size
        if count > MOST_NODES:
            what = "the scatter makes %d nodes, more than %d" % (count, MOST_NODES)
            raise CwlProblem(what, "is it meant to be a dotproduct?", part=("scatterMethod",))
        every = itertools.product(*[range(size) for size in sizes])
    for index in every:
        own = dict(inputs)
        for k, name in enumerate(parameters):
            own[name] = inputs[name][index[k if method != "dotproduct" else 0]]
        yield Element(index, own)


def expected(parameters: Sequence[str], method: str, inputs: Dict[str, Any], count: int, path: str) -> Dict[str, Any]:
    """Return inputs whose scattered lists have `count` elements, as --expect says; the nodes check it."""
    if method != "dotproduct" and len(parameters) > 1:
        what = "--expect %s=%d: how many elements each list of a crossproduct has cannot be told from it" % (
            path,
            count,
        )
        raise CwlProblem(what, "leave it out: the run finds them")
    own = dict(inputs)
    for name in parameters:
        if is_late(inputs[name]):
            own[name] = [Deferred("cwl.element", [k, count, path], inputs[name]) for k in range(count)]
        elif not isinstance(inputs[name], list) or len(inputs[name]) != count:
            raise CwlProblem("--expect %s=%d: the list '%s' has another length" % (path, count, name))
    return own


def element(value: Any, index: int, count: int, path: str) -> Any:
    """Return one element of a list that was expected to have `count`; raises CwlProblem when it has not."""
    if not isinstance(value, list) or len(value) != count:
        found = len(value) if isinstance(value, list) else "no list"
        what = "the step '%s' was compiled with --expect %s=%d, and this run has %s" % (path, path, count, found)
        raise CwlProblem(what, "compile again with that number, or without --expect")
    return value[index]


def gathered(sizes: Sequence[int], method: str, results: List[Dict[str, Any]], names: Sequence[str]) -> Dict[str, Any]:
    """Return the outputs of a scattered step: lists, nested for a nested crossproduct."""
    depth = sizes if method == "nested_crossproduct" else sizes[:1]
    outputs = {}
    for name in names:
        flat = iter([result[name] for result in results])
        outputs[name] = _nested(depth, flat) if len(depth) > 1 else list(flat)
    return outputs


def _nested(sizes: Sequence[int], flat: Iterator[Any]) -> List[Any]:
    if len(sizes) == 1:
        return [next(flat) for _ in range(sizes[0])]
    return [_nested(sizes[1:], flat) for _ in range(sizes[0])]
