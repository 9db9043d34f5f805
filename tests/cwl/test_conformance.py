"""CWL's conformance tests, run by `wfcompile-cwl-runner --target make --container none`.

Each but those named below passes: a refusal counts as a failure, and one that is asked for must name the fault.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cwl.conformance import PASS, Case, by_wfcompile, faults, run_case, suites
from wfcompile.frontends import FRONTENDS

CASES = {(suite, case.name): case for suite, cases in suites().items() for case in cases}
# They need a container; cwltool without one does not support them either.
EXPECTED: dict[str, str] = {}

pytestmark = [
    pytest.mark.skipif("cwl" not in FRONTENDS, reason="there is no front end for CWL yet"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node"),
]


@pytest.mark.parametrize("key", CASES, ids="-".join)
def test_conformance(key: tuple[str, str], tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    case: Case = CASES[key]
    verdict = run_case(case, by_wfcompile, tmp_path, faults().get(key))
    record_property("conformance", (case.suite, case.name, verdict.state))
    assert verdict.state == EXPECTED.get(case.name, PASS), verdict.why
