"""The outputs of a workflow as a runner prints them, and what to copy for that into one directory."""

import os
import shutil
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from ..values import RUN
from .files import Host, Value, checksum, contents_sum, listing
from .urls import quote

OBJECT = "cwl.output.json"  # the output object itself is put beside the files
Key = Tuple[str, str]  # a location or a literal, and a name


class Copy(NamedTuple):
    """One file or directory to make below the directory of the outputs."""

    action: str  # copy, text, directory
    target: str  # a name below that directory
    source: str  # a path on this host, or the text

    def write(self, path: str) -> None:
        """Make it."""
        if self.action == "directory":
            os.makedirs(path, exist_ok=True)
        elif self.action == "copy":
            shutil.copy(self.source, path)
        else:
            with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(self.source)


def final(outputs: Dict[str, Any], host: Host) -> Tuple[Dict[str, Any], List[Copy]]:
    """Return the output object with sizes, checksums and places below one directory, and how to fill that directory.

    The places are relative URLs. Directories have theirs first, and a file that is in one of them is not
    written beside it once more. Two files of one name: the second becomes NAME_2.
    """
    collection = _Collection(host)
    tops = list(_tops(outputs))
    for value in [top for top in tops if top["class"] == "Directory"] + [top for top in tops if top["class"] == "File"]:
        collection.place(value, "")
    return collection.printed(outputs), collection.copies


def _tops(value: Any) -> Iterator[Value]:
    if isinstance(value, dict) and value.get("class") in ("File", "Directory"):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tops(item)


def _key(value: Value) -> Key:
    return value.get("location") or "literal:%d" % id(value), value["basename"]


class _Collection:
    """The files and directories that have a place already."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.copies = []  # type: List[Copy]
        self.places = {}  # type: Dict[Key, str]
        self.taken = {OBJECT}
        self.listings = {}  # type: Dict[Key, List[Value]]

    def place(self, value: Value, directory: str) -> None:
        """Give a file or directory, and what belongs to it, a place."""
        key = _key(value)
        if key not in self.places:
            target = self.places[key] = self.free(directory + value["basename"])
            if value["class"] == "Directory":
                self.copies.append(Copy("directory", target, ""))
                inner = listing(self.host, key[0], False) if "location" in value else value["listing"]
                self.listings[key] = inner
                for entry in inner:
                    self.place(entry, target + "/")
            elif "location" in value:
                self.copies.append(Copy("copy", target, self.host.path(key[0])))
            else:
                self.copies.append(Copy("text", target, value["contents"]))
        for beside in value.get("secondaryFiles", []):
            self.place(beside, directory)

    def free(self, target: str) -> str:
        """Return a target that nothing else has."""
        name, number = target, 1
        while name in self.taken:
            number += 1
            name = "%s_%d" % (target, number)
        self.taken.add(name)
        return name

    def printed(self, value: Any) -> Any:
        """Return a value with the places of its files."""
        if isinstance(value, list):
            return [self.printed(item) for item in value]
        if isinstance(value, str):
            return value.replace(RUN, self.host.run)
        if not isinstance(value, dict):
            return value
        if value.get("class") not in ("File", "Directory"):
            return {key: self.printed(item) for key, item in value.items()}
        key = _key(value)
        shown = {name: item for name, item in value.items() if name not in ("contents", "listing", "secondaryFiles")}
        shown["location"] = quote(self.places[key])
        if value["class"] == "Directory":
            shown["listing"] = [self.printed(entry) for entry in self.listings[key]]
        else:
            shown["size"], shown["checksum"] = self.measured(value)
        if "secondaryFiles" in value:
            shown["secondaryFiles"] = self.printed(value["secondaryFiles"])
        return shown

    def measured(self, value: Value) -> Tuple[int, str]:
        """Return size and checksum of a file."""
        if "location" not in value:
            return contents_sum(value["contents"])
        return checksum(self.host.path(value["location"]))
