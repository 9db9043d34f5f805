"""Late values: what a job has published, put into the places that waited for it."""

from typing import Any, Callable, Iterable

from .expand import Rows, plain
from .format_language import Field, parse
from .values import Late

Published = Callable[[int, str], Any]  # node number, JSON pointer -> value


def at_pointer(data: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer (RFC 6901); raises KeyError or IndexError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def command(rows: Rows, node: int, text: str, fields: Iterable[Field], published: Published) -> str:
    """Return a node's whole command; `published` is asked for the late values in it."""
    slots = {}
    for field, slot in zip(fields, rows.slots[node]):
        slots[field] = plain(published(slot.node, slot.pointer), field) if isinstance(slot, Late) else slot
    return "".join([piece if isinstance(piece, str) else slots[piece] for piece in parse(text)])
