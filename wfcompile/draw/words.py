"""Text from strangers, made fit for a picture: shortened, measured, and without what could harm a document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from wfcompile.draw.assumed import Count, Reason
from wfcompile.draw.model import INPUTS, OUTPUTS, Box, Edge, Picture

LONGEST_NAME = 24
LISTED = 6

# what XML cannot hold, other control characters but tab and newline, and those that turn the direction of writing
_UNFIT = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def fit(text: str) -> str:
    """Return text with every character that a document cannot hold, or that hides others, replaced."""
    return _UNFIT.sub("\ufffd", text)


def xml(text: str) -> str:
    """Return text for an XML or HTML document: between tags or in a quoted attribute."""
    return escape(fit(text))


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """Return text on one line, its middle left out when it is too long: names differ at both ends."""
    text = " ".join(fit(text).split())
    head, tail = (longest - 1) * 2 // 3, (longest - 1) // 3
    return text if len(text) <= longest else f"{text[:head]}…{text[-tail:]}"


def width(text: str, size: float, bold: bool = True) -> float:
    """Return about how wide text is in a sans-serif font of a size in pixels."""
    letter = 0.61 if bold else 0.52
    return size * sum(1.05 if unicodedata.east_asian_width(c) in "WF" else letter for c in text)


def listed(names: Sequence[str]) -> list[str]:
    """Return the lines of a list of files, the last one a count when there are many."""
    if len(names) <= LISTED:
        return [shortened(name, 30) for name in names]
    return [*(shortened(name, 30) for name in names[: LISTED - 1]), f"… and {len(names) - LISTED + 1} more"]


def counted(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def how_many(count: Count, what: str) -> str:
    """Return a count with its noun."""
    if count.number is None:
        return f"only jobs decide how many {what}s"
    return ("" if count.exact else "at most ") + counted(count.number, what)


def is_many(count: Count) -> bool:
    """Tell whether there may be several."""
    return count.number is None or count.number > 1


def times(count: Count) -> str:
    """Return the mark of what is there several times, or not in every run."""
    if count.number is None:
        return "×?"
    if not count.exact:
        return f"×≤{count.number}"
    return f"×{count.number}" if count.number > 1 else ""


def marked(box: Box) -> tuple[str, str]:
    """Return the mark of a step's number, and the words that follow it: its binding, or its state in a run."""
    if box.state:
        return times(box.nodes) if box.nodes.number is None else "", box.state.text
    return times(box.nodes) or ("×1" if box.binding == "dynamic" else ""), box.binding


def drawn_as(box: Box) -> str:
    """Return the class of a step's box: its state in a run, else its binding."""
    return box.state.kind if box.state else box.binding


def shape(edge: Edge) -> str:
    """Return how the nodes of two steps are joined."""
    if edge.gather and edge.broadcast:
        return "all to all"
    return "gather" if edge.gather else "broadcast" if edge.broadcast else ""


def ends(picture: Picture) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield the number, title and files of the boxes beside the steps: what is read and what is collected."""
    for number, title, files in ((INPUTS, "input files", picture.inputs), (OUTPUTS, "outputs", picture.outputs)):
        if files:
            yield number, title, files


def heading(picture: Picture) -> str:
    """Return the workflow's size in words, or how far the run is."""
    steps = counted(len(picture.boxes), "step")
    counts = [box.nodes for box in picture.boxes]
    numbers = [count.number for count in counts if count.number is not None]
    if picture.state:
        return f"run: {picture.state.text}; {steps}"
    if len(numbers) < len(counts):
        return f"{counted(picture.nodes, 'node')} known, the others only jobs decide; {steps}"
    return f"{how_many(Count(sum(numbers), all(count.exact for count in counts)), 'node')} in {steps}"


def decided(reason: Reason) -> str:
    """Return what decides which nodes a step has."""
    shown = ", ".join(reason.causes[:3])
    more = f" and {len(reason.causes) - 3} more" if len(reason.causes) > 3 else ""
    return f"what {shown}{more} publishes, see {reason.source}"


def tooltip(box: Box) -> str:
    """Return what a step's tooltip says."""
    lines = [
        box.path,
        f"{how_many(box.nodes, 'node')}, {box.binding}",
        f"decided by {decided(box.reason)}" if box.reason else "",
        f"written at {box.source}",
        box.image,
        *((box.state.text, *box.state.failures) if box.state else ()),
    ]
    return "\n".join(line for line in lines if line)
