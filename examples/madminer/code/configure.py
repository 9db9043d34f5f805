"""Check the card and write what all later steps read of it.

configure.py CARD OUT
"""

from __future__ import annotations

import sys

import files


def main(card_file: str, output: str) -> None:
    card = files.read(card_file)
    values = list(card["benchmarks"].values())
    if len(values) != 3 or len(set(values)) != 3:
        sys.exit("a weight that is quadratic in theta needs three different benchmarks")
    if not 0 < card["efficiency"] <= 1 or card["resolution"] <= 0:
        sys.exit("the efficiency is between 0 and 1, the resolution positive")
    files.write(output, {key: card[key] for key in ("coupling", "benchmarks", "resolution", "efficiency")})


if __name__ == "__main__":
    main(*sys.argv[1:])
