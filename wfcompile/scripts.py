"""The generated wrapper scripts: one a node in small workflows, one a step and rows of values in large ones.

The nodes that expansions add have a script a step too, and rows that the expansion writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfcompile.ir import Workflow
from wfcompile.library import File
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.cwl.requests import varied_requests
from wfcompile.runtime.emit import assignments, command_words, has_late_words, row, slot_names, word
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.format_language import Field
from wfcompile.runtime.parts import SHARD_ROWS, Part, by_step, shard_rows, steps_below

NODE_SCRIPTS = 1000  # up to so many nodes, each has a script of its own


def part_of(workflow: Workflow, options: Options, transfer: bool = False) -> Part:
    """Return what is submitted when the run begins; `transfer` says that the scheduler brings files."""
    rows = workflow.rows
    return Part(
        point="",
        rows=rows,
        steps=tuple(by_step(rows, set(rows.point))),
        points=workflow.points,
        paths=[step.path for step in workflow.steps],
        requests=[request.asked() for request in workflow.requests],
        own_scripts=has_node_scripts(workflow),
        later=expanded_steps(workflow),
        transfer=transfer,
        inputs={item.name: item.copied for item in workflow.inputs},
        array_limit=options.site.max_array_size,
    )


def has_node_scripts(workflow: Workflow) -> bool:
    """Tell whether every node has its own script; one that a run may not have gets its row only then."""
    return len(workflow.rows) <= NODE_SCRIPTS and not any(workflow.rows.point)


def expanded_steps(workflow: Workflow) -> list[int]:
    """Return the steps whose nodes an expansion adds, or whose rows are made when the run knows them."""
    template = workflow.template
    steps = {number for step in workflow.rows.pending for number in steps_below(template, step.step)}
    steps |= {workflow.rows.step[node] for node, point in enumerate(workflow.rows.point) if point}
    return sorted(number for number in steps if workflow.steps[number].nodes)


def script_files(workflow: Workflow, options: Options, returns: str) -> Iterator[File]:
    """Yield nodes/ scripts, or steps/ scripts and rows/; `returns` is how outputs come back: shared or condor."""
    later = expanded_steps(workflow)
    for step, nodes in by_step(workflow.rows, set(workflow.rows.point)):
        fields = slots_of(workflow.template["steps"][step]["task"])
        path = workflow.steps[step].path
        if has_node_scripts(workflow):
            for node in nodes:
                text = _script(workflow, options, returns, step, fields, node=node)
                yield File(f"nodes/{workflow.rows.ids[node]}.sh", text.encode(), 0o755)
            continue
        names = slot_names(fields)
        point = workflow.rows.point
        lines = [row(workflow.rows, node, names, later=bool(point[node])).encode() for node in nodes]
        shard = SHARD_ROWS if step in later else shard_rows(workflow.rows, nodes)
        if step not in later:
            text = _script(workflow, options, returns, step, fields, shard=shard)
            yield File(f"steps/{path}.sh", text.encode(), 0o755)
        for number, at in enumerate(range(0, len(lines), shard)):
            yield File(f"rows/{path}.{number}.rows", b"".join(lines[at : at + shard]))
    for step in later:
        fields = slots_of(workflow.template["steps"][step]["task"])
        text = _script(workflow, options, returns, step, fields, shard=SHARD_ROWS, later=True)
        yield File(f"steps/{workflow.steps[step].path}.sh", text.encode(), 0o755)


def node_needs(workflow: Workflow, step: int) -> list[str]:
    """Return what the wrapper must find on the compute node: cvmfs, kinds of credentials."""
    request = workflow.requests[step]
    return [*(["cvmfs"] if request.cvmfs else []), *request.credentials]


def _script(
    workflow: Workflow,
    options: Options,
    returns: str,
    step: int,
    fields: list[Field],
    node: int | None = None,
    shard: int = 0,
    later: bool = False,
) -> str:
    rows, about = workflow.rows, workflow.steps[step]
    image = workflow.images.get(about.image or "")
    task = workflow.template["steps"][step]["task"]
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
            "gpus": workflow.requests[step].gpus or "gpus" in varied_requests(workflow.template, step),
            "scratch": ":".join(options.site.scratch),
            "needs": " ".join(node_needs(workflow, step)),
            "unpacked": image.unpacked if image else "",
            "containers": options.container or " ".join(options.site.runtimes),
            "late": later or any(has_late_words(rows, n) for n in described),
            "mounts": bool(task["mounts"]) if later else any(rows.mounts[n] for n in described),
            "workdir": about.workdir,
            "workspace": about.workspace,
            "globs": (later and publishes_late(task["publisher"])) or any(rows.globs[n] for n in described),
            "command": setup + command_words(task["text"], fields),
            "here": "/".join(["${wfc_here%/*}"] + [".."] * depth),
            "shard": shard,
            "tool": tool_values(workflow, step),
        },
    )


def tool_values(workflow: Workflow, step: int) -> dict[str, Any] | None:
    """Return what the wrapper must know of a CWL tool: its number, which exit codes mean what, where it works."""
    number = workflow.template["steps"][step].get("tool")
    if number is None:
        return None
    tool = workflow.template["tools"][number]
    success, again, never = (tool.get(f"{key}Codes", []) for key in ("success", "temporaryFail", "permanentFail"))
    if 0 not in [*success, *again, *never]:
        success = [*success, 0]
    codes = {"success": " ".join(map(str, success)), "again": " ".join(map(str, again))}
    return {"number": number, **codes, "outdir": tool.get("outdir", "")}


def publishes_late(publisher: dict[str, Any]) -> bool:
    """Tell whether a publisher may look at what the command has made."""
    return publisher["publisher_type"] in ("fromglob-pub", "fromyaml-pub", "fromparjq-pub") or publisher["glob"]
