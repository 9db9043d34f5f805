"""Functions of a value and values of their arguments, by name and number of arguments."""

import math
import re
from decimal import Decimal
from typing import Any, Callable, Dict, List, Optional

from .arithmetic import split
from .errors import JqError
from .formats import to_text
from .numbers import double, whole
from .paths import delete_paths, require_path, set_path
from .values import (
    by_order,
    compare,
    describe,
    from_json,
    get,
    is_number,
    kind,
    places,
    position,
    to_json,
    truth,
)

_BLANKS = "".join(map(chr, [*range(9, 14), 32, 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239, 8287, 12288]))
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$")
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)$", re.IGNORECASE)
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in range(ord("A"), ord("Z") + 1)}


# sizes and kinds


def _length(value: Any) -> Any:
    if value is None:
        return 0.0
    if isinstance(value, bool):
        raise JqError("%s has no length" % describe(value))
    return abs(value) if type(value) is float else value.copy_abs() if is_number(value) else float(len(value))


def _bytes(value: Any) -> float:
    if not isinstance(value, str):
        raise JqError("%s only strings have UTF-8 byte length" % describe(value))
    return float(len(value.encode()))


def _keys(value: Any) -> List[Any]:
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, list):
        return [float(i) for i in range(len(value))]
    raise JqError("%s has no keys" % describe(value))


