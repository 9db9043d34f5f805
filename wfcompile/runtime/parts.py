"""What is submitted together: a workflow as far as it is known when compiled, or what an expansion adds to it."""

import os.path
from typing import Any, Container, Dict, List, Mapping, NamedTuple, Sequence, Set, Tuple

from .points import Point
from .references import Rows
from .values import Problem

SHARD_ROWS = 1000
SHARD_BYTES = 1024 * 1024
NODES = "nodes.txt"  # of an expansion: its nodes, one a line; an empty line if it has none


class StepNodes(NamedTuple):
    """The nodes of one step in the order of their rows."""

    step: int
    nodes: List[int]


class Part(NamedTuple):
    """Nodes and expansion points that are submitted together, and how the bundle was made."""

    point: str  # the expansion that adds it; empty: the workflow itself
    rows: Rows
    steps: Tuple[StepNodes, ...]  # its nodes
    points: Tuple[Point, ...]  # that its nodes lead to
    paths: Sequence[str]  # of all steps
    requests: Sequence[Mapping[str, Any]]  # of all steps: cpus, memory and disk in MiB, time in seconds, gpus, others
    own_scripts: bool  # each node has a script of its own
    later: Container[int]  # steps that expansions add nodes to
    transfer: bool  # the scheduler brings files
    inputs: Mapping[str, bool]  # files of the init directory; True: in the bundle, False: bound at submission
    array_limit: int

    @property
    def place(self) -> str:
        """Return the directory of its rows: in the bundle, or in the run."""
        return place_of(self.point) if self.point else "rows"


def is_expanded(run: str, point: str) -> bool:
    """Tell whether a run has expanded a point; a list of no bytes is what a full disk leaves."""
    try:
        return os.path.getsize(os.path.join(run, place_of(point), NODES)) > 0
    except OSError:
        return False


def place_of(point: str) -> str:
    """Return the directory in the run that an expansion writes."""
    return "dynamic/%s" % point


def by_step(rows: Rows, points: Container[str] = ("",)) -> List[StepNodes]:
    """Return the nodes that these points made known, of each step that has any, steps in the template's order."""
    nodes: Dict[int, List[int]] = {}
    for node, step in enumerate(rows.step):
        if rows.point[node] in points:
            nodes.setdefault(step, []).append(node)
    return [StepNodes(step, nodes[step]) for step in sorted(nodes)]


def shard_of(part: Part, item: StepNodes) -> int:
    """Return how many rows of a step go into one file; where an expansion may add some, the script cannot know."""
    return SHARD_ROWS if part.point or item.step in part.later else shard_rows(part.rows, item.nodes)


def shard_rows(rows: Rows, nodes: List[int]) -> int:
    """Return how many rows of a step go into one file: fewer where rows are long (many parents, long values)."""
    longest = max(20 * len(rows.parents[n]) + sum([len(s) for s in rows.slots[n] if isinstance(s, str)]) for n in nodes)
    return max(1, min(SHARD_ROWS, SHARD_BYTES // (longest + 200)))


def steps_below(template: Dict[str, Any], step: int) -> List[int]:
    """Return the numbers of a step and of all steps in its sub-workflows and cases."""
    about = template["steps"][step]
    found = [step]
    if about.get("workflow") is not None:
        for inner in template["scopes"][about["workflow"]]["steps"]:
            found += steps_below(template, inner)
    for case in about.get("cases") or ():
        found += steps_below(template, case["step"])
    return found


def needed_nodes(part: Part, point: Point) -> List[int]:
    """Return the nodes of a part that one of its points waits for."""
    numbers = {part.rows.ids[node]: node for item in part.steps for node in item.nodes}
    return sorted({numbers[node_id] for node_id in point.needs if node_id in numbers})


def needed_points(part: Part, point: Point) -> List[str]:
    """Return the points of a part that one of its points waits for."""
    names: Set[str] = {other.name for other in part.points}
    return [name for name in point.after if name in names]


def instances(rows: Rows, paths: Sequence[str], path: str) -> Dict[str, int]:
    """Return how many nodes (or sub-workflows) a step has in each scope where it has any; `paths` are the steps'."""
    depth = path.count("/")
    found: Dict[str, Set[str]] = {}
    steps = {n for n, other in enumerate(paths) if other == path or other.startswith((path + "/", path + ".case"))}
    for node, step in enumerate(rows.step):
        if step in steps:
            parts = rows.ids[node].split("/")
            found.setdefault("".join([part + "/" for part in parts[:depth]]), set()).add(parts[depth])
    return {scope: len(names) for scope, names in found.items()}


def refuse_shared(rows: Rows) -> None:
    """Refuse nodes whose directories are the same, or one inside another; raises Problem."""
    ids = set(rows.ids)
    if len(ids) < len(rows):
        twice = next(node_id for n, node_id in enumerate(rows.ids) if node_id in rows.ids[:n])
        raise Problem("two nodes would share the directory '%s'" % twice, "rename a stage")
    for scope in {node_id.rpartition("/")[0] for node_id in ids}:
        while scope:
            if scope in ids:
                raise Problem("nodes would share the directory '%s'" % scope, "rename a stage")
            scope = scope.rpartition("/")[0]
