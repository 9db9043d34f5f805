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

LABELS = {
    "qcd": "Multijet (from data)",
    "mc2": r"$t\bar{t}$",
    "mc1": r"$Z/\gamma^* \to \ell\ell$",
    "signal": r"$Z^\prime \to \ell\ell$, $m$ = 700 GeV",
}
COLOURS = {"qcd": "#b9ac70", "mc2": "#ffa90e", "mc1": "#3f90da", "signal": "#bd1f01"}
POINTS = {"fmt": "o", "color": "black", "markersize": 4.5, "linewidth": 1.2, "zorder": 4}
RATIO_MAX = 2.4
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


def draw(model: Model, results: dict | None, luminosity: float, path: str) -> None:
    import matplotlib

    matplotlib.use("pdf")
    import matplotlib.pyplot as plt

    plt.rcParams.update(
        {
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
    )
    stack, total_error, background_error = prediction(model, results)
    total = sum(stack.values())
    background = total - stack[model.signal]
    edges = model.edges / 1000.0
    centres, width = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    data = model.data
    low, high = poisson_interval(data)
    seen = data > 0

    figure, (top, bottom) = plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(7.2, 7.2),
        gridspec_kw={"height_ratios": [3.2, 1], "hspace": 0.06},
    )
    figure.subplots_adjust(left=0.125, right=0.965, top=0.965, bottom=0.095)

    def band(axes: Axes, lower: np.ndarray, upper: np.ndarray) -> PolyCollection:
        return axes.fill_between(
            edges,
            np.append(lower, lower[-1]),
            np.append(upper, upper[-1]),
            step="post",
            facecolor="none",
            edgecolor="0.25",
            linewidth=0.0,
            hatch="//////",
            zorder=3,
        )

    base = np.zeros(len(data))
    areas = {}
    for process in ORDER:
        areas[process] = top.stairs(
            base + stack[process],
            edges,
            baseline=base,
            fill=True,
            color=COLOURS[process],
            linewidth=0,
        )
        base = base + stack[process]
        top.stairs(base, edges, color="black", linewidth=0.5)
    alone = top.stairs(stack["signal"], edges, color=COLOURS["signal"], linestyle="--", linewidth=1.6)
    hatched = band(top, total - total_error, total + total_error)
    points = top.errorbar(
        centres[seen],
        data[seen],
        yerr=[(data - low)[seen], (high - data)[seen]],
        **POINTS,
    )
    top.set_yscale("log")
    top.set_xlim(edges[0], edges[-1])
    top.set_ylim(0.5, 60.0 * max(data.max(), total.max()))
    top.set_ylabel(f"Events / {width:.0f} GeV", loc="top")

    strength = 1.0 if results is None else results["mu"]["value"]
    signal_label = LABELS["signal"] + rf" ($\mu$ = {strength:.2f})"
    top.legend(
        [points, areas["mc1"], areas["mc2"], areas["qcd"], areas["signal"], alone, hatched],
        [
            "Data",
            LABELS["mc1"],
            LABELS["mc2"],
            LABELS["qcd"],
            signal_label,
            "Signal alone",
            "Uncertainty",
        ],
        loc="upper right",
        fontsize=11.5,
        labelspacing=0.35,
        handlelength=1.8,
    )
    notes = [r"$\sqrt{s}$ = 13 TeV, " + f"{luminosity:g} fb$^{{-1}}$"]
    if results is None:
        notes.append(r"$\ell\ell$ signal region, pre-fit")
    else:
        mu = results["mu"]
        notes.append(r"$\ell\ell$ signal region, post-fit")
        fitted = rf"$\mu = {mu['value']:.2f}^{{+{mu['up']:.2f}}}_{{-{-mu['down']:.2f}}}$"
        notes.append(f"{fitted}  ({results['significance']:.1f} $\\sigma$)")
    top.text(0.04, 0.955, "Toy data", weight="bold", size=14, va="top", transform=top.transAxes)
    for line, note in enumerate(notes):
        top.text(0.04, 0.885 - 0.068 * line, note, va="top", transform=top.transAxes)

    band(bottom, 1.0 - background_error / background, 1.0 + background_error / background)
    bottom.axhline(1.0, color="black", linewidth=0.8)
    bottom.stairs(total / background, edges, baseline=None, color=COLOURS["signal"], linewidth=1.6)
    bottom.errorbar(
        centres[seen],
        (data / background)[seen],
        yerr=[((data - low) / background)[seen], ((high - data) / background)[seen]],
        **POINTS,
    )
    bottom.set_ylim(0.0, RATIO_MAX)
    bottom.set_yticks([0.5, 1.0, 1.5, 2.0])
    above = centres[data / background > RATIO_MAX]
    bottom.plot(above, np.full(len(above), 0.97 * RATIO_MAX), "^", color="black", markersize=6)
    bottom.set_ylabel("Data / Bkg.")
    bottom.set_xlabel(r"$m_{\ell\ell}$ [GeV]", loc="right")
    figure.align_ylabels([top, bottom])
    for axes in (top, bottom):
        axes.set_axisbelow(False)
    # no dates or versions, so that the same numbers give the same file
    figure.savefig(path, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})


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
