"""Generate the events of one job: phi, and the weight at every benchmark.

pythia.py JOB OUT
"""

from __future__ import annotations

import math
import sys

import files
import theory


def main(job_file: str, output: str) -> None:
    job = files.read(job_file)
    coupling, benchmarks = job["coupling"], job["benchmarks"]
    theta = benchmarks[job["benchmark"]]
    random = files.generator(job["seed"], "pythia", job["index"])
    highest = max(theory.density(phi, theta, coupling) for phi in (0.0, math.pi))
    events = []
    while len(events) < job["events"]:
        phi = math.pi * (2 * random.random() - 1)
        generated = theory.density(phi, theta, coupling)
        if random.random() * highest < generated:
            weights = {
                name: theory.cross_section(value, coupling) * theory.density(phi, value, coupling) / generated
                for name, value in benchmarks.items()
            }
            events.append({"phi": phi, "weights": weights})
    files.write(output, {"index": job["index"], "seed": job["seed"], "events": events})


if __name__ == "__main__":
    main(*sys.argv[1:])
