"""Train one estimator.

train.py SAMPLE OUT
"""

from __future__ import annotations

import sys

import estimators
import files


def main(sample_file: str, output: str) -> None:
    sample = files.read(sample_file)
    if sample["method"] not in estimators.TRAIN:
        sys.exit(f"unknown method '{sample['method']}'; known: {', '.join(estimators.TRAIN)}")
    parameters = estimators.TRAIN[sample["method"]](sample["events"])
    files.write(output, {"member": sample["member"], "method": sample["method"], "parameters": parameters})


if __name__ == "__main__":
    main(*sys.argv[1:])
