"""How far a step of a run is, in a word for its colour and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from wfcompile.draw.assumed import Count
from wfcompile.runs import BEGUN, DONE, FAILED, Progress

LISTED = 5


class State(NamedTuple):
    """How far some nodes of a run are."""

    kind: str  # done, failed, begun, waiting
    text: str
    failures: tuple[str, ...]  # the first ones: node or expansion, and reason


def state_of(far: Progress, ids: Sequence[str], broken: Sequence[str], count: Count) -> State:
    """Return how far nodes are: of `count` nodes `ids` are known, and the expansions `broken` would make more known."""
    states = Counter(far.states[node_id] for node_id in ids)
    done, failed, begun = (states[state] for state in (DONE, FAILED, BEGUN))
    number = "?" if count.number is None else str(count.number) if count.exact else f"≤{count.number}"
    text = f"{done} of {number} done" if done + failed + begun else "not started"
    text += f", {failed} failed" * bool(failed) + f", {begun} begun" * bool(begun)
    text += ", expansion failed" * bool(broken)
    kind = "begun" if done + begun else "waiting"
    if failed or broken:
        kind = "failed"
    elif count.exact and done == count.number:
        kind = "done"
    reasons = [f"{node_id}: {far.failures[node_id]}" for node_id in [*ids, *broken] if node_id in far.failures]
    more = [f"and {len(reasons) - LISTED} more"] if len(reasons) > LISTED else []
    return State(kind, text, tuple([*reasons[:LISTED], *more]))
