"""All conformance tests of CWL that are tagged `workflow`, as one campaign on the testbed.

    python benchmarks/campaign.py [dagman] [slurm] [-- NAME ...]

Each test is a bundle; all are submitted, then waited for, then judged as benchmarks/conformance.py does. With
WFCOMPILE_CWL_SUITE (see there) these are the 173 of v1.2, without it the 171 whose files are beside this repository.
Builds the testbed if it is not there. The exit code is 1 when a test does not pass.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.cluster.campaign import campaign
from tests.cluster.testbed import Cluster
from tests.cwl.conformance import PASS, faults, suites, summary


def main() -> int:
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    targets, wanted = words[:at] or ["dagman", "slurm"], set(words[at + 1 :])
    cases = [case for case in suites()["v1.2"] if (case.name in wanted if wanted else "workflow" in case.tags)]
    cluster, failed = Cluster(), 0
    try:
        for target in targets:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="campaign.") as name:
                verdicts = campaign(cluster, target, cases, faults(), Path(name), timeout=7200)
            print(f"{target}: {time.monotonic() - began:.0f} s, compiling included")
            print("\n".join(summary(verdicts)))
            for verdict in verdicts:
                if verdict.state != PASS:
                    print(f"{verdict.state} {verdict.case.name}: {verdict.why}\n")
            failed += sum(verdict.state != PASS for verdict in verdicts)
    finally:
        cluster.close()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
