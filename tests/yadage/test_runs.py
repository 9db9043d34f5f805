"""The engine's own cases, run with make: node by node the files that the engine's run left, and no others."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.yadage import reference
from wfcompile.compile import compile_bundle
from wfcompile.options import Options
from wfcompile.runtime.values import RUN

CASES = (
    "analysis_scaffold",
    "bsm_grid_scaffold",
    "cartesian_mapreduce",
    "casesflow-single-0",
    "casesflow-single-2",
    "dynamic_glob-five",
    "dynamic_glob-frominit-archive3",
    "dynamic_glob-frominit-initdir",
    "dynamic_glob-three",
    "dynamic_mapreduce_fromfile",
    "ex-test1",
    "jqnodestruct",
    "jqwflow",
    "local-helloworld",
    "local-helloworld-relative-false",
    "mapreduce",
    "mapreduce_batched",
    "mapreduce_batched_multilevel-40",
    "mapreduce_parmount",
    "nested",
    "nestedmapreduce",
    "nestedmapreduce_regval",
    "recast_scaffold",
    "registering_values",
    "stackednestings",
    "stackednestings-inputarchive",
)
# The engine takes globbed files in the order of the directory, we by their names: nodes have other numbers,
NUMBERED = {"dynamic_glob-five", "dynamic_glob-frominit-initdir"}
# and what a node joins has another order, its last line excepted.
JOINED = {"bsm_grid_scaffold": ("data/stage1/output.txt", "signals/run_points_2/stage1/output.txt")}

# The engine fails on these for faults of its own. Beside what it left, worked out by hand from the specification:
DATE = "Thu Jan  1 00:00:00 UTC 1970\n"
FILES = [f"{DATE}THIS IS FILE {k}\n" for k in (1, 2, 3, 4, 5)]
BY_HAND: dict[str, dict[str, str]] = {
    # a case takes the sub-workflow, whose only step says hello
    "casesflow-single-5": {"hello_world/hello_world/hello_world.txt": "HELLO 5\n"},
    # one sub-workflow with the step `map` for each unzipped file, joined in their order
    "dynamic_glob-subworkflow-five": {
        **{f"map_{k}/map/mapout.txt": text for k, text in enumerate(FILES)},
        "reduce/out.txt": "".join(FILES),
    },
    # its last node publishes nothing, which this backend of the engine takes for a failure
    "jqnodestruct-foreground": {},
}

# What the commands take from their images, and a date that stands still.
PROGRAMS = {
    "date": f"""[ $# = 0 ] || exec {shutil.which("date")} "$@"; echo '{DATE.strip()}'""",
    "source.sh": 'echo "$1" >"$2"',
    "filter.sh": 'tr a-z A-Z <"$1" >"$2"',
}
# The engine's record mounts a parameter's file; that takes a container.
NEEDS_A_CONTAINER = {"mapreduce_parmount": "reduce"}

