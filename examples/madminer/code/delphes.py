"""What the detector sees of one file's events: phi with its resolution, and not all of them.

delphes.py MORPHING EVENTS OUT
"""

from __future__ import annotations

import math
import sys

import files


def main(morphing_file: str, events_file: str, output: str) -> None:
    morphing, made = files.read(morphing_file), files.read(events_file)
    random = files.generator(made["seed"], "delphes", made["index"])
    seen = []
    for event in made["events"]:
        found, u1, u2 = random.random(), random.random(), random.random()
        if found >= morphing["efficiency"]:
            continue
        gauss = math.sqrt(-2 * math.log(1 - u1)) * math.cos(2 * math.pi * u2)
        phi = event["phi"] + morphing["resolution"] * gauss
        seen.append({"phi": math.remainder(phi, 2 * math.pi), "weights": event["weights"]})
    files.write(output, {"index": made["index"], "seed": made["seed"], "events": seen})


if __name__ == "__main__":
    main(*sys.argv[1:])
