"""Merge files: append event tables, add histograms of the same name.

merge.py OUT IN [IN ...]
"""

from __future__ import annotations

import argparse

import numpy as np
import tables


def append(paths: list[str]) -> dict[str, np.ndarray]:
    parts = [tables.read_events(path) for path in paths]
    names = list(parts[0])
    if any(list(part) != names for part in parts):
        raise SystemExit("merge.py: the event tables have different columns")
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def add(paths: list[str]) -> tables.Histograms:
    total = {}
    for path in paths:
        histograms, edges = tables.read_histograms(path)
        if not np.array_equal(edges, tables.EDGES):
            raise SystemExit(f"merge.py: {path} has other bins")
        for process, variations in histograms.items():
            merged = total.setdefault(process, {})
            for name, (values, variances) in variations.items():
                old = merged.get(name, (0.0, 0.0))
                merged[name] = (old[0] + values, old[1] + variances)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description="Append event tables or add histograms.")
    parser.add_argument("output")
    parser.add_argument("inputs", nargs="+")
    args = parser.parse_args()

    kinds = {tables.content(path) for path in args.inputs}
    if kinds == {"events"}:
        tables.write_events(args.output, append(args.inputs))
    elif kinds == {"histograms"}:
        tables.write_histograms(args.output, add(args.inputs))
    else:
        raise SystemExit("merge.py: cannot merge event tables with histograms")


if __name__ == "__main__":
    main()
