"""Pictures of workflows: what is drawn is what the rows say, nothing overlaps, and hostile text stays text."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest

from tests.conftest import ROOT
from wfcompile.compile import compile_bundle, plan
from wfcompile.draw import FORMATS, draw
from wfcompile.draw.assumed import Count, Reason
from wfcompile.draw.layered import Point
from wfcompile.draw.layout import Rectangle, nested
from wfcompile.draw.model import INPUTS, OUTPUTS, Edge, Picture, picture, step_edges
from wfcompile.draw.page import page
from wfcompile.draw.svg import svg
from wfcompile.draw.text import dot, mermaid
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.runtime.parts import steps_below

SPECS = ROOT / "tests" / "specs"
CASES = {path.parent.name: path for path in sorted(SPECS.glob("*/workflow.*"))}
CASES["bsm-search"] = ROOT / "examples" / "bsm-search" / "bsm-search.yml"
CASES["madminer"] = ROOT / "examples" / "madminer" / "madminer.yml"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</script><script>alert(1)</script>]]>-->"\'`&lt;\\N\n%%{init: {}}%%\0\x1b\u202e\ud800#quot;|end "] --> s9'

MAP_REDUCE = """
stages:
  - name: map
    dependencies: [init]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: {step: init, output: values}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [value]}
      step: &step
        process: {process_type: interpolated-script-cmd, script: 'echo {value} > {out}'}
        publisher: {publisher_type: interpolated-pub, publish: {out: '{out}'}}
        environment: {environment_type: localproc-env}
  - name: each
    dependencies: [map]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: {stages: map, output: out}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [value]}
      step: *step
  - name: reduce
    dependencies: [each]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {value: {stages: each, output: out}, out: '{workdir}/out'}
      step: *step
  - name: spread
    dependencies: [reduce]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: {step: init, output: values}, all: {step: reduce, output: out}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [value]}
      step: *step
