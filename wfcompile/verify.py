"""Invariants of the intermediate representation, checked between any two passes."""

from __future__ import annotations

from wfcompile.ir import Workflow


def verify(workflow: Workflow, after: str) -> None:
    """Raise AssertionError when a pass has left something that cannot be: a defect of ours, never the user's fault."""
    rows = workflow.rows
    count = len(rows)
    columns = (
        rows.step,
        rows.index,
        rows.parents,
        rows.after,
        rows.inputs,
        rows.slots,
        rows.globs,
        rows.mounts,
        rows.results,
    )
    assert all(len(column) == count for column in columns), f"{after}: columns differ in length"
    assert len(set(rows.ids)) == count, f"{after}: two nodes have one id"
    steps = len(workflow.steps)
    assert all(0 <= step < steps for step in rows.step), f"{after}: a row has no step"
    for edges in (rows.parents, rows.after):
        checked: set[tuple[int, ...]] = set()
        for node, parents in enumerate(edges):
            if parents not in checked:
                assert list(parents) == sorted(set(parents)), f"{after}: parents are not sorted"
                checked.add(parents)
            assert not parents or (parents[0] >= 0 and parents[-1] < node), f"{after}: an edge leads backwards"
    assert not workflow.requests or len(workflow.requests) == steps, f"{after}: a step has no request"
