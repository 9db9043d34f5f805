"""Fit the model to the data: maximum likelihood with MINUIT.

fit.py WORKSPACE OUT.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from iminuit import Minuit
from model import Model


def minimize(model: Model, fixed: float | None = None) -> Minuit:
    minuit = Minuit(model.deviance, model.start(), name=model.names)
    minuit.errordef = Minuit.LEAST_SQUARES  # the deviance grows by one per standard deviation
    minuit.strategy = 2
    minuit.errors = [0.2] + [1.0] * len(model.nuisances)
    if fixed is not None:
        minuit.values[0] = fixed
        minuit.fixed[0] = True
    minuit.migrad()
    if not minuit.valid:
        raise SystemExit("fit.py: the fit did not converge")
    return minuit


def rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits) + 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the signal strength.")
    parser.add_argument("workspace")
    parser.add_argument("output")
    args = parser.parse_args()

    model = Model(args.workspace)
    background_only = minimize(model, fixed=0.0)
    best = minimize(model)
    best.hesse()
    best.minos("mu")
    errors = best.merrors["mu"]
    q0 = max(background_only.fval - best.fval, 0.0) if best.values["mu"] > 0.0 else 0.0

    names = model.names
    results = {
        "mu": {
            "value": rounded(best.values["mu"]),
            "up": rounded(errors.upper),
            "down": rounded(errors.lower),
        },
        "significance": rounded(np.sqrt(q0), 3),
        "deviance": rounded(best.fval, 3),
        "bins": len(model.data),
        "parameters": {
            name: {"value": rounded(best.values[name]), "error": rounded(best.errors[name])} for name in names
        },
        "correlation": [[rounded(x) for x in row] for row in np.array(best.covariance.correlation())],
    }
    Path(args.output).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    mu = results["mu"]
    print(f"mu = {mu['value']:.2f} +{mu['up']:.2f} {mu['down']:.2f}, {results['significance']:.1f} sigma")


if __name__ == "__main__":
    main()
