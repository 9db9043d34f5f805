"""Outputs of commands: what cwltool collects from the same directory, and what only we have to mind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from cwltest.compare import compare

from tests.cwl.oracle import Case, Oracle
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import CwlProblem, Unknown
from wfcompile.runtime.cwl.predict import predict

CASES = yaml.safe_load((Path(__file__).parent / "collect.yaml").read_text(encoding="utf-8"))


def document(case: dict[str, Any]) -> str:
    """Return the tool of a case."""
    return json.dumps(
        {
            "cwlVersion": case.get("version", "v1.2"),
            "class": "CommandLineTool",
            "baseCommand": ["sh", "-c"],
            "arguments": [case["command"]],
            "successCodes": [0, 3],
            "requirements": case.get("requirements", {}),
            "inputs": case.get("inputs", {}),
            "outputs": case["outputs"],
        }
    )


@pytest.fixture(scope="module")
def javascript() -> Javascript:
    return Javascript()


@pytest.fixture
def oracle(tmp_path: Path, javascript: Javascript, monkeypatch: pytest.MonkeyPatch) -> Oracle:
    found = Oracle(javascript, tmp_path / "printed")
    found.install(monkeypatch)
    return found


@pytest.mark.parametrize("name", CASES)
def test_as_cwltool_collects(name: str, tmp_path: Path, oracle: Oracle) -> None:
    (tmp_path / "in.txt").write_text("given\n")
    (tmp_path / "in.txt.idx").write_text("index\n")
    tool = tmp_path / "tool.cwl"
    tool.write_text(document(CASES[name]), encoding="utf-8")
    theirs, ours = oracle.run(tool)
    (case,) = oracle.cases
    assert case.different == []
    if CASES[name].get("printed", True):
        assert (theirs is None) == (ours is None)
        compare(as_expected(ours), theirs)
        compare(below(theirs, tmp_path / "oracle/outputs"), above(ours, tmp_path / "printed"))
    if CASES[name].get("predicted", True):
        predicted_holds(case)


def as_expected(data: Any) -> Any:
    """Return what we print as expectations are written: with names, not URLs."""
    if isinstance(data, list):
        return [as_expected(one) for one in data]
    if not isinstance(data, dict):
        return data
    return {key: unquote(one) if key == "location" else as_expected(one) for key, one in data.items()}


def below(data: Any, directory: Path) -> Any:
    """Return what cwltool printed with places below its directory, as expectations are written."""
    if isinstance(data, list):
        return [below(one, directory) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: below(one, directory) for key, one in data.items() if key != "path"}
    if "class" in made:
        made["location"] = str(Path(data["path"]).relative_to(directory))
    return made


def above(data: Any, directory: Path) -> Any:
    """Return what we print as cwltool does: with absolute places."""
    if isinstance(data, list):
        return [above(one, directory) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: above(one, directory) for key, one in data.items()}
    return {**made, "path": f"{directory}/{unquote(data['location'])}"} if "class" in made else made


def predicted_holds(case: Case) -> None:
    """What is predicted is what is found, but for what nobody has measured."""
    root = case.place._replace(measured=False)
    try:
        predicted = predict(case.tool, case.inputs, root, None)
    except (Unknown, CwlProblem):
        return
    if isinstance(case.ours, str):
        return
    assert predicted == {
        key: {part: one for part, one in file.items() if part != "size"} for key, file in case.ours.items()
    }
