"""JSON values as a jq program sees them: their kinds, their order, and what indexing them gives.

None, bool, Decimal or float (numbers.py), str, list, dict. Values are never changed in place.
"""

import json
import math
import re
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, Callable, Dict, List, Tuple

from .errors import JqBound, JqError
from .numbers import compare_numbers, double, number_text, plain

LONGEST = 10**7  # characters of a text, elements of an array that one operation may make

_KINDS: Dict[type, Tuple[int, str]] = {
    type(None): (0, "null"),
    bool: (1, "boolean"),
    Decimal: (3, "number"),
    float: (3, "number"),
    str: (4, "string"),
    list: (5, "array"),
    dict: (6, "object"),
}
_UNPAIRED = re.compile("[\ud800-\udfff]")


def kind(value: Any) -> str:
    """Return the name of a value's type."""
    return _KINDS[type(value)][1]


def is_number(value: Any) -> bool:
    """Tell whether a value is a number."""
    return type(value) is Decimal or type(value) is float


def truth(value: Any) -> bool:
    """Tell whether a value counts as true: all but null and false do."""
    return value is not None and value is not False


def describe(value: Any) -> str:
    """Return a value's type and the start of its text, for a message."""
    text = to_json(value)
    return "%s (%s)" % (kind(value), text if len(text) <= 30 else text[:27] + "...")


def from_data(data: Any) -> Any:
    """Return Python's JSON data as values; raises JqError for what JSON cannot hold."""
    if data is None or data is True or data is False:
        return data
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, int):
        return Decimal(data)
    if isinstance(data, float):
        return Decimal(repr(data)) if math.isfinite(data) else data
    if isinstance(data, list):
        return [from_data(item) for item in data]
    if isinstance(data, dict):
        return {_text(key): from_data(item) for key, item in data.items()}
    raise JqError("the input holds a %s, which is not JSON" % type(data).__name__)


def to_data(value: Any, spend: Callable[[int], None]) -> Any:
    """Return a value as Python's JSON data; `spend` is told of every part, as small programs can make vast results."""
    spend(1)
    if isinstance(value, list):
        return [to_data(item, spend) for item in value]
    if isinstance(value, dict):
        return {key: to_data(item, spend) for key, item in value.items()}
    return plain(value) if is_number(value) else value


def to_json(value: Any) -> str:
    """Return a value as JSON without spaces, its keys in their own order."""
    if is_number(value):
        return number_text(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[%s]" % ",".join([to_json(item) for item in value])
    if isinstance(value, dict):
        return "{%s}" % ",".join([to_json(key) + ":" + to_json(item) for key, item in value.items()])
    return "null" if value is None else "true" if value else "false"


def from_json(text: str) -> Any:
    """Read JSON as RFC 8259 has it, and NaN and infinities; numbers keep their digits; raises JqError."""
    try:
        return _paired(json.loads(text, parse_int=Decimal, parse_float=Decimal))
    except ValueError as error:
        raise JqError("%s (while parsing '%s')" % (error, text))


def compare(left: Any, right: Any) -> int:
    """Return -1, 0 or 1: null, false, true, numbers, texts, arrays, objects (by their sorted keys, then values)."""
    if left is right and not is_number(left):
        return 0
    ranks = [_KINDS[type(value)][0] + (value is True) for value in (left, right)]
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if is_number(left):
        return compare_numbers(left, right)
    if isinstance(left, str):
        return int(left > right) - int(left < right)
    if isinstance(left, dict):
        keys = sorted(left), sorted(right)
        if keys[0] != keys[1]:
            return -1 if keys[0] < keys[1] else 1
        left, right = [left[key] for key in keys[0]], [right[key] for key in keys[0]]
    for pair in zip(left or (), right or ()):
        order = compare(*pair)
        if order:
            return order
    return (len(left) > len(right)) - (len(left) < len(right)) if left or right else 0


by_order = cmp_to_key(compare)


def get(value: Any, key: Any) -> Any:
    """Return value[key]: null where nothing is there; raises JqError where the key is not of a kind that fits."""
    if isinstance(key, str) and isinstance(value, dict):
        return value.get(key)
    if is_number(key) and isinstance(value, list):
        place = position(key)
        return value[place] if -len(value) <= place < len(value) else None
    if isinstance(key, dict) and isinstance(value, (list, str)):
        return value[slice(*bounds(key, len(value)))]
    if isinstance(key, list) and isinstance(value, list):
        return places(value, key)
    if value is None and (isinstance(key, (str, dict)) or is_number(key)):
        return None
    raise JqError("Cannot index %s with %s" % (kind(value), describe(key)))


def position(key: Any) -> int:
    """Return an index as an integer, rounded down; one that no array can have for NaN and what is too large."""
    number = double(key)
    return math.floor(number) if abs(number) < 2.0**53 else 2**53


def bounds(key: Dict[str, Any], length: int) -> Tuple[int, int]:
    """Return where a slice {"start": …, "end": …} begins and ends; a start is rounded down, an end up."""
    edges = []
    for name, default, whole in (("start", 0, math.floor), ("end", length, math.ceil)):
        edge = key.get(name, "")
        if edge is not None and not is_number(edge):
            raise JqError("Array/string slice indices must be integers")
        number = float(default) if edge is None else double(edge)
        number = float(default) if math.isnan(number) else number + length if number < 0 else number
        edges.append(whole(max(0.0, min(number, float(length)))))
    return edges[0], max(edges)


def places(value: Any, part: Any) -> List[Any]:
    """Return where an array or text holds `part`; occurrences may overlap."""
    size = len(part)
    if isinstance(value, str):
        found = (i for i in range(len(value)) if value.startswith(part, i))
    else:
        found = (i for i in range(len(value) - size + 1) if compare(value[i : i + size], part) == 0)
    return [float(i) for i in found] if size else []


def require_room(length: float) -> None:
    """Raise JqBound when an operation would make a longer text or array than any workflow needs."""
    if length > LONGEST:
        raise JqBound("a text or array longer than %d" % LONGEST)


def _text(text: str) -> str:
    if _UNPAIRED.search(text):
        raise JqError("half of a surrogate pair is not text")
    return text


def _paired(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_paired(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _paired(item) for key, item in value.items()}
    return value
