"""Names that match a pattern in the tool's directory, whose links hold paths as the command saw them."""

import os
import posixpath
from typing import Iterator, List

from .place import CwlProblem
from .view import View, host_path, within


def glob(view: View, pattern: str) -> List[str]:
    """Return the paths that match, as the command saw them, sorted; a pattern cannot lead out of the directory."""
    outdir = view.place.outdir
    parts = inner_parts(outdir, pattern)
    paths = [outdir]
    for number, part in enumerate(parts):
        only_directories = number < len(parts) - 1 or pattern.endswith("/")
        paths = [found for path in paths for found in _matching(view, path, part, only_directories)]
    return sorted(paths, key=os.fsencode)


def has_wildcards(pattern: str) -> bool:
    """Tell whether a pattern can match more than its own text."""
    return not {"*", "?", "["}.isdisjoint(pattern)


def inner_parts(outdir: str, pattern: str) -> List[str]:
    """Return the names in a pattern, from the tool's directory on; refuses one that leads out of it."""
    inner = pattern[len(outdir) :] if within(outdir, pattern) else pattern
    if inner.startswith("/") and inner is pattern:
        raise CwlProblem("the glob '%s' begins with '/'" % pattern, "files are looked for in the working directory")
    parts = [part for part in inner.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise CwlProblem("the glob '%s' leads out of the working directory" % pattern)
    return parts


def _matching(view: View, directory: str, part: str, only_directories: bool) -> Iterator[str]:
    place = host_path(view, directory)
    if place is None:
        return
    if has_wildcards(part):
        import fnmatch  # few globs need it

        names = [name for name in os.listdir(place) if part.startswith(".") or not name.startswith(".")]
        names = [name for name in names if fnmatch.fnmatchcase(name, part)]
    else:
        names = [part] if os.path.lexists(os.path.join(place, part)) else []
    for name in names:
        path = posixpath.join(directory, name)
        if not only_directories or os.path.isdir(host_path(view, path) or ""):
            yield path
