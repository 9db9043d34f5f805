"""Order and cycles of small graphs of names (steps, stages); per-node graphs are ordered by construction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def order(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """Return the names so that each follows what it needs, else in the given order; and a cycle, if there is one.

    With a cycle the order holds only the names that do not depend on it, and the cycle begins and ends alike.
    """
    done: list[str] = []
    placed: set[str] = set()
    waiting = list(needs)
    while waiting:
        ready = [name for name in waiting if all(n in placed for n in needs[name] if n in needs)]
        if not ready:
            return done, _cycle({name: needs[name] for name in waiting})
        first = ready[0]
        done.append(first)
        placed.add(first)
        waiting.remove(first)
    return done, []


def _cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one cycle of a graph that has one."""
    import networkx

    edges = networkx.find_cycle(networkx.DiGraph({name: list(others) for name, others in needs.items()}))
    return [first for first, _ in edges] + [edges[0][0]]
