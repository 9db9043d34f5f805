"""Evaluate one estimator: its curve, and how well it tells the hypotheses apart on events that it has not seen.

evaluate.py SAMPLE MODEL OUT
"""

from __future__ import annotations

import math
import sys

import estimators
import files

POINTS = 49


def main(sample_file: str, model_file: str, output: str) -> None:
    sample, model = files.read(sample_file), files.read(model_file)
    if sample["member"] != model["member"]:
        sys.exit(f"the sample is of estimator {sample['member']}, the model of {model['member']}")

    def estimate(phi: float) -> float:
        return estimators.log_ratio(model["method"], model["parameters"], phi)

    means = []
    for label in (0, 1):
        values = [estimate(event["phi"]) for event in sample["events"] if event["label"] == label]
        means.append(sum(values) / len(values))
    grid = [math.pi * (2 * k / (POINTS - 1) - 1) for k in range(POINTS)]
    result = {"member": model["member"], "method": model["method"], "separation": means[1] - means[0]}
    files.write(output, {**result, "phi": grid, "log_ratio": [estimate(phi) for phi in grid]})


if __name__ == "__main__":
    main(*sys.argv[1:])
