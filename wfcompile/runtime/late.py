"""Late values: what a job has published, put into the places that waited for it."""

from typing import Any, Callable, Iterable

from .format_language import Field, parse, render_field
from .references import Rows
from .values import Late

Published = Callable[[int, str], Any]  # node number, JSON pointer -> value


def at_pointer(data: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer (RFC 6901); raises KeyError or IndexError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def flat(value: Any) -> Any:
    """Return a list as its elements joined by a blank: packtivity quotes nothing."""
    if type(value) is list and not any(type(x) is Late for x in value):
        return " ".join([x if type(x) is str else str(x) for x in value])
    return value


def plain(value: Any, field: Field) -> Any:
    """Return what a field `{name}` without more becomes: text, or the Late value itself."""
    if type(value) is str or type(value) is Late:
        return value
    if type(value) is list:
        value = flat(value)
    return value if type(value) is str else render_field(field, {field.name: value})


def command(rows: Rows, node: int, text: str, fields: Iterable[Field], published: Published) -> str:
    """Return a node's whole command; `published` is asked for the late values in it."""
    slots = {}
    for field, slot in zip(fields, rows.slots[node]):
        slots[field] = plain(published(slot.node, slot.pointer), field) if isinstance(slot, Late) else slot
    return "".join([piece if isinstance(piece, str) else slots[piece] for piece in parse(text)])
