"""Site profiles, resources, outputs, inputs, images: what options change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from wfcompile import cli
from wfcompile.amounts import parse_amount
from wfcompile.compile import compile_bundle, plan
from wfcompile.draw import draw
from wfcompile.errors import Refused
from wfcompile.inspecting import VIEWS
from wfcompile.ir import Request
from wfcompile.options import Options
from wfcompile.site import Site, load_site

SPECS = ROOT / "tests" / "specs"
SQUARES = SPECS / "squares" / "workflow.yml"


@pytest.mark.parametrize(
    ("key", "text", "amount"),
    [
        ("memory", "2000", 2000),
        ("memory", 1.5, 2),
        ("memory", "4 GiB", 4096),
        ("memory", "4Gi", 4096),
        ("memory", "1GB", 954),
        ("memory", "1048576B", 1),
        ("disk", "500M", 477),
        ("time", "90", 90),
        ("time", "2h", 7200),
        ("time", "1.5 h", 5400),
        ("time", "01:30:00", 5400),
        ("time", "1-00:00", 86400),
        ("cpus", "4", 4),
        ("cpus", "0.5", 1),
        ("gpus", 0, 0),
    ],
)
def test_amounts(key: str, text: object, amount: int) -> None:
    assert parse_amount(key, text) == amount


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("memory", "lots"),
        ("memory", "4Xi"),
        ("memory", "-1"),
        ("time", "1 year"),
        ("cpus", "0"),
        ("gpu", "1"),
        ("cpus", ""),
    ],
)
def test_no_amounts(key: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount|is no resource"):
        parse_amount(key, text)


@given(st.integers(1, 10**6))
def test_amounts_of_memory_agree(amount: int) -> None:
    assert parse_amount("memory", f"{amount}Mi") == parse_amount("memory", amount) == amount


def site(tmp_path: Path, text: str) -> Path:
    (tmp_path / "here.yml").write_text(text, encoding="utf-8")
    return tmp_path / "here.yml"


def test_site_profile(tmp_path: Path) -> None:
    text = "shared: true\nscratch: [/local]\nruntimes: [charliecloud]\nresources: {memory: 4 GiB, time: 2h}\n"
    profile = load_site(str(site(tmp_path, text)))
    assert (profile.name, profile.shared, profile.scratch, profile.runtimes) == (
        "here",
        True,
        ("/local",),
        ("charliecloud",),
    )
    assert profile.resources == {"memory": 4096, "time": 7200}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("shard: true\n", "1:1", "unknown key 'shard' in a site profile; did you mean 'shared'?"),
        ("shared: maybe\n", "1:9", "'shared': 'maybe' is not of type 'boolean'"),
        ("shared: true\nruntimes: [dokcer]\n", "2:12", "'runtimes': 'dokcer' is not one of"),
        ("resources:\n  memory: many\n", "2:11", "'many' is not an amount of memory"),
        ("resources:\n  ram: 2\n", "2:3", "unknown key 'ram' in 'resources'"),
        ("scratch: ['/a;b']\n", "1:11", "'/a;b' is no scratch directory"),
        ("max_array_size: 1\n", "1:17", "'max_array_size': 1 is less than the minimum of 2"),
        ("- a\n", "1:1", "a site profile"),
    ],
)
def test_bad_site_profiles(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = site(tmp_path, text)
    with pytest.raises(Refused) as refused:
        load_site(str(path))
    assert str(refused.value).startswith(f"{path}:{place}: {message}")


def test_site_profile_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "wfcompile" / "sites").mkdir(parents=True)
    (tmp_path / "wfcompile" / "sites" / "cern.yml").write_text("max_array_size: 10\n", encoding="utf-8")
    assert load_site("cern") == Site(name="cern", max_array_size=10)
    with pytest.raises(Refused, match="did you mean 'cern'"):
        load_site("cerm")


def requests(**arguments: Any) -> dict[str, Request]:
    workflow = plan(Options(SQUARES, **arguments))
    return {step.path: request for step, request in zip(workflow.steps, workflow.requests, strict=True)}


def test_resources_later_sources_win(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("'*': {memory: 3 GiB, cpus: 2}\nmap: {cpus: 3}\n", encoding="utf-8")
    profile = Site(resources={"memory": 100, "time": 60})
    found = requests(site=profile, resources=(tmp_path / "r.yml",), settings=(("re*", "cpus", "8"),))
    assert found["map"] == Request(cpus=3, memory=3072, disk=2000, time=60)
    assert found["reduce"] == Request(cpus=8, memory=3072, disk=2000, time=60)


def test_resources_of_the_specification(tmp_path: Path) -> None:
    text = SQUARES.read_text(encoding="utf-8").replace(
        "imagetag: '12'}", "imagetag: '12', resources: [CVMFS, {kubernetes_memory_limit: 4Gi, slurm_time: '2:00:00'}]}"
    )
    (tmp_path / "spec.yml").write_text(text, encoding="utf-8")
    workflow = plan(Options(tmp_path / "spec.yml", parameters=(("numbers", [1]),)))
    assert workflow.requests[0] == Request(memory=4096, time=7200, cvmfs=True)


def test_what_the_engine_ignores_is_said(tmp_path: Path) -> None:
    text = SQUARES.read_text(encoding="utf-8").replace("imagetag: '12'}", "imagetag: '12', env: {SEED: 1}}", 1)
    (tmp_path / "spec.yml").write_text(text, encoding="utf-8")
    workflow = plan(Options(tmp_path / "spec.yml", parameters=(("numbers", [1]),)))
    (said,) = [warning for warning in workflow.warnings if "'env'" in warning]
    assert said.startswith(f"{tmp_path}/spec.yml:15:111: 'env' of an environment has no effect")


def test_bad_resources(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("mpa: {cpus: 2}\n", encoding="utf-8")
    with pytest.raises(Refused, match="no step matches 'mpa'; did you mean 'map'"):
        requests(resources=(tmp_path / "r.yml",))
    (tmp_path / "r.yml").write_text("map: {cpu: 2}\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"r\.yml:1:7: 'cpu' is no resource; did you mean 'cpus'"):
        requests(resources=(tmp_path / "r.yml",))
    with pytest.raises(Refused, match="'many' is not an amount of cpus"):
        requests(settings=(("map", "cpus", "many"),))


def test_parents_from_every_source(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("map: {parents: copy}\n", encoding="utf-8")
    profile = load_site(str(site(tmp_path, "resources: {parents: copy}\n")))
    for arguments in (
        {"resources": (tmp_path / "r.yml",)},
        {"settings": (("map", "parents", "copy"),)},
        {"site": profile},
        {"site": profile, "settings": (("map", "parents", "read-only"), ("map", "parents", "copy"))},
    ):
        assert requests(**arguments)["map"].parents == "copy"
    assert requests()["map"].parents == "read-only"
    (tmp_path / "r.yml").write_text("map: {parents: writable}\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"r\.yml:1:\d+: 'writable' is no value of 'parents'; write read-only or copy"):
        requests(resources=(tmp_path / "r.yml",))


def test_inspect_resources_is_a_resources_file(tmp_path: Path) -> None:
    text = "".join(VIEWS["resources"](Options(SQUARES, settings=(("map", "memory", "7 GiB"),))))
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    assert requests(resources=(tmp_path / "r.yml",)) == requests(settings=(("map", "memory", "7 GiB"),))


def test_requests_reach_the_schedulers(tmp_path: Path) -> None:
    settings = (("map", "memory", "7 GiB"), ("map", "time", "90"), ("map", "gpus", "1"), ("map", "cpus", "3"))
    dag = (
        compile_bundle(Options(SQUARES, target="dagman", settings=settings), tmp_path / "d").directory / "workflow.dag"
    )
    text = dag.read_text(encoding="utf-8")
    for line in ("request_cpus = 3", "request_memory = 7168M", "request_gpus = 1", "allowed_execute_duration = 90"):
        assert text.count(f"  {line}\n") == 1
    chain = compile_bundle(Options(SQUARES, target="slurm", settings=settings), tmp_path / "s").directory / "submit.sh"
    line = "array 0 map 0 3 - - --cpus-per-task=3 --mem=7168M --time=2 --gpus=1\n"
    assert line in chain.read_text(encoding="utf-8")


def outputs(*asked: str, case: str = "squares") -> list[tuple[int, str, str]]:
    workflow = plan(Options(SPECS / case / "workflow.yml", outputs=asked))
    return [(o.node, o.source, o.destination) for o in workflow.outputs]


def test_outputs() -> None:
    assert outputs() == [(3, "sum.txt", "sum.txt")]
    names = [(n, "square.txt", f"map_{n}/square.txt") for n in range(3)]
    assert outputs("map.square") == names
    assert outputs("map.square", "reduce.sum") == [*names, (3, "sum.txt", "sum.txt")]
    assert outputs("make.parts", case="late") == [(0, "@/parts", "make")]
    with pytest.raises(Refused, match="no step 'mapp'"):
        outputs("mapp.square")
    with pytest.raises(Refused, match="publishes no 'sqare'; did you mean 'square'"):
        outputs("map.sqare")


def test_large_inputs_are_bound_not_copied(tmp_path: Path) -> None:
    for name in ("workflow.yml", "code/list.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((SPECS / "inputs" / name).read_bytes())
    (tmp_path / "big text").write_bytes(b"x" * (1024 * 1024 + 1))
    options = Options(
        tmp_path / "workflow.yml",
        target="dagman",
        initdir=tmp_path,
        parameters=(("code", "code"), ("text", "big text")),
    )
    bundle = compile_bundle(options, tmp_path / "bundle").directory
    assert (bundle / "run" / ".inputs" / "big text").resolve() == tmp_path / "big text"
    assert not (bundle / "inputs" / "big text").exists()
    listed = json.loads((bundle / "inputs.json").read_text(encoding="utf-8"))["files"]
    assert [(f["name"], f["copied"]) for f in listed] == [("big text", False), ("code/list.sh", True)]
    assert 'files="run/.inputs/big text, inputs/code"' in (bundle / "workflow.dag").read_text(encoding="utf-8") or (
        'files="inputs/code, run/.inputs/big text"' in (bundle / "workflow.dag").read_text(encoding="utf-8")
    )


def test_inputs_do_not_leave_the_init_directory(tmp_path: Path) -> None:
    (tmp_path / "outside").touch()
    (tmp_path / "init").mkdir()
    options = Options(SQUARES, initdir=tmp_path / "init", parameters=(("numbers", ["../outside"]),))
    with pytest.raises(Refused, match="leaves the init directory"):
        plan(options)


def test_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFCOMPILE_IMAGE_CACHE", str(tmp_path))
    workflow = plan(Options(SQUARES))
    assert any("docker.io/library/debian:12 is not in" in warning for warning in workflow.warnings)
    (tmp_path / "docker.io_library_debian_12.sif").touch()
    workflow = plan(Options(SQUARES))
    assert not [warning for warning in workflow.warnings if "image" in warning]
    bundle = compile_bundle(Options(SQUARES, target="dagman"), tmp_path / "b").directory
    link = bundle / "run" / ".images" / "docker.io_library_debian_12.sif"
    assert link.resolve() == tmp_path / "docker.io_library_debian_12.sif"
    assert str(tmp_path) not in (bundle / "workflow.dag").read_text(encoding="utf-8")
    with pytest.raises(Refused, match="no step uses it"):
        plan(Options(SQUARES, images=(("debian:13", str(tmp_path)),)))
    with pytest.raises(Refused, match="does not exist"):
        plan(Options(SQUARES, images=(("docker.io/library/debian:12", "nothing.sif"),)))


def test_another_bundle_is_not_overwritten(tmp_path: Path) -> None:
    compile_bundle(Options(SQUARES, target="make"), tmp_path / "b")
    (tmp_path / "b" / "run" / "map_0").mkdir(parents=True)
    with pytest.raises(Refused, match="holds another bundle with a run in it"):
        compile_bundle(Options(SQUARES, target="slurm"), tmp_path / "b")
    assert (tmp_path / "b" / "Makefile").exists()
    compile_bundle(Options(SQUARES, target="slurm"), tmp_path / "b", force=True)
    assert (tmp_path / "b" / "submit.sh").exists()
    assert (tmp_path / "b" / "run.old" / "map_0").exists()
    compile_bundle(Options(SQUARES, target="make"), tmp_path / "b", force=True)
    assert (tmp_path / "b" / "run.old" / "map_0").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(Refused, match="exists and is no bundle"):
        compile_bundle(Options(SQUARES), tmp_path / "mine", force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "mine"]


def test_inspect_of_a_bundle_equals_inspect_of_its_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    compile_bundle(Options(SPECS / "late" / "workflow.yml", target="make"), tmp_path / "b")
    for what in (SPECS / "late" / "workflow.yml", tmp_path / "b"):
        monkeypatch.setattr("sys.argv", ["wfcompile", "inspect", str(what), "--nodes"])
        assert cli.main() == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    nodes = [json.loads(line) for line in said[0].splitlines()]
    assert [node["binding"] for node in nodes] == ["static", "late"]
    assert nodes[1]["command"] == "cat @LATE:make:/parts@ > @RUN@/join/joined.txt"
    assert nodes[1]["parents"] == ["make"]
    assert nodes[0]["outputs"] == {"parts": "@LATE:make:/parts@"}


def test_dependencies_without_data(tmp_path: Path) -> None:
    workflow = plan(Options(SPECS / "nested" / "workflow.yml"))
    rows = workflow.rows
    ids = {name: node for node, name in enumerate(rows.ids)}
    assert (rows.parents[ids["notify"]], rows.after[ids["notify"]]) == ((), (ids["merge"],))
    assert rows.after[ids["merge"]] == ()
    workflow = plan(Options(SPECS / "nested" / "workflow.yml", data_edges_only=True))
    assert workflow.rows.after[ids["notify"]] == ()


def test_the_engine_agrees(tmp_path: Path) -> None:
    for case in ("chain", "late", "nested", "squares"):
        (line,) = VIEWS["engine"](Options(SPECS / case / "workflow.yml", toplevel=SPECS / case, allowed_paths=(SPECS,)))
        assert line.startswith("the engine makes the same")


def test_the_executable_bit_of_an_input_is_kept(tmp_path: Path) -> None:
    (tmp_path / "init").mkdir()
    for name, mode in (("tool", 0o744), ("text", 0o660)):
        (tmp_path / "init" / name).write_text(name)
        (tmp_path / "init" / name).chmod(mode)
    options = Options(
        SPECS / "inputs" / "workflow.yml", initdir=tmp_path / "init", parameters=(("code", "tool"), ("text", "text"))
    )
    bundle = compile_bundle(options, tmp_path / "b").directory
    assert {p.name: p.stat().st_mode & 0o100 for p in (bundle / "inputs").iterdir()} == {"tool": 0o100, "text": 0}


@pytest.mark.parametrize(
    "damage",
    [
        lambda plan: plan.update(steps=[]),
        lambda plan: plan.update(init={}),
        lambda plan: plan["template"]["steps"][0].update(parameters="x"),
        lambda plan: plan["template"]["steps"][0]["task"].update(text="{nope}"),
        lambda plan: plan["template"]["scopes"][0].update(steps=[99]),
        lambda plan: plan.pop("looked"),
    ],
)
def test_a_damaged_plan_is_one_message(tmp_path: Path, damage: Callable[[dict[str, Any]], object]) -> None:
    bundle = compile_bundle(Options(SQUARES), tmp_path / "b").directory
    record = json.loads((bundle / "plan.json").read_text(encoding="utf-8"))
    damage(record)
    (bundle / "plan.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(Refused, match=r"^'.*/b/plan.json' cannot be used: .*; compare the bundle with manifest"):
        list(VIEWS["summary"](Options(bundle)))


def test_a_bundle_says_where_its_dynamic_steps_are_written(tmp_path: Path) -> None:
    spec = SPECS / "dynamic" / "workflow.yml"
    bundle = compile_bundle(Options(spec), tmp_path / "b").directory
    (line,) = [x for x in VIEWS["summary"](Options(bundle)) if "dynamic" in x and " x " in x][:1]
    assert "plan.json" not in line and "workflow.yml:" in line


def test_names_of_files_and_outputs_that_are_mixed_up(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^--output m/o is not STEP.KEY; known steps: map, reduce$"):
        plan(Options(SQUARES, outputs=("m/o",)))
    for path in (tmp_path / "new" / "graph.svg", tmp_path / "file" / "graph.svg"):
        (tmp_path / "file").touch()
        with pytest.raises(Refused, match=r"^-o .*/graph.svg: it cannot be written: .*; choose another file$"):
            draw(Options(SQUARES), path)


DYNAMIC = """\
stages:
  - name: make
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {out: '{workdir}/list.yml'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'touch 1.txt 2.txt; echo "l: [1]" > {out}'}
        environment: {environment_type: localproc-env}
        publisher: PUBLISHER
  - name: use
    dependencies: [make]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {file: {step: make, output: l}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [file]}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'echo {file} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""


def test_the_engine_is_compared_with_what_is_static(tmp_path: Path) -> None:
    spec = tmp_path / "workflow.yml"
    spec.write_text(
        DYNAMIC.replace("PUBLISHER", "{publisher_type: fromglob-pub, globexpression: '*.txt', outputkey: l}")
    )
    for expected in ((), (("use", True, 2),)):
        assert list(VIEWS["engine"](Options(spec, expected=expected))) == [
            "not compared: use; their number of nodes is known when jobs have ended, and no command is run",
            "the engine makes the same 1 jobs",
        ]
    spec.write_text(DYNAMIC.replace("PUBLISHER", "{publisher_type: fromyaml-pub, yamlfile: list.yml}"))
    with pytest.raises(Refused, match="the engine would have to read what 'make' writes, and no command is run"):
        list(VIEWS["engine"](Options(spec)))
    bundle = compile_bundle(Options(spec), tmp_path / "b").directory
    for other in (bundle, SPECS / "serial" / "workflow.yml"):
        with pytest.raises(Refused, match="is no yadage specification, which is what the engine reads"):
            list(VIEWS["engine"](Options(other)))
