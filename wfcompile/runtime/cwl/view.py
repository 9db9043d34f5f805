"""The files of one node: the paths at which its command sees them, and their locations in the run."""

import os
import posixpath
from typing import Any, Dict, List, NamedTuple, Optional

from ..values import RUN
from .files import Host, Value, in_files
from .place import CwlProblem, Place, own_location
from .urls import unquote

MOST_LINKS = 40  # as the kernel has it


class View(NamedTuple):
    """What a command sees, and where it is."""

    place: Place
    host: Optional[Host]  # None: nothing can be looked at
    passed: Dict[str, Value]  # the inputs, by the paths at which they may be named


def is_literal(value: Value) -> bool:
    """Tell whether a File or Directory is all there is of it: it has no location, or one made up to tell it apart."""
    return str(value.get("location") or "_:").startswith("_:")


def view_of(place: Place, host: Optional[Host], inputs: Any) -> View:
    """Return the view of a node that gets `inputs`."""
    passed = {}  # type: Dict[str, Value]
    for value in in_files(inputs):
        if not is_literal(value):
            passed[as_seen(place, value["location"])] = value
        if "path" in value:
            passed[value["path"]] = value
    return View(place, host, passed)


def as_seen(place: Place, location: str) -> str:
    """Return the path of a location below the run's root, or in the tool's directory where it is relative."""
    if location.startswith(RUN):
        return place.root + location[len(RUN) :]
    if location.startswith("file://"):
        return unquote(location[len("file://") :])
    scheme = location.partition(":")[0] if "://" in location else ""
    if scheme:
        raise CwlProblem("'%s' is not a file of the run: %s locations are not fetched" % (location, scheme))
    return posixpath.join(place.outdir, unquote(location))


def within(directory: str, path: str) -> bool:
    """Tell whether a path names a directory or something in it."""
    return path == directory or path.startswith(directory + "/")


def origin_of(view: View, path: str) -> Value:
    """Return what a path stands for: a location in the run, or an input that is a literal."""
    if view.host is None:
        return _passed(view, path, path)
    target = follow(view, path)
    if within(view.place.outdir, target):
        return {"location": RUN + "/" + view.host.node + path[len(view.place.outdir) :]}
    return _passed(view, target, path)


def host_path(view: View, path: str) -> Optional[str]:
    """Return where this process finds what the command sees at a path; None: nothing is there, or it is a literal."""
    target = follow(view, path)
    if within(view.place.outdir, target):
        found = _own(view, target)
        return found if os.path.exists(found) else None
    origin = _passed(view, target, path)
    return None if is_literal(origin) else next(iter(host_of(view).paths(origin["location"])), None)


def follow(view: View, path: str) -> str:
    """Return the path behind the links in the tool's directory: they hold paths as the command saw them."""
    path = posixpath.normpath(path)
    outdir = view.place.outdir
    for _ in range(MOST_LINKS):
        link = _first_link(view, path) if within(outdir, path) else None
        if link is None:
            return path
        target = os.readlink(_own(view, link))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target) + path[len(link) :])
    raise CwlProblem("'%s' is a link that leads to itself" % path[len(outdir) + 1 :])


def _first_link(view: View, path: str) -> Optional[str]:
    here = view.place.outdir
    for part in path[len(here) + 1 :].split("/"):
        here += "/" + part
        if os.path.islink(_own(view, here)):
            return here
    return None


def host_of(view: View) -> Host:
    """Return where files are, in a view whose files can be looked at."""
    assert view.host is not None
    return view.host


def _own(view: View, path: str) -> str:
    return host_of(view).own + path[len(view.place.outdir) :]


