"""Decide how many files of events there will be, and write a directory with the job of each.

generate.py MORPHING OUT --files N [M] --events N --seed S|random
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

import files


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a directory with the job of each file of events.")
    parser.add_argument("morphing")
    parser.add_argument("output", type=Path)
    parser.add_argument("--files", type=int, nargs="+", required=True, help="how many, or from how many to how many")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seed", required=True)
    args = parser.parse_args()

    seed = secrets.randbelow(2**31) if args.seed == "random" else int(args.seed)
    morphing = files.read(args.morphing)
    names = sorted(morphing["benchmarks"])
    number = files.count(args.files, files.generator(seed, "generate"))
    for index in range(number):
        directory = args.output / f"job_{index:04d}"
        directory.mkdir()
        job = {"index": index, "benchmark": names[index % len(names)], "events": args.events, "seed": seed}
        files.write(directory / "job.json", {**job, **morphing})
    print(f"{number} files of {args.events} events, seed {seed}")


if __name__ == "__main__":
    main()
