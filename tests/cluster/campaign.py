"""Many conformance tests as one campaign: every bundle is submitted before any is waited for."""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from tests.cluster.testbed import Cluster, PrivateDir
from tests.cwl.conformance import Case, Fault, Ran, Verdict, judge
from wfcompile.compile import compile_bundle
from wfcompile.cwl_runner import FAILED, UNSUPPORTED, collected, failures
from wfcompile.errors import Refused, Unsupported
from wfcompile.options import Options
from wfcompile.site import Site

SUBMIT = {"dagman": "condor_submit_dag workflow.dag", "slurm": "./submit.sh"}


@dataclass(frozen=True)
class Submitted:
    """The bundles of a campaign: where they are on head, and where copies of their runs come to."""

    cluster: Cluster
    target: str
    place: PurePath
    private: PrivateDir | None  # where no other host sees it
    names: tuple[str, ...]
    back: Path

    def submit(self) -> None:
        """Submit every bundle; raises CommandFailed, with what it said, when one cannot be."""
        for name in self.names:
            self.cluster.run("head", SUBMIT[self.target], cwd=self.place / name)

    def wait(self, timeout: float) -> None:
        """Wait until no job of the campaign is left."""
        if self.target == "dagman":
            self.cluster.wait_dags(self.place, timeout)
        else:
            self.cluster.wait_slurm(timeout)

    def runs(self) -> Iterator[Path]:
        """Yield the run directory of each bundle, as it is here."""
        if self.private is not None:
            self.private.get(self.back)
        for name in self.names:
            yield (self.back if self.private is not None else Path(self.place)) / name / "run"


def campaign(
    cluster: Cluster,
    target: str,
    cases: Sequence[Case],
    faults: dict[tuple[str, str], Fault],
    tmp_path: Path,
    timeout: float,
) -> list[Verdict]:
    """Run tests on a cluster, a bundle each, and judge them; those that cannot be compiled are not submitted."""
    ran: dict[str, Ran] = {}
    for case in cases:
        options = Options(
            spec=Path(case.tool),
            target=target,
            input_files=(Path(case.job),) if case.job else (),
            container="none",
            site=Site(retries=0),
        )
        try:
            compile_bundle(options, tmp_path / "bundles" / case.name)
        except Unsupported as refused:
            ran[case.name] = Ran(UNSUPPORTED, None, str(refused))
        except Refused as refused:
            ran[case.name] = Ran(FAILED, None, str(refused))
        except Exception:
            ran[case.name] = Ran(FAILED, None, traceback.format_exc())
    names = tuple(case.name for case in cases if case.name not in ran)
    submitted = _brought(cluster, target, tmp_path, names)
    began = time.monotonic()
    submitted.submit()
    print(f"{len(names)} bundles submitted to {target} in {time.monotonic() - began:.0f} s")
    submitted.wait(timeout)
    print(f"{len(names)} bundles done on {target} after {time.monotonic() - began:.0f} s")
    for name, run in zip(names, submitted.runs(), strict=True):
        ran[name] = _ran(run, tmp_path / "outputs" / name)
    return [judge(case, ran[case.name], faults.get((case.suite, case.name))) for case in cases]


def _brought(cluster: Cluster, target: str, tmp_path: Path, names: tuple[str, ...]) -> Submitted:
    """Bring the bundles where a user of that scheduler would have them: for HTCondor, to head alone."""
    bundles = tmp_path / "bundles"
    for link in bundles.glob("*/run/.in*/**/*"):  # large inputs are links to files of this machine
        if link.is_symlink():
            file = link.resolve()
            link.unlink()
            shutil.copy(file, link)
    if target == "slurm":
        return Submitted(cluster, target, cluster.shared_dir(bundles), None, names, tmp_path)
    private = cluster.private_dir("head")
    private.put(bundles)
    return Submitted(cluster, target, private.path, private, names, tmp_path / "back")


def _ran(run: Path, outdir: Path) -> Ran:
    problems = list(failures(run))
    if problems:
        return Ran(FAILED, None, "\n".join(problems))
    outdir.mkdir(parents=True)
    try:
        return Ran(0, collected(run, outdir), "")
    except (OSError, ValueError) as error:
        return Ran(FAILED, None, f"its outputs cannot be read: {error}")
