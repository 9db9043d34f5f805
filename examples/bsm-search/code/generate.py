"""Generate one file of toy events: pairs of leptons with an invariant mass and an isolation.

  generate.py OUT --sample mc1|mc2|signal|data --index I --events N --seed S

Samples:
  mc1     Drell-Yan production of lepton pairs, a spectrum that falls like m^-4
  mc2     top-quark pairs, falling like m^-5
  signal  a resonance of 700 GeV with a width of 20 GeV
  data    pseudo-data: all of these and multijet events ("qcd"), mixed by cross section

Simulated events carry the generated mass next to the reconstructed one. Every file has a random
generator of its own, seeded by sample name and file index.
"""

from __future__ import annotations

import argparse
import hashlib

import numpy as np
import tables

# Cross sections in fb, for generated masses above 150 GeV.
CROSS_SECTION = {"mc1": 4000.0, "mc2": 2000.0, "qcd": 2400.0, "signal": 12.0}
LOWEST_MASS = 150.0
SLOPE = {"mc1": 4.0, "mc2": 5.0, "qcd": 5.5}
RESONANCE_MASS, RESONANCE_WIDTH = 700.0, 20.0
ISOLATION_OF_PROMPT_LEPTONS = 0.02


def generator(seed: int, sample: str, index: int) -> np.random.Generator:
    digest = hashlib.sha256(f"{seed}/{sample}/{index}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


# Only Generator.random() is used, with transformations of our own: its stream is the same in every
# version of NumPy, which is not promised for other distributions.


def generated_mass(process: str, u: np.ndarray) -> np.ndarray:
    if process == "signal":  # Breit-Wigner, cut off at ten widths
        limit = np.arctan(20.0) / np.pi
        u = 0.5 + (2.0 * u - 1.0) * limit
        return RESONANCE_MASS + 0.5 * RESONANCE_WIDTH * np.tan(np.pi * (u - 0.5))
    return LOWEST_MASS * (1.0 - u) ** (-1.0 / (SLOPE[process] - 1.0))


def smeared(mass: np.ndarray, u1: np.ndarray, u2: np.ndarray) -> np.ndarray:
    gauss = np.sqrt(-2.0 * np.log(1.0 - u1)) * np.cos(2.0 * np.pi * u2)
    return mass * (1.0 + (0.015 + 0.02 * mass / 1000.0) * gauss)


def isolation(process: str, u: np.ndarray) -> np.ndarray:
    """Energy around the softer lepton, relative to the lepton's own, from 0 to 1."""
    if process == "qcd":
        return u
    return np.minimum(-ISOLATION_OF_PROMPT_LEPTONS * np.log(1.0 - u), 1.0)


def events(process: str, n: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    mass = generated_mass(process, random.random(n))
    reco = smeared(mass, random.random(n), random.random(n))
    return {
        "m_gen": np.rint(mass * 1000.0).astype(np.int32),  # MeV
        "m_reco": np.rint(reco * 1000.0).astype(np.int32),
        "isolation": np.rint(isolation(process, random.random(n)) * 10000.0).astype(np.int16),
    }


def pseudo_data(n: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Every event is of one process, chosen by cross section; what it is, data do not tell."""
    processes = sorted(CROSS_SECTION)
    limits = np.cumsum([CROSS_SECTION[p] for p in processes])
    choice = np.searchsorted(limits, random.random(n) * limits[-1], side="right")
    columns = {
        "m_reco": np.zeros(n, np.int32),
        "isolation": np.zeros(n, np.int16),
    }
    for number, process in enumerate(processes):
        mine = choice == number
        table = events(process, int(mine.sum()), random)
        for name, column in columns.items():
            column[mine] = table[name]
    return columns


def main() -> None:
    parser = argparse.ArgumentParser(description="Generate one file of toy events.")
    parser.add_argument("output")
    parser.add_argument("--sample", required=True, choices=["mc1", "mc2", "signal", "data"])
    parser.add_argument("--index", required=True, type=int)
    parser.add_argument("--events", required=True, type=int)
    parser.add_argument("--seed", required=True, type=int)
    args = parser.parse_args()

    random = generator(args.seed, args.sample, args.index)
    is_data = args.sample == "data"
    columns = pseudo_data(args.events, random) if is_data else events(args.sample, args.events, random)
    tables.write_events(args.output, columns)


if __name__ == "__main__":
    main()
