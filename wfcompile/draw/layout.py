"""The layout of nested boxes: each sub-workflow is laid out alone and is then one box of its parent.

An edge that crosses borders is cut there: inside a sub-workflow it runs from a step to a port on the border.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wfcompile.draw.layered import Flat, Link, Point, layered

PADDING, HEADER = 16.0, 30.0
ROOT = None

Item = tuple[str, int]  # ("box", number), ("in", number of the step it leads to), ("out", number it comes from)


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is; `ways` are parallel to the edges."""

    width: float
    height: float
    boxes: dict[int, Rectangle]  # steps and sub-workflows
    ways: list[list[Point]]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The part of an edge inside one sub-workflow, between two of its items."""

    level: int | None
    start: Item
    end: Item
    source: int
    target: int


@dataclass(slots=True)
class _Level:
    """The inside of a sub-workflow."""

    items: dict[Item, int] = field(default_factory=dict)
    stretches: dict[_Stretch, int] = field(default_factory=dict)
    flat: Flat = field(default_factory=lambda: Flat(0.0, 0.0, [], []))
    size: Point = (0.0, 0.0)
    corner: Point = (0.0, 0.0)  # where its items are, absolute

    def add(self, item: Item) -> None:
        self.items.setdefault(item, len(self.items))

    def port(self, item: Item) -> float:
        """Return how far a port is right of the middle."""
        return PADDING + self.flat.places[self.items[item]][0] - self.size[0] / 2


def nested(
    sizes: Mapping[int, Point],
    least: Mapping[int, float],
    owners: Mapping[int, int | None],
    edges: Sequence[tuple[int, int]],
    top: set[int],
    bottom: set[int],
) -> Layout:
    """Lay out boxes of given sizes in sub-workflows, which have at least the width that their names need.

    `owners` says which sub-workflow each box and sub-workflow is in; a sub-workflow comes before its contents.
    """
    levels: dict[int | None, _Level] = {ROOT: _Level(), **{number: _Level() for number in least}}
    for number, owner in owners.items():
        levels[owner].add(("box", number))
    cut = [_cut(edge, owners) for edge in edges]
    for stretch in (stretch for stretches in cut for stretch in stretches):
        level = levels[stretch.level]
        level.add(stretch.start)
        level.add(stretch.end)
        level.stretches.setdefault(stretch, len(level.stretches))
    for place, level in reversed(levels.items()):  # the inner ones first
        _arrange(levels, level, sizes, 0.0 if place is None else least[place], top, bottom)
    boxes = _absolute(levels, sizes)
    root = levels[ROOT].flat
    return Layout(root.width, root.height, boxes, [_joined(levels, stretches) for stretches in cut])


def _cut(edge: tuple[int, int], owners: Mapping[int, int | None]) -> list[_Stretch]:
    """Return the stretches of an edge: out of sub-workflows, across the one that holds both ends, into others."""
    source, target = edge
    up, down = _chain(source, owners), _chain(target, owners)
    while len(up) > 1 and len(down) > 1 and up[-1] == down[-1]:
        common = up[-1]
        up, down = up[:-1], down[:-1]
    out = [
        _Stretch(level, ("box", inner), ("out", source), source, source)
        for inner, level in pairwise(up)
        if inner is not None
    ]
    into = [
        _Stretch(level, ("in", target), ("box", inner), target, target)
        for inner, level in pairwise(down)
        if inner is not None
    ]
    assert up[-1] is not None and down[-1] is not None
    across = _Stretch(common, ("box", up[-1]), ("box", down[-1]), source, target)
    return [*out, across, *reversed(into)]


def _chain(number: int, owners: Mapping[int, int | None]) -> list[int | None]:
    chain: list[int | None] = [number]
    while chain[-1] is not None:
        chain.append(owners[chain[-1]])
    return chain


def _arrange(
    levels: dict[int | None, _Level],
    level: _Level,
    sizes: Mapping[int, Point],
    least: float,
    top: set[int],
    bottom: set[int],
) -> None:
    """Lay out one level, all levels inside it being done."""

    def end(item: Item, port: Item) -> float:
        return levels[item[1]].port(port) if item[0] == "box" and item[1] not in sizes else 0.0

    links = [
        Link(
            level.items[s.start],
            level.items[s.end],
            s.source,
            end(s.start, ("out", s.source)),
            end(s.end, ("in", s.target)),
        )
        for s in level.stretches
    ]
    measures = [
        (sizes[item[1]] if item[1] in sizes else levels[item[1]].size) if item[0] == "box" else (2.0, 0.0)
        for item in level.items
    ]
    first = {i for item, i in level.items.items() if item[0] == "in" or (item[0] == "box" and item[1] in top)}
    last = {i for item, i in level.items.items() if item[0] == "out" or (item[0] == "box" and item[1] in bottom)}
    level.flat = layered(measures, links, first, last)
    level.size = (max(level.flat.width + 2 * PADDING, least), level.flat.height + HEADER + PADDING)


def _absolute(levels: dict[int | None, _Level], sizes: Mapping[int, Point]) -> dict[int, Rectangle]:
    """Return where each step and sub-workflow is."""
    boxes: dict[int, Rectangle] = {}
    for level in levels.values():  # the outer ones first
        for (kind, number), item in level.items.items():
            if kind != "box":
                continue
            width, height = sizes[number] if number in sizes else levels[number].size
            middle, upper = level.flat.places[item]
            x, y = level.corner[0] + middle - width / 2, level.corner[1] + upper
            boxes[number] = Rectangle(round(x, 1), round(y, 1), round(width, 1), round(height, 1))
            if number not in sizes:
                levels[number].corner = (x + PADDING, y + HEADER)
    return boxes


def _joined(levels: dict[int | None, _Level], stretches: list[_Stretch]) -> list[Point]:
    way: list[Point] = []
    for stretch in stretches:
        level = levels[stretch.level]
        for x, y in level.flat.ways[level.stretches[stretch]]:
            point = (round(level.corner[0] + x, 1), round(level.corner[1] + y, 1))
            if not way or way[-1] != point:
                way.append(point)
    return way
