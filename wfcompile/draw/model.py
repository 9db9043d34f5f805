"""The picture of a workflow as data: one box a step, nested sub-workflows, one edge between two steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wfcompile.ir import Request, Workflow
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.late import command, shown
from wfcompile.runtime.parts import by_step
from wfcompile.runtime.references import Nodes
from wfcompile.runtime.values import RUN

INPUTS, OUTPUTS = -1, -2  # beside the step numbers: the box of input files, the box of what is collected


@dataclass(frozen=True, slots=True)
class Box:
    """A step with all its nodes; `cluster` is the step number of the sub-workflow it is in."""

    step: int
    name: str
    path: str
    cluster: int | None
    nodes: int
    binding: str  # static, or late: the command of a node holds a value that a job publishes
    source: str  # file:line
    image: str | None
    request: Request
    command: str  # the first node's
    inputs: tuple[str, ...]  # input files, of all its nodes


@dataclass(frozen=True, slots=True)
class Cluster:
    """A sub-workflow with all its instances; `step` is the number of the stage that runs it."""

    step: int
    name: str
    path: str
    cluster: int | None
    instances: int


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between two steps, or from INPUTS or to OUTPUTS."""

    source: int
    target: int
    data: bool = True  # False: only an order
    gather: bool = False  # a node of the target has several parents in the source
    broadcast: bool = False  # a node of the source has several children in the target


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn; parts are in the order of the specification, parents before children."""

    name: str
    nodes: int
    boxes: tuple[Box, ...]
    clusters: tuple[Cluster, ...]
    edges: tuple[Edge, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def picture(workflow: Workflow) -> Picture:
    """Return the picture of a workflow that has been expanded; time is linear in its nodes and edges."""
    owners = dict(_owners(workflow, 0, None))
    nodes = {step: numbers for step, numbers in by_step(workflow.rows, set(workflow.rows.point))}
    boxes = [_box(workflow, step, nodes[step], owners[step]) for step in owners if step in nodes]
    edges = step_edges(workflow)
    started = {edge.target for edge in edges}
    edges += [Edge(INPUTS, box.step) for box in boxes if box.inputs and box.step not in started]
    edges += [Edge(step, OUTPUTS) for step in dict.fromkeys(workflow.rows.step[o.node] for o in workflow.outputs)]
    return Picture(
        name=workflow.name,
        nodes=len(workflow.rows),
        boxes=tuple(boxes),
        clusters=tuple(_clusters(workflow, owners, nodes)),
        edges=tuple(edges),
        inputs=tuple(sorted({name for box in boxes for name in box.inputs})),
        outputs=tuple(output.destination for output in workflow.outputs),
    )


def _owners(workflow: Workflow, scope: int, owner: int | None) -> Iterator[tuple[int, int | None]]:
    """Yield each step with the sub-workflow it is in, which comes before it."""
    templates = workflow.template["steps"]
    steps = list(reversed(workflow.template["scopes"][scope]["steps"]))
    while steps:
        step = steps.pop()
        yield step, owner
        if templates[step]["workflow"] is not None:
            yield from _owners(workflow, templates[step]["workflow"], step)
        steps += reversed([case["step"] for case in templates[step]["cases"] or ()])


def _box(workflow: Workflow, step: int, nodes: list[int], owner: int | None) -> Box:
    rows, about, first = workflow.rows, workflow.steps[step], nodes[0]
    task = workflow.template["steps"][step]["task"]
    text = command(rows, first, task["text"], slots_of(task), lambda slot, field: shown(slot, rows.ids))
    late = any(not isinstance(slot, str) for node in nodes for slot in rows.slots[node])
    return Box(
        step=step,
        name=about.path.rpartition("/")[2],
        path=about.path,
        cluster=owner,
        nodes=len(nodes),
        binding="late" if late else "static",
        source=about.source,
        image=about.image,
        request=workflow.requests[step],
        command=text.replace(RUN, "@RUN@"),
        inputs=tuple(sorted({name for node in nodes for name in rows.inputs[node]})),
    )


def _clusters(workflow: Workflow, owners: dict[int, int | None], nodes: dict[int, list[int]]) -> Iterator[Cluster]:
    """Yield the sub-workflows that have nodes; the instances are the directories that the nodes' ids begin with."""
    instances: dict[int, set[str]] = {}
    for step, numbers in nodes.items():
        above = list(_above(owners, step))
        prefixes = {workflow.rows.ids[node].rpartition("/")[0] for node in numbers}
        for owner in above:
            instances.setdefault(owner, set()).update(prefixes)
            prefixes = {prefix.rpartition("/")[0] for prefix in prefixes}
    for step in owners:
        if step in instances:
            path = workflow.steps[step].path
            yield Cluster(step, path.rpartition("/")[2], path, owners[step], len(instances[step]))


def _above(owners: dict[int, int | None], step: int) -> Iterator[int]:
    owner = owners[step]
    while owner is not None:
        yield owner
        owner = owners[owner]


def step_edges(workflow: Workflow) -> list[Edge]:
    """Return the edges between steps, each once; one that carries data and is an order too carries data.

    What works in a workspace is drawn after its last predecessor only: it needs all of them, one on top of the other.
    The rows share their tuples of parents (runtime.expand interns them): each is read once a step that uses it.
    """
    rows = workflow.rows
    parents = [p[-1:] if workflow.steps[s].workspace else p for s, p in zip(rows.step, rows.parents, strict=True)]
    data = _shapes(rows.step, parents)
    only_order = {pair: shape for pair, shape in _shapes(rows.step, rows.after).items() if pair not in data}
    edges = [Edge(*pair, True, *shape) for pair, shape in data.items()]
    edges += [Edge(*pair, False, *shape) for pair, shape in only_order.items()]
    return sorted(edges, key=lambda edge: (edge.source, edge.target))


def _shapes(steps: list[int], parents: Iterable[Nodes]) -> dict[tuple[int, int], tuple[bool, bool]]:
    """Return (gather, broadcast) of each pair of steps."""
    tuples = {id(nodes): nodes for nodes in parents}
    uses = Counter((step, id(nodes)) for step, nodes in zip(steps, parents, strict=True) if nodes)
    gather: dict[tuple[int, int], bool] = {}
    broadcast: dict[tuple[int, int], bool] = {}
    seen: dict[int, set[int]] = {}  # step -> its nodes' parents so far
    for (step, which), times in uses.items():
        nodes = tuples[which]
        before = seen.setdefault(step, set())
        again = {steps[node] for node in before.intersection(nodes)}
        before.update(nodes)
        for source, count in Counter(steps[node] for node in nodes).items():
            pair = (source, step)
            gather[pair] = gather.get(pair, False) or count > 1
            broadcast[pair] = broadcast.get(pair, False) or times > 1 or source in again
    return {pair: (gather[pair], broadcast[pair]) for pair in gather}
