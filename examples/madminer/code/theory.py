"""The theory: the density of one angle phi, quadratic in the parameter theta.

M(phi | theta) = |1 + c theta exp(i phi)|^2 = 1 + 2 c theta cos(phi) + (c theta)^2. Three benchmarks therefore fix the
weight of an event at every theta: morphing.
"""

from __future__ import annotations

import math


def density(phi: float, theta: float, coupling: float) -> float:
    """The normalised density of phi between -pi and pi."""
    strength = coupling * theta
    return (1 + 2 * strength * math.cos(phi) + strength**2) / (2 * math.pi * (1 + strength**2))


def cross_section(theta: float, coupling: float) -> float:
    """In units of the cross section at theta = 0."""
    return 1 + (coupling * theta) ** 2


def morphing(benchmarks: dict[str, float], theta: float) -> dict[str, float]:
    """The factor of each benchmark's weight in the weight at theta: Lagrange's polynomials."""
    return {
        name: math.prod((theta - other) / (value - other) for other in benchmarks.values() if other != value)
        for name, value in benchmarks.items()
    }


def weight(weights: dict[str, float], factors: dict[str, float]) -> float:
    """The weight of an event, in units of cross section, from its weights at the benchmarks."""
    return sum(factor * weights[name] for name, factor in factors.items())
