"""Scatter over what a step has made, and `when` on it, at any depth: compared with cwltool, run by make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cwl.running import placeless, run_by_cwltool, run_by_make

HERE = Path(__file__).parent / "dynamic"
TEXT = {"class": "File", "location": str(HERE / "say.cwl")}
CASES = [
    *(("dot", {"count": n}) for n in (0, 1, 12)),
    *(("crossproducts", {"count": n, "words": w}) for n in (0, 1, 3) for w in ([], ["x"], ["x", "y"])),
    *(("subworkflows", {"counts": counts}) for counts in ([], [0, 1, 3])),
    *(("nested", {"count": n}) for n in (0, 1, 3)),
    *(("merged", {"count": n}) for n in (0, 1, 3)),
    *(("lines", {"words": words, "text": TEXT}) for words in ("", "a b")),
    *(("when", {"count": n}) for n in (0, 1, 4)),
]


@pytest.mark.parametrize(("name", "job"), CASES, ids=[f"{name}-{json.dumps(job)}" for name, job in CASES])
def test_same_outputs_as_cwltool(name: str, job: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(job))
    document = HERE / f"{name}.cwl"
    expected = run_by_cwltool(document, tmp_path / "job.json", tmp_path / "cwltool")
    found = run_by_make(document, tmp_path / "job.json", tmp_path / "make")
    assert placeless(found) == placeless(expected)
