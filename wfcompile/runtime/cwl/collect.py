"""What a command has left behind, as the outputs that the document describes."""

import json
import os
import posixpath
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from ..values import RESERVED, RUN
from .expressions import Context, evaluate
from .files import Host, Value, checksum, contents, secondaries
from .globs import glob
from .place import CwlProblem, Place
from .types import mismatch
from .view import View, entries, host_path, is_literal, origin_of, path_of, seen, stored, view_of

OWN_WORDS = "cwl.output.json"  # a tool that writes it says itself what its outputs are
NAMED_AT_MOST = 8  # names in a message


class Scene(NamedTuple):
    """What collecting one output needs to know."""

    tool: Dict[str, Any]
    view: View
    evaluate: Callable[[Any, Any], Any]


def collect(
    tool: Dict[str, Any], inputs: Dict[str, Any], place: Place, host: Host, exit_code: int, javascript: Any
) -> Dict[str, Any]:
    """Return the outputs of a command that has ended; raises CwlProblem.

    `inputs` are those that the command line was made of, with the paths at which the command saw them.
    Files have locations in the run and sizes, but no checksums.
    """
    code = None if tool["version"] == "v1.0" else exit_code
    context = Context(inputs, None, place, tool["requirements"], tool["version"], code, javascript)
    view = view_of(place, host, inputs)
    scene = Scene(tool, view, lambda text, self_: evaluate(text, context._replace(self_=self_)))
    said = _own_words(view)
    return {port["name"]: _output(port, scene, said) for port in tool["outputs"]}


def evaluate_tool(tool: Dict[str, Any], inputs: Dict[str, Any], place: Place, javascript: Any) -> Dict[str, Any]:
    """Return the outputs of an ExpressionTool; raises CwlProblem, or Unknown where only the node can tell."""
    context = Context(inputs, None, place, tool["requirements"], tool["version"], None, javascript)
    outputs = evaluate(tool["expression"], context)
    if not isinstance(outputs, dict):
        raise CwlProblem("the expression of '%s' must make an object of outputs" % tool["name"])
    view = view_of(place, None, inputs)
    for port in tool["outputs"]:
        if port["name"] not in outputs and mismatch(port["type"], None):
            raise CwlProblem("the expression of '%s' makes no output '%s'" % (tool["name"], port["name"]))
    try:
        return {port["name"]: kept(view, outputs.get(port["name"])) for port in tool["outputs"]}
    except CwlProblem as problem:
        raise CwlProblem("outputs of '%s': %s" % (tool["name"], problem.what), problem.advice)


def kept(view: View, value: Any) -> Any:
    """Return a value as it is published."""
    return _in_run(stored(view, value), view.place.root)


