"""The picture as text for other tools: DOT for Graphviz, Mermaid for Markdown pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wfcompile.draw.model import INPUTS, OUTPUTS, Box, Cluster, Edge, Picture
from wfcompile.draw.words import drawn_as, ends, fit, listed, marked, shape, shortened, times, tooltip

# outline, filling, and how Graphviz and Mermaid write its strokes
STYLES = {
    "late": ("#9a5b00", "#ffd08a", "dashed", "stroke-dasharray:6 3"),
    "dynamic": ("#97386f", "#f6e1ed", "dotted", "stroke-dasharray:2 3"),
    "done": ("#007355", "#ccebe0", "solid", "stroke-width:1px"),
    "begun": ("#857c00", "#fbf7bd", "solid", "stroke-width:1px"),
    "failed": ("#b34b00", "#fad9c3", "bold", "stroke-width:3px"),
    "waiting": ("#8a8a8a", "#ffffff", "dashed", "stroke-dasharray:3 3"),
}


def dot(picture: Picture) -> str:
    """Return a DOT document; every text from the specification is a quoted string."""
    lines = [
        f"digraph {_quoted(picture.name)} {{",
        '  node [shape=box, style="filled,rounded", fontname="Helvetica", color="#0072b2", fillcolor="#e3eff8"]',
        '  edge [color="#4d4d4d", fontname="Helvetica", fontsize=10]',
        '  graph [fontname="Helvetica", color="#8a8a8a"]',
        *_nested(picture, _dot_box, lambda c: f"subgraph cluster_{c.step} {{ label={_quoted(_label(c))}", "}"),
    ]
    for number, title, files in ends(picture):
        label = _quoted("\n".join([title, *listed(files)]))
        lines.append(f'  {_id(number)} [shape=note, style=solid, color="#666666", label={label}]')
    lines += (f"  {_id(e.source)} -> {_id(e.target)}{_dot_style(e)}" for e in picture.edges)
    return "\n".join([*lines, "}\n"])


def mermaid(picture: Picture) -> str:
    """Return a Mermaid flowchart; https://mermaid.js.org/syntax/flowchart.html."""
    lines = [
        "flowchart TD",
        *_nested(picture, _mermaid_box, lambda c: f'subgraph c{c.step}["{_entities(_label(c))}"]', "end"),
    ]
    for number, title, files in ends(picture):
        label = "<br/>".join(_entities(line) for line in (title, *listed(files)))
        lines.append(f'  {_id(number)}[/"{label}"/]')
    for edge in picture.edges:
        said = f"|{shape(edge)}|" if shape(edge) else ""
        lines.append(f"  {_id(edge.source)} {'-->' if edge.data else '-.->'}{said} {_id(edge.target)}")
    kinds = {drawn_as(box) for box in picture.boxes} | (set() if picture.state else {"late"})
    if not picture.state:
        lines.append("  classDef static fill:#e3eff8,stroke:#0072b2,color:#1b1b1b")
    for kind, (outline, filling, _, strokes) in STYLES.items():
        if kind in kinds:
            lines.append(f"  classDef {kind} fill:{filling},stroke:{outline},color:#1b1b1b,{strokes}")
    return "\n".join(lines) + "\n"


def _nested(picture: Picture, box: Callable[[Box], str], begin: Callable[[Cluster], str], end: str) -> Iterator[str]:
    """Yield a line a step and the beginning and end of each sub-workflow around its contents."""
    inside: dict[int | None, list[Box | Cluster]] = {}
    parts: list[Box | Cluster] = [*picture.boxes, *picture.clusters]
    for part in sorted(parts, key=lambda part: part.step):
        inside.setdefault(part.cluster, []).append(part)
    waiting: list[tuple[str, Box | Cluster | None]] = [("  ", part) for part in reversed(inside.get(None, []))]
    while waiting:
        indent, this = waiting.pop()
        if isinstance(this, Cluster):
            yield indent + begin(this)
            waiting.append((indent, None))
            waiting += [(indent + "  ", inner) for inner in reversed(inside[this.step])]
        else:
            yield indent + (box(this) if this else end)


def _label(part: Box | Cluster) -> str:
    mark = marked(part)[0] if isinstance(part, Box) else times(part.instances)
    return f"{shortened(part.name)} {mark}".strip()


def _id(number: int) -> str:
    return {INPUTS: "inputs", OUTPUTS: "outputs"}.get(number, f"s{number}")


def _quoted(text: str) -> str:
    """Return a DOT string; Graphviz reads \\ sequences and HTML entities in labels, so neither is left."""
    text = fit(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return '"' + text.replace("\n", "\\n") + '"'


def _dot_box(box: Box) -> str:
    style = ""
    if drawn_as(box) in STYLES:
        outline, filling, strokes, _ = STYLES[drawn_as(box)]
        style = f', color="{outline}", fillcolor="{filling}", style="filled,rounded,{strokes}"'
    label = _quoted(f"{_label(box)}\n{marked(box)[1]}")
    return f"s{box.step} [label={label}, tooltip={_quoted(tooltip(box))}{style}]"


def _dot_style(edge: Edge) -> str:
    styles = ["style=dashed"] * (not edge.data) + [f'label="{shape(edge)}"'] * bool(shape(edge))
    return f" [{', '.join(styles)}]" if styles else ""


def _entities(text: str) -> str:
    """Return text in which all that Mermaid or Markdown could read as syntax is a character code."""
    return re.sub(r"[^\w ,/×….-]|^-|\.(?= |$)", lambda found: f"#{ord(found[0])};", fit(text))


def _mermaid_box(box: Box) -> str:
    return f's{box.step}["{_entities(_label(box))}<br/>{_entities(marked(box)[1])}"]:::{drawn_as(box)}'
