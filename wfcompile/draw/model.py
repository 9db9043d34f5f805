"""The picture of a workflow as data: one box a step, nested sub-workflows, one edge between two steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wfcompile.draw.assumed import Assumed, Count, Owners, Reason, above, assumed, pending_edges
from wfcompile.draw.state import State, state_of
from wfcompile.ir import Request, Workflow
from wfcompile.runs import progress, published_in
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.late import command, shown
from wfcompile.runtime.outputs import Asked, choose_outputs
from wfcompile.runtime.parts import by_step, steps_below
from wfcompile.runtime.points import first_name
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
    nodes: Count
    binding: str  # static; late: a command waits for a published value; dynamic: jobs decide what nodes
    source: str  # file:line
    image: str | None
    request: Request
    command: str  # the first node's
    inputs: tuple[str, ...]  # input files, of all its nodes
    reason: Reason | None = None  # of a dynamic step
    state: State | None = None  # in a run


@dataclass(frozen=True, slots=True)
class Cluster:
    """A sub-workflow with all its instances; `step` is the number of the stage that runs it."""

    step: int
    name: str
    path: str
    cluster: int | None
    instances: Count


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
    nodes: int  # that are known
    boxes: tuple[Box, ...]
    clusters: tuple[Cluster, ...]
    edges: tuple[Edge, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    state: State | None = None  # of a run


def picture(workflow: Workflow, run: Path | None = None) -> Picture:
    """Return the picture of a workflow that has been expanded, or of a run; time is linear in its nodes and edges."""
    owners = dict(_owners(workflow, 0, None))
    drawn = assumed(workflow, owners, published_in(run) if run else None)
    nodes = dict(by_step(drawn.rows, set(drawn.rows.point)))
    boxes = [
        _box(workflow, drawn, step, nodes.get(step, []), owners[step])
        for step in owners
        if step in drawn.counts and workflow.steps[step].nodes
    ]
    edges = _edges(workflow, owners, drawn)
    started = {edge.target for edge in edges}
    edges += [Edge(INPUTS, box.step) for box in boxes if box.inputs and box.step not in started]
    outputs = _outputs(workflow, drawn, boxes, edges)
    edges += [Edge(step, OUTPUTS) for step in dict.fromkeys(step for step, _ in outputs)]
    whole = Picture(
        name=workflow.name,
        nodes=len(drawn.known),
        boxes=tuple(boxes),
        clusters=tuple(_clusters(workflow, owners, drawn, boxes)),
        edges=tuple(edges),
        inputs=tuple(sorted({name for box in boxes for name in box.inputs})),
        outputs=tuple(dict.fromkeys(name for _, name in outputs)),
    )
    return _with_states(whole, workflow.template, drawn, run) if run else whole


def _with_states(picture: Picture, template: dict[str, Any], drawn: Assumed, run: Path) -> Picture:
    """Return the picture of a run with how far its steps are."""
    names = {first_name(pending.key): pending.step for pending in drawn.known.pending}
    for point, step in zip(drawn.known.point, drawn.known.step, strict=True):
        names.setdefault(point, step)  # the run may know its nodes, and yet could not make them
    names.pop("", None)
    far = progress(run, drawn.known.ids, list(names))
    ids: dict[int, list[str]] = {}
    for step, node_id in zip(drawn.known.step, drawn.known.ids, strict=True):
        ids.setdefault(step, []).append(node_id)
    broken: dict[int, list[str]] = {}
    for name in far.failures.keys() & names.keys():
        for step in steps_below(template, names[name]):
            broken.setdefault(step, []).append(name)
    boxes = [
        replace(box, state=state_of(far, ids.get(box.step, []), sorted(broken.get(box.step, [])), box.nodes))
        for box in picture.boxes
    ]
    every = state_of(far, drawn.known.ids, sorted(far.failures.keys() & names.keys()), _total(boxes))
    return replace(picture, boxes=tuple(boxes), state=every)


def _total(boxes: Sequence[Box]) -> Count:
    numbers = [box.nodes.number for box in boxes]
    known = [number for number in numbers if number is not None]
    return Count(sum(known) if len(known) == len(numbers) else None, all(box.nodes.exact for box in boxes))


def _edges(workflow: Workflow, owners: Owners, drawn: Assumed) -> list[Edge]:
    """Return the edges between steps: those of the rows, and to steps without any what they cannot do without."""
    edges = step_edges(replace(workflow, rows=drawn.rows))
    there = {(edge.source, edge.target) for edge in edges}
    guessed = pending_edges(drawn.rows, workflow.template)
    placed = set(drawn.rows.step) | {target for _, target in guessed}
    guessed |= {pair for pair in pending_edges(drawn.known, workflow.template) if pair[1] not in placed}
    guessed -= there
    after: dict[int, set[int]] = {}
    for source, target in there | guessed:
        after.setdefault(source, set()).add(target)
    for source, target in guessed:
        if any(target in _reached(after, other) for other in after[source] - {target}):
            continue  # it waits for that already
        if owners[source] == owners[target] is not None:  # in one instance
            gather, broadcast = (bool(workflow.template["steps"][step].get("scatter")) for step in (source, target))
        else:
            gather, broadcast = (drawn.counts[step] != Count(1) for step in (source, target))
        edges.append(Edge(source, target, True, gather, broadcast))
    return sorted(edges, key=lambda edge: (edge.source, edge.target))


def _reached(after: dict[int, set[int]], step: int) -> set[int]:
    """Return all steps that follow one."""
    found: set[int] = set()
    waiting = [step]
    while waiting:
        fresh = after.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return found


def _outputs(workflow: Workflow, drawn: Assumed, boxes: Sequence[Box], edges: Sequence[Edge]) -> list[tuple[int, str]]:
    """Return the steps with what is collected of each; jobs may decide that, too."""
    rows = drawn.rows
    if rows is workflow.rows or not workflow.outputs:
        return [(workflow.rows.step[output.node], output.destination) for output in workflow.outputs]
    paths = [step.path for step in workflow.steps]
    outputs = choose_outputs(rows, paths, Asked(workflow.asked_keys, workflow.asked), final=False)
    there = set(rows.step)
    without = [box.step for box in boxes if box.step not in there]
    found = [(rows.step[output.node], output.destination) for output in outputs]
    if without and not workflow.asked_keys and not workflow.asked:  # the leaves: steps without nodes may be some
        inner = {edge.source for edge in edges}
        found = [(step, name) for step, name in found if step not in inner]
        found += [(step, "") for step in without if step not in inner]
    certain = {step for step, count in drawn.counts.items() if count.exact and count.number is not None}
    return [
        (step, (name or f"of {paths[step]}") if step in certain else f"of all {paths[step]}") for step, name in found
    ]


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


def _box(workflow: Workflow, drawn: Assumed, step: int, nodes: list[int], owner: int | None) -> Box:
    rows, about = drawn.rows, workflow.steps[step]
    task = workflow.template["steps"][step]["task"]
    text = task["text"]  # as its author wrote it, where nobody knows a node
    if nodes:
        text = command(rows, nodes[0], text, slots_of(task), lambda slot, field: shown(slot, rows.ids))
    return Box(
        step=step,
        name=about.path.rpartition("/")[2],
        path=about.path,
        cluster=owner,
        nodes=drawn.counts[step],
        binding="dynamic" if step in drawn.reasons else "late" if step in drawn.late else "static",
        source=about.source,
        image=about.image,
        request=workflow.requests[step],
        command=text.replace(RUN, "@RUN@"),
        inputs=tuple(sorted({name for node in nodes for name in rows.inputs[node]})),
        reason=drawn.reasons.get(step),
    )


def _clusters(
    workflow: Workflow, owners: dict[int, int | None], drawn: Assumed, boxes: Sequence[Box]
) -> Iterator[Cluster]:
    """Yield the sub-workflows that have nodes."""
    wanted = {owner for box in boxes for owner in above(owners, box.step)}
    for step in owners:
        if step in wanted:
            path = workflow.steps[step].path
            yield Cluster(step, path.rpartition("/")[2], path, owners[step], drawn.counts[step])


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
