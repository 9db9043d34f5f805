"""The per-node text: rows for the wrapper, lines for each scheduler. The same at compile time and at run time.

Everything that came from a user is data in it: quoted for bash, or an id of a legal alphabet.
"""

import json
import re
from typing import Any, List, Optional, Sequence, Tuple

from .format_language import Field, parse
from .pointers import encode
from .publish import GLOBS, Glob
from .references import Rows
from .values import JOB, RUN, Deferred, Late

_SAFE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+\Z")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ROOT = "'\"$root\"'"
_JOB = "'\"$job\"'"


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
    return quoted.replace(JOB, _JOB)


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
    for name, value in zip(names, rows.slots[node]):
        if isinstance(value, str):
            lines.append("%s=%s" % (name, word(value)))
    if node in rows.calls:
        return lines + _call_lines(rows, node)
    late = late_words(rows, node, names)
    if late:
        lines.append("node_late=(%s)" % " ".join(late))
    if rows.globs[node]:
        words = [word(x) for glob in rows.globs[node] for x in _glob(rows, glob)]
        lines.append("node_globs=(%s)" % " ".join(words))
    if rows.mounts[node]:
        # an empty text is filled in when its late value is known
        words = [word(x if isinstance(x, str) else "") for mount in rows.mounts[node] for x in mount]
        lines.append("node_mounts=(%s)" % " ".join(words))
    return lines


def _call_lines(rows: Rows, node: int) -> List[str]:
    """Return the assignments of a node that calls a CWL tool."""
    call, lines = rows.calls[node], []
    if call.limit:
        lines.append("node_limit=%d" % call.limit)
    if call.stage:
        lines.append("node_stage=(%s)" % " ".join([word(text) for action in call.stage for text in action]))
    if call.late or call.collects:
        data = {"inputs": encode(call.inputs, rows.ids), "guards": encode(list(call.guards), rows.ids)}
        data["amounts"] = call.amounts
        lines.append("node_call=%s" % quote(json_text(data)))
    if not call.collects:
        own = "%s/%s/" % (RUN, rows.ids[node])
        lines.append(
            "node_files=(%s)" % " ".join([word(v["location"][len(own) :]) for v in rows.results[node].values()])
        )
    return lines


def quote(text: str) -> str:
    """Return text as one bash word on one line, tokens and all: who reads it knows them."""
    return "'" + text.replace("'", "'\\''") + "'"


def has_late_words(rows: Rows, node: int) -> bool:
    """Tell whether a node waits for a late value before its command starts."""
    if node in rows.calls:
        return bool(rows.calls[node].late)
    return bool(late_words(rows, node, [""] * len(rows.slots[node])))


def needs_python(rows: Rows, node: int) -> bool:
    """Tell whether a value that a node waits for, or what it publishes, needs more than bash."""
    if node in rows.calls:
        return bool(rows.calls[node].late or rows.calls[node].collects)
    return "=" in late_words(rows, node, [""] * len(rows.slots[node]))[1::3] or any(
        [mode not in GLOBS for _, mode, _ in rows.globs[node]]
    )


def late_words(rows: Rows, node: int, names: Sequence[str]) -> List[str]:
    """Return three words for each late value: the variable it goes to, a node and a pointer, or `=` and JSON.

    What a glob found is read by bash; anything else by the runtime (main.py).
    """
    words: List[str] = []
    for name, value in zip(names, rows.slots[node]):
        if isinstance(value, str):
            continue
        glob = _one_glob(rows, value)
        if glob:
            words += [name, rows.ids[glob.node], word(glob.pointer)]
        else:
            if isinstance(value, Late):
                value = Deferred("format", ["value", None, ""], {"value": value})
            words += [name, "=", word(json_text(encode(value, rows.ids)))]
    if node in rows.expected:  # whether the command uses it or not
        words += ["expected", "=", word(json_text(encode(rows.expected[node], rows.ids)))]
    for k, (_, text) in enumerate(rows.mounts[node]):
        if not isinstance(text, str):
            words += [word("node_mounts[%d]" % (2 * k + 1)), "=", word(json_text(encode(text, rows.ids)))]
    for k, (_, mode, pattern) in enumerate(rows.globs[node]):
        if mode in GLOBS and not isinstance(pattern, str):
            words += [word("node_globs[%d]" % (3 * k + 2)), "=", word(json_text(encode(pattern, rows.ids)))]
    return words


def _one_glob(rows: Rows, value: Any) -> Optional[Late]:
    """Return the late value when its words, parted by blanks, are what one glob found."""
    if isinstance(value, Deferred) and value.operation == "format" and value.options[1:] == [None, ""]:
        (inside,) = value.data.values()
        if isinstance(inside, Deferred) and inside.operation == "combine" and len(inside.data) == 1:
            value = inside.data[0]
    if isinstance(value, Late) and (
        value.pointer in [pointer for pointer, mode, _ in rows.globs[value.node] if mode in GLOBS]
    ):
        return value
    return None


def _glob(rows: Rows, glob: Glob) -> Tuple[str, str, str]:
    pointer, mode, argument = glob
    if isinstance(argument, str):
        return pointer, mode, argument
    return pointer, mode, "" if mode in GLOBS else json_text(encode(argument, rows.ids))


def json_text(data: Any) -> str:
    """Return data as JSON on one line."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def row(rows: Rows, node: int, names: Sequence[str], later: bool = False) -> str:
    """Return a node's line of a rows/ file; `later` says that the node makes its row itself when it runs."""
    if later:
        return "id=%s; later=%s\n" % (rows.ids[node], rows.point[node])
    return "; ".join(assignments(rows, node, names)) + "\n"
