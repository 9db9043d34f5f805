"""Expansion points: where a workflow can be expanded further only when jobs have ended.

Steps that wait for the same results form one point, with all that follows from them; when the results are there the
whole point is expanded at once. A point may leave points of its own behind, which belong to it.
"""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from .expand import Known
from .languages import expand
from .references import PendingStep, Rows

Published = Callable[[str], Optional[Mapping[str, Any]]]  # node id -> late pointer -> value


class Point(NamedTuple):
    """An expansion point; nodes by their ids, since numbers differ from expansion to expansion."""

    name: str
    owner: str  # the point whose expansion showed it; empty: the workflow itself
    causes: Tuple[str, ...]  # the nodes whose results are waited for
    needs: Tuple[str, ...]  # these and all other nodes that the new ones may need
    after: Tuple[str, ...]  # points that come before it
    steps: Tuple[PendingStep, ...]  # in the order of the expansion; the first names the point


class Expansion(NamedTuple):
    """A workflow as far as it is known: its nodes, and the points that are still to be expanded."""

    rows: Rows
    points: Tuple[Point, ...]
    known: Known  # what it was expanded with: also the results of the open points, and the point of each pending step


def expanded(template: Dict[str, Any], known: Known, is_open: Callable[[str], bool], published: Published) -> Expansion:
    """Expand a workflow, then again and again with the results that its open points waited for.

    `is_open` says of a point's name whether it is to be expanded; `published` is asked for the results of its causes.
    """
    names = dict(known.points)
    causes = set()  # type: ignore[var-annotated] # of all open points

    def of_causes(node_id: str) -> Optional[Mapping[str, Any]]:
        # Nothing else is looked at: the result must not depend on what else has ended meanwhile.
        return published(node_id) if node_id in causes else None

    used: Dict[str, int] = {}
    while True:
        known = known._replace(published=of_causes, points=dict(names))
        rows = expand(template, known)
        points = _points(rows, names, is_open, used)
        opened = [point for point in points if is_open(point.name) and not causes.issuperset(point.causes)]
        if not opened:
            return Expansion(rows, tuple(points), known._replace(points=names))
        for point in opened:
            causes.update(point.causes)


def _points(rows: Rows, names: Dict[str, str], is_open: Callable[[str], bool], used: Dict[str, int]) -> List[Point]:
    """Group the pending steps to points; `names` keeps for each step the point that it belongs to."""
    groups: Dict[str, List[PendingStep]] = {}
    same: Dict[Tuple[str, Any], str] = {}
    for step in rows.pending:
        # A step that waits for nodes of its own point, which was expanded, begins a new point within it. One that
        # waits for nodes of others comes after their points: it is expanded as soon as these nodes' results are read.
        name = names.get(step.key)
        if name is None or (is_open(name) and any([rows.point[node] == name for node in step.causes])):
            group = step.point, step.causes
            if group not in same:
                same[group] = _name(step.key, used)
            names[step.key] = same[group]
        groups.setdefault(names[step.key], []).append(step)
    return [_point(rows, name, steps, names) for name, steps in groups.items()]


def first_name(key: str) -> str:
    """Return the name of a point that begins with a step, the first of those that begin with it."""
    scope, _, stage = key.rpartition("/")
    return "%s%sexpand.%s" % (scope, "/" if scope else "", stage)


def _name(key: str, used: Dict[str, int]) -> str:
    name = first_name(key)
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else "%s.%d" % (name, used[name])


def _point(rows: Rows, name: str, steps: List[PendingStep], names: Mapping[str, str]) -> Point:
    nodes = sorted({node for step in steps for node in step.nodes})
    causes = sorted({node for step in steps for node in step.causes})
    after = sorted({names[key] for step in steps for key in step.waiting if key in names} - {name})
    return Point(
        name=name,
        owner=steps[0].point,
        causes=tuple([rows.ids[node] for node in causes]),
        needs=tuple([rows.ids[node] for node in nodes]),
        after=tuple(after),
        steps=tuple(steps),
    )
