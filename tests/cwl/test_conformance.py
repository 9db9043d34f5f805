"""CWL's conformance tests, run by `wfcompile-cwl-runner --target make --container none`.

Each but those named below passes: a refusal counts as a failure, and one that is asked for must name the fault.
With WFCOMPILE_CWL_SUITE, all tests of three versions; `python benchmarks/conformance.py` prints a table.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cwl.conformance import FAIL, PASS, UNSUPPORTED, Case, by_wfcompile, faults, run_case, suites

CASES = {(suite, case.name): case for suite, cases in suites().items() for case in cases}
# They require a container, as cwltool says without one.
CONTAINER = {
    "v1.2": """
        stdout_redirect_shortcut_docker stdout_redirect_mediumcut_docker initial_workdir_output dockeroutputdir
        filesarray_secondaryfiles docker_entrypoint stdin_shorcut networkaccess networkaccess_disabled
        glob_outside_outputs_fails iwd-passthrough2 iwd-container-entryname1 iwdr_dir_literal_real_file
    """.split(),
    "v1.1": """
        stdout_redirect_shortcut_docker stdout_redirect_mediumcut_docker initial_workdir_output dockeroutputdir
        filesarray_secondaryfiles docker_entrypoint stdin_shorcut networkaccess networkaccess_disabled
        fail_glob_outside_output_dir
    """.split(),
    "v1.0": """
        stdout_redirect_docker stdout_redirect_shortcut_docker stdout_redirect_mediumcut_docker initial_workdir_output
        filesarray_secondaryfiles dockeroutputdir docker_entrypoint
    """.split(),
}
EXPECTED = {(suite, name): UNSUPPORTED for suite, names in CONTAINER.items() for name in names}
EXPECTED["v1.2", "cwloutput_nolimit"] = FAIL  # the same, but the tags say `required`

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None and "CI" not in os.environ, reason="no node (Debian: nodejs)"
)


@pytest.mark.parametrize("key", CASES, ids="-".join)
def test_conformance(key: tuple[str, str], tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    case: Case = CASES[key]
    verdict = run_case(case, by_wfcompile, tmp_path, faults().get(key))
    record_property("conformance", (case.suite, case.name, verdict.state))
    assert verdict.state == EXPECTED.get(key, PASS), verdict.why
