"""Chains of arrays, for schedulers whose jobs name the jobs they wait for."""

from __future__ import annotations

from dataclasses import dataclass

from wfcompile.ir import Workflow
from wfcompile.scripts import StepNodes, by_step


@dataclass(frozen=True, slots=True)
class Array:
    """Rows of one step submitted together; edges are numbers of earlier arrays."""

    step: int
    first: int  # row of its first element
    count: int
    elementwise: tuple[int, ...]  # element k needs element k of these, and nothing else of them
    whole: tuple[int, ...]  # needs all of these to have ended


def arrays(workflow: Workflow, limit: int) -> list[Array]:
    """Return the arrays of a workflow, each after those it needs, none longer than `limit` elements."""
    steps = by_step(workflow)
    row_of = [0] * len(workflow.rows)
    for item in steps:
        for row, node in enumerate(item.nodes):
            row_of[node] = row
    pieces: dict[tuple[int, int], int] = {}  # (step, piece of it) -> number of the array
    result: list[Array] = []
    for item in _in_order(workflow, steps):
        for piece, first in enumerate(range(0, len(item.nodes), limit)):
            nodes = item.nodes[first : first + limit]
            elementwise, whole = _needs(workflow, nodes, row_of, limit)
            pieces[item.step, piece] = len(result)
            result.append(
                Array(
                    item.step,
                    first,
                    len(nodes),
                    tuple(sorted(pieces[key] for key in elementwise)),
                    tuple(sorted(pieces[key] for key in whole)),
                )
            )
    return result


def _in_order(workflow: Workflow, steps: list[StepNodes]) -> list[StepNodes]:
    """Order steps so that each comes after the steps that it needs (steps cannot need each other both ways)."""
    by_first = sorted(steps, key=lambda item: item.nodes[0])
    rows = workflow.rows
    needs: dict[int, set[int]] = {item.step: set() for item in steps}
    for edges in (rows.parents, rows.after):
        seen: set[tuple[int, tuple[int, ...]]] = set()
        for node, parents in enumerate(edges):
            if parents and (rows.step[node], parents) not in seen:
                seen.add((rows.step[node], parents))
                needs[rows.step[node]].update(rows.step[parent] for parent in parents)
    ordered: list[StepNodes] = []
    placed: set[int] = set()
    while len(ordered) < len(by_first):
        ready = next(item for item in by_first if item.step not in placed and needs[item.step] <= placed)
        ordered.append(ready)
        placed.add(ready.step)
    return ordered


Key = tuple[int, int]


def _needs(workflow: Workflow, nodes: list[int], row_of: list[int], limit: int) -> tuple[set[Key], set[Key]]:
    """Return what an array needs element by element, and what it needs as a whole, as (step, piece) keys.

    Element-wise is what one-to-one data flow gives: row k needs row k of the other step and nothing else of it.
    """
    rows = workflow.rows
    whole: set[Key] = set()
    matched: dict[Key, int] = {}
    seen: set[tuple[int, ...]] = set()
    for node in nodes:
        for parents, may_match in ((rows.parents[node], True), (rows.after[node], False)):
            if len(parents) > 8 and parents in seen:
                continue
            seen.add(parents)
            for parent in parents:
                key = (rows.step[parent], row_of[parent] // limit)
                if may_match and row_of[parent] == row_of[node] and len(nodes) > 1:
                    matched[key] = matched.get(key, 0) + 1
                else:
                    whole.add(key)
    for key, count in matched.items():
        if count != len(nodes):  # some elements need none of it: they would wait for nothing in particular
            whole.add(key)
    return set(matched) - whole, whole
