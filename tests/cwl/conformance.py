"""CWL's own conformance tests, each run in this process by a runner and judged as cwltest judges it.

Two suites: the data files of v1.2 that stand beside this repository, and, where WFCOMPILE_CWL_SUITE names a directory
with clones of cwl-v1.2, cwl-v1.1 and common-workflow-language, all tests of the three versions.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.conftest import SHARED
from wfcompile.site import Site

COPY = SHARED / "specs" / "cwl-v1.2"
FILES = {  # in the directory of the whole suites
    "v1.2": "cwl-v1.2/conformance_tests.yaml",
    "v1.1": "cwl-v1.1/conformance_tests.yaml",
    "v1.0": "common-workflow-language/v1.0/conformance_test_v1.0.yaml",
}
# They name a script that is not in the copy: the list is in its README.
LEFT_OUT = frozenset(
    """
    cl_basic_generation nested_prefixes_arrays nested_cl_bindings cl_optional_inputs_missing
    cl_optional_bindings_provided initworkdir_expreng_requirements initial_workdir_secondary_files_expr
    directory_secondaryfiles initial_workdir_expr inlinejs_req_expressions booleanflags_cl_noinputbinding
    expr_reference_self_noinput cl_empty_array_input valuefrom_constant_overrides_inputs job_input_secondary_subdirs
    job_input_subdir_primary_and_secondary_subdirs modify_file_content cwloutput_nolimit iwd-passthrough1
    iwd-passthrough2 record_order_with_input_bindings
    """.split()
)
TIME = 120  # seconds for one test

PASS, UNSUPPORTED, FAIL = "pass", "unsupported", "fail"


class Case(NamedTuple):
    """One test of a suite."""

    suite: str
    name: str
    tool: str  # absolute, perhaps with #fragment
    job: str | None
    output: Any
    should_fail: bool
    tags: tuple[str, ...]


class Ran(NamedTuple):
    """What a runner has done: its exit code, output object, and what it said."""

    code: int
    output: Any
    log: str


class Verdict(NamedTuple):
    """What became of a test."""

    case: Case
    state: str  # PASS, UNSUPPORTED or FAIL
    why: str


Runner = Callable[[Case, Path], Ran]


class Fault(NamedTuple):
    """The fault of a test that should fail: a message names one of the places, unless only a run shows it."""

    places: tuple[tuple[str, range], ...]  # file and lines; none where only a run shows the fault
    words: re.Pattern[str]  # in the message


def suites() -> dict[str, list[Case]]:
    """Return the tests of every suite that is here."""
    whole = os.environ.get("WFCOMPILE_CWL_SUITE")
    if whole:
        return {version: cases(Path(whole) / file, version) for version, file in FILES.items()}
    return {"v1.2": [case for case in cases(COPY / "conformance_tests.yaml", "v1.2") if case.name not in LEFT_OUT]}


def cases(file: Path, suite: str) -> list[Case]:
    """Read a file of tests."""
    return [_case(file.parent, entry, suite) for entry in _entries(file)]


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the tests of a file; those of an imported one name their files relative to it."""
    for entry in yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if "$import" in entry:
            imported = file.parent / entry["$import"]
            for inner in _entries(imported):
                near = {key: str(imported.parent / inner[key]) for key in ("tool", "job") if inner.get(key)}
                yield {**inner, **near, "output": _imported(inner.get("output"), imported.parent)}
        else:
            yield entry


def _imported(output: Any, directory: Path) -> Any:
    """Return an output object that may be in a file of its own."""
    if isinstance(output, dict) and "$import" in output:
        return yaml.safe_load((directory / output["$import"]).read_text(encoding="utf-8"))
    return output


def _case(directory: Path, entry: dict[str, Any], suite: str) -> Case:
    job = entry.get("job")
    return Case(
        suite=suite,
        name=entry["id"],
        tool=str(directory / entry["tool"]),
        job=str(directory / job) if job else None,
        output=entry.get("output"),
        should_fail=entry.get("should_fail", False),
        tags=tuple(entry.get("tags", ("required",))),
    )


