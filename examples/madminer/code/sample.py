"""Decide how many estimators are trained, and write a directory with the samples of each.

  sample.py DATA OUT --theta T --methods METHOD… --members N [M]

A sample is drawn from half of the events with their weights; the other half is for the test of the estimator.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import math
import random
from pathlib import Path
from typing import Any

import files
import theory

EVENTS = 300  # of each sample, half of them at theta, half at 0


def draw(events: list[dict[str, Any]], factors: dict[str, float], random: random.Random) -> list[dict[str, Any]]:
    """Draw events with their weights; each keeps all its weights."""
    limits = list(itertools.accumulate(theory.weight(event["weights"], factors) for event in events))
    return [events[bisect.bisect_right(limits, random.random() * limits[-1])] for _ in range(EVENTS // 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a directory with the samples of each estimator.")
    parser.add_argument("data")
    parser.add_argument("output", type=Path)
    parser.add_argument("--theta", type=float, required=True)
    parser.add_argument("--methods", nargs="+", required=True)
    parser.add_argument("--members", type=int, nargs="+", required=True, help="how many, or from how many to how many")
    args = parser.parse_args()

    data = files.read(args.data)
    at_theta, at_zero = (theory.morphing(data["benchmarks"], theta) for theta in (args.theta, 0.0))
    # the ratio of densities: cross sections do not tell the hypotheses apart here
    scale = theory.cross_section(0.0, data["coupling"]) / theory.cross_section(args.theta, data["coupling"])
    number = files.count(args.members, files.generator(data["seed"], "sample"))
    for member in range(number):
        random = files.generator(data["seed"], "sample", member)
        directory = args.output / f"sample_{member:04d}"
        directory.mkdir()
        for part, name in enumerate(("train", "test")):
            half = data["events"][part::2]
            events = [
                {
                    "phi": event["phi"],
                    "label": label,
                    "log_ratio": math.log(
                        scale * theory.weight(event["weights"], at_theta) / theory.weight(event["weights"], at_zero)
                    ),
                }
                for label, factors in enumerate((at_zero, at_theta))
                for event in draw(half, factors, random)
            ]
            method = args.methods[member % len(args.methods)]
            files.write(directory / f"{name}.json", {"member": member, "method": method, "events": events})
    print(f"{number} estimators")


if __name__ == "__main__":
    main()