def _has(value: Any, key: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    if isinstance(value, list) and is_number(key):
        return 0 <= position(key) < len(value)
    raise JqError("Cannot check whether %s has a %s key" % (kind(value), kind(key)))


def _contains(value: Any, part: Any) -> bool:
    if kind(value) != kind(part) or (isinstance(value, bool) and value is not part):
        raise JqError("%s and %s cannot have their containment checked" % (describe(value), describe(part)))
    return _holds(value, part)


def _holds(value: Any, part: Any) -> bool:
    if isinstance(value, dict) and isinstance(part, dict):
        return all(key in value and _holds(value[key], item) for key, item in part.items())
    if isinstance(value, list) and isinstance(part, list):
        return all(any(_holds(mine, item) for mine in value) for item in part)
    if isinstance(value, str) and isinstance(part, str):
        return part in value
    return compare(value, part) == 0


def _indices(value: Any, part: Any) -> Any:
    if isinstance(value, str) and isinstance(part, str):
        return places(value, part)
    if isinstance(value, list):
        return places(value, part if isinstance(part, list) else [part])
    return get(value, part)


# order


def require_array(value: Any) -> List[Any]:
    """Return an array; raises JqError when it is none."""
    if not isinstance(value, list):
        raise JqError("%s cannot be sorted, as it is not an array" % describe(value))
    return value


def _unique(value: Any) -> List[Any]:
    found: List[Any] = []
    for item in sorted(require_array(value), key=by_order):
        if not found or compare(found[-1], item) != 0:
            found.append(item)
    return found


def _least(value: Any) -> Any:
    return min(require_array(value), key=by_order, default=None)


def _greatest(value: Any) -> Any:
    return max(reversed(require_array(value)), key=by_order, default=None)


# texts


def _texts(what: str, *values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise JqError(what)


def _starts(value: Any, part: Any) -> bool:
    _texts("startswith() requires string inputs", value, part)
    return bool(value.startswith(part))


def _ends(value: Any, part: Any) -> bool:
    _texts("endswith() requires string inputs", value, part)
    return bool(value.endswith(part))


def _without_start(value: Any, part: Any) -> Any:
    return value[len(part) :] if _starts(value, part) else value


def _without_end(value: Any, part: Any) -> Any:
    return value[: len(value) - len(part)] if _ends(value, part) else value


def _strip(name: str, strip: Callable[[str, str], str]) -> Callable[[Any], str]:
    def stripped(value: Any) -> str:
        _texts("trim input must be a string", value)
        return strip(value, _BLANKS)

    return stripped


def _split(value: Any, separator: Any) -> Any:
    _texts("split input and separator must be strings", value, separator)
    return split(value, separator)


def _explode(value: Any) -> List[float]:
    _texts("explode input must be a string", value)
    return [float(ord(character)) for character in value]


def _implode(value: Any) -> str:
    if not isinstance(value, list):
        raise JqError("implode input must be an array")
    for item in value:
        if not is_number(item) or item != item:
            raise JqError("%s can't be imploded, unicode codepoint needs to be numeric" % describe(item))
    codes = [whole(item) for item in value]
    valid = [0 <= code < 0xD800 or 0xE000 <= code < 0x110000 for code in codes]
    return "".join([chr(code) if good else "\ufffd" for code, good in zip(codes, valid)])


def _cased(table: Dict[int, int]) -> Callable[[Any], str]:
    def cased(value: Any) -> str:
        _texts("explode input must be a string", value)
        return str(value.translate(table))

    return cased


def _to_number(value: Any) -> Any:
    if is_number(value):
        return value
    if isinstance(value, str) and _NUMBER.match(value) and not value.endswith("\n"):
        return Decimal(value)
    if isinstance(value, str) and _NO_NUMBER.match(value) and not value.endswith("\n"):
        return float(value)
    raise JqError("%s cannot be parsed as a number" % describe(value))


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        raise JqError("%s only strings can be parsed" % describe(value))
    return from_json(value)


# numbers


def _of_numbers(function: Callable[..., float]) -> Callable[..., float]:
    """Make a function of doubles one of values: where it has no value the result is NaN, or infinity."""

    def result(*values: Any) -> float:
        for value in values:
            if not is_number(value):
                raise JqError("%s number required" % describe(value))
        try:
            return function(*map(double, values))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return result


def _whole_number(rounded: Callable[[float], int]) -> Callable[[float], float]:
    return lambda x: math.copysign(float(rounded(x)), x) if math.isfinite(x) else x


def _half_away(x: float) -> int:
    return math.trunc(x) + (abs(x - math.trunc(x)) >= 0.5) * (1 if x > 0 else -1)


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: function(x) if x != 0 else -math.inf


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def _raise(value: Any, message: Optional[Any] = None) -> Any:
    raise JqError(message, to_text(message))


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    "not/0": lambda value: not truth(value),
    "type/0": kind,
    "length/0": _length,
    "utf8bytelength/0": _bytes,
    "keys/0": lambda value: sorted(_keys(value)),
    "keys_unsorted/0": _keys,
    "has/1": _has,
    "contains/1": _contains,
    "indices/1": _indices,
    "index/1": lambda value, part: get(_indices(value, part), 0.0),
    "rindex/1": lambda value, part: get(_indices(value, part), -1.0),
    "sort/0": lambda value: sorted(require_array(value), key=by_order),
    "unique/0": _unique,
    "min/0": _least,
    "max/0": _greatest,
    "startswith/1": _starts,
    "endswith/1": _ends,
    "ltrimstr/1": _without_start,
    "rtrimstr/1": _without_end,
    "trimstr/1": lambda value, part: _without_end(_without_start(value, part), part),
    "trim/0": _strip("trim", str.strip),
    "ltrim/0": _strip("ltrim", str.lstrip),
    "rtrim/0": _strip("rtrim", str.rstrip),
    "split/1": _split,
    "explode/0": _explode,
    "implode/0": _implode,
    "ascii_downcase/0": _cased(_LOWER),
    "ascii_upcase/0": _cased(_UPPER),
    "tostring/0": to_text,
    "tonumber/0": _to_number,
    "tojson/0": to_json,
    "fromjson/0": _from_json,
    "setpath/2": lambda value, path, new: set_path(value, require_path(path), new),
    "delpaths/1": delete_paths,
    "error/0": lambda value: _raise(value, value),
    "error/1": _raise,
    "infinite/0": lambda value: math.inf,
    "nan/0": lambda value: math.nan,
    "isnan/0": lambda value: is_number(value) and value != value,
    "isinfinite/0": lambda value: is_number(value) and math.isinf(double(value)),
    "floor/0": _of_numbers(_whole_number(math.floor)),
    "ceil/0": _of_numbers(_whole_number(math.ceil)),
    "round/0": _of_numbers(_whole_number(_half_away)),
    "trunc/0": _of_numbers(_whole_number(math.trunc)),
    "fabs/0": _of_numbers(abs),
    "sqrt/0": _of_numbers(math.sqrt),
    "exp/0": _of_numbers(math.exp),
    "log/0": _of_numbers(_logarithm(math.log)),
    "log2/0": _of_numbers(_logarithm(math.log2)),
    "log10/0": _of_numbers(_logarithm(math.log10)),
    "pow/2": lambda value, base, exponent: _of_numbers(_power)(base, exponent),
}
