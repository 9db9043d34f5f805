"""Where a tool sees its inputs: in the run where they are, or staged under the names they must have."""

from typing import Any, Callable, Dict, List, NamedTuple

from ..values import RUN
from .derived import in_root, is_file
from .kinds import known
from .place import CwlProblem, Place, Unknown

Object = Dict[str, Any]  # a File or a Directory
LITERAL = "_:"  # begins the location of an object that is in no file: it lives as long as one evaluation


class Action(NamedTuple):
    """What must exist before the command starts; parents of a target are made."""

    action: str  # link, copy (what comes is writable), text, directory
    target: str  # the path as the tool sees it
    source: str  # the path as the tool sees it, or the text


def mapped(value: Any, change: Callable[[Object], Object]) -> Any:
    """Return a value with each of its outermost Files and Directories changed."""
    if is_file(value):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    return [mapped(part, change) for part in value] if isinstance(value, list) else value


def inner(value: Object, change: Callable[[Object], Object]) -> Object:
    """Return a copy of an object whose secondary files and listing are changed."""
    changed = dict(value)
    for key in ("secondaryFiles", "listing"):
        if changed.get(key) is not None:
            changed[key] = [change(one) for one in known(changed[key])]
    return changed


def named(values: Any, scope: str = "") -> Any:
    """Return values whose Files and Directories have a basename and a location: literals one that is unique."""
    count = [0]

    def name(value: Object) -> Object:
        value = dict(value)
        if not value.get("location"):
            if value.get("contents" if value["class"] == "File" else "listing") is None:
                raise CwlProblem("a %s without location must have its contents" % value["class"])
            value["location"] = "%s%s%d" % (LITERAL, scope, count[0])
            count[0] += 1
        value["location"] = known(value["location"]).rstrip("/")
        if not value.get("basename"):
            value["basename"] = value["location"].rpartition("/")[2].replace(":", "")
        if "/" in value["basename"] or value["basename"] in (".", ".."):
            raise CwlProblem("'%s' is no name of a file" % value["basename"])
        return inner(value, name)

    return mapped(values, name)


def unnamed(values: Any) -> Any:
    """Return values without the locations of literals."""

    def change(value: Object) -> Object:
        value = inner(value, change)
        if value["location"].startswith(LITERAL):
            del value["location"]
        return value

    return mapped(values, change)


def seen(value: Object, path: str) -> Object:
    """Return an object with its path, and the name it has there."""
    return dict(value, path=path, basename=path.rpartition("/")[2])


def at(value: Object, directory: str) -> Object:
    """Return an object that is in a directory, with its secondary files beside it and its listing below it."""
    value = seen(value, directory + "/" + value["basename"])
    if value.get("listing") is not None:
        value["listing"] = [at(one, value["path"]) for one in known(value["listing"])]
    if value.get("secondaryFiles") is not None:
        value["secondaryFiles"] = [at(one, directory) for one in known(value["secondaryFiles"])]
    return value


def source(value: Object, place: Place) -> str:
    """Return the path of an object that is in the run."""
    location = value["location"]
    if not location.startswith(RUN + "/"):
        raise CwlProblem("'%s' is no file of the run" % location, "give the file as an input")
    return in_root(location, place.root)


def in_place(value: Object) -> bool:
    """Tell whether an object can be used where it is: under its name, its secondary files beside it."""
    directory, _, name = value["location"].rpartition("/")
    return name == value["basename"] and all(
        one["location"].rpartition("/")[0] == directory and in_place(one) for one in value.get("secondaryFiles") or []
    )


def put(value: Object, place: Place, writable: bool, into: List[Action]) -> None:
    """Add what brings an object, its secondary files, and what a literal Directory lists, to their paths."""
    writable = bool(value.get("writable", writable))
    target = value["path"]
    if not value["location"].startswith(LITERAL):
        into.append(Action("copy" if writable else "link", target, source(value, place)))
    elif value["class"] == "Directory":
        into.append(Action("directory", target, ""))
        for one in value["listing"]:
            put(one, place, writable, into)
    elif isinstance(value["contents"], str):
        into.append(Action("text", target, value["contents"]))
    else:
        raise Unknown()
    for one in value.get("secondaryFiles") or []:
        put(one, place, writable, into)


def staged(values: Any, place: Place, into: List[Action]) -> Any:
    """Return named values with the paths at which the tool sees them; what has to be staged for that is added."""
    count = [0]

    def see(value: Object) -> Object:
        if not value["location"].startswith(LITERAL) and in_place(value):
            return at(value, source(value, place).rpartition("/")[0])
        value = at(value, "%s/%d" % (place.stagedir, count[0]))
        count[0] += 1
        put(value, place, False, into)
        return value

    return mapped(values, see)


def moved(values: Any, paths: Dict[str, str]) -> Any:
    """Return values in which the objects at some locations have other paths, and the names these end in."""

    def move(value: Object) -> Object:
        value = inner(value, move)
        return seen(value, paths[value["location"]]) if value["location"] in paths else value

    return mapped(values, move)
