"""Outputs that are certain before the command has run: what uses them need not wait for a look at them."""

import posixpath
from typing import Any, Dict, Iterator, List

from ..values import in_part
from .derived import is_file
from .expressions import Context, evaluate, needs_javascript, pieces
from .files import Value, in_files
from .globs import has_wildcards, inner_parts
from .place import Place, Unknown, own_location

PLAIN = {"glob", "loadListing"}  # what a binding may say that leaves a file where it is


def predict(tool: Dict[str, Any], inputs: Dict[str, Any], place: Place, javascript: Any) -> Dict[str, Any]:
    """Return all outputs of a command that has yet to run; raises Unknown where one of them can only be looked up.

    It holds when the command leaves no cwl.output.json and each file is there, which the node must check.
    """
    if not all(_plain(port) for port in tool["outputs"]):
        raise Unknown("outputs that must be looked at")
    context = Context(inputs, None, place, tool["requirements"], tool["version"], None, javascript)
    linked = set(_linked(context))
    return {port["name"]: _certain(port, context, linked) for port in tool["outputs"]}


def check_globs(tool: Dict[str, Any], inputs: Dict[str, Any], place: Place) -> None:
    """Refuse patterns that lead out of a tool's directory, as far as they are known without JavaScript."""
    context = Context(inputs, None, place, tool["requirements"], tool["version"])
    for port in tool["outputs"]:
        given = port.get("outputBinding", {}).get("glob", [])
        with in_part("tool", "outputs", port["name"]):
            for one in given if isinstance(given, list) else [given]:
                if not needs_javascript(one, tool["version"]):
                    _check_glob(one, context)


def _check_glob(given: str, context: Context) -> None:
    try:
        value = evaluate(given, context)
    except Unknown:
        return
    for pattern in value if isinstance(value, list) else [value]:
        if isinstance(pattern, str):
            inner_parts(context.place.outdir, pattern)


def _plain(port: Dict[str, Any]) -> bool:
    binding = port.get("outputBinding", {})
    said = {key for key, value in binding.items() if value is not False}
    return port["type"] in ("File", "Directory") and "glob" in said <= PLAIN and not port.get("secondaryFiles")


def _certain(port: Dict[str, Any], context: Context, linked: Any) -> Value:
    with in_part("tool", "outputs", port["name"]):
        return _found(port, context, linked)


def _found(port: Dict[str, Any], context: Context, linked: Any) -> Value:
    given = port["outputBinding"]["glob"]
    patterns = []  # type: List[Any]
    for one in given if isinstance(given, list) else [given]:
        value = evaluate(one, context)
        patterns.extend(value if isinstance(value, list) else [value])
    if len(patterns) != 1 or not isinstance(patterns[0], str) or has_wildcards(patterns[0]):
        raise Unknown("the names of files")
    parts = inner_parts(context.place.outdir, patterns[0])
    if not parts or parts[0] in linked:
        raise Unknown("a file that may be one of the inputs")
    path = posixpath.join(context.place.outdir, *parts)
    file = {"class": port["type"], "location": own_location(context.place, path), "basename": parts[-1]}
    if "format" in port:
        file["format"] = evaluate(port["format"], context._replace(self_=dict(file)))
    return file


def _linked(context: Context) -> Iterator[str]:
    """Yield the names in the tool's directory that are, before it runs, links to inputs."""
    listing = context.requirements.get("InitialWorkDirRequirement", {}).get("listing", [])
    for entry in listing if isinstance(listing, list) else [listing]:
        if isinstance(entry, dict) and "entry" in entry:
            if entry.get("writable") or _is_text(entry["entry"], context):
                continue
            if entry.get("entryname"):
                yield str(evaluate(entry["entryname"], context)).split("/")[0]
                continue
            entry = entry["entry"]
        for file in in_files(_unwrapped(evaluate(entry, context))):
            yield file["basename"]


def _is_text(entry: Any, context: Context) -> bool:
    """Tell whether an entry is text whatever its expressions give: it is more than a single one of them."""
    parts = list(pieces(entry.strip(), context.version)) if isinstance(entry, str) else []
    return len(parts) > 1 or (len(parts) == 1 and parts[0][0])


def _unwrapped(value: Any) -> List[Any]:
    """Return the files among what an expression lists: each alone, or as an entry with a name of its own."""
    found = []  # type: List[Any]
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, list):
            found += _unwrapped(item)
        elif isinstance(item, dict) and "entry" in item:
            inside, name = item["entry"], item.get("entryname")
            found.append(dict(inside, basename=name.split("/")[0]) if name and is_file(inside) else inside)
        else:
            found.append(item)
    return found
