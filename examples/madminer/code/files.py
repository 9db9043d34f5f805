"""Files and numbers that the scripts share: JSON, a generator with a name, a count that may be drawn."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any


def read(path: str | Path) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write(path: str | Path, data: Any) -> None:
    Path(path).write_text(json.dumps(rounded(data), sort_keys=True) + "\n", encoding="utf-8")


def rounded(data: Any) -> Any:
    """Six digits: the last ones depend on the machine's mathematical library."""
    if isinstance(data, float):
        return float(f"{data:.6g}") + 0.0  # no minus zero
    if isinstance(data, dict):
        return {key: rounded(value) for key, value in data.items()}
    return [rounded(value) for value in data] if isinstance(data, list) else data


def generator(seed: int, *name: object) -> random.Random:
    """Every file has a generator of its own; only .random() is used, whose stream no version of Python changes."""
    return random.Random("/".join(map(str, (seed, *name))))


def count(limits: list[int], random: random.Random) -> int:
    """One number as it is, or a number between two."""
    first, last = limits[0], limits[-1]
    return first + int(random.random() * (last - first + 1))
