"""lib/ of a bundle: the node wrapper, and the runtime where a node or an expansion needs Python."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import wfcompile.runtime
from wfcompile.ir import InputFile, Workflow
from wfcompile.resources import folder
from wfcompile.runtime.emit import needs_python
from wfcompile.runtime.parts import steps_below
from wfcompile.site import Site


class File(NamedTuple):
    """A file of a bundle; a directory, if its path ends with a slash."""

    path: str
    data: bytes
    mode: int = 0o644


def library(workflow: Workflow, site: Site) -> Iterator[File]:
    """Yield the files of lib/ that nodes need."""
    wrapper = folder("wrapper")
    for path in sorted(wrapper.rglob("*.sh")):
        yield File(f"lib/{path.relative_to(wrapper)}", path.read_bytes(), 0o755)
    for number, tool in enumerate(workflow.template.get("tools", ())):
        yield File(f"lib/tools/{number}.json", json.dumps(tool, ensure_ascii=False, sort_keys=True).encode())
    if workflow.language == "cwl":
        yield File("lib/object.txt", b"cwl.output.json\n")  # the last job writes it
    if linked := linked_inputs(workflow):
        lines = "".join(f"{item.size}\t{item.name}\n" for item in linked)
        yield File("lib/inputs.tsv", lines.encode("utf-8", "surrogateescape"))
    if carries_runtime(workflow):
        yield File("lib/start.py", (Path(wfcompile.runtime.__path__[0]) / "start.py").read_bytes())
        yield File("lib/runtime.zip", runtime_zip(reads_yaml(workflow)))
        if programs := site_programs(site):
            yield File("lib/programs.sh", programs.encode())


def site_programs(site: Site) -> str:
    """Return shell text that names the site's programs, where they are and the job's environment names no others."""
    named = {"WFC_PYTHON": site.python, "WFC_NODE": site.node}
    lines = [f"[[ -n ${{{name}-}} || ! -x {path} ]] || export {name}={path}\n" for name, path in named.items() if path]
    return "".join(["# shellcheck shell=bash\n", *lines]) if lines else ""


def linked_inputs(workflow: Workflow) -> list[InputFile]:
    """Return the inputs that are no part of the bundle."""
    return [item for item in workflow.inputs if not item.copied]


def carries_runtime(workflow: Workflow) -> bool:
    """Tell whether a run needs Python: for an expansion, or for a value that bash cannot find."""
    rows = workflow.rows
    if workflow.language == "cwl":
        return True  # the last job says what the workflow gives
    return bool(workflow.points) or any(rows.point) or any(needs_python(rows, node) for node in range(len(rows)))


def reads_yaml(workflow: Workflow) -> bool:
    """Tell whether a node's publisher reads YAML."""
    steps = set(workflow.rows.step)
    for pending in workflow.rows.pending:
        steps.update(steps_below(workflow.template, pending.step))
    tasks = [workflow.template["steps"][step].get("task") for step in steps]
    return any(task and task["publisher"]["publisher_type"] == "fromyaml-pub" for task in tasks)


def runtime_zip(with_yaml: bool) -> bytes:
    """Return the runtime as a zip that Python runs: the same bytes wherever and whenever it is made."""
    package = Path(wfcompile.runtime.__path__[0])
    files = {}
    for path in package.rglob("*.py"):
        files[f"wfcompile_runtime/{path.relative_to(package)}"] = path.read_bytes()
    if with_yaml:
        files.update(_pure_yaml())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name)  # of 1980: no time of ours
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)  # stored: compressors change from version to version
    return buffer.getvalue()


def _pure_yaml() -> dict[str, bytes]:
    """Return PyYAML without its compiled part, with its licence."""
    distribution = metadata.distribution("pyyaml")
    files = {}
    for path in distribution.files or ():
        if path.parts[0] == "yaml" and path.suffix == ".py":
            files[str(path)] = Path(str(path.locate())).read_bytes()
        elif path.name.upper().startswith("LICENSE"):
            files["yaml/LICENSE"] = Path(str(path.locate())).read_bytes()
    return files
