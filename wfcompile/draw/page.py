"""The picture as one HTML page with search, zoom and a panel of details; it needs no network."""

from __future__ import annotations

import json
from typing import Any

from wfcompile.draw.assumed import Count
from wfcompile.draw.model import Box, Picture
from wfcompile.draw.svg import svg
from wfcompile.draw.words import decided, fit, heading, listed, times, xml
from wfcompile.render import render

LONGEST_COMMAND = 4000


def page(picture: Picture) -> str:
    """Return a whole HTML document; the details are JSON, which the script shows as text only."""
    details = {
        "steps": {box.step: _details(box) for box in picture.boxes},
        "edges": [[edge.source, edge.target] for edge in picture.edges],
    }
    values = {
        "title": xml(picture.name),
        "heading": heading(picture),
        "svg": svg(picture),
        "data": _json(details),
    }
    return render("common", "graph.html.j2", values)


def _json(data: Any) -> str:
    """Return JSON for a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _details(box: Box) -> list[tuple[str, str]]:
    """Return a step's details as the panel shows them."""
    command = fit(box.command)
    shown = command if len(command) <= LONGEST_COMMAND else f"{command[:LONGEST_COMMAND]}…"
    units = {"memory": " MiB", "disk": " MiB", "time": " s"}
    asked = ", ".join(f"{key} {value}{units.get(key, '')}" for key, value in box.request.asked().items())
    rows = [
        ("step", box.path),
        ("written at", box.source),
        ("nodes", times(box.nodes).lstrip("×") or "1"),
        ("binding", box.binding),
        ("decided by", decided(box.reason) if box.reason else ""),
        ("state", box.state.text if box.state else ""),
        ("failed", "\n".join(box.state.failures) if box.state else ""),
        ("image", box.image or ""),
        ("request", asked),
        ("input files", "\n".join(listed(box.inputs))),
        ("command" if box.nodes == Count(1) else "command of the first node", shown),
    ]
    return [(title, fit(text)) for title, text in rows if text]
