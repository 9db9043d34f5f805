"""Estimators of the logarithm of the likelihood ratio of theta and 0, as functions of the measured phi."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

BINS = 8


def features(phi: float) -> list[float]:
    return [1.0, math.cos(phi), math.sin(phi), math.cos(2 * phi)]


def bin_of(phi: float) -> int:
    return min(int((phi + math.pi) / (2 * math.pi) * BINS), BINS - 1)


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss's elimination with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for k in range(size):
        pivot = max(range(k, size), key=lambda row: abs(rows[row][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for row in range(size):
            if row != k:
                factor = rows[row][k] / rows[k][k]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[k], strict=True)]
    return [rows[k][size] / rows[k][k] for k in range(size)]


def weighted_fit(events: list[dict[str, Any]], weights: list[float], targets: list[float]) -> list[float]:
    """Least squares in the features, with a little ridge."""
    size = len(features(0.0))
    matrix = [[1e-6 * (i == j) for j in range(size)] for i in range(size)]
    right = [0.0] * size
    for event, weight, target in zip(events, weights, targets, strict=True):
        x = features(event["phi"])
        for i in range(size):
            right[i] += weight * target * x[i]
            for j in range(size):
                matrix[i][j] += weight * x[i] * x[j]
    return solve(matrix, right)


def dot(coefficients: list[float], phi: float) -> float:
    return sum(c * x for c, x in zip(coefficients, features(phi), strict=True))


def histogram(events: list[dict[str, Any]]) -> list[float]:
    """Count the events of both hypotheses in bins."""
    counts = [[0.5] * BINS, [0.5] * BINS]
    for event in events:
        counts[event["label"]][bin_of(event["phi"])] += 1
    return [math.log(above / below) for below, above in zip(*counts, strict=True)]


def regression(events: list[dict[str, Any]]) -> list[float]:
    """Events of theta = 0 with one measured phi have many true ratios: their mean is the ratio of the measured phi."""
    chosen = [event for event in events if event["label"] == 0]
    return weighted_fit(chosen, [1.0] * len(chosen), [math.exp(event["log_ratio"]) for event in chosen])


def classifier(events: list[dict[str, Any]]) -> list[float]:
    """Logistic regression by Newton's steps: the odds of the best classifier are the ratio."""
    coefficients = [0.0] * len(features(0.0))
    for _ in range(6):
        odds = [dot(coefficients, event["phi"]) for event in events]
        chances = [1 / (1 + math.exp(-x)) for x in odds]
        weights = [max(p * (1 - p), 1e-6) for p in chances]
        targets = [x + (event["label"] - p) / w for x, event, p, w in zip(odds, events, chances, weights, strict=True)]
        coefficients = weighted_fit(events, weights, targets)
    return coefficients


TRAIN: dict[str, Callable[[list[dict[str, Any]]], list[float]]] = {
    "histogram": histogram,
    "regression": regression,
    "classifier": classifier,
}


def log_ratio(method: str, parameters: list[float], phi: float) -> float:
    if method == "histogram":
        return parameters[bin_of(phi)]
    value = dot(parameters, phi)
    return value if method == "classifier" else math.log(max(value, 1e-3))