def faults() -> dict[tuple[str, str], Fault]:
    """Return the faults of the tests that should fail, by suite and name, as faults.tsv lists them."""
    found = {}
    for line in (Path(__file__).parent / "faults.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        versions, name, where, words = line.split("\t")
        places = () if where == "run" else tuple(_place(text) for text in where.split())
        for version in versions.split():
            found[version, name] = Fault(places, re.compile(words))
    return found


def _place(text: str) -> tuple[str, range]:
    file, _, lines = text.partition(":")
    first, _, last = lines.partition("-")
    return file, range(int(first), int(last or first) + 1)


def judge(case: Case, ran: Ran, fault: Fault | None = None) -> Verdict:
    """Return what a run means, as cwltest says; with a fault, failing is not enough: it must have been found."""
    from cwltest.compare import CompareFail, compare

    if ran.code == 33 and "required" not in case.tags:
        return Verdict(case, UNSUPPORTED, _last(ran.log))
    if case.should_fail:
        if ran.code == 0:
            return Verdict(case, FAIL, "it did not fail")
        why = missed(fault, ran.log) if fault else ""
        return Verdict(case, FAIL if why else PASS, why)
    if ran.code:
        return Verdict(case, FAIL, f"exit {ran.code}: {_last(ran.log)}")
    try:
        compare(case.output, ran.output)
    except CompareFail as different:
        return Verdict(case, FAIL, str(different))
    return Verdict(case, PASS, "")


def missed(fault: Fault, log: str) -> str:
    """Say what a message lacks that should have named a fault; empty when it is all there."""
    named = [(f"/{match[1]}", int(match[2])) for match in re.finditer(r"([^\s:'\"]+):(\d+):\d+: ", log)]
    if fault.places and not any(
        said.endswith(f"/{file}") and line in lines for said, line in named for file, lines in fault.places
    ):
        places = " or ".join(f"{file}:{lines.start}-{lines.stop - 1}" for file, lines in fault.places)
        return f"it does not name {places}: {_last(log)}"
    if not fault.words.search(log):
        return f"it does not say '{fault.words.pattern}': {_last(log)}"
    return ""


def _last(log: str) -> str:
    return log.strip()[-1500:]


def run_case(case: Case, runner: Runner, directory: Path, fault: Fault | None = None) -> Verdict:
    """Run a test and judge it; one that takes too long, or breaks the runner, has failed."""
    try:
        with limited(TIME):
            ran = runner(case, directory / "out")
        return judge(case, ran, fault)
    except TimeoutError as late:
        return Verdict(case, FAIL, str(late))
    except Exception:
        return Verdict(case, FAIL, _last(traceback.format_exc()))


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the main thread when it takes too long."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"it took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def by_wfcompile(case: Case, outdir: Path, site: Site | None = None) -> Ran:
    """Run a test as `wfcompile-cwl-runner --target make --container none` does, or in the containers of a site."""
    from wfcompile.cwl_runner import run
    from wfcompile.options import Options

    job = (Path(case.job),) if case.job else ()
    options = Options(Path(case.tool), target="make", input_files=job)
    options = replace(options, site=site) if site else replace(options, container="none")
    out, log = io.StringIO(), io.StringIO()
    code = run(options, outdir, out, log, quiet=True)
    return Ran(code, json.loads(out.getvalue() or "null"), log.getvalue())


def by_cwltool(case: Case, outdir: Path) -> Ran:
    """Run a test as `cwltool --no-container --relax-path-checks` does."""
    import logging

    from cwltool.main import main

    out, log = io.StringIO(), io.StringIO()
    words = ["--no-container", "--relax-path-checks", "--quiet", "--outdir", str(outdir), case.tool]
    words += [case.job] if case.job else []
    handler = logging.StreamHandler(log)
    try:
        code = main(words, stdin=io.StringIO(), stdout=out, logger_handler=handler)
    finally:
        logging.getLogger("cwltool").removeHandler(handler)
    return Ran(code, json.loads(out.getvalue() or "null"), log.getvalue())


RUNNERS: dict[str, Runner] = {"wfcompile": by_wfcompile, "cwltool": by_cwltool}


def summary(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield the lines of a table: a suite a line, the names of what did not pass, then the tags."""
    verdicts = list(verdicts)
    for suite in dict.fromkeys(verdict.case.suite for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.case.suite == suite]
        counts = Counter(verdict.state for verdict in mine)
        yield f"{suite}: {len(mine)} tests, " + ", ".join(f"{counts[s]} {s}" for s in (PASS, UNSUPPORTED, FAIL))
        for state in (UNSUPPORTED, FAIL):
            names = [verdict.case.name for verdict in mine if verdict.state == state]
            if names:
                yield f"  {state}: {' '.join(names)}"
        passed = Counter(tag for verdict in mine if verdict.state == PASS for tag in verdict.case.tags)
        total = Counter(tag for verdict in mine for tag in verdict.case.tags)
        yield "  by tag: " + ", ".join(f"{tag} {passed[tag]}/{number}" for tag, number in total.most_common())
