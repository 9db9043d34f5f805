"""Random documents, run by cwltool and by make: the same output objects, and the same words on every command line.

Only what docs/cwl-differences.md lists may differ, and the generator avoids that; the comments name the numbers.
WFCOMPILE_RANDOM_CWL says how many documents (default 12), WFCOMPILE_RANDOM_SEED where the seeds begin (default 0).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.cwl.conformance import Case, by_cwltool, by_wfcompile
from tests.cwl.oracle import separate_outputs
from tests.cwl.random_cwl import RandomCwl

NUMBER = int(os.environ.get("WFCOMPILE_RANDOM_CWL", "12"))
FIRST = int(os.environ.get("WFCOMPILE_RANDOM_SEED", "0"))
SEEDS = range(FIRST, FIRST + NUMBER)
pytestmark = pytest.mark.filterwarnings("ignore")  # cwltool's


def told(data: Any) -> Any:
    """Return an output object with what its files hold in the place of where they are."""
    if isinstance(data, list):
        return [told(one) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: told(one) for key, one in data.items() if key not in ("location", "path")}
    if made.get("class") == "File" and "location" in data:
        made["text"] = Path(unquote(urlsplit(data["location"]).path)).read_text(encoding="utf-8")
    if made.get("class") == "Directory" and "listing" in made:
        made["listing"].sort(key=lambda one: one["basename"])  # difference 14
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_as_cwltool(seed: int, tmp_path: Path) -> None:
    document, job = RandomCwl(seed).write(tmp_path)
    case = Case("", str(seed), str(document), str(job), None, False, ())
    with separate_outputs():
        theirs = by_cwltool(case, tmp_path / "cwltool")
    ours = by_wfcompile(case, tmp_path / "make")
    assert (theirs.code, ours.code) == (0, 0), f"cwltool: {theirs.log[-3000:]}\nhere: {ours.log[-3000:]}"
    assert told(ours.output) == told(theirs.output)


def test_every_form(record_property: Callable[[str, Any], None]) -> None:
    """All forms are among the documents; in 300 of them each at least 20 times."""
    forms: Counter[str] = Counter()
    for seed in SEEDS:
        forms += RandomCwl(seed).forms
    record_property("forms", (f"{NUMBER} random documents from seed {FIRST}", sorted(forms.items())))
    rare = {form: number for form, number in forms.items() if number < 20 * NUMBER / 300}
    assert NUMBER < 300 or rare == {}
