"""The generated wrapper scripts: one a node in small workflows, one a step and rows of values in large ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.emit import assignments, command_words, row, slot_names, word
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.format_language import Field

NODE_SCRIPTS = 1000  # up to so many nodes, each has a script of its own
SHARD_ROWS = 1000
SHARD_BYTES = 1024 * 1024


class File(NamedTuple):
    """A file of a bundle; a directory, if its path ends with a slash."""

    path: str
    data: bytes
    mode: int = 0o644


class StepNodes(NamedTuple):
    """The nodes of one step in the order of their rows."""

    step: int
    nodes: list[int]


def by_step(workflow: Workflow) -> list[StepNodes]:
    """Return the nodes of each step that has any, steps in the order of the template."""
    nodes: dict[int, list[int]] = {}
    for node, step in enumerate(workflow.rows.step):
        nodes.setdefault(step, []).append(node)
    return [StepNodes(step, nodes[step]) for step in sorted(nodes)]


def has_node_scripts(workflow: Workflow) -> bool:
    """Tell whether every node has its own script."""
    return len(workflow.rows) <= NODE_SCRIPTS


def shard_rows(workflow: Workflow, nodes: list[int]) -> int:
    """Return how many rows of a step go into one file: fewer where rows are long (many parents, long values)."""
    rows = workflow.rows
    longest = max(20 * len(rows.parents[n]) + sum(len(s) for s in rows.slots[n] if type(s) is str) for n in nodes)
    return max(1, min(SHARD_ROWS, SHARD_BYTES // (longest + 200)))


def script_files(workflow: Workflow, options: Options, returns: str) -> Iterator[File]:
    """Yield nodes/ scripts, or steps/ scripts and rows/; `returns` is how outputs come back: shared or condor."""
    for step, nodes in by_step(workflow):
        fields = slots_of(workflow.template["steps"][step]["task"])
        path = workflow.steps[step].path
        if has_node_scripts(workflow):
            for node in nodes:
                text = _script(workflow, options, returns, step, fields, node=node)
                yield File(f"nodes/{workflow.rows.ids[node]}.sh", text.encode(), 0o755)
            continue
        names = slot_names(fields)
        lines = [row(workflow.rows, node, names).encode() for node in nodes]
        shard = shard_rows(workflow, nodes)
        text = _script(workflow, options, returns, step, fields, shard=shard)
        yield File(f"steps/{path}.sh", text.encode(), 0o755)
        for number, at in enumerate(range(0, len(lines), shard)):
            yield File(f"rows/{path}.{number}.rows", b"".join(lines[at : at + shard]))


def _script(
    workflow: Workflow,
    options: Options,
    returns: str,
    step: int,
    fields: list[Field],
    node: int | None = None,
    shard: int = 0,
) -> str:
    rows, about = workflow.rows, workflow.steps[step]
    image = workflow.images.get(about.image or "")
    node_id = rows.ids[node] if node is not None else ""
    described = [node] if node is not None else [n for n, s in enumerate(rows.step) if s == step]
    setup = word(about.setup) if about.setup and not about.interpreter else ""
    depth = (node_id or about.path).count("/") + 1
    return render(
        "common",
        "node.sh.j2",
        {
            "node": node_id,
            "assignments": assignments(rows, node, slot_names(fields)) if node is not None else [],
            "workflow": workflow.name,
            "step": about.path,
            "source": about.source,
            "interpreter": about.setup + about.interpreter if about.interpreter else "",
            "image": image.reference if image else "",
            "image_key": image.key if image else "",
            "returns": returns,
            "parents": workflow.requests[step].parents,
            "scratch": ":".join(options.site.scratch),
            "containers": options.container or " ".join(options.site.runtimes),
            "late": any(not isinstance(slot, str) for n in described for slot in rows.slots[n]),
            "mounts": any(rows.mounts[n] for n in described),
            "workdir": about.workdir,
            "globs": any(rows.globs[n] for n in described),
            "command": setup + command_words(workflow.template["steps"][step]["task"]["text"], fields),
            "here": "/".join(["${wfc_here%/*}"] + [".."] * depth),
            "shard": shard,
        },
    )
