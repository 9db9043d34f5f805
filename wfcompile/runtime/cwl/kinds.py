"""The inputs of a tool by their types: which are given, what they consist of, which Files they hold."""

from typing import Any, Dict, Iterator, Tuple

from ..values import Deferred, Late, has_late
from .place import CwlProblem, Unknown
from .types import matches, mismatch, named, shown

Schema = Dict[str, Any]  # what has a "type": an input, a field of a record, the items of an array

INHERITED = (
    "secondaryFiles",
    "format",
    "formats",
    "loadContents",
    "loadListing",
)  # what an array's input says of its Files


def known(value: Any) -> Any:
    """Return a value that is known, though parts of it may not be."""
    if isinstance(value, (Late, Deferred)):
        raise Unknown
    return value


def checked(tool: Dict[str, Any], inputs: Dict[str, Any]) -> Dict[str, Any]:
    """Return the inputs that a tool has, with its defaults; those that are known are of their types."""
    values = {}
    for schema in tool["inputs"]:
        name, kind = schema["name"], schema["type"]
        value = inputs.get(name)
        if value is None:
            value = schema.get("default")
        if has_late(value):
            values[name] = value
            continue
        reason = None if value is None and "default" in schema else mismatch(kind, value)
        if reason:
            said = " has no value: it must be %s" % named(kind) if value is None else ": %s" % reason
            raise CwlProblem("%s: the input '%s'%s" % (tool["name"], name, said), part=("tool", "inputs", name))
        values[name] = filled(kind, value)
    return values


def filled(kind: Any, value: Any) -> Any:
    """Return a value whose records have all their fields: those not given are null."""
    if isinstance(kind, list):
        kind = "null" if value is None else chosen(kind, value)
    if not isinstance(kind, dict) or value is None:
        return value
    if kind["type"] == "array":
        return [filled(kind["items"], item) for item in value]
    if kind["type"] == "record":
        fields = {one["name"]: filled(one["type"], value.get(one["name"])) for one in kind["fields"]}
        return dict(value, **fields)
    return value if kind["type"] == "enum" else filled(kind["type"], value)


def chosen(kinds: Any, value: Any) -> Any:
    """Return the first type of a union that a value has."""
    for kind in kinds:
        if matches(kind, value):
            return kind
    raise CwlProblem("%s is not %s" % (shown(value), named(kinds)))


def may_hold_files(kind: Any) -> bool:
    """Tell whether a value of a type can hold a File or a Directory."""
    if isinstance(kind, list):
        return any(may_hold_files(one) for one in kind)
    if not isinstance(kind, dict):
        return kind in ("File", "Directory", "Any")
    if kind["type"] == "array":
        return may_hold_files(kind["items"])
    if kind["type"] == "record":
        return any(may_hold_files(one["type"]) for one in kind["fields"])
    return kind["type"] != "enum" and may_hold_files(kind["type"])


def files_of(schema: Schema, value: Any) -> Iterator[Tuple[Schema, Dict[str, Any]]]:
    """Yield the Files and Directories that a type names, each with what is asked of it."""
    if value is None:
        return
    kind = schema["type"]
    if isinstance(kind, list):
        kind = chosen(kind, value)
    asked = {key: schema[key] for key in INHERITED if schema.get(key) is not None}
    if (schema.get("inputBinding") or {}).get("loadContents"):
        asked["loadContents"] = True
    if kind in ("File", "Directory"):
        yield asked, known(value)
    elif isinstance(kind, dict) and kind["type"] == "array":
        own = {key: kind[key] for key in INHERITED + ("inputBinding",) if key in kind}
        for item in known(value):
            yield from files_of(dict(dict(asked, **own), type=kind["items"]), item)
    elif isinstance(kind, dict) and kind["type"] == "record":
        for one in kind["fields"]:
            yield from files_of(one, known(value).get(one["name"]))
    elif isinstance(kind, dict) and kind["type"] != "enum":
        yield from files_of(dict(asked, **kind), value)
