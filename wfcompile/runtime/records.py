"""What nodes have published, read from their records (done.json)."""

import json
import os.path
import re
from typing import Any, Dict

from .values import RESERVED, RUN, Problem, Published

# what a shell may read as more than a part of a word, beside blanks, and braces, which formatting reads
_SPECIAL = frozenset("{}$`\\\"';&|<>()*?!\x7f").union([chr(code) for code in range(32)])


def published_by(run: str, node_id: str) -> Dict[str, Any]:
    """Return what a node published at its late pointers; raises Problem when it has no record."""
    try:
        with open(os.path.join(run, node_id, "done.json"), encoding="utf-8", errors="surrogateescape") as file:
            head = json.loads(_bytes(file.readline()) + "]}")  # the files come in the lines that follow
        found = head["published"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem("the record of node '%s' cannot be read: %s" % (node_id, error), "resume the run")
    # a text at a pointer of its own is a pattern that matched nothing: the author's, not the job's
    return {p: value if p and isinstance(value, str) else as_data(value, node_id) for p, value in found.items()}


def _bytes(text: str) -> str:
    """Return JSON text in which bytes that are not UTF-8, written as \\u00XX (events.sh), read back as surrogates."""
    if "\\u00" not in text:
        return text
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u00([89a-f][0-9a-f])", r"\1\\udc\2", text)


def is_done(run: str, node_id: str) -> bool:
    """Tell whether a node has a valid record and every file of it is there with its size."""
    directory = os.path.join(run, node_id)
    try:
        with open(os.path.join(directory, "done.json"), encoding="utf-8", errors="surrogateescape") as file:
            entries = json.loads(_bytes(file.read()))["files"]
        for entry in entries:
            status = os.lstat(os.path.join(directory, entry["name"]))
            if "link" not in entry and not entry["name"].endswith("/") and status.st_size != entry["size"]:
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def as_data(value: Any, node_id: str) -> Any:
    """Return published JSON data with its special texts marked; raises Problem for a text that cannot be told apart."""
    if isinstance(value, list):
        return [as_data(x, node_id) for x in value]
    if isinstance(value, dict):
        return {key: as_data(x, node_id) for key, x in value.items()}
    if not isinstance(value, str):
        return value
    rest = value[len(RUN) :] if value.startswith(RUN) else value
    if any(character in rest for character in RESERVED):
        shown = rest.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise Problem("node '%s' published %r, which holds a reserved character" % (node_id, shown))
    is_plain = _SPECIAL.isdisjoint(value) and "".join(value.split()) == value
    return value if is_plain else Published(value)
