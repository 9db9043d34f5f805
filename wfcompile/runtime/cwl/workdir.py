"""What InitialWorkDirRequirement puts into the working directory before the command starts."""

import json
from posixpath import normpath
from typing import Any, Dict, Iterator, List, Tuple

from ..values import in_part
from . import staging
from .derived import is_file
from .expressions import Context, evaluate
from .place import CwlProblem
from .staging import Action, Object

OLD = ("v1.0", "v1.1")
LISTING = ("tool", "requirements", "InitialWorkDirRequirement")


def initial(tool: Dict[str, Any], context: Context) -> Tuple[List[Action], Dict[str, str]]:
    """Return what to stage, and the paths that the objects at some locations have because of it."""
    requirement = tool["requirements"].get("InitialWorkDirRequirement")
    if requirement is None:
        return [], {}
    actions = []  # type: List[Action]
    paths = {}  # type: Dict[str, str]
    for number, (part, value) in enumerate(objects(requirement["listing"], context)):
        with in_part(*part):
            value = _at_its_name(value, "entry%d-" % number, tool, context)
        _record(value, paths)
        staging.put(value, context.place, False, actions)
    return _without_conflicts(actions, tool), paths


def objects(listing: Any, context: Context) -> Iterator[Tuple[Tuple[str, ...], Object]]:
    """Yield the Files and Directories of a listing, each with its place there; those of an entry may be `writable`."""
    if isinstance(listing, str):
        with in_part(*LISTING):
            listing = evaluate(listing, context)
            if not isinstance(listing, list):
                raise CwlProblem("the listing of InitialWorkDirRequirement must be an array, and is %r" % (listing,))
            found = list(_flat(listing))
        yield from ((LISTING, one) for one in found)
        return
    for number, one in enumerate(listing):
        part = LISTING + (str(number),)
        with in_part(*part):
            found = list(_flat(entry(one, context) if _is_entry(one) else evaluate(one, context)))
        yield from ((part, each) for each in found)


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and "entry" in value


def _flat(value: Any) -> Iterator[Object]:
    if isinstance(value, list):
        for one in value:
            yield from _flat(one)
    elif is_file(value):
        yield value
    elif _is_entry(value):  # an expression made it: nothing in it is evaluated again
        yield from _flat(_made(value["entry"], value.get("entryname"), bool(value.get("writable"))))
    elif value:
        raise CwlProblem("InitialWorkDirRequirement lists Files, Directories and entries, not %r" % (value,))


def entry(given: Dict[str, Any], context: Context) -> Any:
    """Return the File, Directory or array of them that an entry of the listing stands for; None: nothing."""
    value = evaluate(given["entry"], context, strip=False)
    name = given.get("entryname")
    if name is not None:
        name = evaluate(name, context)
        if not isinstance(name, str):
            raise CwlProblem("an entryname must be text, and '%s' is %r" % (given["entryname"], name))
    if value is None:
        return None
    if isinstance(value, list) and all(is_file(one) for one in value):
        if name is not None:
            raise CwlProblem("an entryname cannot name the %d files of '%s'" % (len(value), given["entry"]))
        return [_made(one, None, bool(given.get("writable"))) for one in value]
    if not isinstance(value, str) and not is_file(value):
        if context.version in OLD:
            raise CwlProblem(
                "the entry '%s' is neither text nor a File nor a Directory but %r" % (given["entry"], value),
                "before v1.2 an entry cannot be any other value: write it as text, or say cwlVersion: v1.2",
            )
        value = json.dumps(value, sort_keys=True)
    return _made(value, name, bool(given.get("writable")))


def _made(value: Any, name: Any, writable: bool) -> Object:
    """Return the object of an entry under its name."""
    if isinstance(value, str):
        if not name:
            raise CwlProblem("an entry that is text must have an entryname")
        value = {"class": "File", "contents": value}
    if not is_file(value):
        raise CwlProblem("an entry must be text, a File or a Directory, and is %r" % (value,))
    return dict(value, basename=name or value.get("basename"), writable=writable)


def _at_its_name(value: Object, scope: str, tool: Dict[str, Any], context: Context) -> Object:
    """Return an object with its path in the working directory, and those of what comes with it."""
    name = value.get("basename") or value.get("location", "").rpartition("/")[2]
    path = _valid(name, tool, context)
    if not path.startswith("/"):
        path = context.place.outdir + "/" + path
    directory, _, last = path.rpartition("/")
    return staging.at(staging.named(dict(value, basename=last), scope), directory)


def _valid(name: str, tool: Dict[str, Any], context: Context) -> str:
    """Return the name of an entry; it stays in the working directory, or is a place in the container."""
    path = normpath(name) if name else ""
    if path in ("", ".", "..", "/") or path.startswith("../"):
        raise CwlProblem("'%s' is no name within the working directory" % name)
    if path.startswith("/"):
        required = "DockerRequirement" in tool["requirements"] and "DockerRequirement" not in tool.get("hinted", ())
        if context.version in OLD or not required:
            raise CwlProblem(
                "the entryname '%s' is an absolute path" % name,
                "it can be one in CWL v1.2, with DockerRequirement among the requirements",
            )
    return path


def _record(value: Object, paths: Dict[str, str]) -> None:
    paths[value["location"]] = value["path"]
    for key in ("secondaryFiles", "listing"):
        for one in value.get(key) or []:
            _record(one, paths)


def _without_conflicts(actions: List[Action], tool: Dict[str, Any]) -> List[Action]:
    """Return each action once; nothing is put over another thing, or into a directory that is not the tool's own."""
    done = {}  # type: Dict[str, Action]
    for one in actions:
        before = done.setdefault(one.target, one)
        if before != one:
            raise CwlProblem("%s: two entries of its working directory are '%s'" % (tool["name"], one.target))
    for target in done:
        parent = target.rpartition("/")[0]
        while parent:
            if parent in done and done[parent].action in ("link", "text"):
                raise CwlProblem(
                    "%s: '%s' would be put into '%s', which is an input" % (tool["name"], target, parent),
                    "make that entry writable: true",
                )
            parent = parent.rpartition("/")[0]
    return sorted(done.values(), key=lambda one: one.target.count("/"))  # what is copied comes before what goes into it
