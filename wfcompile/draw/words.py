"""Text from strangers, made fit for a picture: shortened, measured, and without what could harm a document."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

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


def times(number: int) -> str:
    """Return the mark of what is there several times."""
    return f"×{number}" if number > 1 else ""


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
    """Return the workflow's size in words."""
    return f"{counted(picture.nodes, 'node')} in {counted(len(picture.boxes), 'step')}"


def tooltip(box: Box) -> str:
    """Return what a step's tooltip says."""
    lines = [box.path, f"{counted(box.nodes, 'node')}, {box.binding}", f"written at {box.source}", box.image]
    return "\n".join(line for line in lines if line)
