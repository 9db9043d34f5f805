"""A layered layout of boxes and links: longest-path layers, barycentre order, positions by least squares.

After K. Sugiyama, S. Tagawa, M. Toda, IEEE Trans. SMC 11 (1981) 109. A link that passes layers has a bend in each;
links of one trunk share their bends. Coordinates are pixels; y grows downward.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

BOX_GAP, BEND_GAP = 28.0, 14.0
LAYER_GAP, PORT_GAP = 52.0, 26.0  # the smaller one beside a layer of ports, which have no height
LONGEST = 40  # a link over more layers goes straight: bends stay linear in links
SWEEPS = 12
STIFF = 6.0  # weight of what should be straight

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two boxes; `leaves` and `arrives` are its ends, right of the boxes' middles."""

    source: int
    target: int
    trunk: int
    leaves: float = 0.0
    arrives: float = 0.0


@dataclass(frozen=True, slots=True)
class Flat:
    """Boxes by their middle and upper edge, and the points of each link."""

    width: float
    height: float
    places: list[Point]
    ways: list[list[Point]]


@dataclass(frozen=True, slots=True)
class _Hop:
    """Part of a link, from one layer to the next."""

    upper: int
    lower: int
    leaves: float
    arrives: float
    weight: float = 1.0


def layered(sizes: Sequence[Point], links: Sequence[Link], top: set[int], bottom: set[int]) -> Flat:
    """Lay out boxes (width, height); those of `top` and `bottom` have the first and the last layer to themselves."""
    ranks = _ranks(len(sizes), links, top, bottom)
    everything, bends, hops = _bend(sizes, links, ranks)
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
    for item, rank in enumerate(ranks):
        layers[rank].append(item)
    layers = _ordered(layers, hops, len(ranks))
    x = _spread(layers, hops, everything, len(sizes))
    left = min((x[i] - size[0] / 2 for i, size in enumerate(everything)), default=0.0)
    x = [round(value - left, 1) for value in x]
    spans = _heights(layers, everything)
    places = [(x[i], round(sum(spans[ranks[i]]) / 2 - size[1] / 2, 1)) for i, size in enumerate(sizes)]
    width = max((x[i] + size[0] / 2 for i, size in enumerate(everything)), default=0.0)
    ways = [_way(link, bent, places, sizes, x, ranks, spans) for link, bent in zip(links, bends, strict=True)]
    return Flat(round(width, 1), spans[-1][1], places, ways)


def _ranks(count: int, links: Sequence[Link], top: set[int], bottom: set[int]) -> list[int]:
    """Return each box's layer: below all that it follows; one that follows nothing is right above what follows it."""
    after: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for link in links:
        after[link.source].append(link.target)
        waits[link.target] += 1
    held = {link.target for link in links if link.source not in top} | top
    ranks = [0 if item in top or not top else 1 for item in range(count)]
    order = [item for item in range(count) if not waits[item]]
    for item in order:  # grows while it is read
        for target in after[item]:
            ranks[target] = max(ranks[target], ranks[item] + 1)
            waits[target] -= 1
            if not waits[target]:
                order.append(target)
    for item in reversed(order):
        if item not in held and after[item]:
            ranks[item] = min(ranks[target] for target in after[item]) - 1
    last = max((rank + 1 for item, rank in enumerate(ranks) if item not in bottom), default=0)
    return [last if item in bottom else rank for item, rank in enumerate(ranks)]


def _bend(
    sizes: Sequence[Point], links: Sequence[Link], ranks: list[int]
) -> tuple[list[Point], list[list[int]], list[_Hop]]:
    """Return the sizes of boxes and bends, the bends of each link, and the hops; `ranks` gets those of the bends."""
    everything = list(sizes)
    known: dict[tuple[int, int], int] = {}
    bends: list[list[int]] = []
    hops: dict[tuple[int, int, float, float], _Hop] = {}
    for link in links:
        between = range(ranks[link.source] + 1, ranks[link.target])
        bent = []
        for rank in between if len(between) <= LONGEST else ():
            bend = known.setdefault((link.trunk, rank), len(everything))
            if bend == len(everything):
                everything.append((2.0, 0.0))
                ranks.append(rank)
            bent.append(bend)
        bends.append(bent)
        stops = [link.source, *bent, link.target]
        for upper, lower in pairwise(stops) if bent or not between else ():
            leaves = link.leaves if upper == link.source else 0.0
            arrives = link.arrives if lower == link.target else 0.0
            hops.setdefault((upper, lower, leaves, arrives), _Hop(upper, lower, leaves, arrives))
    return everything, bends, _weighted(list(hops.values()), len(sizes))


def _weighted(hops: list[_Hop], boxes: int) -> list[_Hop]:
    """Return the hops with weights: those between bends, and those of a chain, should be straight."""
    out, into = Counter(hop.upper for hop in hops), Counter(hop.lower for hop in hops)
    return [
        replace(hop, weight=STIFF if alone or min(hop.upper, hop.lower) >= boxes else 1.0)
        for hop in hops
        for alone in [out[hop.upper] == into[hop.lower] == 1]
    ]


