"""The picture as SVG: boxes, borders, edges with their marks, and a legend of the marks that occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from wfcompile.draw.layered import Point
from wfcompile.draw.layout import Layout, Rectangle, nested
from wfcompile.draw.model import INPUTS, OUTPUTS, Box, Cluster, Edge, Picture
from wfcompile.draw.words import (
    drawn_as,
    ends,
    heading,
    how_many,
    is_many,
    listed,
    marked,
    shape,
    shortened,
    times,
    tooltip,
    width,
    xml,
)

MARGIN, NARROWEST = 24.0, 620.0
TITLE = 88.0  # height of the heading
STEP, LINE = 50.0, 18.0  # heights of a step and of a file's name
STACK = 4.0  # how far the second box of a scattered step peeps out
FAN = 7.0  # half the width of a fan of strands
LEGEND_ROW = 36.0

# blue and orange of Okabe and Ito's palette, told apart in grey too: the late ones are dashed and say so
STYLE = """
svg{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;fill:#1b1b1b}
.paper{fill:#fff}
.title{font-size:22px;font-weight:bold}
.small{font-size:13px;fill:#444}
.name{font-size:14px;font-weight:bold}
.times{font-weight:bold;fill:#1b1b1b}
.step rect{fill:#e3eff8;stroke:#0072b2;stroke-width:1.6}
.late rect{fill:#ffd08a;stroke:#9a5b00;stroke-dasharray:6 3}
.file path{fill:#fff;stroke:#666;stroke-width:1.4}
.cluster rect{fill:#000;fill-opacity:.035;stroke:#8a8a8a}
.label{font-size:14px;font-weight:bold;fill:#444;stroke:#f2f2f2;stroke-width:5px;paint-order:stroke;pointer-events:none}
.edge path{fill:none;stroke:#4d4d4d;stroke-width:1.5}
.edge .tip{fill:#4d4d4d;stroke:none}
.order path{stroke-dasharray:5 4}
.order .tip{stroke-dasharray:none}
.reads{fill:#fff;stroke:#555}
"""
KINDS = {
    "static": "static: command known when compiled",
    "late": "late: command waits for a published value",
    "dynamic": "dynamic: how many nodes only a job decides",
    "done": "all nodes are done",
    "begun": "some are done or have begun",
    "failed": "some have failed",
    "waiting": "not started",
}
# further colours of the palette, for pictures that have such boxes; each has words of its own too
FURTHER = {
    "dynamic": ".dynamic rect{fill:#f6e1ed;stroke:#97386f;stroke-width:2;stroke-dasharray:2 3}\n",
    "done": ".done rect{fill:#ccebe0;stroke:#007355}\n",
    "begun": ".begun rect{fill:#fbf7bd;stroke:#857c00}\n",
    "failed": ".failed rect{fill:#fad9c3;stroke:#b34b00;stroke-width:2.8}\n",
    "waiting": ".waiting rect{fill:#fff;stroke:#8a8a8a;stroke-dasharray:3 3}\n",
}


def svg(picture: Picture) -> str:
    """Return a whole SVG document."""
    layout, kinds = _layout(picture), {drawn_as(box) for box in picture.boxes}
    inner = max(layout.width, NARROWEST)
    legend, legend_height = _legend(picture, inner)
    low = TITLE + layout.height + MARGIN  # where the legend is
    wide, high = inner + 2 * MARGIN, low + legend_height + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="graph" width="{wide:g}" height="{high:g}" '
        f'viewBox="0 0 {wide:g} {high:g}" role="img">',
        f"<title>{xml(picture.name)}: {heading(picture)}</title>",
        f"<style>{STYLE}{''.join(FURTHER[kind] for kind in FURTHER if kind in kinds)}</style>",
        f'<rect class="paper" width="{wide:g}" height="{high:g}"/>',
        f'<text class="title" x="{MARGIN:g}" y="46">{xml(shortened(picture.name, 40))}</text>',
        f'<text class="small" x="{MARGIN:g}" y="68">{heading(picture)}</text>',
        f'<g transform="translate({MARGIN + (inner - layout.width) / 2:g} {TITLE:g})">',
        *(_cluster(cluster, layout.boxes[cluster.step]) for cluster in picture.clusters),
        *(_edge(edge, way) for edge, way in zip(picture.edges, layout.ways, strict=True)),
        *(_name(cluster, layout.boxes[cluster.step]) for cluster in picture.clusters),
        *(_step(box, layout.boxes[box.step]) for box in picture.boxes),
        *_ends(picture, layout),
        f'</g><g class="legend" transform="translate({MARGIN:g} {low:g})">',
        *legend,
        "</g></svg>\n",
    ]
    return "\n".join(parts)


def _layout(picture: Picture) -> Layout:
    sizes = {box.step: (_step_width(box), STEP + STACK * is_many(box.nodes)) for box in picture.boxes}
    owners = {cluster.step: cluster.cluster for cluster in picture.clusters}
    owners |= {box.step: box.cluster for box in picture.boxes}
    for number, title, files in ends(picture):
        lines = listed(files)
        sizes[number] = (max(width(line, 13) for line in (title, *lines)) + 36, LINE * (len(lines) + 1) + 16)
        owners[number] = None
    least = {cluster.step: width(_cluster_name(cluster), 14) + 24 for cluster in picture.clusters}
    edges = [(edge.source, edge.target) for edge in picture.edges]
    return nested(sizes, least, owners, edges, {INPUTS} & set(sizes), {OUTPUTS} & set(sizes))


def _step_width(box: Box) -> float:
    return round(max(96.0, width(shortened(box.name), 14) + 26, width("  ".join(marked(box)), 13) + 46), 1)


def _cluster_name(cluster: Cluster) -> str:
    return f"{shortened(cluster.name)}  {times(cluster.instances)}".strip()


def _cluster(cluster: Cluster, place: Rectangle) -> str:
    return (
        f'<g class="cluster" id="c{cluster.step}" data-cluster="{cluster.step}">'
        f"<title>{xml(cluster.path)}\n{how_many(cluster.instances, 'instance')}</title>"
        f"{_rectangle(place, 8)}</g>"
    )


def _name(cluster: Cluster, place: Rectangle) -> str:
    """Return a sub-workflow's name, which is readable where an edge passes under it."""
    return f'<text class="label" x="{place.x + 12:g}" y="{place.y + 20:g}">{xml(_cluster_name(cluster))}</text>'


def _step(box: Box, place: Rectangle) -> str:
    front = Rectangle(place.x, place.y, place.width, STEP)
    behind = Rectangle(place.x + STACK, place.y + STACK, place.width, STEP)
    middle = place.x + place.width / 2
    mark, words = marked(box)
    many = f'<tspan class="times">{mark}</tspan> · ' if mark else ""
    return (
        f'<g class="step {drawn_as(box)}" id="s{box.step}" data-step="{box.step}"><title>{xml(tooltip(box))}</title>'
        f"{_rectangle(behind, 5) if is_many(box.nodes) else ''}{_rectangle(front, 5)}"
        f'<text class="name" text-anchor="middle" x="{middle:g}" y="{place.y + 21:g}">{xml(shortened(box.name))}</text>'
        f'<text class="small" text-anchor="middle" x="{middle:g}" y="{place.y + 40:g}">{many}{words}</text>'
        f"{_reads(place.x + 8, place.y + 30) if box.inputs else ''}</g>"
    )


def _rectangle(place: Rectangle, radius: int) -> str:
    x, y = f"{place.x:g}", f"{place.y:g}"
    return f'<rect x="{x}" y="{y}" width="{place.width:g}" height="{place.height:g}" rx="{radius}"/>'


def _reads(x: float, y: float) -> str:
    """Return a small sheet of paper: the step reads input files."""
    return f'<path class="reads" d="M{x:g} {y:g}h6l4 4v8h-10z m6 0v4h4"/>'


def _ends(picture: Picture, layout: Layout) -> Iterator[str]:
    """Yield the box of the input files and that of what is collected."""
    for number, title, files in ends(picture):
        place = layout.boxes[number]
        x, y, right, low = place.x, place.y, place.x + place.width, place.y + place.height
        yield f'<g class="file" data-step="{number}"><title>{xml(chr(10).join(files[:100]))}</title>'
        yield f'<path d="M{x:g} {y:g}H{right - 14:g}L{right:g} {y + 14:g}V{low:g}H{x:g}Z M{right - 14:g} {y:g}v14h14"/>'
        yield f'<text class="name" x="{x + 12:g}" y="{y + 20:g}">{title}</text>'
        for row, line in enumerate(listed(files), 1):
            yield f'<text class="small" x="{x + 12:g}" y="{y + 20 + LINE * row:g}">{xml(line)}</text>'
        yield "</g>"


def _edge(edge: Edge, way: list[Point]) -> str:
    classes = "edge" if edge.data else "edge order"
    said = shape(edge) or ("one to one" if edge.data else "")
    title = "" if edge.data else f"{said + ', ' if said else ''}order only"
    return (
        f'<g class="{classes}" data-from="{edge.source}" data-to="{edge.target}">'
        f"<title>{title or said}</title>{_line(way, edge.gather, edge.broadcast)}</g>"
    )


def _line(way: list[Point], gather: bool, broadcast: bool) -> str:
    """Return a line with its tip: strands that join where it leaves many nodes, that part where it reaches many."""
    (x, y), (end, low) = way[0], way[-1]
    tips = [end - FAN, end, end + FAN] if broadcast else [end]
    first, last = y + 16 * gather, low - 20 * broadcast - 7 * (not broadcast)
    inner = [(x, first), *(p for p in way[1:-1] if first < p[1] < last), (end, last)]
    d = "".join(f"M{x + side:g} {y:g}Q{x + side:g} {y + 8:g} {x:g} {first:g}" for side in (-FAN, FAN) if gather)
    d += f"M{x:g} {y:g}V{first:g}" + "".join(_bent(a, b) for a, b in pairwise(inner))
    d += "".join(f"M{end:g} {last:g}Q{tip:g} {last + 5:g} {tip:g} {low - 6:g}" for tip in tips if broadcast)
    arrows = "".join(f"M{tip:g} {low:g}l-3.6 -8h7.2z" for tip in tips)
    return f'<path d="{d}"/><path class="tip" d="{arrows}"/>'


def _bent(a: Point, b: Point) -> str:
    """Return the curve from one point down to the next."""
    if a[0] == b[0]:
        return f"V{b[1]:g}"
    middle = round((a[1] + b[1]) / 2, 1)
    return f"C{a[0]:g} {middle:g} {b[0]:g} {middle:g} {b[0]:g} {b[1]:g}"


def _legend(picture: Picture, wide: float) -> tuple[list[str], float]:
    """Return the legend's marks in rows, and its height."""
    parts, x, y = [], 0.0, 0.0
    for mark, text in _marks(picture):
        long = 52 + width(text, 13, bold=False) + 24
        if x and x + long > wide:
            x, y = 0.0, y + LEGEND_ROW
        parts.append(f'<g transform="translate({x:g} {y:g})">{mark}')
        parts.append(f'<text class="small" x="52" y="20">{text}</text></g>')
        x += long
    return parts, y + LEGEND_ROW


def _marks(picture: Picture) -> Iterable[tuple[str, str]]:
    """Yield a sample of each mark that occurs, and what it means."""
    sample = Rectangle(2, 6, 40, 18)
    kinds = {drawn_as(box) for box in picture.boxes}
    for kind, text in KINDS.items():
        if kind in kinds:
            yield f'<g class="{kind} step">{_rectangle(sample, 4)}</g>', text
    if any(is_many(box.nodes) for box in picture.boxes):
        behind = Rectangle(2 + STACK, 6 + STACK, 40, 18)
        kind = next(iter(kinds)) if len(kinds) == 1 else "waiting" if picture.state else "static"
        yield (
            f'<g class="{kind} step">{_rectangle(behind, 4)}{_rectangle(sample, 4)}</g>',
            "×N: N nodes, or N instances of a sub-workflow",
        )
    if any(box.inputs for box in picture.boxes):
        yield _reads(17, 9), "reads input files"
    shapes = {(edge.gather, edge.broadcast) for edge in picture.edges if edge.target != OUTPUTS}
    for joined, text in (
        ((False, False), "one to one"),
        ((True, False), "gather: many to one"),
        ((False, True), "broadcast: one to many"),
        ((True, True), "all to all"),
    ):
        if joined in shapes:
            yield f'<g class="edge">{_line([(22, -1), (22, 30)], *joined)}</g>', text
    if not all(edge.data for edge in picture.edges):
        yield f'<g class="edge order">{_line([(22, -1), (22, 30)], False, False)}</g>', "order only, no data"
