"""Tools as cwltool loads them, in the shape in which we get them, and what cwltool makes of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import unquote

from wfcompile.runtime.values import RUN

VERSION = "http://commonwl.org/cwltool#original_cwlVersion"


class Seen(NamedTuple):
    """One job of cwltool's before it runs: its tool, its inputs, and what it would run."""

    tool: dict[str, Any]
    inputs: dict[str, Any]
    job: Any


def plain(data: Any) -> Any:
    """Return data of YAML as JSON: a number with an exponent is the decimal that it stands for."""
    if isinstance(data, dict):
        return {str(key): plain(one) for key, one in data.items()}
    if isinstance(data, list):
        return [plain(one) for one in data]
    if type(data).__name__ == "ScalarFloat":
        from ruamel.yaml.representer import RoundTripRepresenter

        decimal = format(Decimal(RoundTripRepresenter().represent_scalar_float(data).value), "f")
        return float(decimal) if "." in decimal else int(decimal)
    return data if isinstance(data, bool) or data is None else json.loads(json.dumps(data))


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
        "hints": [one["class"] for one in process.hints],
        "inputs": [port(one, types) for one in tool["inputs"]],
        "outputs": [port(one, types) for one in tool["outputs"]],
    }


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


def watch(look: Callable[[Seen], None]) -> Any:
    """Return a `job` method for cwltool's CommandLineTool that shows each job to `look` before it runs."""
    from cwltool.command_line_tool import CommandLineTool

    original = CommandLineTool.job

    def job(self: Any, job_order: Any, output_callbacks: Any, runtime_context: Any) -> Iterator[Any]:
        tool, inputs = described(self), in_run(job_order)
        for one in original(self, job_order, output_callbacks, runtime_context):
            look(Seen(tool, inputs, one))
            yield one

    return job
