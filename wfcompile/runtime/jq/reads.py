"""Which parameters a program reads: it can be run when these are known, whatever the others may become."""

from typing import Optional, Set

from . import parse
from .errors import JqSyntax
from .syntax import HERE, Node

_OF_THEIR_PARTS = ("index", "slice", "each", "array", "comma", "or", "and", "else", "operate", "negate", "if")


class _Everything(Exception):
    pass


def keys_read(text: str) -> Optional[Set[str]]:
    """Return the keys of its input that a program reads, or None when it may read anything."""
    try:
        return _keys(parse(text).tree)
    except (_Everything, JqSyntax, RecursionError):
        return None


def _keys(node: Node) -> Set[str]:
    kind = node[0]
    if kind in ("constant", "variable"):
        return set()
    if kind == "index" and node[1] == HERE and node[2][0] == "constant" and isinstance(node[2][1], str):
        return {node[2][1]}
    if kind == "pipe":  # what follows reads what the first part gives
        return _keys(node[1])
    if kind == "object":
        return set().union(*[_keys(key) | (_keys(value) if value else _named(key)) for key, value in node[1]])
    if kind == "text":
        return set().union(*[_keys(part) for part in node[2] if isinstance(part, tuple)])
    if kind == "bind":
        return _keys(node[1]) | _keys(node[3])
    if kind == "if" and len([part for part in node[1:] if part]) < 3:
        raise _Everything  # without `else` its result may be the input itself
    if kind in _OF_THEIR_PARTS:
        parts = [part for part in node[1:] if isinstance(part, tuple) and part]
        return set().union(*[_keys(part) for part in parts])
    raise _Everything


def _named(key: Node) -> Set[str]:
    if key[0] == "constant" and isinstance(key[1], str):
        return {key[1]}  # {a} is {a: .a}
    if key[0] == "variable":
        return set()
    raise _Everything
