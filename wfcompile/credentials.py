"""Which nodes need credentials, and until when. The credentials themselves are looked at when a run is submitted."""

from __future__ import annotations

from wfcompile.ir import CREDENTIALS, Workflow
from wfcompile.scripts import expanded_steps


def kinds_needed(workflow: Workflow) -> tuple[str, ...]:
    """Name the kinds of credentials that any node needs."""
    steps = {*workflow.rows.step, *expanded_steps(workflow)}
    asked = {kind for step in steps for kind in workflow.requests[step].credentials}
    return tuple(kind for kind in CREDENTIALS if kind in asked)


def deadlines(workflow: Workflow) -> list[int]:
    """Return for each node how long after the start of the run it may end (seconds).

    It is what the requests say: the longest chain of requested times up to its end. Jobs take less as a rule, but
    waiting in the queue is not in it.
    """
    rows = workflow.rows
    ends = [0] * len(rows)
    starts: dict[tuple[int, ...], int] = {(): 0}
    for node in range(len(rows)):
        for parents in (rows.parents[node], rows.after[node]):
            if parents not in starts:
                starts[parents] = max(ends[parent] for parent in parents)
        ends[node] = max(starts[rows.parents[node]], starts[rows.after[node]]) + workflow.request_of(node).time
    return ends


def credential_lines(workflow: Workflow) -> list[str]:
    """Return lib/credentials.tsv: node, seconds after the start when it may end, kinds that it needs.

    `*` stands for nodes that an expansion may add to a step; nobody knows when they end, so they come after all others.
    """
    if not kinds_needed(workflow):
        return []
    kinds = [" ".join(request.credentials) for request in workflow.requests]
    rows = workflow.rows
    ends = deadlines(workflow)
    lines = [f"{rows.ids[node]}\t{ends[node]}\t{kinds[step]}\n" for node, step in enumerate(rows.step) if kinds[step]]
    later = [step for step in expanded_steps(workflow) if kinds[step]] if workflow.points else []
    last = max(ends, default=0)
    return lines + [f"*\t{last + workflow.requests[step].time}\t{kinds[step]}\n" for step in later]
