"""Write the spectrum in the format of HEPData: submission.yaml, one table, and a zip archive of both.

hepdata_export.py WORKSPACE SUBMISSION.yaml TABLE.yaml ARCHIVE.zip
"""

from __future__ import annotations

import argparse
import json
import zipfile
from pathlib import Path

from model import Model

TITLES = {
    "data": "Data",
    "mc1": "Drell-Yan",
    "mc2": "Top-quark pairs",
    "qcd": "Multijet (from data)",
    "signal": "Signal (mu = 1)",
}


def number(value: float) -> float:
    return float(f"{value:.6g}")


def yaml(value: dict | list, indent: int = 0) -> list[str]:
    """Lines of block-style YAML for dicts, lists and scalars."""
    pad = " " * indent
    lines = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines.append(f"{pad}{key}:")
                lines += yaml(item, indent + 2)
            else:
                lines.append(f"{pad}{key}: {json.dumps(item)}")
    else:
        for item in value:
            if isinstance(item, dict) and item:
                first, *rest = yaml(item, indent + 2)
                lines += [f"{pad}- {first.lstrip()}", *rest]
            else:
                lines.append(f"{pad}- {json.dumps(item)}")
    return lines


def document(value: dict | list) -> str:
    return "\n".join(yaml(value)) + "\n"


def column(title: str, values: list[dict]) -> dict:
    qualifiers = [{"name": "SQRT(S)", "units": "GeV", "value": 13000}]
    return {
        "header": {"name": title, "units": "Events"},
        "qualifiers": qualifiers,
        "values": values,
    }


def table(model: Model) -> dict:
    edges = [number(edge / 1000.0) for edge in model.edges]
    columns = [column(TITLES["data"], [{"value": number(n)} for n in model.data])]
    for process in model.processes:
        values = []
        for i, nominal in enumerate(model.nominal[process]):
            errors = [{"label": "stat", "symerror": number(model.variances[process][i] ** 0.5)}]
            for n in model.nuisances:
                if n["process"] != process:
                    continue
                if "norm" in n:
                    shifts = nominal * n["norm"], nominal * (1.0 / (1.0 + n["norm"]) - 1.0)
                else:
                    odd, even = model.variation[n["name"]]
                    shifts = odd[i] + even[i], even[i] - odd[i]
                errors.append(
                    {
                        "label": n["name"],
                        "asymerror": {"plus": number(shifts[0]), "minus": number(shifts[1])},
                    }
                )
            values.append({"value": number(nominal), "errors": errors})
        columns.append(column(TITLES[process], values))
    return {
        "independent_variables": [
            {
                "header": {"name": "M(LEPTON LEPTON)", "units": "GeV"},
                "values": [{"low": edges[i], "high": edges[i + 1]} for i in range(len(edges) - 1)],
            }
        ],
        "dependent_variables": columns,
    }


def submission(table_name: str) -> str:
    about = {"comment": "Toy search for a dilepton resonance: an example of wfcompile, not a measurement."}
    entry = {
        "name": "Mass spectrum",
        "location": "Signal region",
        "description": "Dilepton mass in the signal region: data and prediction before the fit.",
        "keywords": [
            {"name": "reactions", "values": ["P P --> LEPTON+ LEPTON- X"]},
            {"name": "observables", "values": ["N"]},
            {"name": "cmenergies", "values": [13000]},
        ],
        "data_file": table_name,
    }
    return document(about) + "---\n" + document(entry)


def main() -> None:
    parser = argparse.ArgumentParser(description="Export the spectrum for HEPData.")
    parser.add_argument("workspace")
    parser.add_argument("submission")
    parser.add_argument("table")
    parser.add_argument("archive")
    args = parser.parse_args()

    texts = {
        args.submission: submission(Path(args.table).name),
        args.table: document(table(Model(args.workspace))),
    }
    with zipfile.ZipFile(args.archive, "w") as archive:
        for path, text in texts.items():
            Path(path).write_text(text, encoding="utf-8")
            member = zipfile.ZipInfo(Path(path).name, (1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            archive.writestr(member, text, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
