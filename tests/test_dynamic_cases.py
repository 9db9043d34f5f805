"""Dynamic workflows in shapes that once went wrong, each run with make."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_dynamic import make, nodes
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.inspecting import summary
from wfcompile.options import Options

FROM_OUT = {"publisher_type": "frompar-pub", "outputmap": {"o": "o"}}
DOCUMENT = {"publisher_type": "fromyaml-pub", "yamlfile": "r.yml"}


def step(cmd: str, publisher: dict[str, Any] = FROM_OUT) -> dict[str, Any]:
    return {
        "process": {"process_type": "string-interpolated-cmd", "cmd": cmd},
        "environment": {"environment_type": "localproc-env"},
        "publisher": publisher,
    }


def stage(name: str, body: dict[str, Any], parameters: dict[str, Any], *needs: str, **scheduler: Any) -> dict[str, Any]:
    kind = "multistep-stage" if "scatter" in scheduler else "singlestep-stage"
    if "process" in body:
        body = {"step": body}
        parameters = {"o": "{workdir}/o", **parameters}
    found = {"scheduler_type": kind, "parameters": parameters, **scheduler, **body}
    return {"name": name, "dependencies": list(needs), "scheduler": found}


def zipped(*names: str) -> dict[str, Any]:
    return {"method": "zip", "parameters": list(names)}


def document(name: str, text: str) -> dict[str, Any]:
    escaped = text.replace("{", "{{").replace("}", "}}")
    return stage(name, step(f"echo '{escaped}' > r.yml", DOCUMENT), {})


def compiled(tmp_path: Path, *stages: dict[str, Any], **options: Any) -> Path:
    (tmp_path / "workflow.yml").write_text(yaml.safe_dump({"stages": list(stages)}))
    return compile_bundle(
        Options(tmp_path / "workflow.yml", container="none", **options), tmp_path / "bundle"
    ).directory


def test_a_join_of_nested_expansions(tmp_path: Path) -> None:
    """What the join waits for is known only when points within other points are expanded."""
    stages = []
    for k in ("", "2"):
        stages += [
            document(f"a{k}", "{l: [x, y]}"),
            stage(
                f"b{k}",
                step("echo '{{l: [1, 2]}}' > r.yml", DOCUMENT),
                {"x": {"step": f"a{k}", "output": "l"}},
                f"a{k}",
                scatter=zipped("x"),
            ),
            stage(
                f"c{k}",
                step("echo {x} > {o}"),
                {"x": {"stages": f"b{k}", "output": "l", "flatten": True}},
                f"b{k}",
                scatter=zipped("x"),
            ),
        ]
    join = step("cat {x} {y} > {o}")
    parameters = {"x": {"stages": "c", "output": "o"}, "y": {"stages": "c2", "output": "o"}}
    bundle = compiled(tmp_path, *stages, stage("e", join, parameters, "c", "c2"))
    result = make(bundle)
    assert result.returncode == 0, result
    assert (bundle / "run" / "outputs" / "o").read_text() == "1\n2\n1\n2\n" * 2


@pytest.mark.parametrize("use", ["{f}", "{f[a]}", "{f!s}"])
@pytest.mark.parametrize(
    "publisher",
    [
        {"publisher_type": "interpolated-pub", "glob": True, "relative_paths": True, "publish": {"f": {"a": "x*"}}},
        {"publisher_type": "fromglob-pub", "globexpression": "x*", "outputkey": "f"},
    ],
    ids=["mapping", "list"],
)
def test_a_published_name_is_not_run(tmp_path: Path, publisher: dict[str, Any], use: str) -> None:
    if "glob" not in publisher and use == "{f[a]}":
        use = "{f[0]}"
    made = stage("g", step("touch 'x$(touch pwned).txt'", publisher), {})
    used = stage("u", step(f"echo {use} > {{o}}"), {"f": {"step": "g", "output": "f"}}, "g")
    bundle = compiled(tmp_path, made, used)
    assert make(bundle).returncode != 0
    assert nodes(bundle / "run") == {"g"}
    assert "x$(touch pwned).txt" in (bundle / "run" / "logs" / "u.log").read_text()
    assert not list(tmp_path.rglob("pwned"))


def test_names_that_an_expansion_may_take(tmp_path: Path) -> None:
    scattered = stage("m", step("echo {x}"), {"x": {"step": "g", "output": "l"}}, "g", scatter=zipped("x"))
    with pytest.raises(Refused, match="'m_0' is a directory that nodes of 'm' may have"):
        compiled(tmp_path, document("g", "{l: [1]}"), scattered, stage("m_0", step("echo"), {}))


def test_a_bound_on_sub_workflows(tmp_path: Path) -> None:
    inner = {
        "workflow": {"stages": [stage("s", step("echo {x} > {o}"), {"x": {"step": "init", "output": "x"}}, "init")]}
    }
    outer = stage("m", inner, {"x": {"step": "g", "output": "l"}}, "g", scatter=zipped("x"))
    bundle = compiled(tmp_path, document("g", "{l: [1, 2, 3]}"), outer, expected=(("m", False, 2),))
    result = make(bundle)
    assert result.returncode != 0
    assert "the step 'm' has 3 nodes in this run, more than --expect m<=2 allows" in result.stdout + result.stderr


@pytest.mark.parametrize("expected", [2, 3, 4])
def test_an_expected_number_is_checked_though_no_command_uses_it(tmp_path: Path, expected: int) -> None:
    scattered = stage("m", step("echo x > {o}"), {"x": {"step": "g", "output": "l"}}, "g", scatter=zipped("x"))
    bundle = compiled(tmp_path, document("g", "{l: [1, 2, 3]}"), scattered, expected=(("m", True, expected),))
    assert (make(bundle).returncode == 0) == (expected == 3)


def test_expected_of_lists_of_different_lengths(tmp_path: Path) -> None:
    parameters = {"x": {"step": "g", "output": "l"}, "y": {"step": "g", "output": "m"}}
    scattered = stage("m", step("echo {x} {y} > {o}"), parameters, "g", scatter=zipped("x", "y"))
    bundle = compiled(
        tmp_path, document("g", "{l: [1, 2, 3], m: [4, 5, 6, 7, 8]}"), scattered, expected=(("m", True, 3),)
    )
    assert make(bundle).returncode == 0
    assert [(bundle / "run" / f"m_{k}" / "o").read_text() for k in range(3)] == ["1 4\n", "2 5\n", "3 6\n"]


@pytest.mark.parametrize("numbers", ["[1]", "[5, 6]", "[1, 2, 3, 4]"])
def test_a_cause_that_publishes_something_else(tmp_path: Path, numbers: str) -> None:
    """When it runs again, the nodes whose rows are others now run again too, and nobody waits for what is gone."""
    source = tmp_path / "numbers"
    source.write_text("[1, 2]")
    first = stage("g", step(f'echo "{{{{l: $(cat {source})}}}}" > r.yml', DOCUMENT), {})
    again = step("echo '{{l: [{x}, {x}]}}' > r.yml", DOCUMENT)
    bundle = compiled(
        tmp_path,
        first,
        stage("w", again, {"x": {"step": "g", "output": "l"}}, "g", scatter=zipped("x")),
        stage(
            "v",
            step("echo {x} > {o}"),
            {"x": {"stages": "w", "output": "l", "flatten": True}},
            "w",
            scatter=zipped("x"),
        ),
        stage("r", step("cat {x} > {o}"), {"x": {"stages": "v", "output": "o"}}, "v"),
    )
    assert make(bundle).returncode == 0
    source.write_text(numbers)
    (bundle / "run" / "g" / "done.json").unlink()
    result = make(bundle)
    assert result.returncode == 0, result
    expected = "".join(f"{n}\n{n}\n" for n in yaml.safe_load(numbers))
    assert (bundle / "run" / "outputs" / "o").read_text() == expected


def test_init_files_that_only_an_expansion_uses(tmp_path: Path) -> None:
    (tmp_path / "init").mkdir()
    (tmp_path / "init" / "a.txt").write_text("AAA\n")
    scheduler = {
        "scheduler_type": "jq-stage",
        "bindings": {"n": {"$wflowref": [".g[]", ".l[]"]}, "f": {"$wflowref": [".init[]", ".f"]}},
        "stepscript": '[{f: .f[0], n: .n[0], o: "{workdir}/o"}]',
        "step": step("cat {f} > {o}"),
    }
    bundle = compiled(
        tmp_path,
        document("g", "{l: [1, 2]}"),
        {"name": "q", "dependencies": ["init", "g"], "scheduler": scheduler},
        parameters=(("f", "a.txt"),),
        initdir=tmp_path / "init",
    )
    assert make(bundle).returncode == 0
    assert (bundle / "run" / "outputs" / "o").read_text() == "AAA\n"


def test_a_document_that_nobody_reads(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, document("g", "{l: [1, 2], t: text}"))
    assert make(bundle).returncode == 0


@pytest.mark.parametrize(
    "publisher",
    [
        {"publisher_type": "fromglob-pub", "globexpression": "l/../../*", "outputkey": "o"},
        {"publisher_type": "interpolated-pub", "glob": True, "relative_paths": True, "publish": {"o": "../*"}},
        {"publisher_type": "fromyaml-pub", "yamlfile": "/etc/hosts"},
        {"publisher_type": "fromyaml-pub", "yamlfile": "../r.yml"},
    ],
)
def test_publishers_stay_in_their_directory(tmp_path: Path, publisher: dict[str, Any]) -> None:
    (tmp_path / "workflow.yml").write_text(yaml.safe_dump({"stages": [stage("g", step("true", publisher), {})]}))
    with pytest.raises(Refused, match="own directory"):
        plan(Options(tmp_path / "workflow.yml"))


CASES = [{"if": ".x == 1", "step": step("echo one > {o}")}]


def test_what_a_run_leaves_out_is_said(tmp_path: Path) -> None:
    """An empty list, an element that no case takes, and a stage inside whose dependency never comes true."""
    inside = [
        stage("some", step("echo {x} > {o}"), {"x": {"step": "init", "output": "x"}}, "init", scatter=zipped("x")),
        stage("pick", {"cases": CASES}, {"x": {"step": "init", "output": "y"}, "o": "{workdir}/o"}, "init"),
        stage("after", step("echo > {o}"), {}, "pick"),
    ]
    outer = stage(
        "m",
        {"workflow": {"stages": inside}},
        {"x": {"step": "g", "output": "l"}, "y": {"step": "g", "output": "k"}},
        "g",
        scatter=zipped("x", "y"),
    )
    bundle = compiled(tmp_path, document("g", "{l: [[], [7]], k: [1, 2]}"), outer)
    result = make(bundle)
    assert result.returncode == 0, result
    assert nodes(bundle / "run") == {"g", "m_0/pick", "m_0/after", "m_1/some_0"}
    said = [
        "the stage 'm_0/some' has no node: there are no elements",
        "the stage 'm_1/pick' has no node for pick: no case is true",
        "the stage 'm_1/after' never runs: nothing matches its dependency 'pick'",
    ]
    log = (bundle / "run/logs/expand.m.log").read_text().splitlines()
    assert [line.partition(" the stage ")[2] for line in log] == [line.partition("the stage ")[2] for line in said]
    assert all(line.startswith("wfcompile: expand.m: workflow.yml:") for line in log)
    seen = [line for line in summary(Options(bundle / "run")) if line.startswith("warning: ")]
    assert [line.partition(": the")[2] for line in seen] == [line.partition("the")[2] for line in said]


def test_what_is_left_out_when_compiled_is_said(tmp_path: Path) -> None:
    stages = [
        stage("none", step("echo {x} > {o}"), {"x": []}, scatter=zipped("x")),
        stage("pick", {"cases": CASES}, {"x": 2, "o": "{workdir}/o"}),
        stage("one", step("echo > {o}"), {}),
    ]
    compiled(tmp_path, *stages)
    warnings = plan(Options(tmp_path / "workflow.yml", container="none")).warnings
    assert ["none' has no node: there are no elements" in warnings[0], "no case is true" in warnings[1]] == [True, True]


@pytest.mark.parametrize("count", [0, 2])
def test_an_emptied_list_of_nodes_is_not_no_nodes(tmp_path: Path, count: int) -> None:
    """A full disk leaves files without bytes."""
    scattered = stage("m", step("echo {x} > {o}"), {"x": {"step": "g", "output": "l"}}, "g", scatter=zipped("x"))
    bundle = compiled(tmp_path, document("g", f"{{l: {[1, 2][:count]}}}"), scattered)
    assert make(bundle).returncode == 0
    done = f"workflow: {1 + count} of {1 + count} nodes done; expansions to come: 0\n"
    assert status(bundle) == done
    assert "dynamic" not in "".join(summary(Options(bundle / "run")))
    (bundle / "run/dynamic/expand.m/nodes.txt").write_bytes(b"")
    assert status(bundle) == "workflow: 1 of 1 nodes done; expansions to come: 1\nnot done: expand.m\n"
    collected = make(bundle)
    assert collected.returncode != 0 and "not done: expand.m" in collected.stdout
    subprocess.run(["./resume.sh"], cwd=bundle, check=True, capture_output=True, timeout=100)
    assert status(bundle) == done


def status(bundle: Path) -> str:
    return subprocess.run(["./status.sh"], cwd=bundle, check=True, capture_output=True, text=True).stdout


def test_braces_in_what_a_job_publishes_are_text(tmp_path: Path) -> None:
    """Difference 31."""
    used = stage("u", step("echo '{x}' > {o}"), {"x": {"step": "g", "output": "t"}}, "g")
    bundle = compiled(tmp_path, document("g", '{t: "{workdir} {y} {"}'), used)
    result = make(bundle)
    assert result.returncode == 0, result
    assert (bundle / "run/u/o").read_text() == "{workdir} {y} {\n"


def test_a_union_waits_for_all_its_stages(tmp_path: Path) -> None:
    """Difference 32: also for one that comes late, and not for one that never runs."""
    union = stage("u", step("cat {x} > {o}"), {"x": {"stages": "a,b,n", "output": "o"}}, "a,b,n")
    stages = [union, stage("a", step("echo a > {o}"), {}), stage("c", step("echo c > {o}"), {}, "a")]
    stages += [stage("b", step("echo b > {o}"), {}, "c"), stage("n", {"cases": CASES}, {"x": 2, "o": "{workdir}/o"})]
    bundle = compiled(tmp_path, *stages)
    assert make(bundle).returncode == 0
    assert (bundle / "run/u/o").read_text() == "a\nb\n"
