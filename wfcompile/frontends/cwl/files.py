"""Files that documents and job orders name: where they are on this machine, and where they will be in the run."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wfcompile.documents import display_path
from wfcompile.errors import Refused, suggest
from wfcompile.frontends.cwl.faults import loc_of, path_of
from wfcompile.frontends.cwl.fence import LEADS_OUT, Fence
from wfcompile.frontends.cwl.plain import plain, scalar
from wfcompile.runtime.values import RUN

_KEPT = ("class", "basename", "size", "checksum", "format")
_ELSEWHERE = ".elsewhere"  # below the run's init/: directories that are not below the job order's


class Places:
    """The directories files come from, by their place below the run's init/, in order of first use."""

    def __init__(self, base: Path, fence: Fence | None = None) -> None:
        self.base = Path(os.path.normpath(base.absolute()))
        self.fence = fence  # for what documents name
        self.directories: dict[str, Path] = {}

    def unfenced(self) -> Places:
        """Return the same places for what the user names, wherever that is."""
        places = copy.copy(self)
        places.fence = None
        return places

    def located(self, path: Path) -> str:
        """Return a path's place in the run; beside it lies what lies beside the path."""
        path = Path(os.path.normpath(path.absolute()))
        inside = os.path.relpath(path, self.base)
        if inside != "." and inside.split("/")[0] not in ("..", _ELSEWHERE):
            self.directories[""] = self.base
            return f"{RUN}/init/{inside}"
        places = {directory: place for place, directory in self.directories.items() if place}
        place = places.get(path.parent, f"{_ELSEWHERE}/{len(places) + 1}")
        self.directories[place] = path.parent
        return f"{RUN}/init/{place}/{path.name}"

    def localise(self, data: Any) -> Any:
        """Return data as plain JSON with its Files and Directories in the form of the run."""
        if isinstance(data, dict) and data.get("class") in ("File", "Directory"):
            return self._file(data)
        if isinstance(data, dict):
            return {str(key): self.item(data, key) for key in data}
        return [self.item(data, n) for n in range(len(data))] if isinstance(data, list) else plain(data)

    def item(self, data: Any, key: Any) -> Any:
        """Return an item of a mapping or list, which knows where it stands."""
        value = data[key]
        return self.localise(value) if isinstance(value, dict | list) else scalar(value, data, key)

    def _file(self, data: Any) -> dict[str, Any]:
        about = {key: plain(data[key]) for key in _KEPT if data.get(key) is not None}
        name = about.get("basename", "_")
        if "/" in name or name in (".", ".."):
            raise Refused(f"'{name}' is no name of a file", "write it without a directory", loc_of(data, "basename"))
        location = data.get("location", data.get("path"))
        if location is None or str(location).startswith("_:"):
            about.update({key: self.localise(data[key]) for key in ("contents", "listing") if key in data})
            if not about.get("basename") or f"_:{about['basename']}" == location:  # cwltool made it up
                about["basename"] = hashlib.sha1(
                    repr(about.get("contents")).encode(), usedforsecurity=False
                ).hexdigest()
        else:
            path = local(data, str(location))
            if self.fence and not self.fence.holds(path):
                advice = f"allow it with --allow-path {path.resolve().parent}, or give it in the job order"
                raise Refused(f"'{path}' {LEADS_OUT}", advice, loc_of(data, "location"))
            about["location"] = self.located(path)
            about.setdefault("basename", path.name)
            if data["class"] == "File" and path.is_file():
                about["size"] = path.stat().st_size
        if data.get("secondaryFiles"):
            about["secondaryFiles"] = self.localise(data["secondaryFiles"])
        return about


def local(data: Any, location: str) -> Path:
    """Return the path of a location, with what cwltool takes for a fragment; raises Refused for a remote one."""
    split = urlsplit(location)
    if split.scheme not in ("", "file"):
        what = f"'{location}' is not on this machine"
        raise Refused(what, "download it and name the copy", loc_of(data, "location"))
    path = path_of(location)
    return path.with_name(f"{path.name}#{split.fragment}") if split.scheme and split.fragment else path


def refuse_missing(data: Any) -> None:
    """Refuse the first File or Directory of data that is not on this machine, or not of its class."""
    for file in files_in(data):
        location = file.get("location", file.get("path"))
        if location is not None and not str(location).startswith("_:"):
            _refuse_missing(file, local(file, str(location)))


def _refuse_missing(data: Any, path: Path) -> None:
    loc = loc_of(data, "location" if "location" in data else "path")
    wrong = not path.is_dir() if data["class"] == "Directory" else not path.is_file()
    if path.exists() and wrong:
        is_what = "a directory" if path.is_dir() else "no directory"
        raise Refused(f"'{display_path(path)}' is {is_what}, not a {data['class']}", "correct its class", loc)
    if wrong:
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        raise Refused(f"'{display_path(path)}' does not exist", suggest(path.name, there), loc)


def files_in(data: Any) -> Iterator[Any]:
    """Yield every File and Directory of data, the outer ones first."""
    if isinstance(data, dict):
        if data.get("class") in ("File", "Directory"):
            yield data
        for value in data.values():
            yield from files_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from files_in(value)