STAMP = re.compile(r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\n", re.MULTILINE)
OURS = ("done.json", "record.json", "slurm.jobs")


@pytest.fixture(scope="module")
def search_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("bin")
    for name, text in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_every_case_that_the_engine_ran_is_here() -> None:
    reference.load("mapreduce")  # says it when the records are not there
    ran = []
    for path in reference.EXPECTED.glob("*.json"):
        record = reference.load(path.stem)
        if record["rc"] == 0 and not any("fakebackend" in word for word in record["cmdline_norm"]):
            ran.append(path.stem)
    assert sorted(ran) == sorted(CASES)


def options(name: str, tmp_path: Path) -> Options:
    places = dict(reference.PLACES)
    if name == "recast_scaffold":  # its init data names an empty directory, which the copy of the specification lost
        copy = tmp_path / "testspecs"
        shutil.copytree(places["$TESTSPECS"] / name, copy / name, copy_function=shutil.copyfile)
        signal = copy / name / "basedata" / "signal_inputs"
        signal.chmod(0o755)
        (signal / "UFO").mkdir()
        places["$TESTSPECS"] = copy
    found = reference.options(reference.load(name), places)
    parameters = [(key, placed(value, places)) for key, value in found.parameters]
    return replace(found, parameters=tuple(parameters), container="none")


def placed(value: Any, places: dict[str, Path]) -> Any:
    return reference.place_all(value, places) if isinstance(value, str) else value


def run(name: str, tmp_path: Path, search_path: str) -> tuple[Path, str]:
    """Compile and run a case; return the run's directory and what make said."""
    bundle = compile_bundle(options(name, tmp_path), tmp_path / "bundle").directory
    done = subprocess.run(
        ["make", "-j4", "-k"],
        cwd=bundle,
        env={**os.environ, "PATH": search_path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return bundle / "run", done.stdout


def contents(directory: Path) -> dict[str, bytes]:
    """Return the files in the directories of a run's nodes."""
    found = {}
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        if (
            path.is_file()
            and not name.startswith((".", "init/", "logs/", "outputs/", "dynamic/"))
            and path.name not in OURS
        ):
            found[name] = path.read_bytes()
    return found


def recorded(name: str, directory: Path) -> dict[str, bytes | str]:
    """Return the recorded content of each file, with the places and the date of our run; of a binary its checksum."""
    record = reference.load(name)
    init = reference.init_directories(record)
    files: dict[str, bytes] = {}
    binaries: dict[str, str] = {}
    for file, about in (record["files"] or {}).items():
        if about["content"] is None:
            binaries[file] = about["sha256"]
            continue
        text = str(reference.here(about["content"], init)).replace(RUN, str(directory))
        data = text.encode()
        if text == about["content"]:  # it names no place, so its checksum is of this text
            assert (len(data), hashlib.sha256(data).hexdigest()) == (about["size"], about["sha256"]), file
        files[file] = STAMP.sub(DATE, text).encode()
    for file in JOINED.get(name, ()):
        *lines, last = files[file].splitlines(keepends=True)
        files[file] = b"".join([*sorted(lines), last])
    return {**(numbered(files) if name in NUMBERED else files), **binaries}


def numbered(files: dict[str, bytes]) -> dict[str, bytes]:
    """Number the nodes of `map` in the order of what they read; `reduce` joins them in it."""
    maps = [f"map_{k}/mapout.txt" for k in range(5)]
    texts = [files[file] for file in maps]
    assert files["reduce/out.txt"] == b"".join(texts)
    texts.sort()
    return {**files, **dict(zip(maps, texts, strict=True)), "reduce/out.txt": b"".join(texts)}


def assert_same(found: dict[str, bytes], expected: dict[str, bytes | str]) -> None:
    sums = {file: hashlib.sha256(found[file]).hexdigest() for file, data in expected.items() if isinstance(data, str)}
    assert {**found, **sums} == expected


@pytest.mark.parametrize("name", CASES)
def test_same_files_as_the_engine(name: str, tmp_path: Path, search_path: str) -> None:
    directory, said = run(name, tmp_path, search_path)
    expected = recorded(name, directory)
    nodes = reference.load(name)["n_job_nodes"]
    refused = NEEDS_A_CONTAINER.get(name)
    if refused:
        assert f"FAILED {refused} runtime.none" in said
        nodes -= 1
        expected = {file: data for file, data in expected.items() if not file.startswith(f"{refused}/")}
    archive = {file: data for file, data in expected.items() if file.startswith("init/")}
    assert_same(contents(directory), {file: data for file, data in expected.items() if file not in archive})
    # what the nodes use of an unpacked archive
    for file in (directory / "init").rglob("*") if archive else ():
        assert archive[str(file.relative_to(directory))] == file.read_bytes()
    assert json.loads((directory / "record.json").read_text(encoding="utf-8"))["done"] == nodes, said


@pytest.mark.parametrize("name", BY_HAND)
def test_what_the_engine_cannot_run(name: str, tmp_path: Path, search_path: str) -> None:
    assert reference.load(name)["rc"] != 0
    directory, said = run(name, tmp_path, search_path)
    by_hand = {file: text.encode() for file, text in BY_HAND[name].items()}
    assert_same(contents(directory), {**recorded(name, directory), **by_hand})
    assert json.loads((directory / "record.json").read_text(encoding="utf-8"))["failed"] == 0, said


def test_12800_elements(tmp_path: Path) -> None:
    """The engine does not get past its first node; the variant with 40 elements is run above."""
    directory = compile_bundle(options("mapreduce_batched_multilevel", tmp_path), tmp_path / "bundle").directory
    steps = json.loads((directory / "plan.json").read_text(encoding="utf-8"))["steps"]
    assert {step["step"]: step["nodes"] for step in steps} == {"map": 12800, "map2": 12800, "reduce": 1}
    rules = re.findall(r"^(\$\(RUN\)/\S+)/done.json:(.*)\n\t", (directory / "Makefile").read_text(), re.MULTILINE)
    assert len(dict(rules)) == len(rules) == 25601
    assert {len(needs.split()) for node, needs in rules if "/map_" in node} == {0}
    assert {len(needs.split()) for node, needs in rules if "/map2_" in node} == {1}
    assert [len(needs.split()) for node, needs in rules if node.endswith("/reduce")] == [12800]
