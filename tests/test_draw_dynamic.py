"""Pictures of workflows whose nodes jobs decide, and of runs: real runs with make are what they are compared with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.test_draw import HOSTILE, SPECS, SVG, Elements, naive_edges
from tests.test_dynamic import compiled, make
from wfcompile.compile import compile_bundle, plan
from wfcompile.draw import FORMATS, draw
from wfcompile.draw.assumed import Count
from wfcompile.draw.model import INPUTS, OUTPUTS, Picture, picture
from wfcompile.draw.page import page
from wfcompile.draw.svg import svg
from wfcompile.draw.text import mermaid
from wfcompile.draw.words import times
from wfcompile.errors import Refused
from wfcompile.inspecting import summary
from wfcompile.options import Options
from wfcompile.runs import workflow_of

# a step that only long lists bring about, batches of an unknown list, cases and a sub-workflow that a value decides
CASES = """
stages:
- name: one
  dependencies: [init]
  scheduler:
    scheduler_type: singlestep-stage
    parameters: {n: {step: init, output: n}}
    step:
      process: {process_type: string-interpolated-cmd, cmd: 'seq -f part_%%g.txt {n} | xargs touch'}
      environment: {environment_type: localproc-env}
      publisher: {publisher_type: fromglob-pub, globexpression: 'part_*.txt', outputkey: parts}
- name: each
  dependencies: [one]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {step: one, output: parts}}
    scatter: {method: zip, parameters: [n]}
    step: &say
      process: {process_type: string-interpolated-cmd, cmd: 'echo {n} > out.txt'}
      environment: {environment_type: localproc-env}
      publisher: {publisher_type: interpolated-pub, publish: {out: '{workdir}/out.txt'}}
- name: %s
"""
FOURTH = (
    CASES
    % """fourth
  dependencies: ['each[3]']
  scheduler:
    scheduler_type: singlestep-stage
    parameters: {n: {stages: 'each[3]', output: out}}
    step: *say
"""
)
BATCHES = (
    CASES
    % """batches
  dependencies: [each]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {stages: each, output: out}}
    scatter: {method: zip, parameters: [n]}
    batchsize: 5
    step: *say
"""
)
CHOICE = (
    CASES
    % """choice
  dependencies: [one]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {step: one, output: parts}}
    scatter: {method: zip, parameters: [n]}
    cases:
    - {if: '.n|length > 1000', step: *say}
    - if: 'true'
      workflow:
        stages:
        - name: first
          dependencies: [init]
          scheduler: {scheduler_type: singlestep-stage, parameters: {n: {step: init, output: n}}, step: *say}
        - name: second
          dependencies: [first]
          scheduler: {scheduler_type: singlestep-stage, parameters: {n: {step: first, output: out}}, step: *say}
- name: last
  dependencies: [choice]
  scheduler:
    scheduler_type: singlestep-stage
    parameters: {n: {stages: choice, output: out}}
    step: *say
"""
)


PAIRS = (
    CASES
    % """pairs
  dependencies: [one]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {step: one, output: parts}, m: [7]}
    scatter: {method: zip, parameters: [n, m]}
    step: *say
- name: many
  dependencies: [each]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {stages: each, output: out}}
    scatter: {method: zip, parameters: [n]}
    step: *say
- name: every
  dependencies: [pairs]
  scheduler:
    scheduler_type: multistep-stage
    parameters: {n: {stages: pairs, output: out}}
    scatter: {method: zip, parameters: [n]}
    step: *say
- name: last
  dependencies: [each]
  scheduler:
    scheduler_type: singlestep-stage
    parameters: {n: {stages: each, output: out}}
    step: *say
"""
)
FEW = (
    CASES
    % """enough
  dependencies: [each]
  scheduler:
    scheduler_type: singlestep-stage
    parameters: {n: {stages: each, output: out}}
    cases:
    - {if: 'if (.n|length) < 100 then error else true end', step: *say}
