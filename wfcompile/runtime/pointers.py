"""Late values as JSON data, and what a node has published at a pointer."""

from typing import Any, List, Mapping

from .values import RESERVED, Deferred, Late

LATE, DEFERRED = RESERVED[0] + "late", RESERVED[0] + "deferred"  # no document holds such a key


def at_pointer(data: Any, pointer: str) -> Any:
    """Return the value at a JSON pointer (RFC 6901); raises KeyError or IndexError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def published_at(found: Mapping[str, Any], pointer: str) -> Any:
    """Return the value at a pointer among what a node published at others; raises KeyError or IndexError."""
    if pointer in found:
        return found[pointer]
    for above in found:
        if pointer.startswith(above + "/"):
            return at_pointer(found[above], pointer[len(above) :])
    raise KeyError(pointer)


def encode(data: Any, ids: List[str]) -> Any:
    """Return data with late values as JSON data, nodes by their ids."""
    if isinstance(data, Late):
        return {LATE: [ids[data.node], data.pointer]}
    if isinstance(data, Deferred):
        return {DEFERRED: [data.operation, data.options, encode(data.data, ids)]}
    if isinstance(data, dict):
        return {key: encode(value, ids) for key, value in data.items()}
    if isinstance(data, list):
        return [encode(value, ids) for value in data]
    return data


def decode(data: Any) -> Any:
    """Return what encode was given, nodes by their ids."""
    if isinstance(data, dict):
        if LATE in data:
            return Late(*data[LATE])
        if DEFERRED in data:
            operation, options, inside = data[DEFERRED]
            return Deferred(operation, options, decode(inside))
        return {key: decode(value) for key, value in data.items()}
    if isinstance(data, list):
        return [decode(value) for value in data]
    return data
