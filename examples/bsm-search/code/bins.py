"""Print all bin contents of histogram or workspace files as JSON, to compare runs.

bins.py FILE [FILE ...]
"""

import json
import sys

import tables


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    result = {}
    for path in sys.argv[1:]:
        histograms, edges = tables.read_histograms(path)
        result["edges"] = edges.tolist()
        for process, variations in sorted(histograms.items()):
            for name, (values, variances) in sorted(variations.items()):
                result[f"{process}/{name}"] = {
                    "values": values.tolist(),
                    "variances": variances.tolist(),
                }
    json.dump(result, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
