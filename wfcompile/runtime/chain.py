"""Chains of arrays, for schedulers whose jobs name the jobs they wait for."""

from typing import Any, Dict, List, NamedTuple, Set, Tuple

from .parts import Part, StepNodes

SPARSE = 1001  # rows in an array of some of them: a list of any of these is no longer than Slurm takes
Asks = Tuple[Tuple[str, Any], ...]


class Array(NamedTuple):
    """Rows of one step submitted together, which ask for the same; edges are numbers of earlier arrays."""

    step: int
    first: int  # the row that element 0 stands for
    elements: List[int]
    nodes: List[int]
    asks: Asks  # other than the step's request says
    elementwise: Tuple[int, ...]  # element k needs element k of these, and nothing else of them
    whole: Tuple[int, ...]  # needs all of these to have ended


def arrays(part: Part) -> List[Array]:
    """Return the arrays of a part, each after those it needs, none longer than the limit."""
    row_of = {node: row for item in part.steps for row, node in enumerate(item.nodes)}
    limit = min(part.array_limit, SPARSE) if part.rows.asks else part.array_limit
    array_of: Dict[int, int] = {}  # node -> number of the array
    result: List[Array] = []
    for item in _in_order(part):
        for first in range(0, len(item.nodes), limit):
            for asks, nodes in _classes(part, item.nodes[first : first + limit]):
                elementwise, whole = _needs(part, nodes, row_of, array_of)
                elements = [row_of[node] - first for node in nodes]
                array_of.update({node: len(result) for node in nodes})
                result.append(
                    Array(item.step, first, elements, nodes, asks, tuple(sorted(elementwise)), tuple(sorted(whole)))
                )
    return result


def _classes(part: Part, nodes: List[int]) -> List[Tuple[Asks, List[int]]]:
    """Return the nodes that ask for the same, in the order of the first of each."""
    found: Dict[Asks, List[int]] = {}
    for node in nodes:
        found.setdefault(tuple(sorted(part.rows.asks.get(node, {}).items())), []).append(node)
    return list(found.items())


def _in_order(part: Part) -> List[StepNodes]:
    """Order steps so that each comes after the steps that it needs (steps cannot need each other both ways)."""
    by_first = sorted(part.steps, key=lambda item: item.nodes[0])
    rows = part.rows
    needs: Dict[int, Set[int]] = {item.step: set() for item in by_first}
    seen: Set[Tuple[int, Tuple[int, ...]]] = set()
    for item in by_first:
        for node in item.nodes:
            for parents in (rows.parents[node], rows.after[node]):
                if parents and (item.step, parents) not in seen:
                    seen.add((item.step, parents))
                    needs[item.step].update([rows.step[parent] for parent in parents])
        needs[item.step] = {step for step in needs[item.step] if step in needs and step != item.step}
    ordered: List[StepNodes] = []
    placed: Set[int] = set()
    while len(ordered) < len(by_first):
        ready = next(item for item in by_first if item.step not in placed and needs[item.step] <= placed)
        ordered.append(ready)
        placed.add(ready.step)
    return ordered


def _needs(part: Part, nodes: List[int], row_of: Dict[int, int], array_of: Dict[int, int]) -> Tuple[Set[int], Set[int]]:
    """Return the arrays that an array needs element by element, and those that it needs as a whole.

    Element-wise is what one-to-one data flow gives: row k needs row k of the other step and nothing else of it. Nodes
    of a bounded expansion may turn out to have other parents: they wait for all.
    """
    rows = part.rows
    whole: Set[int] = set()
    matched: Dict[int, int] = {}
    seen: Set[Tuple[int, ...]] = set()
    for node in nodes:
        for parents, may_match in ((rows.parents[node], rows.point[node] == part.point), (rows.after[node], False)):
            if len(parents) > 8 and parents in seen:
                continue
            seen.add(parents)
            for parent in parents:
                if parent not in array_of:  # it has ended before the part was submitted
                    continue
                array = array_of[parent]
                if may_match and row_of[parent] == row_of[node] and len(nodes) > 1:
                    matched[array] = matched.get(array, 0) + 1
                else:
                    whole.add(array)
    for array, count in matched.items():
        if count != len(nodes):  # some elements need none of it: they would wait for nothing in particular
            whole.add(array)
    return set(matched) - whole, whole
