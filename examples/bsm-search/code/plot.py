"""Plot data and prediction, before the fit or (with --fit) after it.

plot.py WORKSPACE OUT.pdf [--fit RESULTS.json] [--luminosity L]
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from model import Model

if TYPE_CHECKING:  # imported where it is needed, for it takes its time
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer

LABELS = {
    "qcd": "Multijet (from data)",
    "mc2": r"$t\bar{t}$",
    "mc1": r"$Z/\gamma^* \to \ell\ell$",
    "signal": r"$Z^\prime \to \ell\ell$, $m$ = 700 GeV",
}
COLOURS = {"qcd": "#b9ac70", "mc2": "#ffa90e", "mc1": "#3f90da", "signal": "#bd1f01"}
POINTS = {"fmt": "o", "color": "black", "markersize": 4.5, "linewidth": 1.2, "zorder": 4}
RATIO_MAX = 2.4
STYLE = {
    "font.size": 12,
    "axes.labelsize": 14,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "mathtext.fontset": "dejavusans",
}
ORDER = ["qcd", "mc2", "mc1", "signal"]  # from the bottom of the stack


def poisson_interval(n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central 68 % confidence interval (Garwood; quantiles by Wilson and Hilferty)."""
    n = np.asarray(n, dtype=float)
    safe = np.maximum(n, 1.0)
    low = safe * (1.0 - 1.0 / (9.0 * safe) - 1.0 / (3.0 * np.sqrt(safe))) ** 3
    m = n + 1.0
    high = m * (1.0 - 1.0 / (9.0 * m) + 1.0 / (3.0 * np.sqrt(m))) ** 3
    return np.where(n > 0, low, 0.0), high