"""


def map_reduce(tmp_path: Path, width: int) -> Workflow:
    (tmp_path / "workflow.yml").write_text(MAP_REDUCE, encoding="utf-8")
    return plan(Options(tmp_path / "workflow.yml", parameters=(("values", list(range(width))),)))


@pytest.fixture(params=CASES)
def workflow(request: pytest.FixtureRequest) -> Workflow:
    return plan(Options(CASES[request.param]))


def with_nodes(workflow: Workflow) -> set[int]:
    """Return the steps that have nodes, in some runs at least."""
    pending = (below for step in workflow.rows.pending for below in steps_below(workflow.template, step.step))
    return set(workflow.rows.step) | {step for step in pending if workflow.steps[step].nodes}


def naive_edges(workflow: Workflow) -> set[Edge]:
    """Return the edges between steps, from every pair of nodes."""
    rows = workflow.rows
    edges: dict[tuple[int, int], Edge] = {}
    for data, column in ((False, rows.after), (True, rows.parents)):
        pairs = [(parent, node) for node, parents in enumerate(column) for parent in parents]
        into = Counter((rows.step[parent], node) for parent, node in pairs)
        out = Counter((parent, rows.step[node]) for parent, node in pairs)
        for pair in {(rows.step[parent], rows.step[node]) for parent, node in pairs}:
            gather = any(n > 1 for (step, node), n in into.items() if (step, rows.step[node]) == pair)
            broadcast = any(n > 1 for (parent, step), n in out.items() if (rows.step[parent], step) == pair)
            edges[pair] = Edge(*pair, data, gather, broadcast)
    return set(edges.values())


def rectangle(group: ET.Element) -> Rectangle:
    shape = group.findall(f"{SVG}rect")[-1]
    return Rectangle(*(float(shape.attrib[key]) for key in ("x", "y", "width", "height")))


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def contains(a: Rectangle, b: Rectangle) -> bool:
    right, low = a.x + a.width >= b.x + b.width, a.y + a.height >= b.y + b.height
    return a.x <= b.x and a.y <= b.y and right and low


def test_edges_are_those_of_the_rows(workflow: Workflow) -> None:
    edges = step_edges(workflow)
    assert len(edges) == len(set(edges))
    meant = naive_edges(workflow)
    if workflow.language == "serial":  # each step needs all earlier ones, one on top of the other
        meant = {edge for edge in meant if edge.source == edge.target - 1}
    assert set(edges) == meant


def test_every_step_has_one_box_and_none_overlap(workflow: Workflow) -> None:
    drawn = picture(workflow)
    root = ET.fromstring(svg(drawn))
    steps = {int(g.attrib["data-step"]): g for g in root.iter(f"{SVG}g") if g.get("class", "").startswith("step ")}
    clusters = {int(g.attrib["data-cluster"]): rectangle(g) for g in root.iter(f"{SVG}g") if "data-cluster" in g.attrib}
    assert set(steps) == with_nodes(workflow)
    boxes = {step: rectangle(group) for step, group in steps.items()}
    assert not [pair for pair in combinations(boxes.values(), 2) if overlap(*pair)]
    places = boxes | clusters
    owners = {box.step: box.cluster for box in drawn.boxes} | {c.step: c.cluster for c in drawn.clusters}
    assert set(owners) == set(places)
    assert all(owner is None or contains(clusters[owner], places[part]) for part, owner in owners.items())
    lines = [
        (int(g.attrib["data-from"]), int(g.attrib["data-to"])) for g in root.iter(f"{SVG}g") if "data-from" in g.attrib
    ]
    assert lines == [(edge.source, edge.target) for edge in drawn.edges]


def test_what_is_said_of_a_step(workflow: Workflow) -> None:
    drawn = picture(workflow)
    for box in drawn.boxes:
        assert (box.binding == "dynamic") == (box.step not in workflow.rows.step)
        if box.binding != "dynamic":
            assert box.nodes == Count(workflow.rows.step.count(box.step))
    assert drawn.nodes == len(workflow.rows)
    starts = {edge.target for edge in drawn.edges if edge.source == INPUTS}
    assert starts <= {box.step for box in drawn.boxes if box.inputs}
    if not workflow.points:
        collected = {workflow.rows.step[output.node] for output in workflow.outputs}
        assert {edge.source for edge in drawn.edges if edge.target == OUTPUTS} == collected


@pytest.mark.parametrize("draws", FORMATS.values(), ids=FORMATS)
def test_the_same_bytes(workflow: Workflow, draws: object) -> None:
    assert callable(draws)
    assert draws(picture(workflow)) == draws(picture(workflow))


def test_the_same_bytes_in_another_process() -> None:
    command = [sys.executable, "-m", "wfcompile", "graph", str(CASES["bsm-search"]), "-o", "-"]
    runs = [
        subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_bindings_and_shapes() -> None:
    drawn = picture(plan(Options(CASES["bsm-search"])))
    bindings = {box.path: box.binding for box in drawn.boxes}
    assert {path for path, binding in bindings.items() if binding == "late"} == {"plot", "hepdata"}
    assert {c.path: c.instances for c in drawn.clusters}["all_bkg_mc/run_mc/select_signal_shapevars"] == Count(4)
    paths = {box.step: box.path for box in drawn.boxes}
    edges = {(paths[e.source], paths[e.target]): e for e in drawn.edges if e.source >= 0 and e.target >= 0}
    assert edges["data/generate", "data/merge"].gather
    spread = edges["all_bkg_mc/run_mc/merge", "all_bkg_mc/run_mc/select_signal_shapevars/select"]
    assert (spread.gather, spread.broadcast) == (False, True)
    one = edges["all_bkg_mc/run_mc/merge", "all_bkg_mc/run_mc/select_signal"]
    assert (one.gather, one.broadcast) == (False, False)


def test_an_order_without_data_is_dashed() -> None:
    drawn = picture(plan(Options(CASES["nested"])))
    order = [edge for edge in drawn.edges if not edge.data]
    assert order
    assert 'class="edge order"' in svg(drawn)
    assert f"s{order[0].source} -.->" in mermaid(drawn)


@pytest.mark.parametrize("case", CASES)
def test_a_bundle_read_back_is_the_same_but_for_its_outputs(case: str, tmp_path: Path) -> None:
    compiled = compile_bundle(Options(CASES[case]), tmp_path / "bundle")
    drawn = draw(Options(compiled.directory), None).text
    assert drawn == dot(picture(replace(compiled.workflow, outputs=())))


@pytest.mark.skipif(shutil.which("dot") is None and "CI" not in os.environ, reason="Graphviz is not installed")
@pytest.mark.parametrize("case", [*CASES, "hostile"])
def test_graphviz_reads_the_dot(case: str) -> None:
    drawn = hostile() if case == "hostile" else picture(plan(Options(CASES[case])))
    done = subprocess.run(["dot", "-Tsvg"], input=dot(drawn), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    groups = [g.get("class") for g in ET.fromstring(done.stdout).iter(f"{SVG}g")]
    files = bool(drawn.inputs) + bool(drawn.outputs)
    found = (groups.count("node"), groups.count("cluster"), groups.count("edge"))
    assert found == (len(drawn.boxes) + files, len(drawn.clusters), len(drawn.edges))


def test_mermaid() -> None:
    assert mermaid(picture(plan(Options(CASES["nested"])))) == MERMAID


def hostile() -> Picture:
    """Return a picture in which every text that a stranger writes is hostile."""
    drawn = picture(plan(Options(CASES["bsm-search"])))
    files = (HOSTILE,)
    boxes = [
        replace(box, name=HOSTILE, path=HOSTILE, source=HOSTILE, image=HOSTILE, command=HOSTILE, inputs=files)
        for box in drawn.boxes
    ]
    boxes[0] = replace(boxes[0], reason=Reason(HOSTILE, files * 5))
    clusters = [replace(cluster, name=HOSTILE, path=HOSTILE) for cluster in drawn.clusters]
    parts = replace(drawn, boxes=tuple(boxes), clusters=tuple(clusters))
    return replace(parts, name=HOSTILE, inputs=files, outputs=files * 9)


class Elements(HTMLParser):
    """Counts the elements of a page and keeps its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            self.scripts.append(data)


