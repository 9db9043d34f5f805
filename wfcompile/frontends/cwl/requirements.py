"""Requirements and hints: which one counts, what a job asks for by them, and which image it runs in."""

from __future__ import annotations

import math
import re
from typing import Any

from wfcompile.errors import Diagnostic, Refused, Unsupported
from wfcompile.frontends.cwl.faults import OPTIONAL, loc_of
from wfcompile.frontends.cwl.files import Places
from wfcompile.frontends.cwl.plain import plain
from wfcompile.loc import Loc
from wfcompile.runtime.cwl.requests import time_around
from wfcompile.site import Site

_CWLTOOL = "http://commonwl.org/cwltool#"
_OLD_NAMES = {
    f"{_CWLTOOL}{name}": name
    for name in ("WorkReuse", "NetworkAccess", "LoadListingRequirement", "InplaceUpdateRequirement", "CUDARequirement")
} | {f"{_CWLTOOL}TimeLimit": "ToolTimeLimit"}
JAVASCRIPT = "InlineJavascriptRequirement"
_CUDA, _MPI = "CUDARequirement", f"{_CWLTOOL}MPIRequirement"
# what the runtime of a tool reads; the others are of the workflow, or have done their work when a document is loaded
_OF_TOOLS = (
    "CUDARequirement",
    "DockerRequirement",
    "EnvVarRequirement",
    "InitialWorkDirRequirement",
    JAVASCRIPT,
    "InplaceUpdateRequirement",
    "LoadListingRequirement",
    "NetworkAccess",
    "ResourceRequirement",
    "ShellCommandRequirement",
    "ToolTimeLimit",
)
_OTHERS = (
    "MultipleInputFeatureRequirement",
    "ScatterFeatureRequirement",
    "SchemaDefRequirement",
    "SoftwareRequirement",
    "StepInputExpressionRequirement",
    "SubworkflowFeatureRequirement",
    "WorkReuse",
)
_DEFAULT_RAM = {"v1.0": 1024}  # MiB; 256 since v1.1


def merged(process: Any, *, hints: bool = True) -> dict[str, Any]:
    """Return the requirements of a process by their class: its own before those around it, hints last.

    InlineJavascriptRequirement is none when it is a hint: the standard lets nothing be interpolated without it.
    """
    hinted = [entry for entry in process.hints if hints and _name(entry) != JAVASCRIPT]
    return {_name(entry): entry for entry in (*hinted, *process.requirements)}


def _name(entry: Any) -> str:
    return _OLD_NAMES.get(str(entry["class"]), str(entry["class"]))


def for_tool(process: Any, places: Places) -> dict[str, Any]:
    """Return the requirements that a tool's evaluation reads, without their class."""
    about = {}
    for name, entry in sorted(merged(process).items()):
        if name in _OF_TOOLS:
            about[name] = {
                key: places.localise(value) for key, value in entry.items() if key not in ("class", "id", "name")
            }
    return about


def for_expressions(process: Any) -> dict[str, Any]:
    """Return what the expressions of a workflow's steps need: whether they may be JavaScript."""
    entry = merged(process).get(JAVASCRIPT)
    return {JAVASCRIPT: {k: plain(v) for k, v in entry.items() if k == "expressionLib"}} if entry else {}


def refuse_unsupported(process: Any, warnings: list[Diagnostic]) -> None:
    """Refuse what cwltool knows and no node here does; warn for hints without effect."""
    known = (*_OF_TOOLS, *_OTHERS)
    required = process.tool.get("requirements") or []
    for number, entry in enumerate(required):
        if _name(entry) == _MPI:
            what = "MPIRequirement needs several processes with a launcher, and a node starts its command once"
            advice = "let the command itself start them (mpirun -n '$(runtime.cores)' …), or make it a hint"
            raise Unsupported(what, advice, _where(process, "requirements", number))
        if _name(entry) not in known:
            what = f"the requirement '{entry['class']}' is not supported"
            raise Unsupported(what, OPTIONAL, _where(process, "requirements", number))
        if _name(entry) == "SoftwareRequirement":
            what = "SoftwareRequirement has no effect: nothing installs packages"
            warnings.append(Diagnostic(_where(process, "requirements", number), what, "put them into the image"))
    hints = process.tool.get("hints") or []
    for number, entry in enumerate(hints):
        if _name(entry) == JAVASCRIPT and JAVASCRIPT not in merged(process):
            what = f"{JAVASCRIPT} has no effect as a hint: no expression may be JavaScript"
            warnings.append(Diagnostic(_where(process, "hints", number), what, "make it a requirement"))
        if _name(entry) not in known:
            what = f"the hint '{re.split('[#/]', str(entry['class']))[-1]}' has no effect here"
            warnings.append(Diagnostic(_where(process, "hints", number), what))


def network_of_site(process: Any, site: Site, warnings: list[Diagnostic]) -> None:
    """Say what NetworkAccess asks for and the site's jobs have not; raises Unsupported where it is required."""
    entry = merged(process).get("NetworkAccess")
    if entry is None:
        return
    wanted, loc = entry.get("networkAccess"), loc_of(entry, "networkAccess")
    if wanted is not True and site.network:
        what = f"networkAccess is not enforced: jobs have the network of the nodes of the site '{site.name}'"
        warnings.append(Diagnostic(loc, what))
    if wanted is not False and not site.network:
        what = f"the tool asks for the network (NetworkAccess), and nodes of the site '{site.name}' have none"
        if wanted is True and "NetworkAccess" in merged(process, hints=False):
            raise Unsupported(what, "bring what it fetches as an input, or make it a hint", loc)
        warnings.append(Diagnostic(loc, what))


def _where(process: Any, key: str, number: int) -> Loc | None:
    entries = process.tool[key]
    return loc_of(entries[number]) or loc_of(entries, number) or loc_of(process.tool, key)


def request_of(process: Any, version: str) -> dict[str, dict[str, Any]]:
    """Return what a tool's constant ResourceRequirement, ToolTimeLimit and CUDARequirement ask for."""
    every = merged(process)
    asked: dict[str, Any] = {}
    resources = every.get("ResourceRequirement")
    if resources is not None:
        amounts = {name: _amount(resources, name) for name in ("cores", "ram", "tmpdir", "outdir")}
        asked["cpus"] = amounts["cores"] or 1
        asked["memory"] = amounts["ram"] or (None if _dynamic(resources, "ram") else _DEFAULT_RAM.get(version, 256))
        if amounts["tmpdir"] or amounts["outdir"]:
            asked["disk"] = (amounts["tmpdir"] or 1024) + (amounts["outdir"] or 1024)
    limit = every.get("ToolTimeLimit", {}).get("timelimit")
    if isinstance(limit, int | float) and limit < 0:
        what = f"a time limit of {limit} seconds"
        raise Refused(what, "write a positive number, or 0 for none", loc_of(every["ToolTimeLimit"], "timelimit"))
    if isinstance(limit, int | float) and limit > 0:
        asked["time"] = time_around(limit)
    if _CUDA in every:
        asked["gpus"] = _amount(every[_CUDA], "cudaDeviceCount") or 1
    found = {key: value for key, value in asked.items() if value}
    return {"": found} if found else {}


def _amount(entry: Any, name: str) -> int | None:
    """Return the smallest amount that is enough, None where it is not given or an expression."""
    for key in (f"{name}Min", f"{name}Max"):
        value = entry.get(key)
        if value:
            return math.ceil(value) if isinstance(value, int | float) else None
    return None


def _dynamic(entry: Any, name: str) -> bool:
    return any(isinstance(entry.get(f"{name}{end}"), str) for end in ("Min", "Max"))