def _in_run(value: Any, root: str) -> Any:
    """Return a value with the token at the beginning of paths, in text too; refuses what looks like other tokens."""
    if isinstance(value, list):
        return [_in_run(item, root) for item in value]
    if isinstance(value, dict):
        return {_in_run(key, root): _in_run(item, root) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    if any(character in value.replace(RUN, "") for character in RESERVED):
        raise CwlProblem("%r holds a reserved character" % value)
    return RUN + value[len(root) :] if value == root or value.startswith(root + "/") else value


def _own_words(view: View) -> Optional[Dict[str, Any]]:
    """Return what the tool has written into cwl.output.json, if it has."""
    path = host_path(view, posixpath.join(view.place.outdir, OWN_WORDS))
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            outputs = json.load(file, parse_constant=_refuse)
    except (ValueError, RecursionError, OSError) as error:
        raise CwlProblem("%s, which the tool wrote, is not JSON: %s" % (OWN_WORDS, error))
    if not isinstance(outputs, dict):
        raise CwlProblem("%s, which the tool wrote, is not an object of outputs" % OWN_WORDS)
    return outputs


def _refuse(constant: str) -> Any:
    raise ValueError("%s is no number" % constant)


def _output(port: Dict[str, Any], scene: Scene, said: Optional[Dict[str, Any]]) -> Any:
    try:
        value = kept(scene.view, bound(port, scene) if said is None else said.get(port["name"]))
        wrong = mismatch(port["type"], value)
        if wrong:
            raise CwlProblem(wrong)
        return value
    except CwlProblem as problem:
        raise CwlProblem("output '%s' of '%s': %s" % (port["name"], scene.tool["name"], problem.what), problem.advice)


def bound(port: Dict[str, Any], scene: Scene) -> Any:
    """Return the value of an output, or of the field of a record, with the paths as the command saw them."""
    kinds = port["type"] if isinstance(port["type"], list) else [port["type"]]
    value = None  # type: Any
    binding = port.get("outputBinding")
    if binding is not None:
        patterns = list(_patterns(binding, scene))
        found = [_found(path, binding, scene) for pattern in patterns for path in glob(scene.view, pattern)]
        value = found
        if "outputEval" in binding:
            value = _seen(scene.evaluate(binding["outputEval"], found), scene.view)
        if "File" in kinds or "Directory" in kinds:
            value = _single(value, patterns, kinds, scene)
        for primary in _each_file(value):
            if port.get("secondaryFiles"):
                primary["secondaryFiles"] = _beside(primary, port["secondaryFiles"], scene)
            if "format" in port:
                primary["format"] = _format(port["format"], primary, scene)
        if value in (None, [], {}) and "null" in kinds:
            return None
    if not value and isinstance(port["type"], dict) and port["type"]["type"] == "record":
        return {field["name"]: bound(field, scene) for field in port["type"]["fields"]}
    return value


def _patterns(binding: Dict[str, Any], scene: Scene) -> Iterator[str]:
    given = binding.get("glob", [])
    for one in given if isinstance(given, list) else [given]:
        value = scene.evaluate(one, None)
        for pattern in value if isinstance(value, list) else [value] if value else []:
            if not isinstance(pattern, str):
                raise CwlProblem("the glob %s must be text or a list of texts, not %r" % (one, pattern))
            yield pattern


def _found(path: str, binding: Dict[str, Any], scene: Scene) -> Value:
    place = host_path(scene.view, path)
    if place is None:
        origin = origin_of(scene.view, path)
        if is_literal(origin):
            return seen(scene.view, path, {"class": origin["class"]})
        raise CwlProblem("'%s' is a link that leads to nothing" % posixpath.relpath(path, scene.view.place.outdir))
    if os.path.isdir(place):
        directory = seen(scene.view, path, {"class": "Directory"})
        default = scene.tool["requirements"].get("LoadListingRequirement", {}).get("loadListing")
        wanted = binding.get("loadListing") or default or "no_listing"
        if wanted != "no_listing":
            directory["listing"] = entries(scene.view, path, wanted == "deep_listing")
        return directory
    file = seen(scene.view, path, {"class": "File", "size": os.stat(place).st_size})
    if binding.get("loadContents"):
        file["contents"] = contents(place)
    if "checksum" in str(binding.get("outputEval", "")):  # reading a file again is paid by those who ask
        file["checksum"] = checksum(place)[1]
    return file


def _seen(value: Any, view: View) -> Any:
    """Return what an expression made with the path of each File and Directory that is no literal."""
    if isinstance(value, list):
        return [_seen(item, view) for item in value]
    if not isinstance(value, dict):
        return value
    parts = {key: _seen(item, view) for key, item in value.items()}
    if parts.get("class") in ("File", "Directory") and ("path" in parts or "location" in parts):
        return seen(view, path_of(view, parts), parts)
    return parts


def _single(value: Any, patterns: List[str], kinds: List[Any], scene: Scene) -> Any:
    if not value and "null" not in kinds:
        if not patterns:
            raise CwlProblem("there is no file: outputEval makes %s" % json.dumps(value))
        names = sorted(os.listdir(host_path(scene.view, scene.view.place.outdir) or "."))
        there = ", ".join("'%s'" % name for name in names[:NAMED_AT_MOST])
        if len(names) > NAMED_AT_MOST:
            there += ", and %d more" % (len(names) - NAMED_AT_MOST)
        wanted = ", ".join("'%s'" % pattern for pattern in patterns)
        raise CwlProblem("the command left nothing that matches %s" % wanted, "it left: %s" % (there or "nothing"))
    if isinstance(value, list) and len(value) > 1:
        names = ["'%s'" % file.get("basename") for file in value[:NAMED_AT_MOST] if isinstance(file, dict)]
        raise CwlProblem("it is one file, and %d match: %s" % (len(value), ", ".join(names)))
    return value[0] if isinstance(value, list) and value else value


def _each_file(value: Any) -> List[Value]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict) and item.get("class") in ("File", "Directory")]


def _beside(primary: Value, patterns: Any, scene: Scene) -> List[Value]:
    """Return the secondary files that are there; refuses when a required one is not."""
    files = list(primary.get("secondaryFiles", []))
    if "path" not in primary:
        return files  # nothing lies beside a literal
    directory = posixpath.dirname(primary["path"])
    for item, required in secondaries(primary, patterns, scene.evaluate):
        if isinstance(item, str):
            item = {"path": posixpath.join(directory, item)}
        path = path_of(scene.view, item)
        place = host_path(scene.view, path)
        if place is None and required:
            raise CwlProblem("the secondary file '%s' is missing" % posixpath.basename(path))
        if place is not None:
            files.append(seen(scene.view, path, dict(item, **{"class": _kind(place)})))
    return files


def _kind(place: str) -> str:
    return "Directory" if os.path.isdir(place) else "File"


def _format(wanted: Any, primary: Value, scene: Scene) -> str:
    name = scene.evaluate(wanted, primary)
    if not isinstance(name, str):
        raise CwlProblem("'format' must be text, and %s makes %r" % (wanted, name))
    return name
