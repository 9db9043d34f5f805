"""Commands of a run that expand it, or give bash what it cannot find (main.py)."""

import json
import os
import os.path
import shutil
import sys
from typing import Any, Dict, Iterator, List

from .collect import publish_triples
from .dagman import dag_lines
from .emit import row, slot_names
from .expand import slots_of
from .late import evaluate
from .make import make_rules
from .outputs import Output, choose_outputs, output_lines
from .parts import NODES, Part, place_of, refuse_shared, shard_of
from .pointers import decode, published_at
from .records import is_done, published_by
from .run_time import Plan, asked_of, expanded_now, ids_of, part_of, read_plan, run_jq
from .slurm import slurm_lines
from .values import RUN, Problem

NO_SUCH_NODE = 3


def expand_point(bundle: str, run: str, name: str) -> int:
    """Expand a point whose results are there, idempotently: the directory appears whole."""
    plan = read_plan(bundle, run)
    nested = _nested(run, name)
    expansion = expanded_now(plan, opening=name, without=nested)
    if name in [point.name for point in expansion.points]:
        raise Problem("the point '%s' cannot be expanded: its results are missing" % name, "resume the run")
    refuse_shared(expansion.rows)
    part = part_of(plan, expansion, name)
    final = os.path.join(run, place_of(name))
    temporary = final + ".new.%d" % os.getpid()
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(temporary)
    for path, lines in _files(plan, part, bundle, run):
        target = os.path.join(temporary, path)
        if not os.path.isdir(os.path.dirname(target)):
            os.makedirs(os.path.dirname(target))
        with open(target, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(lines)
    if os.path.isdir(final) and _rows_in(final) != _rows_in(temporary):
        _forget(run, name, _rows_in(temporary))
        for point in nested:
            _forget(run, point, {})
            shutil.rmtree(os.path.join(run, place_of(point)), ignore_errors=True)
    shutil.rmtree(final, ignore_errors=True)
    os.rename(temporary, final)
    for skipped in expansion.rows.skipped:
        if skipped.point == name:
            line = "%s: %s\n" % (plan.steps[skipped.step]["source"], skipped.what)
            sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape"))
    return 0


def _nested(run: str, name: str) -> List[str]:
    """Return the points that an earlier expansion of a point led to."""
    try:
        points = _text(os.path.join(run, place_of(name)), "points.txt")
    except OSError:
        return []
    found: List[str] = []
    for line in points:
        found += [line.rstrip("\n")] + _nested(run, line.rstrip("\n"))
    return found


def _rows_in(directory: str) -> Dict[str, str]:
    """Return the rows of an expansion by the nodes' ids."""
    found: Dict[str, str] = {}
    for top, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".rows"):
                for line in _text(top, name):
                    found[line[len("id=") :].partition(";")[0]] = line
    return found


def _forget(run: str, name: str, rows: Dict[str, str]) -> None:
    """Remove the records of nodes whose rows are others now: their point's causes have published something else."""
    for node_id, line in _rows_in(os.path.join(run, place_of(name))).items():
        record = os.path.join(run, node_id, "done.json")
        if rows.get(node_id) != line and os.path.exists(record):
            os.remove(record)


def _text(directory: str, name: str) -> List[str]:
    with open(os.path.join(directory, name), encoding="utf-8", errors="surrogateescape") as file:
        return file.readlines()


def _files(plan: Plan, part: Part, bundle: str, run: str) -> Iterator[Any]:
    """Yield the files of an expansion: path, lines."""
    for item in part.steps:
        path = part.paths[item.step]
        names = slot_names(slots_of(plan.template["steps"][item.step]["task"]))
        shard = shard_of(part, item)
        for number, at in enumerate(range(0, len(item.nodes), shard)):
            lines = [row(part.rows, node, names) for node in item.nodes[at : at + shard]]
            yield "%s.%d.rows" % (path, number), lines
        yield "%s.ids" % path, [part.rows.ids[node] + "\n" for node in item.nodes]
    ids = list(ids_of(part.rows, part.steps))
    if plan.target == "dagman":
        nodes = list(dag_lines(part, {node_id for node_id in ids if is_done(run, node_id)}))
        # INCLUDE would lose the submit descriptions (HTCondor 23)
        yield "workflow.dag", _text(bundle, "dynamic.dag") + nodes
    elif plan.target == "slurm":
        yield "lines", slurm_lines(part)
        yield "step.txt", [part.paths[item.step] + "\n" for item in part.steps[:1]]
    else:
        yield "Makefile", ["include $(WFC_BUNDLE)/dynamic.mk\n"] + list(make_rules(part))
    yield "points.txt", [point.name + "\n" for point in part.points]
    yield NODES, [node_id + "\n" for node_id in ids or [""]]


def print_row(bundle: str, run: str, node_id: str) -> int:
    """Print the row of a node that a bound allowed, now that the run knows its list."""
    plan = read_plan(bundle, run)
    expansion = expanded_now(plan, all_known=True)
    rows = expansion.rows
    if node_id not in rows.ids:
        for point in expansion.points:
            if any([node_id.startswith((step.key + "_", step.key + "/")) for step in point.steps]):
                raise Problem("the results of %s are missing" % ", ".join(point.causes), "resume the run")
        return NO_SUCH_NODE
    node = rows.ids.index(node_id)
    names = slot_names(slots_of(plan.template["steps"][rows.step[node]]["task"]))
    sys.stdout.write(row(rows, node, names))
    return 0


def write_outputs(bundle: str, run: str) -> int:
    """Write what the whole run has: its nodes, the points that were never expanded, what is to be collected."""
    plan = read_plan(bundle, run)
    expansion = expanded_now(plan, all_known=not plan.points)
    rows = expansion.rows
    outputs: List[Output] = []
    if plan.template.get("language") != "cwl":  # that says itself what it gives (cwl.give)
        outputs = choose_outputs(rows, [s["step"] for s in plan.steps], asked_of(plan), final=not expansion.points)
    directory = os.path.join(run, "dynamic")
    if not os.path.isdir(directory):
        os.makedirs(directory)
    _write(directory, "outputs.tsv", output_lines(rows, outputs))
    return 0


def _write(directory: str, name: str, lines: Iterator[str]) -> None:
    temporary = os.path.join(directory, "%s.new.%d" % (name, os.getpid()))
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(lines)
    os.rename(temporary, os.path.join(directory, name))


def print_late(run: str, root: str) -> int:
    """Print the values of late expressions, for the view of the run that a command has at `root`."""
    found: Dict[str, Dict[str, Any]] = {}

    def published(node_id: Any, pointer: str) -> Any:
        if node_id not in found:
            found[node_id] = published_by(run, node_id)
        try:
            return published_at(found[node_id], pointer)
        except (LookupError, ValueError, TypeError):
            raise Problem("node '%s' published no value at %s" % (node_id, pointer or "/"), "look at what it wrote")

    for line in sys.stdin.buffer:
        value = evaluate(decode(json.loads(line.decode("utf-8", "surrogateescape"))), published, run_jq)
        sys.stdout.buffer.write(str(value).replace(RUN, root).encode("utf-8", "surrogateescape") + b"\0")
    return 0


def print_published(run: str, own: str, root: str, node_id: str) -> int:
    """Print what the runtime finds for publishers that bash cannot follow."""
    words = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")
    text = publish_triples(words, run, own, root, node_id, run_jq)
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    return 0
