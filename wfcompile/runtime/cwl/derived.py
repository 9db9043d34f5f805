"""What a File or Directory object says about itself when an expression looks at it: path, dirname, nameroot, nameext.

Values hold only location and basename; the rest follows from them and from where the run is.
"""

import posixpath
from typing import Any, Dict, Optional

from ..values import RUN, Deferred, Late
from .place import Unknown
from .urls import quote, unquote

DERIVED = ("path", "dirname", "nameroot", "nameext")
MEASURED = ("size", "checksum", "contents", "listing", "secondaryFiles")  # known when the file has been looked at


def is_file(value: Any) -> bool:
    """Tell whether a value is a File or Directory object."""
    return isinstance(value, dict) and value.get("class") in ("File", "Directory")


def path_of(file: Dict[str, Any], root: str) -> Optional[str]:
    """Return the path at which the tool sees a file: where it was staged, else its place below the run's root."""
    path = known(file, "path")
    location = known(file, "location")
    return in_root(location, root) if path is None and location is not None else path


def known(file: Dict[str, Any], key: str) -> Optional[str]:
    """Return a field of a file, or None; raises Unknown when only the node knows it."""
    if isinstance(file.get(key), (Late, Deferred)):
        raise Unknown
    return file.get(key)


def in_root(location: str, root: str) -> str:
    """Return a location in the run as a path."""
    return root + location[len(RUN) :] if location.startswith(RUN) else location


def address(location: str, root: str) -> str:
    """Return a location in the run as expressions see it: a URL."""
    return "file://" + root + quote(location[len(RUN) :]) if location.startswith(RUN) else location


def from_address(location: str, root: str) -> str:
    """Return a location as values have it."""
    url = "file://" + root + "/"
    return RUN + "/" + unquote(location[len(url) :]) if location.startswith(url) else location


def basename_of(file: Dict[str, Any], root: str) -> Optional[str]:
    """Return the name of a file."""
    name = known(file, "basename")
    if name is None:
        path = path_of(file, root)
        name = None if path is None else posixpath.basename(path.rstrip("/"))
    return name


def attribute(file: Dict[str, Any], key: str, root: str) -> Any:
    """Return one field of a File or Directory as an expression sees it; raises KeyError where there is none."""
    if key == "location" and file.get(key) is not None:
        return address(known(file, key) or "", root)
    if key == "size" and key not in file and "location" not in file and isinstance(file.get("contents"), str):
        return len(file["contents"].encode("utf-8"))  # a literal, which nobody has to look at
    if file.get(key) is not None or key not in DERIVED + ("basename",):
        return file[key]
    path = path_of(file, root)
    name = basename_of(file, root)
    value = None
    if key == "basename":
        value = name
    elif key == "path":
        value = path
    elif file["class"] == "File" and key == "dirname":
        value = None if path is None else posixpath.dirname(path)
    elif file["class"] == "File" and name is not None:
        value = posixpath.splitext(name)[key == "nameext"]
    if value is None:
        raise KeyError(key)
    return value


def described(value: Any, root: str) -> Any:
    """Return data whose File and Directory objects, at any depth, carry the fields that follow from the others."""
    if isinstance(value, list):
        return [described(one, root) for one in value]
    if not isinstance(value, dict):
        return value
    full = {key: described(one, root) for key, one in value.items()}
    if is_file(value):
        for key in DERIVED + ("basename", "location", "size"):
            try:
                full[key] = attribute(value, key, root)
            except (KeyError, Unknown):
                continue
    return full


def stored(value: Any, root: str) -> Any:
    """Return data as values are kept: without what `described` added; a path elsewhere than the location stays."""
    if isinstance(value, list):
        return [stored(one, root) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: stored(one, root) for key, one in value.items()}
    if is_file(value):
        for key in ("dirname", "nameroot", "nameext"):
            kept.pop(key, None)
        location = value.get("location")
        if isinstance(location, str):
            kept["location"] = from_address(location, root)
            if kept.get("path") == in_root(kept["location"], root):
                del kept["path"]
    return kept
