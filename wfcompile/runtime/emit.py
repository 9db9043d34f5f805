"""The per-node text: rows for the wrapper, lines for each scheduler. The same at compile time and at run time.

Everything that came from a user is data in it: quoted for bash, or an id of a legal alphabet.
"""

import re
from typing import List, Sequence

from .format_language import Field, parse
from .references import Rows
from .values import RUN, Late

_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ROOT = "'\"$root\"'"


def word(text: str) -> str:
    """Return text as one bash word on one line; the run root's token becomes "$root"."""
    if _SAFE.match(text):
        return text
    if text.startswith(RUN):
        rest = text[len(RUN) :]
        if not rest or _SAFE.match(rest):
            return '"$root"' + rest
    quoted = "'" + text.replace("'", "'\\''") + "'"
    if "\n" in quoted:
        quoted = quoted.replace("\n", "'$'\\n''")
    if RUN in quoted:
        quoted = quoted.replace(RUN, _ROOT)
    return quoted


def slot_names(fields: Sequence[Field]) -> List[str]:
    """Return the shell variable of each field of a command."""
    names = []
    for k, field in enumerate(fields):
        plain = field.conversion is None and not field.spec and _NAME.match(field.name)
        names.append("p_%s" % field.name if plain else "slot_%d" % k)
    return names


def command_words(text: str, fields: Sequence[Field]) -> str:
    """Return a command's format string as one bash word made of quoted text and variables."""
    variables = dict(zip(fields, slot_names(fields)))
    parts = []
    for piece in parse(text):
        if isinstance(piece, str):
            parts.append("'" + piece.replace("'", "'\\''") + "'")
        else:
            parts.append('"$%s"' % variables[piece])
    return "".join(parts) or "''"


def assignments(rows: Rows, node: int, names: Sequence[str]) -> List[str]:
    """Return the bash assignments that tell one node of a step from the others."""
    ids = rows.ids
    lines = ["id=%s" % ids[node], "parents=(%s)" % " ".join([ids[p] for p in rows.parents[node]])]
    if rows.inputs[node]:
        lines.append("inputs=(%s)" % " ".join([word(x) for x in rows.inputs[node]]))
    late: List[str] = []
    for name, value in zip(names, rows.slots[node]):
        if type(value) is Late:
            late.append("%s %s %s" % (name, ids[value.node], word(value.pointer)))
        else:
            lines.append("%s=%s" % (name, word(value)))
    if late:
        lines.append("node_late=(%s)" % " ".join(late))
    if rows.globs[node]:
        lines.append("node_globs=(%s)" % " ".join([word(x) for glob in rows.globs[node] for x in glob]))
    if rows.mounts[node]:
        lines.append("node_mounts=(%s)" % " ".join([word(x) for mount in rows.mounts[node] for x in mount]))
    return lines


def row(rows: Rows, node: int, names: Sequence[str]) -> str:
    """Return a node's line of a rows/ file."""
    return "; ".join(assignments(rows, node, names)) + "\n"
