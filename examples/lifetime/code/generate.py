"""Write the proper times of decays (ps), one a line: generate.py EVENTS FILE."""

import random
import sys

LIFETIME = 1.52  # ps, of a b hadron


def main(events: int, path: str) -> None:
    """Draw the times from an exponential distribution, always the same ones."""
    generator = random.Random(20)
    with open(path, "w", encoding="ascii") as file:
        for _ in range(events):
            file.write(f"{generator.expovariate(1 / LIFETIME):.4f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
