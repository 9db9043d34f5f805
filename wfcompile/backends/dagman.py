"""The dagman target: `condor_submit_dag workflow.dag`, by HTCondor file transfer or on a shared file system.

Source: DAGMan reference and condor_submit manual, HTCondor 23; what was tried is said where it matters.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfcompile.credentials import kinds_needed
from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.library import File, carries_runtime, library, linked_inputs
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.cwl.requests import varied_requests
from wfcompile.runtime.dagman import dag_lines, description_name
from wfcompile.scripts import expanded_steps, has_node_scripts, node_needs, part_of
from wfcompile.site import Site

NEXT = "condor_submit_dag workflow.dag"
CREDENTIALS = "lib/credentials.sh"
PROGRAMS = ("WFC_PYTHON", "WFC_NODE")  # variables that name programs of the nodes
SURPLUS = False  # DAGMan expands while it runs, so every node is one of the run


def returns(options: Options) -> str:
    """Outputs come back by HTCondor's file transfer unless the site shares a file system."""
    return "shared" if options.site.shared else "condor"


def emit(workflow: Workflow, options: Options) -> Iterator[File]:
    """Yield workflow.dag, its configuration and the helper scripts."""
    site = options.site
    for image in workflow.images.values():
        if not site.shared and not image.unpacked and image.file is not None and image.file.is_dir():
            raise Refused(
                f"the image {image.reference} is a directory, which HTCondor does not transfer",
                "make one file of it (.sif or .sqfs)",
            )
    later = expanded_steps(workflow)
    now = sorted(set(workflow.rows.step))
    own_scripts = has_node_scripts(workflow)
    needed = kinds_needed(workflow)
    values = {
        "workflow": workflow.name,
        "nodes": len(workflow.rows),
        "steps": [_description(workflow, step, site, own_scripts) for step in now if step not in later or own_scripts],
        "later": [_description(workflow, step, site, False) for step in later],
        "points": bool(workflow.points),
        "programs": PROGRAMS if carries_runtime(workflow) else (),
        "linked_inputs": linked_inputs(workflow),
        "images": sorted(image.file_name for image in workflow.images.values() if not image.unpacked),
        "credentials": needed,
        "sent_credentials": [kind for kind in needed if kind != "rucio"],
        "copied_credentials": [kind for kind in needed if kind == "rucio"],
        "shared": site.shared,
        "retries": site.retries,
        "dagman": {"submits_per_interval": 100, "scan_interval": 1, **site.dagman},
        "library": _library(workflow, site),
    }
    frame = render("dagman", "workflow.dag.j2", values)
    try:
        lines = "".join(dag_lines(part_of(workflow, options, transfer=not site.shared)))
    except ValueError as error:
        raise Refused(str(error), "rename the file, or use a site profile with `shared: true`") from None
    yield File("workflow.dag", (frame + lines).encode())
    yield File("cd-to-bundle-or-usedagdir.config", render("dagman", "dagman.config.j2", values).encode())
    for name in ("status.sh", "submit.sh", "resume.sh", "cancel.sh", "final.sh"):
        yield File(name, render("dagman", f"{name}.j2", values).encode(), 0o755)
    if workflow.points:
        yield File("expand.sh", render("dagman", "expand.sh.j2", values).encode(), 0o755)
        yield File("dynamic.dag", render("dagman", "dynamic.dag.j2", values).encode())


def _library(workflow: Workflow, site: Site) -> list[str]:
    """Name the wrapper's files one by one: HTCondor does not transfer a directory behind a symbolic link."""
    return sorted(file.path for file in library(workflow, site) if file.path != CREDENTIALS)  # for those that need it


def _description(workflow: Workflow, number: int, site: Site, own_scripts: bool) -> dict[str, object]:
    step = workflow.steps[number]
    image = workflow.images.get(step.image or "")
    request = workflow.requests[number]
    unpacked = bool(image and image.unpacked)
    files = [f"run/.images/{image.file_name}"] if image and not unpacked else []
    files += [CREDENTIALS] if unpacked or node_needs(workflow, number) else []
    files += ["run/.credentials/rucio"] if request.rucio else []
    varied = varied_requests(workflow.template, number)  # VARS of each node say them
    requirements = [request.requirements, site.cvmfs_requirements if unpacked or request.cvmfs else ""]
    return {
        "name": description_name(step.path),
        "path": step.path,
        "source": step.source,
        "own_scripts": own_scripts,
        "files": files,
        "request": request,
        "amounts": {key: f"$({key})" if key in varied else amount for key, amount in request.asked().items()},
        "requirements": " && ".join(f"({expression})" for expression in requirements if expression),
    }