"""
)


def counts(drawn: Picture) -> dict[str, str]:
    return {box.path: times(box.nodes) or "×1" for box in drawn.boxes}


def pairs(drawn: Picture) -> set[tuple[str, str]]:
    paths = {box.step: box.path for box in drawn.boxes} | {INPUTS: "(inputs)", OUTPUTS: "(outputs)"}
    return {(paths[edge.source], paths[edge.target]) for edge in drawn.edges}


def drawn_text(tmp_path: Path, text: str, n: int, **options: Any) -> Picture:
    (tmp_path / "workflow.yml").write_text(text)
    return picture(plan(Options(tmp_path / "workflow.yml", parameters=(("n", n),), **options)))


def test_mermaid() -> None:
    assert mermaid(picture(plan(Options(SPECS / "joined" / "workflow.yml")))) == MERMAID


@pytest.mark.parametrize(
    ("case", "values"),
    [
        ("dynamic", {"n": 1}),
        ("dynamic", {"n": 4}),
        ("joined", {"left": 3, "right": 5, "counts": [2, 1]}),
        ("joined", {"left": 1, "right": 2, "counts": [4, 3]}),
    ],
)
def test_what_runs_have(case: str, values: dict[str, Any], tmp_path: Path) -> None:
    """Numbers that are drawn are those of the run, and so are the edges: the others differ between runs."""
    bundle = compiled(tmp_path, case, parameters=tuple(values.items()))
    before = picture(workflow_of(Options(bundle)))
    assert make(bundle).returncode == 0
    ran = workflow_of(Options(bundle / "run"))
    assert not ran.points
    for box in before.boxes:
        assert box.nodes.number in (None, ran.rows.step.count(box.step))
    assert {(edge.source, edge.target) for edge in before.edges if edge.target != OUTPUTS} == {
        (edge.source, edge.target) for edge in naive_edges(ran)
    }
    after = picture(workflow_of(Options(bundle)), bundle / "run")
    assert {box.step: box.nodes for box in after.boxes} == {
        step: Count(ran.rows.step.count(step)) for step in set(ran.rows.step)
    }
    assert {edge for edge in after.edges if edge.target != OUTPUTS} == naive_edges(ran)
    assert [box.state.kind for box in after.boxes if box.state] == ["done"] * len(before.boxes)


def test_shapes_where_lists_have_several() -> None:
    drawn = picture(plan(Options(SPECS / "joined" / "workflow.yml")))
    paths = {box.step: box.path for box in drawn.boxes}
    shapes = {(paths[e.source], paths[e.target]): (e.gather, e.broadcast) for e in drawn.edges if e.target >= 0}
    assert shapes["left", "lefts"] == (False, True)
    assert shapes["lefts", "join"] == (True, False)
    assert shapes["each/make", "each/say"] == (False, True)
    assert shapes["each/say", "each/sum"] == (True, False)
    assert shapes["right", "join"] == (False, False)


def test_why(tmp_path: Path) -> None:
    drawn = picture(plan(Options(SPECS / "joined" / "workflow.yml")))
    why = {box.path: box.reason for box in drawn.boxes}
    assert why["left"] is None
    assert why["each/sum"] == ("inner.yml:17", ("each/make",))
    assert why["join"] == ("workflow.yml:42", ("left", "right", "each/make"))
    assert "decided by what each/make publishes, see inner.yml:17" in svg(drawn)
    assert "what left, right, each/make publishes, see workflow.yml:42" in page(drawn)


@pytest.mark.parametrize("target", ["dagman", "slurm", "make"])
def test_bounds_and_numbers(target: str) -> None:
    spec = SPECS / "dynamic" / "workflow.yml"
    bounded = picture(plan(Options(spec, target=target, expected=(("work", False, 17),))))
    assert counts(bounded) == {"generate": "×1", "work": "×≤17", "more": "×≤17", "inner": "×?", "reduce": "×1"}
    one = picture(plan(Options(spec, target=target, expected=(("work", False, 1), ("inner", False, 9)))))
    assert counts(one) == {"generate": "×1", "work": "×≤1", "more": "×≤1", "inner": "×≤9", "reduce": "×1"}
    exact = picture(plan(Options(spec, target=target, expected=(("work", True, 17),))))
    assert counts(exact) == {"generate": "×1", "work": "×17", "more": "×17", "inner": "×?", "reduce": "×1"}
    assert [box.binding for box in exact.boxes] == ["static", "late", "static", "dynamic", "dynamic"]
    assert pairs(bounded) == pairs(one) == pairs(exact)


@pytest.mark.parametrize("target", ["dagman", "make"])
def test_a_bounded_bundle_is_drawn_as_its_specification(target: str, tmp_path: Path) -> None:
    options = Options(SPECS / "dynamic" / "workflow.yml", target=target, expected=(("work", False, 3),))
    bundle = compile_bundle(options, tmp_path / "bundle").directory
    assert counts(picture(workflow_of(Options(bundle)))) == counts(picture(plan(options)))


def test_batches_of_an_unknown_list(tmp_path: Path) -> None:
    drawn = drawn_text(tmp_path, BATCHES, 3)
    assert counts(drawn) == {"one": "×1", "each": "×?", "batches": "×?"}
    bounded = drawn_text(tmp_path, BATCHES, 3, expected=(("each", False, 17),))
    assert counts(bounded) == {"one": "×1", "each": "×≤17", "batches": "×≤4"}


def test_a_step_that_only_longer_lists_bring_about(tmp_path: Path) -> None:
    drawn = drawn_text(tmp_path, FOURTH, 3)
    assert counts(drawn) == {"one": "×1", "each": "×?", "fourth": "×?"}
    assert pairs(drawn) == {("one", "each"), ("each", "fourth"), ("fourth", "(outputs)")}


def test_cases_that_values_decide(tmp_path: Path) -> None:
    drawn = drawn_text(tmp_path, CHOICE, 3)
    unknown = ["each", "choice.case0", "choice.case1/first", "choice.case1/second"]
    assert counts(drawn) == {"one": "×1", "last": "×1", **dict.fromkeys(unknown, "×?")}
    assert [(cluster.path, cluster.instances) for cluster in drawn.clusters] == [("choice.case1", Count(None))]
    assert pairs(drawn) == {
        ("one", "each"),
        ("one", "choice.case0"),
        ("one", "choice.case1/first"),
        ("choice.case1/first", "choice.case1/second"),
        ("choice.case0", "last"),
        ("choice.case1/second", "last"),
        ("each", "(outputs)"),
        ("last", "(outputs)"),
    }


def test_lists_that_cannot_have_so_many(tmp_path: Path) -> None:
    """What an assumed number contradicts stays unknown; the other steps are drawn as ever."""
    drawn = drawn_text(tmp_path, PAIRS, 3)
    assert counts(drawn) == {"one": "×1", "each": "×?", "pairs": "×?", "many": "×?", "every": "×?", "last": "×1"}
    assert pairs(drawn) == {
        ("one", "each"),
        ("one", "pairs"),
        ("pairs", "every"),
        ("each", "many"),
        ("each", "last"),
        ("many", "(outputs)"),
        ("every", "(outputs)"),
        ("last", "(outputs)"),
    }
    shapes = {edge.target: (edge.gather, edge.broadcast) for edge in drawn.edges}
    assert shapes[next(box.step for box in drawn.boxes if box.path == "many")] == (False, False)
    few = drawn_text(tmp_path, FEW, 3)
    assert counts(few) == {"one": "×1", "each": "×?", "enough.case0": "×?"}
    assert pairs(few) == {("one", "each"), ("each", "enough.case0"), ("enough.case0", "(outputs)")}


def failing(tmp_path: Path) -> Path:
    """Return a bundle whose run has failed at the second element of four."""
    text = (SPECS / "dynamic" / "workflow.yml").read_text()
    text = text.replace("cat {part} > {out};", "cat {part} > {out}; case {part} in *_1.txt) exit 3;; esac;")
    (tmp_path / "workflow.yml").write_text(text)
    bundle = compiled(tmp_path, "", parameters=(("n", 4),))
    assert make(bundle).returncode != 0
    return bundle


def states(bundle: Path, run: Path | None = None) -> dict[str, tuple[str, str]]:
    drawn = picture(workflow_of(Options(bundle)), run or bundle / "run")
    return {box.path: (box.state.kind, box.state.text) for box in drawn.boxes if box.state}


def test_a_run_that_failed(tmp_path: Path) -> None:
    bundle = failing(tmp_path)
    assert states(bundle) == {
        "generate": ("done", "1 of 1 done"),
        "work": ("failed", "3 of 4 done, 1 failed"),
        "more": ("begun", "3 of 4 done"),
        "inner": ("waiting", "not started"),
        "reduce": ("waiting", "not started"),
    }
    drawn = picture(workflow_of(Options(bundle)), bundle / "run")
    root = ET.fromstring(svg(drawn))
    boxes = {g.attrib["data-step"]: g for g in root.iter(f"{SVG}g") if g.get("class", "").startswith("step ")}
    assert [box.get("class") for box in boxes.values()] == [
        "step done",
        "step failed",
        "step begun",
        "step waiting",
        "step waiting",
    ]
    assert "3 of 4 done, 1 failed" in "".join(boxes["1"].itertext())
    assert "work_1: payload.exit" in "".join(boxes["1"].itertext())
    assert "run: 7 of ? done, 1 failed; 5 steps" in mermaid(drawn) + page(drawn)
    assert 's1["work<br/>3 of 4 done, 1 failed"]:::failed' in mermaid(drawn)


def test_killed_or_still_at_work(tmp_path: Path) -> None:
    """A node without a last word is at work, unless the run has ended since."""
    bundle = failing(tmp_path)
    log = bundle / "run" / "logs" / "work_1.events.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    assert '"ev":"final"' in lines[-1]
    ended = (bundle / "run" / "record.json").stat()
    log.write_text("".join(lines[:-1]))
    assert states(bundle)["work"] == ("begun", "3 of 4 done, 1 begun")
    (bundle / "run" / "record.json").touch()
    assert (bundle / "run" / "record.json").stat().st_mtime_ns > ended.st_mtime_ns
    assert states(bundle)["work"] == ("failed", "3 of 4 done, 1 failed")
    drawn = picture(workflow_of(Options(bundle)), bundle / "run")
    assert [box.state.failures for box in drawn.boxes if box.path == "work" and box.state] == [("work_1: killed",)]


def test_hostile_logs(tmp_path: Path) -> None:
    """What stands in a run is data: in the page it is text, and nothing of it is markup."""
    bundle = failing(tmp_path)
    log = bundle / "run" / "logs" / "work_1.events.jsonl"
    log.write_text(json.dumps({"ev": "final", "reason": HOSTILE}) + "\n")
    drawn = picture(workflow_of(Options(bundle)), bundle / "run")
    elements = Elements(page(drawn))
    assert elements.tags["script"] == 2
    assert "</" not in elements.scripts[0]
    assert "work_1: </script>" in dict(json.loads(elements.scripts[0])["steps"]["1"])["failed"]
    log.write_bytes(b"\xff\x00{")
    assert states(bundle)["work"] == ("begun", "3 of 4 done, 1 begun")


def test_an_expansion_that_failed(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "dynamic", parameters=(("n", 3),), expected=(("work", False, 2),))
    assert make(bundle).returncode != 0
    assert states(bundle) == {
        "generate": ("done", "1 of 1 done"),
        "work": ("failed", "not started, expansion failed"),
        "more": ("waiting", "not started"),
        "inner": ("waiting", "not started"),
        "reduce": ("waiting", "not started"),
    }
    assert "expand.work: expand.failed" in draw(Options(bundle / "run"), None).text


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "dynamic")
    (tmp_path / "empty").mkdir()
    assert set(states(bundle, tmp_path / "empty").values()) == {("waiting", "not started")}


def test_where_a_run_is(tmp_path: Path) -> None:
    bundle = failing(tmp_path)
    drawn = draw(Options(bundle / "run"), None).text
    assert "3 of 4 done" in drawn
    assert draw(Options(bundle, run=bundle / "run"), None).text == drawn
    command = [sys.executable, "-m", "wfcompile", "graph", "."]
    here = subprocess.run(
        command, cwd=bundle / "run", capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert here.stdout == drawn
    elsewhere = tmp_path / "elsewhere"
    shutil.move(bundle / "run", elsewhere)
    assert draw(Options(bundle, run=elsewhere), None).text == drawn
    for suffix in FORMATS:
        draw(Options(bundle, run=elsewhere), tmp_path / f"picture{suffix}")
        assert "3 of 4 done" in (tmp_path / f"picture{suffix}").read_text()
    assert "      4 x work  static  -  workflow.yml:13" in summary(Options(bundle, run=elsewhere))
    for options, said in [
        (Options(elsewhere), f"'{elsewhere}' is a run, and its bundle is not known; name it: BUNDLE --run {elsewhere}"),
        (Options(bundle, run=tmp_path / "no"), f"--run {tmp_path}/no: there is no such directory"),
        (Options(tmp_path / "workflow.yml", run=elsewhere), f"'{tmp_path}/workflow.yml' is no bundle"),
    ]:
        with pytest.raises(Refused) as refused:
            draw(options, None)
        assert said in str(refused.value)


def test_a_broken_record_is_refused(tmp_path: Path) -> None:
    bundle = failing(tmp_path)
    (bundle / "run" / "generate" / "done.json").write_text("{")
    with pytest.raises(Refused) as refused:
        draw(Options(bundle / "run"), None)
    assert "the record of node 'generate' cannot be read" in str(refused.value)


MERMAID = """\
flowchart TD
  s0["left<br/>static"]:::static
  s1["right<br/>static"]:::static
  s2["lefts ×#63;<br/>dynamic"]:::dynamic
  s3["rights ×#63;<br/>dynamic"]:::dynamic
  subgraph c4["each ×2"]
    s6["make ×2<br/>static"]:::static
    s7["say ×#63;<br/>dynamic"]:::dynamic
    s8["sum ×2<br/>dynamic"]:::dynamic
  end
  s5["join ×1<br/>dynamic"]:::dynamic
  outputs[/"outputs<br/>all.txt"/]
  s0 -->|broadcast| s2
  s1 -->|broadcast| s3
  s1 --> s5
  s2 -->|gather| s5
  s3 -->|gather| s5
  s6 -->|broadcast| s7
  s7 -->|gather| s8
  s8 -->|gather| s5
  s5 --> outputs
  classDef static fill:#e3eff8,stroke:#0072b2,color:#1b1b1b
  classDef late fill:#ffd08a,stroke:#9a5b00,color:#1b1b1b,stroke-dasharray:6 3
  classDef dynamic fill:#f6e1ed,stroke:#97386f,color:#1b1b1b,stroke-dasharray:2 3
"""
