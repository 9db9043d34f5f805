"""Small documents in which random ones once differed from cwltool: the same output objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cwl.conformance import Case, by_cwltool, by_wfcompile
from tests.cwl.oracle import separate_outputs
from tests.cwl.test_random import told

pytestmark = pytest.mark.filterwarnings("ignore")  # cwltool's

CASES = [
    yaml.safe_load(text)
    for text in (Path(__file__).with_name("runs.yaml")).read_text(encoding="utf-8").split("\n---\n")
]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_as_cwltool(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("alpha\n")
    for name, content in (("main.cwl", {"cwlVersion": "v1.2", **case["document"]}), ("job.json", case["job"])):
        (tmp_path / name).write_text(json.dumps(content))
    run = Case("", case["name"], str(tmp_path / "main.cwl"), str(tmp_path / "job.json"), None, False, ())
    with separate_outputs():
        theirs = by_cwltool(run, tmp_path / "cwltool")
    ours = by_wfcompile(run, tmp_path / "make")
    assert (theirs.code, ours.code) == (0, 0), f"cwltool: {theirs.log[-3000:]}\nhere: {ours.log[-3000:]}"
    assert told(ours.output) == told(theirs.output)
