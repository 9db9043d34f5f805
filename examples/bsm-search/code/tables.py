"""The HDF5 files of this example: event tables and histograms.

An event table has one dataset per column below /events. A histogram file has the common bin edges in
/edges and, for every process and variation, /<process>/<variation>/values and .../variances.

All numbers are kept on coarse binary grids (masses: whole MeV, weights: multiples of 2^-18). Sums of
them are exact in double precision, so bin contents do not depend on the order of files and events, nor
on how a particular NumPy build rounds its logarithms.
"""

from __future__ import annotations

import h5py
import numpy as np

# The dilepton mass spectrum: 200 GeV to 1400 GeV in 30 bins (in MeV).
EDGES = np.arange(200_000, 1_400_001, 40_000)

WEIGHT_GRID = 2.0**18


# (sums of weights, sums of squared weights) per bin; by process and variation
Histogram = tuple[np.ndarray, np.ndarray]
Histograms = dict[str, dict[str, Histogram]]


def on_grid(weights: np.ndarray) -> np.ndarray:
    """Round weights to the grid on which their sums, and the sums of their squares, are exact."""
    return np.rint(np.asarray(weights) * WEIGHT_GRID) / WEIGHT_GRID


def _put(group: h5py.Group, name: str, data: np.ndarray) -> None:
    group.create_dataset(name, data=data, track_times=False)


def content(path: str) -> str:
    """Return 'events' or 'histograms'."""
    with h5py.File(path, "r") as f:
        return "events" if "events" in f else "histograms"


def write_events(path: str, columns: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as f:
        group = f.create_group("events")
        for name, data in columns.items():
            _put(group, name, data)


def read_events(path: str) -> dict[str, np.ndarray]:
    with h5py.File(path, "r") as f:
        return {name: data[()] for name, data in f["events"].items()}


def write_histograms(path: str, histograms: Histograms, edges: np.ndarray = EDGES) -> None:
    with h5py.File(path, "w") as f:
        _put(f, "edges", edges)
        for process, variations in histograms.items():
            for variation, (values, variances) in variations.items():
                group = f.create_group(f"{process}/{variation}")
                _put(group, "values", values)
                _put(group, "variances", variances)


def read_histograms(path: str) -> tuple[Histograms, np.ndarray]:
    """Return the histograms and their common edges."""
    histograms = {}
    with h5py.File(path, "r") as f:
        edges = f["edges"][()]
        for process, variations in f.items():
            if process != "edges":
                histograms[process] = {
                    name: (group["values"][()], group["variances"][()]) for name, group in variations.items()
                }
    return histograms, edges
