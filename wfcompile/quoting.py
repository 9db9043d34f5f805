"""Quoting, one function for each reader of generated text; the shell's is runtime.emit.word."""

from __future__ import annotations

import re


def comment(text: str) -> str:
    """Return text that cannot leave a comment line."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def condor_list_item(path: str) -> str:
    """Return a path for an HTCondor transfer list; raises ValueError for what such a list cannot hold."""
    if any(character in path for character in ",\n\r\"'$") or path != path.strip():
        raise ValueError(f"HTCondor cannot transfer a file named {path!r}")
    return path


def dagman_value(text: str) -> str:
    """Return a VARS value in double quotes (DAGMan reference, VARS: backslash and double quote are escaped)."""
    if "\n" in text:
        raise ValueError("a VARS value cannot hold a newline")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
