"""A Workflow that cwltool has read becomes scopes and steps; a lone tool becomes a scope of one step."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from wfcompile import graph
from wfcompile.errors import Diagnostic, Refused
from wfcompile.frontends.cwl.containers import directory_of, image_of, refuse_without
from wfcompile.frontends.cwl.faults import loc_of
from wfcompile.frontends.cwl.files import Places
from wfcompile.frontends.cwl.plain import name_of, plain
from wfcompile.frontends.cwl.requirements import (
    for_expressions,
    merged,
    network_of_site,
    refuse_unsupported,
    request_of,
)
from wfcompile.frontends.cwl.tools import named_types, ontology_of, parameter, tool_of, version_of
from wfcompile.frontends.cwl.types import type_of
from wfcompile.ir import Part, Recipe
from wfcompile.loc import Loc
from wfcompile.options import Options

_LINK = ("linkMerge", "pickValue")
_NOT_OURS = ("init", "logs", "outputs", "dynamic", "workspace", "record.json", "slurm.jobs", "wfcompile.final")
MAIN = -1  # in positions: the main process, in the place of a step
_DAGMAN = ("PARENT", "CHILD", "ALL_NODES")


@dataclass(frozen=True, slots=True)
class About:
    """What a Step of the intermediate representation says about a step of the template."""

    loc: Loc
    image: str | None = None
    recipe: Recipe | None = None
    hints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nodes: bool = True


class Builder:
    """Collects tools, scopes, steps and positions while it walks the processes."""

    def __init__(self, places: Places, texts: Collection[str], start: Loc, options: Options) -> None:
        self.places = places
        self.texts = texts
        self.start = start
        self.options = options
        self.tools: list[dict[str, Any]] = []
        self.scopes: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.about: list[About] = []
        self.locs: dict[tuple[int, Part], Loc] = {}
        self.warnings: list[Diagnostic] = []
        self._numbers: dict[str, int] = {}

    def main(self, process: Any, name: str) -> None:
        """Add the main process."""
        self._note(MAIN, (), loc_of(process.tool) or self.start)
        for port in process.tool["inputs"]:
            self._note(MAIN, ("inputs", name_of(port["id"])), loc_of(port))
        if process.tool["class"] == "Workflow":
            self.workflow(process, "", -1)
        else:
            self.lone_tool(process, name)

    def lone_tool(self, process: Any, name: str) -> None:
        """Add a scope with one step, through which a tool's inputs and outputs are passed."""
        name = node_name(name, ())
        self.scopes.append(self._scope(process))
        ins = {
            port["name"]: {"source": [["input", port["name"]]], "multiple": False, "linkMerge": None, "pickValue": None}
            | {"type": port["type"]}
            for port in self._ports(process, "inputs")
        }
        outs = {port["name"]: port["type"] for port in self._ports(process, "outputs")}
        step = {"name": name, "path": name, "scatter": None, "in": ins, "out": list(outs), "requirements": {}}
        number = self._add(step | {"version": version_of(process)}, process, loc_of(process.tool) or self.start)
        self.scopes[0]["steps"] = [number]
        for key in outs:
            self._note(-1, ("outputs", key), self.locs.get((number, ("tool", "outputs", key)), self.start))
        self.scopes[0]["outputs"] = {key: _link([["step", name, key]]) | {"type": type_} for key, type_ in outs.items()}

    def workflow(self, process: Any, prefix: str, owner: int) -> int:
        """Add the scope of a workflow, which the step `owner` runs, with its steps; returns its number."""
        refuse_unsupported(process, self.warnings)
        number = len(self.scopes)
        self.scopes.append(self._scope(process))
        steps = sorted(process.steps, key=lambda step: (*_line(step.tool), str(step.id)))
        names: dict[str, str] = {}
        for step in steps:
            names[str(step.id)] = node_name(name_of(step.id), names.values())
        refs = {str(port["id"]): ["input", name_of(port["id"])] for port in process.tool["inputs"]}
        for step in steps:
            refs |= {
                str(port["id"]): ["step", names[str(step.id)], name_of(port["id"])] for port in step.tool["outputs"]
            }
        added = {names[str(step.id)]: self._step(step, process, names[str(step.id)], prefix, refs) for step in steps}
        needs = {
            name: [ref[1] for link in self.steps[k]["in"].values() for ref in link["source"] if ref[0] == "step"]
            for name, k in added.items()
        }
        ordered, cycle = graph.order(needs)
        if cycle:
            what = f"the steps {' -> '.join(cycle)} wait for each other"
            raise Refused(what, "remove one of these sources", self.about[added[cycle[0]]].loc)
        self.scopes[number]["steps"] = [added[name] for name in ordered]
        multiple = "MultipleInputFeatureRequirement" in merged(process)
        for port in process.tool["outputs"]:
            link = self._link(port, "outputSource", refs, multiple)
            link["type"] = type_of(port["type"], named_types(process))
            self.scopes[number]["outputs"][name_of(port["id"])] = link
            self._note(owner, ("outputs", name_of(port["id"])), loc_of(port) or self.start)
        return number

    def _ports(self, process: Any, key: str) -> list[dict[str, Any]]:
        named, given = named_types(process), key == "inputs"
        ontology = ontology_of(process) if given else None
        return [parameter(port, named, self.places, ontology, given=given) for port in process.tool[key]]

    def _scope(self, process: Any) -> dict[str, Any]:
        inputs = self._ports(process, "inputs")
        return {
            "steps": [],
            "inputs": [port["name"] for port in inputs],
            "input_types": {port["name"]: port["type"] for port in inputs},
            "input_extra": {
                port["name"]: {k: v for k, v in port.items() if k not in ("name", "type", "inputBinding")}
                | ({"loadContents": True} if port.get("inputBinding", {}).get("loadContents") else {})
                for port in inputs
            },
            "outputs": {},
        }

    def _step(self, step: Any, workflow: Any, name: str, prefix: str, refs: Mapping[str, list[str]]) -> int:
        refuse_unsupported(step, self.warnings)
        tool, allowed = step.tool, merged(workflow)
        template: dict[str, Any] = {
            "name": name,
            "path": prefix + name,
            "scatter": _scatter(tool),
            "in": {},
            "out": [name_of(port["id"]) for port in tool["outputs"]],
            "requirements": for_expressions(workflow),
            "version": version_of(workflow),
        }
        if tool.get("when") is not None:
            template["when"] = plain(tool["when"])
        named = named_types(step.embedded_tool) | named_types(workflow)
        for port in tool["inputs"]:
            link = self._link(port, "source", refs, "MultipleInputFeatureRequirement" in allowed)
            link["type"] = type_of(port.get("_tool_entry", {"type": "Any"})["type"], named)
            for key in ("valueFrom", "loadContents", "loadListing"):
                if port.get(key) is not None:
                    link[key] = plain(port[key])
            if "valueFrom" in link and "StepInputExpressionRequirement" not in allowed:
                what = "'valueFrom' of a step's input needs StepInputExpressionRequirement"
                raise Refused(what, "add it to the workflow's requirements", loc_of(port, "valueFrom"))
            template["in"][name_of(port["id"])] = link
        number = self._add(template, step.embedded_tool, loc_of(tool) or self.start)
        self._step_locs(number, tool)
        return number

    def _add(self, step: dict[str, Any], process: Any, loc: Loc) -> int:
        """Add a step and what it runs; returns its number."""
        number = len(self.steps)
        self.steps.append(step | {"tool": None, "workflow": None})
        self.about.append(About(loc, nodes=False))
        if process.tool["class"] == "Workflow":
            self.steps[number]["workflow"] = self.workflow(process, f"{step['path']}/", number)
            return number
        if process.tool["class"] not in ("CommandLineTool", "ExpressionTool"):
            what = f"a process of class {process.tool['class']} cannot be run"
            raise Refused(what, "put a CommandLineTool in its place", loc_of(process.tool, "class") or loc)
        refuse_unsupported(process, self.warnings)
        if process.tool["class"] == "CommandLineTool":
            refuse_without(process, self.options)
            network_of_site(process, self.options.site, self.warnings)
        tool = self._tool(process, step["path"])
        self.steps[number]["tool"] = tool
        self._tool_locs(number, process.tool)
        if process.tool["class"] == "CommandLineTool":
            image, recipe = image_of(process, self.tools[tool]["name"], loc)
            self.about[number] = About(loc, image, recipe, request_of(process, version_of(process)))
        return number

    def _tool(self, process: Any, path: str) -> int:
        """Return the number of a tool; equal ones are one."""
        identifier = str(process.tool["id"])
        name = name_of(identifier) if "#" in identifier else unquote(identifier.rsplit("/", 1)[-1])
        if re.fullmatch(r"(_:)?[0-9a-f-]{36}|run", name):  # invented: it stands in its step
            name = path
        tool = tool_of(process, name, self.places, self.texts)
        directory = directory_of(process, self.options)
        if directory and tool["class"] == "CommandLineTool":
            tool["outdir"] = directory
        key = json.dumps(tool, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.tools)
            self.tools.append(tool)
        return self._numbers[key]

    def _link(self, port: Any, key: str, refs: Mapping[str, list[str]], multiple: bool) -> dict[str, Any]:
        """Return where the value of a step's input or a workflow's output comes from."""
        source = port.get(key)
        sources = [] if source is None else source if isinstance(source, list) else [source]
        if len(sources) > 1 and not multiple:
            what = "several sources for one parameter need MultipleInputFeatureRequirement"
            raise Refused(what, "add it to the workflow's requirements", loc_of(port, key))
        for name in sources:
            if str(name) not in refs:
                what = f"'{name_of(str(name))}' is no input of the workflow and no output of a step"
                raise Refused(what, "write INPUT or STEP/OUTPUT", loc_of(port, key))
        link = _link([refs[str(name)] for name in sources], isinstance(source, list))
        link.update({name: plain(port[name]) for name in _LINK if port.get(name) is not None})
        if "default" in port and key == "source":
            link["default"] = self.places.localise(port["default"])
        return link

    def _step_locs(self, number: int, tool: Any) -> None:
        for part in ("scatter", "scatterMethod", "when"):
            if tool.get(part) is not None:
                self._note(number, (part,), loc_of(tool, part))
        for port in tool["inputs"]:
            name = name_of(port["id"])
            self._note(number, ("in", name), loc_of(port))
            if port.get("valueFrom") is not None:
                self._note(number, ("in", name, "valueFrom"), loc_of(port, "valueFrom"))

    def _tool_locs(self, number: int, tool: Any) -> None:
        self._note(number, ("tool",), loc_of(tool))
        for key in tool:
            if isinstance(key, str):
                self._note(number, ("tool", key), loc_of(tool, key))
        for key in ("inputs", "outputs"):
            for port in tool[key]:
                self._note(number, ("tool", key, name_of(port["id"])), loc_of(port))
        for k in range(len(tool.get("arguments") or ())):
            self._note(number, ("tool", "arguments", str(k)), loc_of(tool["arguments"], k))
        for entry in tool.get("requirements") or ():
            part = ("tool", "requirements", name_of(entry["class"]))
            self._note(number, part, loc_of(entry))
            for k, item in enumerate(entry.get("listing") or ()):
                self._note(number, (*part, str(k)), loc_of(item) or loc_of(entry["listing"], k))

    def _note(self, number: int, part: Part, loc: Loc | None) -> None:
        if loc is not None:
            self.locs[number, part] = loc


