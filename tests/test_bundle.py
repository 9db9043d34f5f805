"""Every small specification, compiled for every target: golden files, and what must hold for any bundle."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from wfcompile.backends import BACKENDS
from wfcompile.bundle import MANIFEST, is_bundle, read_bundle
from wfcompile.compile import compile_bundle
from wfcompile.inspecting import node_record
from wfcompile.options import Options

SPECS = ROOT / "tests" / "specs"
GOLDEN = ROOT / "tests" / "golden"
CASES = sorted(path.name for path in SPECS.iterdir())
# what is the same in every bundle, or a copy of the specification
COPIED = ("lib/", "spec/", "inputs/")
OWN = ("lib/nodes.txt", "lib/outputs.tsv", "lib/credentials.tsv", "lib/inputs.tsv")

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.parametrize("target", BACKENDS)]


def options(case: str, target: str, specs: Path = SPECS) -> Options:
    (spec,) = (SPECS / case).glob("workflow.*")
    return Options(specs / case / spec.name, target=target)


def files(bundle: Path) -> dict[str, bytes]:
    return {str(p.relative_to(bundle)): p.read_bytes() for p in sorted(bundle.rglob("*")) if p.is_file()}


def test_golden(case: str, target: str, tmp_path: Path, update_golden: bool) -> None:
    compile_bundle(options(case, target), tmp_path / "bundle")
    ours = {
        name: data
        for name, data in files(tmp_path / "bundle").items()
        if name != MANIFEST and (name in OWN or not name.startswith(COPIED))
    }
    golden = GOLDEN / case / target
    if update_golden:
        shutil.rmtree(golden, ignore_errors=True)
        for name, data in ours.items():
            (golden / name).parent.mkdir(parents=True, exist_ok=True)
            (golden / name).write_bytes(data)
    theirs = files(golden)
    assert sorted(ours) == sorted(theirs)
    for name in ours:
        assert ours[name].decode() == theirs[name].decode(), name


def test_the_same_bytes_from_another_place(
    case: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compile_bundle(options(case, target), tmp_path / "first").directory
    copied = tmp_path / "elsewhere" / "specs"
    shutil.copytree(SPECS, copied)
    monkeypatch.chdir(tmp_path / "elsewhere")
    second = compile_bundle(options(case, target, Path("specs")), Path("second")).directory
    assert files(first) == files(second)
    modes = [{str(p.relative_to(top)): p.stat().st_mode for p in top.rglob("*")} for top in (first, second)]
    assert modes[0] == modes[1]


def test_manifest_and_shell_syntax(case: str, target: str, tmp_path: Path) -> None:
    bundle = compile_bundle(options(case, target), tmp_path / "bundle").directory
    lines = (bundle / MANIFEST).read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files(bundle).items() if name != MANIFEST}
    assert listed == found
    scripts = [str(path) for path in bundle.rglob("*.sh") if "spec" not in path.parts and "inputs" not in path.parts]
    for script in scripts:
        subprocess.run(["bash", "-n", script], check=True)
    shell = [script for script in scripts if "/lib/" not in script]
    subprocess.run(["shellcheck", *shell], check=True)
    subprocess.run(["shfmt", "-i", "2", "-ci", "-d", *shell], check=True)


def test_no_absolute_path(case: str, target: str, tmp_path: Path) -> None:
    bundle = compile_bundle(options(case, target), tmp_path / "bundle").directory
    for name, data in files(bundle).items():
        assert str(tmp_path).encode() not in data, name
        assert str(ROOT).encode() not in data, name


def test_compiling_again_changes_nothing(case: str, target: str, tmp_path: Path) -> None:
    first = compile_bundle(options(case, target), tmp_path / "bundle")
    before = (tmp_path / "bundle" / MANIFEST).stat().st_mtime_ns
    again = compile_bundle(options(case, target), tmp_path / "bundle")
    assert (first.new, again.new) == (True, False)
    assert (tmp_path / "bundle" / MANIFEST).stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


def test_the_plan_can_be_read_back(case: str, target: str, tmp_path: Path) -> None:
    result = compile_bundle(options(case, target), tmp_path / "bundle")
    assert is_bundle(result.directory)
    again = read_bundle(result.directory)
    nodes = range(len(result.workflow.rows))
    assert [node_record(again, n) for n in nodes] == [node_record(result.workflow, n) for n in nodes]


def test_edges_can_be_read_back(case: str, target: str, tmp_path: Path) -> None:
    result = compile_bundle(options(case, target), tmp_path / "bundle")
    found = READERS[target](result.directory)
    rows = result.workflow.rows
    meant = {
        (rows.ids[parent], rows.ids[node])
        for node in range(len(rows))
        for parent in {*rows.parents[node], *rows.after[node]}
    } | {(node, point.name) for point in result.workflow.points for node in (*point.needs, *point.after)}
    if target == "slurm":  # a whole array may be waited for where one element is needed
        assert meant <= found
    else:
        assert meant == found


def dag_edges(bundle: Path) -> set[tuple[str, str]]:
    text = (bundle / "workflow.dag").read_text(encoding="utf-8")
    edges = set()
    for line in re.findall(r"^PARENT (.*)$", text, re.MULTILINE):
        parents, children = line.split(" CHILD ")
        edges |= {(parent, child) for parent in parents.split() for child in children.split()}
    jobs = re.findall(r"^JOB (\S+) ", text, re.MULTILINE)
    assert sorted(jobs) == sorted((bundle / "lib" / "nodes.txt").read_text(encoding="utf-8").split())
    return edges


def make_edges(bundle: Path) -> set[tuple[str, str]]:
    said = subprocess.run(["make", "-npq", "nodes"], cwd=bundle, capture_output=True, text=True, check=False).stdout
    edges = set()
    for node, needs in re.findall(r"^run/(\S+)/done(?:\.json)?:(.*)$", said, re.MULTILINE):
        found = [re.fullmatch(r"run/(?:dynamic/)?(\S+)/done(?:\.json)?", need) for need in needs.split()]
        edges |= {(need[1], node.removeprefix("dynamic/")) for need in found if need}
    return edges


def slurm_edges(bundle: Path) -> set[tuple[str, str]]:
    ids: dict[str, dict[int, str]] = {}
    edges: set[tuple[str, str]] = set()
    for line in _lines(bundle, "point"):
        name, arrays, points = line.split()[1:4]
        edges |= {(point, name) for point in points.split(",") if point != "-"}
        for need in arrays.split(",") if arrays != "-" else ():
            step, first, elements = _lines(bundle, "array")[int(need)].split()[2:5]
            rows = (bundle / "rows" / f"{step}.ids").read_text(encoding="utf-8").split()
            edges |= {(rows[int(first) + k], name) for k in _elements(elements)}
    for line in _lines(bundle, "array"):
        number, step, first, elements, elementwise, whole = line.split()[1:7]
        rows = (bundle / "rows" / f"{step}.ids").read_text(encoding="utf-8").split()
        ids[number] = {k: rows[int(first) + k] for k in _elements(elements)}
        for need in elementwise.split(",") if elementwise != "-" else ():
            edges |= {(ids[need][k], child) for k, child in ids[number].items()}
        for need in whole.split(",") if whole != "-" else ():
            edges |= {(parent, child) for parent in ids[need].values() for child in ids[number].values()}
    return edges


def _elements(text: str) -> list[int]:
    count, _, some = text.partition(":")
    ranges = [part.split("-") for part in some.split(",")] if some else [["0", str(int(count) - 1)]]
    return [k for ends in ranges for k in range(int(ends[0]), int(ends[-1]) + 1)]


def _lines(bundle: Path, kind: str) -> list[str]:
    text = (bundle / "submit.sh").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if re.match(rf"{kind} \S+ \S+ \S", line)]


READERS = {"dagman": dag_edges, "make": make_edges, "slurm": slurm_edges}
