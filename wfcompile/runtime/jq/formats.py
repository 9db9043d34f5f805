"""The texts that `@name` makes of a value."""

import base64
import re
from typing import Any, Callable, Dict
from urllib.parse import quote

from .errors import JqError
from .values import describe, to_json

_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&apos;", '"': "&quot;", "\0": "\\0"}
_TSV = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\", "\0": "\\0"}


def to_text(value: Any) -> str:
    """Return a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else to_json(value)


def _replaced(text: str, table: Dict[str, str]) -> str:
    return "".join([table.get(character, character) for character in text])


def _row(value: Any, name: str, separator: str, quoted: Callable[[str], str]) -> str:
    if not isinstance(value, list):
        raise JqError("%s cannot be %s-formatted, only array" % (describe(value), name))
    cells = []
    for item in value:
        if isinstance(item, (list, dict)):
            raise JqError("%s is not valid in a csv row" % describe(item))
        missing = item is None or item != item
        cells.append("" if missing else quoted(item) if isinstance(item, str) else to_json(item))
    return separator.join(cells)


def _csv(value: Any) -> str:
    return _row(value, "csv", ",", lambda text: '"%s"' % _replaced(text, {'"': '""', "\0": "\\0"}))


def _tsv(value: Any) -> str:
    return _row(value, "tsv", "\t", lambda text: _replaced(text, _TSV))


def _sh(value: Any) -> str:
    words = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, (list, dict)):
            raise JqError("%s can not be escaped for shell" % describe(item))
        words.append("'%s'" % item.replace("'", "'\\''") if isinstance(item, str) else to_json(item))
    return " ".join(words)


def _from_base64(value: Any) -> str:
    text = to_text(value)
    body = text.split("=")[0]
    if not re.match("[A-Za-z0-9+/]*$", body):
        raise JqError("%s is not valid base64 data" % describe(text))
    if len(body) % 4 == 1:
        raise JqError("%s trailing base64 byte found" % describe(text))
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4)).decode()
    except UnicodeDecodeError:
        raise JqError("%s is not the base64 of a text" % describe(text))


FORMATS: Dict[str, Callable[[Any], str]] = {
    "text": to_text,
    "json": to_json,
    "csv": _csv,
    "tsv": _tsv,
    "html": lambda value: _replaced(to_text(value), _HTML),
    "uri": lambda value: quote(to_text(value), safe="-_.~"),
    "sh": _sh,
    "base64": lambda value: base64.b64encode(to_text(value).encode()).decode(),
    "base64d": _from_base64,
}