def node_name(name: str, taken: Collection[str]) -> str:
    """Return a name for directories and jobs that is near the author's, and none of the `taken` ones or our own."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:90]
    if not re.match(r"[A-Za-z0-9_]", safe):
        safe = f"_{safe}"
    reserved = safe in _NOT_OURS or safe.upper() in _DAGMAN or safe.startswith(("outputs.", "expand."))
    if reserved or safe.endswith((".sh", ".ids", ".rows")):
        safe = f"_{safe}_"
    candidate, number = safe, 2
    while candidate in taken:
        candidate, number = f"{safe}.{number}", number + 1
    return candidate


def _line(data: Any) -> tuple[int, int]:
    loc = loc_of(data)
    return (loc.line, loc.column) if loc else (0, 0)


def _link(sources: list[list[str]], multiple: bool = False) -> dict[str, Any]:
    return {"source": sources, "multiple": multiple, "linkMerge": None, "pickValue": None}


def _scatter(tool: Any) -> dict[str, Any] | None:
    scatter = tool.get("scatter")
    if scatter is None:
        return None
    names = [name_of(name) for name in (scatter if isinstance(scatter, list) else [scatter])]
    known = {name_of(port["id"]) for port in tool["inputs"]}
    for name in names:
        if name not in known:
            raise Refused(
                f"'{name}' is no input of the step", f"known: {', '.join(sorted(known))}", loc_of(tool, "scatter")
            )
    return {"parameters": names, "method": plain(tool.get("scatterMethod") or "dotproduct")}
