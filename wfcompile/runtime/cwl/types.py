"""Does a value have a type? And if not, why, in words."""

import json
from typing import Any, Optional

from ..values import Deferred, Late
from .place import Unknown

Type = Any  # a name, a list (a union), or a mapping: the shapes of the document

RANGES = {"int": 2**31, "long": 2**63}


def matches(kind: Type, value: Any) -> bool:
    """Tell whether a value has a type; raises Unknown where a job has yet to publish it."""
    return mismatch(kind, value) is None


def mismatch(kind: Type, value: Any) -> Optional[str]:
    """Return why a value does not have a type, or None when it has."""
    if isinstance(value, (Late, Deferred)):
        raise Unknown("a value that a job publishes")
    if isinstance(kind, list):
        return _union(kind, value)
    if isinstance(kind, dict):
        return _made(kind, value)
    return None if _primitive(kind, value) else "%s is not %s" % (shown(value), named(kind))


def _union(kinds: Type, value: Any) -> Optional[str]:
    reasons = [mismatch(kind, value) for kind in kinds]
    if None in reasons:
        return None
    # The reason that goes deeper says more, where only one of the types has parts as the value has.
    shaped = [reason for kind, reason in zip(kinds, reasons) if _same_shape(kind, value)]
    return shaped[0] if len(shaped) == 1 else "%s is not %s" % (shown(value), named(kinds))


def _same_shape(kind: Type, value: Any) -> bool:
    shape = kind.get("type") if isinstance(kind, dict) else None
    return (shape == "array" and isinstance(value, list)) or (shape == "record" and isinstance(value, dict))


def _made(kind: Type, value: Any) -> Optional[str]:
    shape = kind["type"]
    if shape == "array" and isinstance(value, list):
        for number, item in enumerate(value):
            reason = mismatch(kind["items"], item)
            if reason:
                return "item %d: %s" % (number, reason)
        return None
    if shape == "record" and isinstance(value, dict):
        for field in kind["fields"]:
            reason = mismatch(field["type"], value.get(field["name"]))
            if reason:
                return "field '%s': %s" % (field["name"], reason)
        return None
    if shape == "enum" and isinstance(value, str) and value in kind["symbols"]:
        return None
    if shape not in ("array", "record", "enum"):  # {"type": "string"}, or a union in a mapping
        return mismatch(shape, value)
    return "%s is not %s" % (shown(value), named(kind))


def _primitive(kind: str, value: Any) -> bool:
    if kind == "null":
        return value is None
    if kind == "Any":
        return value is not None
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in RANGES:
        return type(value) is int and -RANGES[kind] <= value < RANGES[kind]
    if kind in ("float", "double"):
        return type(value) in (int, float)
    if kind == "string":
        return isinstance(value, str)
    return isinstance(value, dict) and value.get("class") == kind  # File, Directory


def named(kind: Type) -> str:
    """Return a type in words, with its article."""
    if isinstance(kind, list):
        return " or ".join(dict.fromkeys(named(one) for one in kind))
    if isinstance(kind, str):
        return kind if kind in ("null", "Any") else "%s %s" % ("an" if kind == "int" else "a", kind)
    if kind["type"] == "array":
        return "an array of [%s]" % named(kind["items"])
    if kind["type"] == "record":
        return "a record with the fields %s" % ", ".join("'%s'" % field["name"] for field in kind["fields"])
    if kind["type"] == "enum":
        return "one of %s" % ", ".join("'%s'" % symbol for symbol in kind["symbols"])
    return named(kind["type"])


def shown(value: Any) -> str:
    """Return a value for a message: JSON, not too long; a File by its name."""
    if isinstance(value, dict) and value.get("class") in ("File", "Directory"):
        return "the %s '%s'" % (value["class"], value.get("basename") or value.get("path") or value.get("location"))
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
