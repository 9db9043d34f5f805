"""Tools as cwltool loads them, in the shape in which we get them, and what cwltool makes of them."""

from __future__ import annotations

import re
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import unquote

from wfcompile.frontends.cwl.plain import plain
from wfcompile.frontends.cwl.tools import accepted_formats
from wfcompile.runtime.values import RUN

VERSION = "http://commonwl.org/cwltool#original_cwlVersion"


def kind(given: Any, types: dict[str, Any]) -> Any:
    """Return a type with plain names; named ones are put in their places."""
    if isinstance(given, list):
        return [kind(one, types) for one in given]
    if isinstance(given, str):
        return kind(types[given], types) if given in types else re.split(r"[#./]", given)[-1]
    made = dict(given, type=kind(given["type"], types))
    if "items" in made:
        made["items"] = kind(made["items"], types)
    if "fields" in made:
        made["fields"] = [port(one, types) for one in made["fields"]]
    if "symbols" in made:
        made["symbols"] = [re.split(r"[#/]", one)[-1] for one in made["symbols"]]
    return made


def port(given: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    """Return an input, an output or a field with its plain name."""
    made = dict(given, name=re.split(r"[#/]", given.get("id") or given["name"])[-1], type=kind(given["type"], types))
    if isinstance(made.get("secondaryFiles"), dict):
        made["secondaryFiles"] = [made["secondaryFiles"]]
    if "default" in made:
        made["default"] = in_run(made["default"])
    return made


def described(process: Any) -> dict[str, Any]:
    """Return a loaded tool in our shape."""
    tool = plain(process.tool)
    base = tool.get("baseCommand", [])
    requirements = {one["class"]: plain(one) for one in [*process.hints, *process.requirements]}
    types = {one["name"]: one for one in requirements.get("SchemaDefRequirement", {}).get("types", [])}
    workdir = requirements.get("InitialWorkDirRequirement")
    if workdir:
        workdir["listing"] = in_run(workdir["listing"])
    return {
        **tool,
        "name": tool["id"].rpartition("/")[2],
        "version": process.metadata.get(VERSION, "v1.2"),
        "baseCommand": base if isinstance(base, list) else [base],
        "requirements": requirements,
        "hinted": [one["class"] for one in process.hints],
        "inputs": [with_formats(port(one, types), process.formatgraph) for one in tool["inputs"]],
        "outputs": [port(one, types) for one in tool["outputs"]],
    }


def with_formats(made: dict[str, Any], ontology: Any) -> dict[str, Any]:
    """Return an input with the formats that are kinds of the one that it takes."""
    return {**made, "formats": accepted_formats(made["format"], ontology)} if ontology and "format" in made else made


def in_run(data: Any) -> Any:
    """Return values of cwltool's in the run's form: the file system is the directory init/ of the run."""
    if isinstance(data, list):
        return [in_run(one) for one in data]
    if not isinstance(data, dict):
        return plain(data)
    if data.get("class") not in ("File", "Directory"):
        return {key: in_run(one) for key, one in data.items()}
    made = {key: in_run(one) for key, one in data.items() if key not in ("dirname", "nameroot", "nameext", "path")}
    location = made.pop("location", "_:")
    if not location.startswith("_:"):
        path = unquote(location[len("file://") :]) if location.startswith("file://") else location
        made["location"] = RUN + "/init" + path
        made.setdefault("basename", path.rpartition("/")[2])
    return made


def loaded(document: dict[str, Any]) -> Any:
    """Return a tool that cwltool has loaded."""
    from cwltool.context import LoadingContext
    from cwltool.load_tool import load_tool
    from cwltool.workflow import default_make_tool
    from ruamel.yaml.comments import CommentedMap
    from schema_salad.sourceline import cmap

    context = LoadingContext({"construct_tool_object": default_make_tool, "relax_path_checks": True})
    context.disable_js_validation = True
    document = {"cwlVersion": "v1.2", "class": "CommandLineTool", "id": "_:tool", "outputs": [], **document}
    return load_tool(cast(CommentedMap, cmap(document)), context)


def given(tool: Path, job: Path | None) -> tuple[Any, dict[str, Any]]:
    """Return a tool as cwltool loads it, and the inputs that a job order gives it."""
    from cwltool.command_line_tool import CommandLineTool
    from cwltool.main import main

    seen = []

    def stop(process: Any, order: Any, *rest: Any) -> Any:
        seen.append((process, order))
        raise InterruptedError

    words = ["--no-container", "--relax-path-checks", "--quiet", str(tool), *([str(job)] if job else [])]
    with patch.object(CommandLineTool, "job", stop):
        main(words, stdout=StringIO(), stderr=StringIO())
    return seen[0]


def theirs(process: Any, order: dict[str, Any], directory: Path) -> Any:
    """Return the job that cwltool makes of a tool and its inputs; it has not run."""
    from cwltool.context import RuntimeContext

    runtime = RuntimeContext({"use_container": False, "basedir": str(directory), "toplevel": True})
    for name in ("outdir", "tmpdir", "stagedir"):
        (directory / name).mkdir()
        setattr(runtime, name, str(directory / name))
    return next(process.job(order, None, runtime))


def apply(stage: list[Any]) -> None:
    """Do what must be done before a command starts, as the wrapper does it."""
    for action, target, source in stage:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        if action == "directory":
            Path(target).mkdir(exist_ok=True)
        elif action == "text":
            Path(target).write_text(source, encoding="utf-8")
        else:
            command = ["ln", "-sT"] if action == "link" else ["cp", "-RLT"]
            subprocess.run([*command, "--", source, target], check=True)
