"""Fill the mass histograms of one process.

  histogram.py IN OUT --process P --weight W --variations V [V ...] [--suffix S]

Every variation is one weight column of the selected events; each event counts W times that weight.
With --suffix the histograms are stored under that name: events of a shape variation have nominal
weights.
"""

from __future__ import annotations

import argparse

import numpy as np
import tables


def fill(mass: np.ndarray, weights: np.ndarray) -> tables.Histogram:
    """Sums of weights and of squared weights per bin; what lies outside is not counted."""
    width = tables.EDGES[1] - tables.EDGES[0]
    bins = len(tables.EDGES) - 1
    number = (mass - tables.EDGES[0]) // width
    inside = (number >= 0) & (number < bins)
    number, weights = number[inside], weights[inside]
    return (
        np.bincount(number, weights, minlength=bins),
        np.bincount(number, weights * weights, minlength=bins),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Fill mass histograms.")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--process", required=True)
    parser.add_argument("--weight", required=True, type=float)
    parser.add_argument("--variations", required=True, nargs="+")
    parser.add_argument("--suffix")
    args = parser.parse_args()

    events = tables.read_events(args.input)
    histograms = {
        args.suffix or variation: fill(events["mass"], tables.on_grid(args.weight * events[f"weight_{variation}"]))
        for variation in args.variations
    }
    tables.write_histograms(args.output, {args.process: histograms})


if __name__ == "__main__":
    main()