def _ordered(layers: list[list[int]], hops: Sequence[_Hop], count: int) -> list[list[int]]:
    """Return the layers in the order with the fewest crossings among some sweeps of the barycentre method."""
    above: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    below: list[list[tuple[int, float]]] = [[] for _ in range(count)]
    for hop in hops:  # an end right of the middle counts as right of its box's number by less than a half
        above[hop.lower].append((hop.upper, hop.leaves / (1 + 2 * abs(hop.leaves))))
        below[hop.upper].append((hop.lower, hop.arrives / (1 + 2 * abs(hop.arrives))))
    best, fewest = layers, _crossings(layers, hops)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        beside = below if sweep % 2 else above
        position = {item: float(number) for layer in layers for number, item in enumerate(layer)}
        swept = []
        for layer in reversed(layers) if sweep % 2 else layers:
            middle = {i: _mean([position[n] + shift for n, shift in beside[i]], position[i]) for i in layer}
            layer = sorted(layer, key=middle.__getitem__)
            position.update((item, float(number)) for number, item in enumerate(layer))
            swept.append(layer)
        layers = swept[::-1] if sweep % 2 else swept
        crossings = _crossings(layers, hops)
        if crossings < fewest:
            best, fewest = layers, crossings
    return best


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(layers: list[list[int]], hops: Sequence[_Hop]) -> int:
    """Return how many pairs of hops cross."""
    place = {item: (rank, number) for rank, layer in enumerate(layers) for number, item in enumerate(layer)}
    lines = sorted((place[h.upper], h.leaves, place[h.lower][1], h.arrives) for h in hops)
    crossings, rank, ends = 0, -1, list[tuple[int, float]]()
    for (upper, _), _, lower, arrives in lines:
        if upper != rank:
            rank, ends = upper, []
        crossings += len(ends) - bisect_right(ends, (lower, arrives))
        insort(ends, (lower, arrives))
    return crossings


def _spread(layers: list[list[int]], hops: Sequence[_Hop], sizes: Sequence[Point], boxes: int) -> list[float]:
    """Return the middle of each box and bend: near its neighbours', in the given order, with gaps."""
    above: list[list[tuple[int, float, float]]] = [[] for _ in sizes]
    below: list[list[tuple[int, float, float]]] = [[] for _ in sizes]
    for hop in hops:
        above[hop.lower].append((hop.upper, hop.leaves - hop.arrives, hop.weight))
        below[hop.upper].append((hop.lower, hop.arrives - hop.leaves, hop.weight))
    x = [0.0] * len(sizes)
    for sweep in range(3 * SWEEPS):
        beside = below if sweep % 2 else above
        for layer in reversed(layers) if sweep % 2 else layers:
            if sweep < SWEEPS:
                near = [beside[item] for item in layer]
            elif sweep < 2 * SWEEPS:
                near = [above[item] + below[item] for item in layer]
            else:  # last, only what should be straight moves
                near = [[one for one in beside[item] if one[2] == STIFF] for item in layer]
            _settle(
                layer, near, x, [sizes[item][0] / 2 + (BOX_GAP if item < boxes else BEND_GAP) / 2 for item in layer]
            )
    return x


def _settle(layer: list[int], near: list[list[tuple[int, float, float]]], x: list[float], halves: list[float]) -> None:
    """Move a layer's boxes and bends to the weighted means of their neighbours, as far as there is room."""
    weights = [sum(weight for _, _, weight in ones) for ones in near]
    wanted = [
        sum(w * (x[n] + shift) for n, shift, w in ones) / weight if ones else x[item]
        for item, ones, weight in zip(layer, near, weights, strict=True)
    ]
    gaps = [one + other for one, other in pairwise(halves)]
    for item, value in zip(layer, _apart(wanted, [weight or 0.5 for weight in weights], gaps), strict=True):
        x[item] = value


def _apart(wanted: list[float], weights: list[float], gaps: list[float]) -> list[float]:
    """Return the places nearest to the wanted ones with at least the gaps between: pool adjacent violators."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for value, offset, weight in zip(wanted, offsets, weights, strict=False):
        mean, members = value - offset, 1
        while pools and pools[-1][0] > mean:
            other, heavy, more = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, members = weight + heavy, members + more
        pools.append((mean, weight, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]


def _heights(layers: list[list[int]], sizes: Sequence[Point]) -> list[Point]:
    """Return the upper and lower edge of each layer."""
    spans: list[Point] = []
    flat = False
    for layer in layers:
        height = max((sizes[item][1] for item in layer), default=0.0)
        gap = PORT_GAP if flat or not height else LAYER_GAP
        start = spans[-1][1] + gap if spans else 0.0
        spans.append((start, start + height))
        flat = not height
    return spans


def _way(
    link: Link,
    bends: list[int],
    places: list[Point],
    sizes: Sequence[Point],
    x: list[float],
    ranks: list[int],
    spans: list[Point],
) -> list[Point]:
    """Return the points of a link: straight down through each layer, so that it passes beside the boxes there."""
    start, end = round(places[link.source][0] + link.leaves, 1), round(places[link.target][0] + link.arrives, 1)
    way = [(start, places[link.source][1] + sizes[link.source][1]), (start, spans[ranks[link.source]][1])]
    for bend in bends:
        way += [(x[bend], spans[ranks[bend]][0]), (x[bend], spans[ranks[bend]][1])]
    return [*way, (end, spans[ranks[link.target]][0]), (end, places[link.target][1])]
