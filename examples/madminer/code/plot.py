"""All estimators in one picture, and their numbers: mean and spread of each method.

plot.py DATA PLOT RESULTS EVALUATION…
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import files

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 420, 70, 50, 20, 60
LIMIT = 2.0
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7a4988")


def across(phi: float) -> float:
    return LEFT + (phi + math.pi) / (2 * math.pi) * (WIDTH - LEFT - RIGHT)


def up(value: float) -> float:
    inside = max(-LIMIT, min(LIMIT, value))
    return TOP + (LIMIT - inside) / (2 * LIMIT) * (HEIGHT - TOP - BOTTOM)


def points(xs: Sequence[float], ys: Sequence[float]) -> str:
    return " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in zip(xs, ys, strict=True))


def text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{words}</text>'


def frame(title: str) -> list[str]:
    size = f'width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"'
    parts = [f'<rect x="{LEFT}" y="{TOP}" {size} fill="none" stroke="#333"/>', text(LEFT, TOP - 18, title)]
    for phi, name in ((-math.pi, "−π"), (0.0, "0"), (math.pi, "π")):
        parts.append(text(across(phi), HEIGHT - BOTTOM + 20, name, 'text-anchor="middle"'))
    for value in (-2, -1, 0, 1, 2):
        parts.append(text(LEFT - 8, up(value) + 4, str(value).replace("-", "−"), 'text-anchor="end"'))
        parts.append(f'<path d="M{LEFT} {up(value):.1f}h{WIDTH - LEFT - RIGHT}" stroke="#ddd"/>')
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "measured angle φ", 'text-anchor="middle"'))
    middle = f'text-anchor="middle" transform="rotate(-90 20 {HEIGHT / 2})"'
    parts.append(text(20, HEIGHT / 2, "log likelihood ratio", middle))
    return parts


def draw(methods: dict[str, list[dict[str, Any]]], title: str) -> str:
    parts = frame(title)
    for k, (method, members) in enumerate(methods.items()):
        colour = COLOURS[k % len(COLOURS)]
        phi = members[0]["phi"]
        columns = list(zip(*(member["log_ratio"] for member in members), strict=True))
        mean = [statistics.fmean(column) for column in columns]
        spread = [statistics.pstdev(column) for column in columns]
        above = [m + s for m, s in zip(mean, spread, strict=True)]
        below = [m - s for m, s in zip(mean, spread, strict=True)]
        band = f"{points(phi, above)} {points(phi[::-1], below[::-1])}"
        parts.append(f'<polygon points="{band}" fill="{colour}" fill-opacity="0.2"/>')
        parts.append(f'<polyline points="{points(phi, mean)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(LEFT + 14, TOP + 22 + 18 * k, f"{method} × {len(members)}", f'fill="{colour}"'))
    style = 'font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>'
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *parts, "</svg>", ""])


def main(data_file: str, plot: str, results: str, *evaluation_files: str) -> None:
    data = files.read(data_file)
    evaluations = sorted((files.read(file) for file in evaluation_files), key=lambda one: one["member"])
    methods: dict[str, list[dict[str, Any]]] = {}
    for one in evaluations:
        methods.setdefault(one["method"], []).append(one)
    summary = {
        method: {
            "members": len(members),
            "separation": statistics.fmean(member["separation"] for member in members),
            "spread": statistics.pstdev(member["separation"] for member in members),
        }
        for method, members in methods.items()
    }
    numbers = {"event_files": data["files"], "events": len(data["events"]), "estimators": len(evaluations)}
    files.write(results, {**numbers, "methods": summary})
    title = f"{numbers['events']} events in {numbers['event_files']} files, {numbers['estimators']} estimators"
    Path(plot).write_text(draw(methods, title), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
