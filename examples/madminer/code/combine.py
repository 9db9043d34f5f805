"""All files of events as one, in the order of their numbers.

combine.py MORPHING OUT EVENTS…
"""

from __future__ import annotations

import sys

import files


def main(morphing_file: str, output: str, *events_files: str) -> None:
    parts = sorted((files.read(file) for file in events_files), key=lambda part: part["index"])
    events = [event for part in parts for event in part["events"]]
    seeds = {part["seed"] for part in parts}
    if len(seeds) != 1:
        sys.exit(f"the files are of {len(seeds)} campaigns, not of one")
    files.write(output, {**files.read(morphing_file), "seed": seeds.pop(), "files": len(parts), "events": events})
    print(f"{len(events)} events in {len(parts)} files")


if __name__ == "__main__":
    main(*sys.argv[1:])
