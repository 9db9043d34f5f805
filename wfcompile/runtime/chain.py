"""Chains of arrays, for schedulers whose jobs name the jobs they wait for."""

from typing import Dict, List, NamedTuple, Set, Tuple

from .parts import Part, StepNodes


class Array(NamedTuple):
    """Rows of one step submitted together; edges are numbers of earlier arrays."""

    step: int
    first: int  # row of its first element
    nodes: List[int]
    elementwise: Tuple[int, ...]  # element k needs element k of these, and nothing else of them
    whole: Tuple[int, ...]  # needs all of these to have ended


def arrays(part: Part) -> List[Array]:
    """Return the arrays of a part, each after those it needs, none longer than the limit."""
    row_of = {node: row for item in part.steps for row, node in enumerate(item.nodes)}
    limit = part.array_limit
    pieces: Dict[Tuple[int, int], int] = {}  # (step, piece of it) -> number of the array
    result: List[Array] = []
    for item in _in_order(part):
        for piece, first in enumerate(range(0, len(item.nodes), limit)):
            nodes = item.nodes[first : first + limit]
            elementwise, whole = _needs(part, nodes, row_of)
            pieces[item.step, piece] = len(result)
            corresponding = tuple(sorted([pieces[key] for key in elementwise]))
            result.append(Array(item.step, first, nodes, corresponding, tuple(sorted([pieces[key] for key in whole]))))
    return result


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


Key = Tuple[int, int]


def _needs(part: Part, nodes: List[int], row_of: Dict[int, int]) -> Tuple[Set[Key], Set[Key]]:
    """Return what an array needs element by element, and what it needs as a whole, as (step, piece) keys.

    Element-wise is what one-to-one data flow gives: row k needs row k of the other step and nothing else of it. Nodes
    of a bounded expansion may turn out to have other parents: they wait for all.
    """
    rows, limit = part.rows, part.array_limit
    whole: Set[Key] = set()
    matched: Dict[Key, int] = {}
    seen: Set[Tuple[int, ...]] = set()
    for node in nodes:
        for parents, may_match in ((rows.parents[node], rows.point[node] == part.point), (rows.after[node], False)):
            if len(parents) > 8 and parents in seen:
                continue
            seen.add(parents)
            for parent in parents:
                if parent not in row_of:  # it has ended before the part was submitted
                    continue
                key = (rows.step[parent], row_of[parent] // limit)
                if may_match and row_of[parent] == row_of[node] and len(nodes) > 1:
                    matched[key] = matched.get(key, 0) + 1
                else:
                    whole.add(key)
    for key, count in matched.items():
        if count != len(nodes):  # some elements need none of it: they would wait for nothing in particular
            whole.add(key)
    return set(matched) - whole, whole
