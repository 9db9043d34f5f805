"""Select events of a region, and weigh or smear them as a systematic variation asks.

  select_events.py IN OUT --region signal|control --variations V [V ...]

Regions: in the signal region both leptons are isolated; in the control region one is not.

Variations: `nominal`; `weight_*_up|dn` change the weights of events (lepton efficiency), and several of
them fit into one output; `shape_*_up|dn` change the mass itself (resolution and scale), so such a
variation is selected alone and its output has nominal weights.
"""

from __future__ import annotations

import argparse

import numpy as np
import tables

ISOLATED_BELOW = 1500  # an isolation of 0.15
LOWEST_MASS = tables.EDGES[0]


def varied_mass(events: dict[str, np.ndarray], variation: str) -> np.ndarray:
    """Reconstructed mass with worse (better) resolution and a higher (lower) scale."""
    if variation == "shape_conv_up":
        resolution, scale = 1.2, 1.01
    elif variation == "shape_conv_dn":
        resolution, scale = 0.8, 0.99
    else:
        raise SystemExit(f"select_events.py: unknown variation {variation}")
    generated = events["m_gen"].astype(float)
    return np.rint((generated + (events["m_reco"] - generated) * resolution) * scale).astype(np.int32)


def weight(events: dict[str, np.ndarray], variation: str) -> np.ndarray:
    if variation == "nominal":
        return np.ones(len(events["m_reco"]))
    sign = {"weight_var1_up": 1.0, "weight_var1_dn": -1.0}.get(variation)
    if sign is None:
        raise SystemExit(f"select_events.py: unknown variation {variation}")
    # the uncertainty of the lepton efficiency grows with the mass
    return tables.on_grid(1.0 + sign * (0.02 + 0.06 * events["m_gen"] / 1_000_000.0))


def main() -> None:
    parser = argparse.ArgumentParser(description="Select and vary events.")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--region", required=True, choices=["signal", "control"])
    parser.add_argument("--variations", required=True, nargs="+")
    args = parser.parse_args()

    events = tables.read_events(args.input)
    mass, variations = events["m_reco"], args.variations
    if variations[0].startswith("shape_"):
        if len(variations) > 1:
            raise SystemExit("select_events.py: a shape variation is selected alone")
        mass, variations = varied_mass(events, variations[0]), ["nominal"]

    isolated = events["isolation"] < ISOLATED_BELOW
    selected = isolated if args.region == "signal" else ~isolated
    selected &= mass >= LOWEST_MASS

    columns = {"mass": mass[selected]}
    for variation in variations:
        columns[f"weight_{variation}"] = weight(events, variation)[selected]
    tables.write_events(args.output, columns)


if __name__ == "__main__":
    main()
