"""What the binary operators give."""

from typing import Any, Callable, Dict

from .errors import JqError
from .numbers import double, negative, remainder, whole
from .values import compare, describe, is_number, require_room


def operate(operator: str, left: Any, right: Any) -> Any:
    """Return the result of one of + - * / % == != < <= > >=; raises JqError."""
    return _OPERATORS[operator](left, right)


def negate(value: Any) -> Any:
    """Return a number with the other sign."""
    if not is_number(value):
        raise JqError("%s cannot be negated" % describe(value))
    return negative(value)


def split(text: str, separator: str) -> Any:
    """Return the parts of a text; an empty separator gives its characters."""
    return [] if not text else text.split(separator) if separator else list(text)


def _add(left: Any, right: Any) -> Any:
    if left is None:
        return right
    if right is None:
        return left
    if is_number(left) and is_number(right):
        return double(left) + double(right)
    if type(left) is type(right) and isinstance(left, (str, list)):
        require_room(len(left) + len(right))
        return left + right
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **right}
    raise _impossible(left, right, "added")


def _subtract(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return double(left) - double(right)
    if isinstance(left, list) and isinstance(right, list):
        return [item for item in left if all(compare(item, other) for other in right)]
    raise _impossible(left, right, "subtracted")


def _multiply(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return double(left) * double(right)
    if isinstance(right, str) and is_number(left):
        left, right = right, left
    if isinstance(left, str) and is_number(right):
        times = double(right)
        if not times >= 0:  # NaN too
            return None
        require_room(len(left) * times)
        return left * int(times) if left else ""
    if isinstance(left, dict) and isinstance(right, dict):
        return _merge(left, right)
    raise _impossible(left, right, "multiplied")


def _merge(left: Dict[str, Any], right: Dict[str, Any]) -> Dict[str, Any]:
    merged = dict(left)
    for key, value in right.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        if double(right) == 0:
            raise _impossible(left, right, "divided because the divisor is zero")
        return double(left) / double(right)
    if isinstance(left, str) and isinstance(right, str):
        return split(left, right)
    raise _impossible(left, right, "divided")


def _modulo(left: Any, right: Any) -> Any:
    if not (is_number(left) and is_number(right)):
        raise _impossible(left, right, "divided (remainder)")
    if double(right) == double(right) and whole(right) == 0:
        raise _impossible(left, right, "divided (remainder) because the divisor is zero")
    return remainder(left, right)


def _impossible(left: Any, right: Any, what: str) -> JqError:
    return JqError("%s and %s cannot be %s" % (describe(left), describe(right), what))


_OPERATORS: Dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "==": lambda left, right: compare(left, right) == 0,
    "!=": lambda left, right: compare(left, right) != 0,
    "<": lambda left, right: compare(left, right) < 0,
    "<=": lambda left, right: compare(left, right) <= 0,
    ">": lambda left, right: compare(left, right) > 0,
    ">=": lambda left, right: compare(left, right) >= 0,
}
