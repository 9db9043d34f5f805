"""The inputs of a tool, completed on the node: sizes, listings, contents, secondary files, formats."""

import os
from typing import Any, Dict, List, Optional, Tuple

from ..input_paths import input_paths
from ..values import RUN, in_part
from . import staging
from .expressions import Context, evaluate, is_expression
from .files import Host, Value, at, check_size, contents, listing, secondaries, secondary_name
from .kinds import Schema, checked, files_of
from .place import CwlProblem, Place, Unknown


def complete(
    inputs: Dict[str, Any], tool: Dict[str, Any], place: Place, host: Host, javascript: Any = None
) -> Dict[str, Any]:
    """Return the inputs of a tool with all that it may ask about their files."""
    requirement = tool["requirements"].get("LoadListingRequirement") or {}
    everywhere = requirement.get("loadListing", "no_listing")
    values = {
        name: staging.mapped(value, lambda file: measured(file, everywhere, host))
        for name, value in checked(tool, inputs).items()
    }
    context = Context(values, None, place, tool["requirements"], tool["version"], None, javascript)
    for schema in tool["inputs"]:
        for asked, value in files_of(schema, values[schema["name"]]):
            try:
                _load(asked, value, host)
                if "secondaryFiles" in asked and value.get("secondaryFiles") is None:
                    value["secondaryFiles"] = beside(asked["secondaryFiles"], value, host, context)
            except CwlProblem as problem:
                what = "%s: the input '%s': %s" % (tool["name"], schema["name"], problem)
                raise CwlProblem(what, problem.advice, part=("tool", "inputs", schema["name"]))
    return values


def asks_to_load(tool: Dict[str, Any]) -> bool:
    """Tell whether a tool asks for the contents of Files or the listings of Directories."""
    everywhere = (tool["requirements"].get("LoadListingRequirement") or {}).get("loadListing", "no_listing")
    return everywhere != "no_listing" or any(_loads(schema) for schema in tool["inputs"])


def _loads(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_loads(one) for one in schema)
    if not isinstance(schema, dict):
        return False
    asked = schema.get("loadContents") or schema.get("loadListing", "no_listing") != "no_listing"
    return bool(asked) or any(_loads(part) for key, part in schema.items() if key != "default")


def measured(value: Value, load: str, host: Host) -> Value:
    """Return a File with its size, a Directory with its listing where that is asked for, both with what is in them."""
    value = staging.inner(value, lambda one: measured(one, load, host))
    if value["class"] == "File":
        if value.get("location"):
            path = host.path(value["location"])
            if not os.path.isfile(path):
                raise CwlProblem("'%s' is a directory, not a File" % value.get("basename", path))
            value["size"] = os.stat(path).st_size
        else:
            value["size"] = len(value["contents"].encode("utf-8"))
    elif value.get("location"):
        if not os.path.isdir(host.path(value["location"])):
            raise CwlProblem("'%s' is a file, not a Directory" % value.get("basename", ""))
        if load in ("shallow_listing", "deep_listing") and value.get("listing") is None:
            value["listing"] = listing(host, value["location"], load == "deep_listing")
    return value


def _load(asked: Schema, value: Value, host: Host) -> None:
    """Add the contents of a File, the listing of a Directory."""
    if value["class"] == "File":
        if asked.get("loadContents") and value.get("location"):
            value["contents"] = contents(host.path(value["location"]))
    elif asked.get("loadListing") and value.get("location"):
        value.update(measured(value, asked["loadListing"], host))


def beside(patterns: List[Schema], value: Value, host: Host, context: Context) -> List[Value]:
    """Return the secondary files of a File that came without; those that must be there are looked for beside it."""
    found = {}  # type: Dict[str, Value]
    required = [dict(one, required=True) if one.get("required") is None else one for one in patterns]
    for item, must in secondaries(value, required, lambda text, self_: evaluate(text, context._replace(self_=self_))):
        if isinstance(item, dict):
            item = measured(staging.unnamed(staging.named(item)), "no_listing", host)
            found.setdefault(item["basename"], item)
        elif must and item not in found:
            location = value.get("location", "").rpartition("/")[0] + "/" + item
            if not value.get("location") or not host.paths(location):
                advice = "let what makes the File make that file too, and say so in its secondaryFiles"
                raise _missing(value, item, advice)
            found[item] = at(host, location)
    return list(found.values())


def check_unmeasured(tool: Dict[str, Any], values: Dict[str, Any]) -> None:
    """Raise Unknown where only the node can tell whether a File is as its input asks; raises CwlProblem."""
    for schema in tool["inputs"]:
        for asked, value in files_of(schema, values[schema["name"]]):
            with in_part("tool", "inputs", schema["name"]):
                if asked.get("loadContents") and value["class"] == "File" and "contents" not in value:
                    check_size(value["basename"], size_of(value))
                if asked.get("secondaryFiles") and value.get("secondaryFiles") is None:
                    _check_companions(asked["secondaryFiles"], value, values)
                    raise Unknown


def size_of(value: Value) -> int:
    """Return the size of a File; raises Unknown where a node makes it."""
    if "size" not in value:
        raise Unknown
    return int(value["size"])


def _check_companions(patterns: List[Schema], value: Value, values: Dict[str, Any]) -> None:
    """Refuse an input file without its secondary files: with nothing else will they come to the node."""
    location = str(value.get("location", ""))
    if not location.startswith(RUN + "/init/"):
        return
    brought = set(input_paths(values))
    for one in patterns:
        if one.get("required", True) is not True or is_expression(one["pattern"]):
            continue
        name = secondary_name(value["basename"], one["pattern"])
        places = input_paths(location.rpartition("/")[0] + "/" + name)[0].split("/")
        if brought.isdisjoint(["."] + ["/".join(places[:depth]) for depth in range(1, len(places) + 1)]):
            raise _missing(value, name, "let the input of the workflow ask for it in its secondaryFiles")


def _missing(value: Value, name: str, advice: str) -> CwlProblem:
    return CwlProblem("the File '%s' comes without its secondary file '%s'" % (value["basename"], name), advice)


def check_formats(tool: Dict[str, Any], context: Context) -> None:
    """Refuse a File whose format is none of those that its input takes."""
    for schema in tool["inputs"]:
        for asked, value in files_of(schema, context.inputs[schema["name"]]):
            with in_part("tool", "inputs", schema["name"]):
                wrong = wrong_format(dict(asked, format=evaluate(asked.get("format"), context)), value)
                if wrong:
                    about = (tool["name"], value["basename"], schema["name"])
                    raise CwlProblem("%s: the File '%s' of the input '%s' " % about + wrong[0], wrong[1])


def wrong_format(asked: Schema, value: Value) -> Optional[Tuple[str, str]]:
    """Return what is wrong with the format of a File, and what it must be; None: nothing, or an expression tells."""
    wanted = asked.get("format")
    if wanted is None or is_expression(wanted) or value["class"] != "File":
        return None
    wanted = wanted if isinstance(wanted, list) else [wanted]
    given = value.get("format")
    if given in wanted + asked.get("formats", []):
        return None
    return "has the format %s" % given if given else "has no format", "it must be " + " or ".join(map(str, wanted))
