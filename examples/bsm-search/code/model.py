"""The binned likelihood of a workspace.

Each bin is a Poisson count. Templates are interpolated bin by bin between their up and down variations
(smoothly inside one standard deviation, linearly outside); nuisance parameters have unit Gaussian
constraints; the limited number of simulated events is accounted for by one factor per bin, eliminated
analytically (Barlow and Beeston, in Conway's simplified form).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import h5py
import numpy as np
import tables


class Model:
    def __init__(self, workspace: str) -> None:
        histograms, self.edges = tables.read_histograms(workspace)
        with h5py.File(workspace, "r") as f:
            about = json.loads(f.attrs["model"])
        self.processes = about["processes"]
        self.signal = about["signal"]
        self.nuisances = about["nuisances"]
        self.names = [about["strength"]] + [n["name"] for n in self.nuisances]
        self.data = histograms["data"]["nominal"][0]
        self.nominal = {p: histograms[p]["nominal"][0] for p in self.processes}
        self.variances = {p: histograms[p]["nominal"][1] for p in self.processes}
        self.variation = {}
        for n in self.nuisances:
            if "template" in n:
                nominal = self.nominal[n["process"]]
                up = histograms[n["process"]][n["template"] + "_up"][0] - nominal
                down = histograms[n["process"]][n["template"] + "_dn"][0] - nominal
                self.variation[n["name"]] = (0.5 * (up - down), 0.5 * (up + down))
        total = sum(self.nominal.values())
        self.relative_variance = np.maximum(sum(self.variances.values()) / total**2, 1e-12)

    def start(self) -> np.ndarray:
        """No deviation from the prediction: mu = 1 and all nuisance parameters 0."""
        return np.array([1.0] + [0.0] * len(self.nuisances))

    def prediction(self, parameters: np.ndarray) -> dict[str, np.ndarray]:
        """{process: expected events per bin}"""
        expected = {p: values.copy() for p, values in self.nominal.items()}
        norm = {self.signal: parameters[0]}
        for i, n in enumerate(self.nuisances):
            value = parameters[1 + i]
            if "norm" in n:
                norm[n["process"]] = (1.0 + n["norm"]) ** value
            else:
                odd, even = self.variation[n["name"]]
                smooth = value**2 * (15.0 - 10.0 * value**2 + 3.0 * value**4) / 8.0
                if abs(value) > 1.0:
                    smooth = abs(value)
                expected[n["process"]] += value * odd + smooth * even
        for process, factor in norm.items():
            expected[process] *= factor
        return expected

    def total(self, parameters: np.ndarray) -> np.ndarray:
        return sum(self.prediction(parameters).values())

    def simulation_factors(self, total: np.ndarray) -> np.ndarray:
        """The most likely true/expected ratio per bin, given the data and the size of the samples."""
        d2 = self.relative_variance
        b = 1.0 - total * d2
        return 0.5 * (b + np.sqrt(b * b + 4.0 * self.data * d2))

    def deviance(self, parameters: np.ndarray) -> float:
        """-2 ln (likelihood / likelihood of a perfect prediction)"""
        total = np.maximum(self.total(parameters), 1e-9)
        factor = self.simulation_factors(total)
        expected = np.maximum(total * factor, 1e-9)
        n = self.data
        poisson = expected - n + n * np.log(np.where(n > 0, n, 1.0) / np.where(n > 0, expected, 1.0))
        simulation = (factor - 1.0) ** 2 / self.relative_variance
        constraints = np.sum(np.asarray(parameters[1:]) ** 2)
        return float(2.0 * poisson.sum() + simulation.sum() + constraints)

    def uncertainty(
        self, parameters: np.ndarray, covariance: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """One standard deviation per bin of a function of the parameters."""
        parameters = np.asarray(parameters, dtype=float)
        slopes = []
        for i in range(len(parameters)):
            step = np.zeros(len(parameters))
            step[i] = 0.5 * max(np.sqrt(covariance[i][i]), 1e-3)
            slopes.append((function(parameters + step) - function(parameters - step)) / (2.0 * step[i]))
        slopes = np.array(slopes)
        return np.sqrt(np.maximum(np.einsum("ib,ij,jb->b", slopes, covariance, slopes), 0.0))