def prediction(model: Model, results: dict | None) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Expected events per process; the uncertainties of the total and of the background."""
    variance = model.relative_variance
    if results is None:
        parameters = model.start()
        covariance = np.diag([0.0] + [1.0] * len(model.nuisances))
        factor = np.ones(len(model.data))
        simulation = np.sqrt(variance)
    else:
        fitted = [results["parameters"][name] for name in model.names]
        parameters = np.array([p["value"] for p in fitted])
        errors = np.array([p["error"] for p in fitted])
        covariance = np.array(results["correlation"]) * np.outer(errors, errors)
        total = model.total(parameters)
        factor = model.simulation_factors(total)
        simulation = 1.0 / np.sqrt(1.0 / variance + total)  # the data constrain it, too
    stack = {p: values * factor for p, values in model.prediction(parameters).items()}

    def background(at: np.ndarray) -> np.ndarray:
        return sum(values for p, values in model.prediction(at).items() if p != model.signal)

    total = sum(stack.values())
    errors = [
        np.hypot(model.uncertainty(parameters, covariance, function) * factor, simulation * total)
        for function in (model.total, background)
    ]
    return stack, *errors


class Spectrum:
    """What both panels show: data, expected events and their uncertainties in bins of `edges` (GeV)."""

    def __init__(self, model: Model, results: dict | None) -> None:
        self.stack, self.total_error, self.background_error = prediction(model, results)
        self.total = sum(self.stack.values())
        self.background = self.total - self.stack[model.signal]
        self.edges = model.edges / 1000.0
        self.centres, self.width = 0.5 * (self.edges[1:] + self.edges[:-1]), self.edges[1] - self.edges[0]
        self.data = model.data
        self.low, self.high = poisson_interval(self.data)
        self.seen = self.data > 0

    def points(self, axes: Axes, scale: np.ndarray | float) -> ErrorbarContainer:
        """Draw the data with their errors, in units of `scale`."""
        down, up = (self.data - self.low) / scale, (self.high - self.data) / scale
        values = self.data / scale
        seen = self.seen
        return axes.errorbar(self.centres[seen], values[seen], yerr=[down[seen], up[seen]], **POINTS)

    def band(self, axes: Axes, lower: np.ndarray, upper: np.ndarray) -> PolyCollection:
        """Hatch what lies between two histograms."""
        return axes.fill_between(
            self.edges,
            np.append(lower, lower[-1]),
            np.append(upper, upper[-1]),
            step="post",
            facecolor="none",
            edgecolor="0.25",
            linewidth=0.0,
            hatch="//////",
            zorder=3,
        )


def draw(model: Model, results: dict | None, luminosity: float, path: str) -> None:
    import matplotlib

    matplotlib.use("pdf")
    import matplotlib.pyplot as plt

    plt.rcParams.update(STYLE)
    spectrum = Spectrum(model, results)
    grid = {"height_ratios": [3.2, 1], "hspace": 0.06}
    figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(7.2, 7.2), gridspec_kw=grid)
    figure.subplots_adjust(left=0.125, right=0.965, top=0.965, bottom=0.095)
    draw_events(top, spectrum, 1.0 if results is None else results["mu"]["value"])
    draw_notes(top, results, luminosity)
    draw_ratio(bottom, spectrum)
    figure.align_ylabels([top, bottom])
    for axes in (top, bottom):
        axes.set_axisbelow(False)
    # no dates or versions, so that the same numbers give the same file
    figure.savefig(path, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})


def draw_events(axes: Axes, spectrum: Spectrum, strength: float) -> None:
    """Draw the stacked processes, the signal alone, the uncertainty and the data."""
    stack, edges, total = spectrum.stack, spectrum.edges, spectrum.total
    base = np.zeros(len(spectrum.data))
    areas = {}
    for process in ORDER:
        filled = {"fill": True, "color": COLOURS[process], "linewidth": 0}
        areas[process] = axes.stairs(base + stack[process], edges, baseline=base, **filled)
        base = base + stack[process]
        axes.stairs(base, edges, color="black", linewidth=0.5)
    alone = axes.stairs(stack["signal"], edges, color=COLOURS["signal"], linestyle="--", linewidth=1.6)
    hatched = spectrum.band(axes, total - spectrum.total_error, total + spectrum.total_error)
    points = spectrum.points(axes, 1.0)
    axes.set_yscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0.5, 60.0 * max(spectrum.data.max(), total.max()))
    axes.set_ylabel(f"Events / {spectrum.width:.0f} GeV", loc="top")
    signal_label = LABELS["signal"] + rf" ($\mu$ = {strength:.2f})"
    axes.legend(
        [points, areas["mc1"], areas["mc2"], areas["qcd"], areas["signal"], alone, hatched],
        ["Data", LABELS["mc1"], LABELS["mc2"], LABELS["qcd"], signal_label, "Signal alone", "Uncertainty"],
        loc="upper right",
        fontsize=11.5,
        labelspacing=0.35,
        handlelength=1.8,
    )


def draw_notes(axes: Axes, results: dict | None, luminosity: float) -> None:
    """Write what was measured where, and the fitted signal strength."""
    notes = [r"$\sqrt{s}$ = 13 TeV, " + f"{luminosity:g} fb$^{{-1}}$"]
    if results is None:
        notes.append(r"$\ell\ell$ signal region, pre-fit")
    else:
        mu = results["mu"]
        notes.append(r"$\ell\ell$ signal region, post-fit")
        fitted = rf"$\mu = {mu['value']:.2f}^{{+{mu['up']:.2f}}}_{{-{-mu['down']:.2f}}}$"
        notes.append(f"{fitted}  ({results['significance']:.1f} $\\sigma$)")
    axes.text(0.04, 0.955, "Toy data", weight="bold", size=14, va="top", transform=axes.transAxes)
    for line, note in enumerate(notes):
        axes.text(0.04, 0.885 - 0.068 * line, note, va="top", transform=axes.transAxes)


def draw_ratio(axes: Axes, spectrum: Spectrum) -> None:
    """Draw data over background, with its uncertainty and the prediction with signal."""
    background, centres = spectrum.background, spectrum.centres
    relative = spectrum.background_error / background
    spectrum.band(axes, 1.0 - relative, 1.0 + relative)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.stairs(spectrum.total / background, spectrum.edges, baseline=None, color=COLOURS["signal"], linewidth=1.6)
    spectrum.points(axes, background)
    axes.set_ylim(0.0, RATIO_MAX)
    axes.set_yticks([0.5, 1.0, 1.5, 2.0])
    above = centres[spectrum.data / background > RATIO_MAX]
    axes.plot(above, np.full(len(above), 0.97 * RATIO_MAX), "^", color="black", markersize=6)
    axes.set_ylabel("Data / Bkg.")
    axes.set_xlabel(r"$m_{\ell\ell}$ [GeV]", loc="right")


def main() -> None:
    parser = argparse.ArgumentParser(description="Plot data and prediction.")
    parser.add_argument("workspace")
    parser.add_argument("output")
    parser.add_argument("--fit")
    parser.add_argument("--luminosity", type=float, default=10.0, help="in inverse femtobarns")
    args = parser.parse_args()

    results = None
    if args.fit:
        results = json.loads(Path(args.fit).read_text(encoding="utf-8"))
    # batch jobs often have no home directory to keep a cache in
    with tempfile.TemporaryDirectory() as cache:
        os.environ.setdefault("MPLCONFIGDIR", cache)
        draw(Model(args.workspace), results, args.luminosity, args.output)


if __name__ == "__main__":
    main()