def stored(view: View, value: Any) -> Any:
    """Return a value as it is kept: Files and Directories by their locations in the run, or as literals."""
    if isinstance(value, list):
        return [stored(view, item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class") not in ("File", "Directory"):
        return {key: stored(view, item) for key, item in value.items()}
    if "path" in value or not is_literal(value):
        return _located(view, value)
    return _literal(view, value)


def _located(view: View, value: Value) -> Value:
    path = path_of(view, value)
    kept = {key: item for key, item in value.items() if key not in NOT_KEPT}
    kept.setdefault("basename", posixpath.basename(path))
    check_name(kept["basename"])
    if "secondaryFiles" in value:
        kept["secondaryFiles"] = stored(view, value["secondaryFiles"])
    origin = origin_of(view, path)
    if is_literal(origin):
        return dict(kept, **{key: origin[key] for key in ("contents", "listing") if key in origin})
    if view.host is not None:
        found = host_path(view, path)
        if found is None or not (os.path.isfile if value["class"] == "File" else os.path.isdir)(found):
            raise CwlProblem("there is no %s '%s'" % (value["class"], _short(view, path)))
        if value["class"] == "File":
            kept["size"] = os.stat(found).st_size
        if path == view.place.outdir:
            # A list of what is in it now: later the run keeps its own records there too.
            return dict(kept, listing=stored(view, entries(view, path, False)))
    return dict(kept, location=origin["location"])


# what follows from the path, may have changed, or can be looked up again
NOT_KEPT = ("path", "location", "dirname", "nameroot", "nameext", "checksum", "listing", "secondaryFiles")


def _literal(view: View, value: Value) -> Value:
    kept = {key: item for key, item in value.items() if key not in NOT_KEPT}
    if value["class"] == "File":
        if not isinstance(value.get("contents"), str):
            raise CwlProblem("a File needs a path, a location, or contents")
    elif "listing" not in value or "basename" not in value:
        raise CwlProblem("a Directory needs a path, a location, or a basename and a listing")
    else:
        kept["listing"] = stored(view, value["listing"])
    check_name(kept.setdefault("basename", "literal"))
    if "secondaryFiles" in value:
        kept["secondaryFiles"] = stored(view, value["secondaryFiles"])
    return kept


def path_of(view: View, value: Value) -> str:
    """Return the path at which the command saw a File or Directory that is no literal."""
    named = value["path"] if "path" in value else as_seen(view.place, value["location"])
    if not isinstance(named, str) or not named:
        raise CwlProblem("%r is no path" % (named,))
    return posixpath.normpath(posixpath.join(view.place.outdir, named))


def check_name(name: Any) -> None:
    """Refuse what cannot be the name of a file."""
    if not isinstance(name, str) or name in ("", ".", "..") or "/" in name or "\0" in name:
        raise CwlProblem("%r cannot be the name of a file" % (name,))


def _passed(view: View, target: str, path: str) -> Value:
    """Return the input (or the part of a Directory) at a path outside of the tool's directory."""
    names = [target] if view.host is None else [target, os.path.realpath(target)]
    for name in names:
        found = _input_at(view, name)
        if found:
            return found
    # What an expression or a link named by its real path.
    for known, value in list(view.passed.items()):
        real = os.path.realpath(known)
        if view.host is not None and within(real, names[-1]) and not is_literal(value):
            return {"location": value["location"] + names[-1][len(real) :]}
    raise CwlProblem(
        "'%s' %sis neither in the tool's directory nor an input" % (target, "" if target == path else "(a link) "),
        "an output must be written to, or copied into, the working directory",
    )


def _input_at(view: View, path: str) -> Optional[Value]:
    at = path
    while at and at != "/":
        if at in view.passed:
            value = view.passed[at]
            if at == path:
                return value
            return None if is_literal(value) else {"location": value["location"] + path[len(at) :]}
        at = posixpath.dirname(at)
    init = view.place.root + "/init/"
    return {"location": RUN + path[len(view.place.root) :]} if path.startswith(init) else None


def _short(view: View, path: str) -> str:
    outdir = view.place.outdir
    return path[len(outdir) + 1 :] if path.startswith(outdir + "/") else path


def seen(view: View, path: str, value: Value) -> Value:
    """Return a File or Directory as expressions see it."""
    shown = dict(value, path=path)  # type: Value
    if within(view.place.outdir, path):
        shown["location"] = own_location(view.place, path)
    elif within(view.place.root, path):
        shown["location"] = RUN + path[len(view.place.root) :]
    shown.setdefault("basename", posixpath.basename(path))
    return shown


def entries(view: View, path: str, deep: bool) -> List[Value]:
    """Return what is in a directory as expressions see it, in the order of the names; links are what they lead to."""
    target = follow(view, path)
    own = within(view.place.outdir, target)
    places = [_own(view, target)] if own else host_of(view).paths(_passed(view, target, path)["location"])
    found = []
    for name in sorted({name for place in places for name in os.listdir(place)}):
        inner = posixpath.join(path, name)
        entry = _entry(view, inner)
        if entry and deep and entry["class"] == "Directory":
            entry["listing"] = entries(view, inner, deep)
        found += [entry] if entry else []
    return found


def _entry(view: View, path: str) -> Optional[Value]:
    place = host_path(view, path)
    if place is None:
        origin = origin_of(view, path)
        return seen(view, path, {"class": origin["class"]}) if is_literal(origin) else None
    if os.path.isdir(place):
        return seen(view, path, {"class": "Directory"})
    return seen(view, path, {"class": "File", "size": os.stat(place).st_size}) if os.path.isfile(place) else None
