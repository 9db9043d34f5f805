"""The dagman target: `condor_submit_dag workflow.dag`, by HTCondor file transfer or on a shared file system.

Source: DAGMan reference and condor_submit manual, HTCondor 23; what was tried is said where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.quoting import condor_list_item, dagman_value
from wfcompile.render import render
from wfcompile.resources import folder
from wfcompile.scripts import File, StepNodes, by_step, has_node_scripts, shard_rows

NEXT = "condor_submit_dag workflow.dag"


def returns(options: Options) -> str:
    """Outputs come back by HTCondor's file transfer unless the site shares a file system."""
    return "shared" if options.site.shared else "condor"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield workflow.dag, its configuration and the helper scripts."""
    site = options.site
    for image in workflow.images.values():
        if not site.shared and image.file is not None and image.file.is_dir():
            raise Refused(
                f"the image {image.reference} is a directory, which HTCondor does not transfer",
                "make one file of it (.sif or .sqfs)",
            )
    values = {
        "workflow": workflow.name,
        "nodes": len(workflow.rows),
        "steps": [_description(workflow, item) for item in by_step(workflow)],
        "images": sorted(image.file_name for image in workflow.images.values()),
        "shared": site.shared,
        "retries": site.retries,
        "dagman": {"submits_per_interval": 100, "scan_interval": 1, **site.dagman},
        "library": _library(),
    }
    frame = render("dagman", "workflow.dag.j2", values)
    yield File("workflow.dag", "".join([frame, *_nodes(workflow, options)]).encode())
    yield File("cd-to-bundle-or-usedagdir.config", render("dagman", "dagman.config.j2", values).encode())
    for name in ("status.sh", "submit.sh", "resume.sh", "cancel.sh", "final.sh"):
        yield File(name, render("dagman", f"{name}.j2", values).encode(), 0o755)


def _library() -> list[str]:
    """Name the wrapper's files one by one: HTCondor does not transfer a directory behind a symbolic link."""
    wrapper = folder("wrapper")
    return [f"lib/{path.relative_to(wrapper)}" for path in sorted(wrapper.rglob("*.sh"))]


def _name(path: str) -> str:
    return path.replace("/", ":")  # which no stage name holds


def _description(workflow: Workflow, item: StepNodes) -> dict[str, object]:
    step = workflow.steps[item.step]
    image = workflow.images.get(step.image or "")
    return {
        "name": _name(step.path),
        "path": step.path,
        "source": step.source,
        "own_scripts": has_node_scripts(workflow),
        "image": f"run/.images/{image.file_name}" if image else "",
        "request": workflow.requests[item.step],
    }


def _nodes(workflow: Workflow, options: Options) -> Iterator[str]:
    """Yield the lines of every node and every edge."""
    rows = workflow.rows
    transfer = not options.site.shared
    bound = {f.name for f in workflow.inputs if not f.copied}
    named = {name for names in rows.inputs for name in names}
    brought = {name: list(_input_files(workflow, name, bound)) for name in named} if transfer else {}
    for step, nodes in by_step(workflow):
        path = workflow.steps[step].path
        shard = 0 if has_node_scripts(workflow) else shard_rows(workflow, nodes)
        for number, node in enumerate(nodes):
            node_id = rows.ids[node]
            yield f"JOB {node_id} {_name(path)}\n"
            values = f" row={dagman_value(str(number))}" if shard else ""
            if transfer:
                files = [f"rows/{path}.{number // shard}.rows"] if shard else []
                files += [f"run/{rows.ids[parent]}" for parent in rows.parents[node]]
                files += [item for name in rows.inputs[node] for item in brought[name]]
                values += f" files={dagman_value(', '.join(files))}" if files else ""
            if values:
                yield f"VARS {node_id}{values}\n"
    yield from _edges(workflow)


def _edges(workflow: Workflow) -> Iterator[str]:
    """Yield PARENT lines; nodes with the same parents share one, which DAGMan turns into a join node."""
    rows = workflow.rows
    children: dict[tuple[int, ...], list[str]] = {}
    for node, (parents, after) in enumerate(zip(rows.parents, rows.after, strict=True)):
        needs = tuple(sorted({*parents, *after})) if after else parents
        if needs:
            children.setdefault(needs, []).append(rows.ids[node])
    for needs, ids in children.items():
        yield f"PARENT {' '.join([rows.ids[p] for p in needs])} CHILD {' '.join(ids)}\n"


def _input_files(workflow: Workflow, name: str, bound: set[str]) -> Iterator[str]:
    """Yield what to transfer for one input path: what the bundle holds, and what is bound at submission."""
    below = [f for f in workflow.inputs if name == "." or f.name == name or f.name.startswith(f"{name}/")]
    try:
        if any(f.copied for f in below):
            yield "inputs" if name == "." else condor_list_item(f"inputs/{name}")
        for file in below:
            if file.name in bound:
                yield condor_list_item(f"run/.inputs/{file.name}")
    except ValueError as error:
        raise Refused(str(error), "rename the file, or use a site profile with `shared: true`") from None