def test_hostile_text_does_not_break_out() -> None:
    drawn = hostile()
    text = page(drawn)
    text.encode()
    harmless = picture(plan(Options(CASES["bsm-search"])))
    names = replace(harmless, outputs=("x",) * 9)
    ours, theirs = Elements(text), Elements(page(names))
    assert ours.tags["script"] == theirs.tags["script"] == 2
    assert ours.tags - Counter(text=9) <= theirs.tags
    assert ours.attributes <= theirs.attributes
    assert not [name for name in ours.attributes if name.startswith("on")]
    data = json.loads(ours.scripts[0])
    command = dict(data["steps"][str(drawn.boxes[0].step)])["command of the first node"]
    assert command.startswith("</script><script>alert(1)</script>]]>")
    assert "</" not in ours.scripts[0]
    titles = [element.text for element in ET.fromstring(svg(drawn)).iter(f"{SVG}title")]
    assert any("<script>" in (title or "") for title in titles)


def test_hostile_text_in_mermaid() -> None:
    ours, theirs = mermaid(hostile()), mermaid(picture(plan(Options(CASES["bsm-search"]))))
    assert len(ours.splitlines()) == len(theirs.splitlines())
    for label in re.findall(r'\["(.*)"\]', ours):
        assert not set("\"'`<>{}%\\|") & set(label.replace("<br/>", ""))


