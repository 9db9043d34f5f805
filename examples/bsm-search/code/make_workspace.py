"""Make the workspace: check the histograms and store them with the parameters of the model.

  make_workspace.py HISTOGRAMS PREFIX       writes PREFIX_combined_model.h5

The signal is scaled by its strength `mu`. Every pair of histograms NAME_up, NAME_dn of a process gives
one nuisance parameter NAME_process; `qcd`, which comes from data, is uncertain in its norm.
"""

from __future__ import annotations

import argparse
import json

import h5py
import numpy as np
import tables

PROCESSES = ["mc1", "mc2", "qcd", "signal"]
NORM_UNCERTAINTY = {"qcd": 0.15}  # of the transfer factor


def model(histograms: tables.Histograms) -> dict:
    missing = [name for name in ["data", *PROCESSES] if "nominal" not in histograms.get(name, {})]
    if missing:
        raise SystemExit(f"make_workspace.py: no nominal histogram of {', '.join(missing)}")
    nuisances = []
    for process in PROCESSES:
        names = sorted(histograms[process])
        for name in names:
            if name.endswith("_up"):
                if name[:-3] + "_dn" not in names:
                    raise SystemExit(f"make_workspace.py: {process}/{name} lacks its counterpart")
                nuisances.append({"name": f"{name[:-3]}_{process}", "process": process, "template": name[:-3]})
        if process in NORM_UNCERTAINTY:
            nuisances.append({"name": f"norm_{process}", "process": process, "norm": NORM_UNCERTAINTY[process]})
    return {"processes": PROCESSES, "signal": "signal", "strength": "mu", "nuisances": nuisances}


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the workspace of the statistical model.")
    parser.add_argument("histograms")
    parser.add_argument("prefix")
    args = parser.parse_args()

    histograms, edges = tables.read_histograms(args.histograms)
    description = model(histograms)
    total = sum(histograms[process]["nominal"][0] for process in PROCESSES)
    if np.any(total <= 0.0):
        raise SystemExit("make_workspace.py: a bin without any expected event")

    path = f"{args.prefix}_combined_model.h5"
    tables.write_histograms(path, histograms, edges)
    with h5py.File(path, "r+") as f:
        f.attrs["model"] = json.dumps(description, sort_keys=True)


if __name__ == "__main__":
    main()
