"""How many of CWL's conformance tests pass, and the names of those that do not.

    python benchmarks/conformance.py [--runner cwltool | --site PROFILE] [--suite VERSION] [-j N] [NAME ...]

Runs each test in a process of a pool, with `wfcompile-cwl-runner --target make --container none` (or cwltool, with
`--no-container --relax-path-checks`). With a site profile, in its containers and the images that it names: one root
file system of Debian with Python can be all of them. WFCOMPILE_CWL_SUITE names a directory with clones of cwl-v1.2,
cwl-v1.1 and common-workflow-language; without it, the data files beside this repository are run. The exit code is 1
when a test fails; cwltool's refusals need not name the fault.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.cwl.conformance import FAIL, FILES, RUNNERS, Case, Verdict, by_wfcompile, faults, run_case, suites, summary
from wfcompile.site import Site, load_site


def judged(runner: str, site: Site | None, case: Case) -> Verdict:
    """Run one test in a directory of its own."""
    run = partial(by_wfcompile, site=site) if site else RUNNERS[runner]
    fault = faults().get((case.suite, case.name)) if runner == "wfcompile" else None
    with tempfile.TemporaryDirectory(prefix="conformance.") as name:
        return run_case(case, run, Path(name), fault)


def main() -> int:
    parser = argparse.ArgumentParser(description="run CWL's conformance tests")
    parser.add_argument("--runner", choices=RUNNERS, default="wfcompile")
    parser.add_argument("--site", type=load_site, help="run in containers: a site profile")
    parser.add_argument("--suite", choices=FILES, action="append", help="only tests of this version of CWL")
    parser.add_argument("-j", type=int, default=len(os.sched_getaffinity(0)), help="tests at a time")
    parser.add_argument("--why", action="store_true", help="print why tests did not pass")
    parser.add_argument("names", nargs="*", help="only these tests")
    arguments = parser.parse_args()
    wanted = [suite for version, suite in suites().items() if version in (arguments.suite or FILES)]
    cases = [case for suite in wanted for case in suite if not arguments.names or case.name in arguments.names]
    began = time.monotonic()
    with ProcessPoolExecutor(arguments.j) as pool:
        verdicts = list(pool.map(partial(judged, arguments.runner, arguments.site), cases))
    if arguments.why:
        for verdict in verdicts:
            if verdict.why:
                print(f"{verdict.state} {verdict.case.suite} {verdict.case.name}: {verdict.why}\n")
    print("\n".join(summary(verdicts)))
    print(f"{len(verdicts)} tests in {time.monotonic() - began:.0f} s")
    return int(any(verdict.state == FAIL for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