def test_the_page_needs_no_network(workflow: Workflow) -> None:
    text = page(picture(workflow))
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import|fetch\(|XMLHttp""", text)
    assert set(re.findall(r"https?://[^\s\"'<]*", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("seed", range(12))
def test_any_nested_graph_is_laid_out(seed: int) -> None:
    """Steps in random sub-workflows, each following some before it: boxes apart, edges from step to step."""
    rng = random.Random(seed)
    owners: dict[int, int | None] = {}
    least: dict[int, float] = {}
    sizes: dict[int, Point] = {}

    def fill(owner: int | None, depth: int) -> None:
        for _ in range(rng.randint(1, 6)):
            number = len(owners)
            owners[number] = owner
            if depth < 3 and rng.random() < 0.35:
                least[number] = 90.0
                fill(number, depth + 1)
            else:
                sizes[number] = (float(rng.randint(60, 200)), 50.0)

    fill(None, 0)
    steps = list(sizes)
    edges = sorted({(a, b) for b in steps for a in rng.choices(steps, k=3) if a < b})
    layout = nested(sizes, least, owners, edges, set(), set())
    assert not [pair for pair in combinations(steps, 2) if overlap(layout.boxes[pair[0]], layout.boxes[pair[1]])]
    for inner, outer in owners.items():
        if outer is None:
            assert contains(Rectangle(-0.1, -0.1, layout.width + 0.2, layout.height + 0.2), layout.boxes[inner])
        else:
            assert contains(layout.boxes[outer], layout.boxes[inner])
    siblings = [(a, b) for a, b in combinations(owners, 2) if owners[a] == owners[b]]
    assert not [pair for pair in siblings if overlap(layout.boxes[pair[0]], layout.boxes[pair[1]])]
    for (source, target), way in zip(edges, layout.ways, strict=True):
        start, end = layout.boxes[source], layout.boxes[target]
        assert way[0] == pytest.approx((start.x + start.width / 2, start.y + start.height), abs=0.2)
        assert way[-1] == pytest.approx((end.x + end.width / 2, end.y), abs=0.2)
        assert [y for _, y in way] == sorted(y for _, y in way)


def test_a_hundred_thousand_nodes(tmp_path: Path) -> None:
    workflow = map_reduce(tmp_path, 33_333)
    drawn = picture(workflow)
    assert [(box.name, box.nodes) for box in drawn.boxes] == [
        ("map", Count(33_333)),
        ("each", Count(33_333)),
        ("reduce", Count(1)),
        ("spread", Count(33_333)),
    ]
    shapes = [(edge.gather, edge.broadcast) for edge in drawn.edges if edge.target != OUTPUTS]
    assert shapes == [(False, False), (True, False), (False, True)]
    text = page(drawn)
    assert "×33333" in text
    assert len(text) < 100_000


def graph(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wfcompile", "graph", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_says_how(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"picture{suffix}"
    done = graph(CASES["squares"], "-o", file)
    assert (done.returncode, done.stdout) == (0, f"{file}\n")
    begins = {".svg": "<svg", ".html": "<!DOCTYPE html>", ".dot": "digraph", ".mmd": "flowchart TD"}
    assert file.read_text(encoding="utf-8").startswith(begins[suffix])


@pytest.mark.parametrize("arguments", [[], ["-o", "-"]])
def test_without_a_file_it_prints_dot(arguments: list[str]) -> None:
    done = graph(CASES["squares"], *arguments)
    assert done.returncode == 0
    assert done.stdout.startswith('digraph "')


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([CASES["squares"], "-o", "picture.png"], 1, "unknown format '.png'; name it *.svg, *.html, *.dot, *.mmd"),
        ([CASES["squares"], "-o", "/nowhere/picture.svg"], 1, "/nowhere/picture.svg"),
        (["missing.yml"], 1, "missing.yml"),
        ([CASES["squares"], "--no-such-option"], 2, "--no-such-option"),
        ([], 2, "SPEC"),
    ],
)
def test_exit_codes(arguments: list[str | Path], code: int, said: str) -> None:
    done = graph(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


MERMAID = """\
flowchart TD
  subgraph c0["sample ×2"]
    s3["event ×5<br/>static"]:::static
    s4["sum ×2<br/>static"]:::static
  end
  s1["merge<br/>static"]:::static
  s2["notify<br/>static"]:::static
  outputs[/"outputs<br/>merged.txt<br/>note.txt"/]
  s1 -.-> s2
  s3 -->|gather| s4
  s4 -->|gather| s1
  s1 --> outputs
  s2 --> outputs
  classDef static fill:#e3eff8,stroke:#0072b2,color:#1b1b1b
  classDef late fill:#ffd08a,stroke:#9a5b00,color:#1b1b1b,stroke-dasharray:6 3
"""
