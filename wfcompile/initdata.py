"""Init data that name files: strings become paths below the run's init/, or lists of them.

Source: packtivity's fromparjq publisher, which yadage's init stages use (relative_paths, tryExact, glob).
A place is where a directory stands below init/: "" for the workflow's own, .subinits/NAME for a sub-workflow's.
"""

from __future__ import annotations

import glob
import os.path
from pathlib import Path
from typing import Any

from wfcompile.errors import Refused
from wfcompile.runtime.values import RUN


def look(directory: Path, place: str, text: str, discover: bool) -> str | list[str] | None:
    """Return the path in the run of a file or directory, the paths a glob finds (sorted), or None for neither.

    Raises Refused for a relative path that leaves the directory.
    """
    if len(text) > 4096 or "\n" in text or "\0" in text:  # longer than any path
        return None
    top = str(directory.resolve())
    if os.path.isabs(text) and os.path.exists(text):
        real = os.path.realpath(text)
        return _in_run(real if real == top or real.startswith(f"{top}/") else text, top, place, text)
    path = os.path.join(top, text)  # keeps a trailing slash, as the engine does
    if os.path.exists(path):
        return _in_run(path, top, place, text)
    if discover and glob.has_magic(text):
        pattern = text if os.path.isabs(text) else os.path.join(glob.escape(top), text)
        return [_in_run(match, top, place, text) for match in sorted(glob.glob(pattern, recursive=True))] or None
    return None


def _in_run(path: str, top: str, place: str, text: str) -> str:
    inside = os.path.normpath(os.path.relpath(path, top))
    if inside == ".." or inside.startswith("../"):
        if os.path.isabs(text):
            return path  # an absolute path of the site stays what it is
        raise Refused(f"the input '{text}' leaves the init directory", "choose a wider --initdir")
    rest = path[len(top) :] if path == top or path.startswith(f"{top}/") else f"/{inside}"
    return f"{RUN}/init/{place}{rest}" if place else f"{RUN}/init{rest}"


def resolve(data: Any, directory: Path, discover: bool) -> Any:
    """Return the workflow's init data with every string that names something in its directory resolved."""
    if isinstance(data, list):
        return [resolve(x, directory, discover) for x in data]
    if isinstance(data, dict):
        return {key: resolve(value, directory, discover) for key, value in data.items()}
    if isinstance(data, str):
        found = look(directory, "", data, discover)
        return data if found is None else found
    return data
