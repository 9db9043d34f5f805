"""Reading, setting and deleting at a path: a list of keys, indices and slices {"start": …, "end": …}."""

from typing import Any, List, Sequence

from .errors import JqError
from .numbers import double
from .values import bounds, by_order, compare, describe, get, is_number, kind, position, require_room


def get_path(value: Any, path: Sequence[Any]) -> Any:
    """Return what stands at a path, null below null."""
    for key in path:
        value = get(value, key)
    return value


def set_path(value: Any, path: Sequence[Any], new: Any) -> Any:
    """Return the value with `new` at a path; objects and arrays are made where there is null."""
    if not path:
        return new
    return _set(value, path[0], set_path(get(value, path[0]), path[1:], new))


def delete_paths(value: Any, paths: Any) -> Any:
    """Return the value without what stands at the paths."""
    if not isinstance(paths, list):
        raise JqError("Paths must be specified as an array")
    for path in paths:
        require_path(path)
    last = None
    for path in sorted(paths, key=by_order, reverse=True):  # the last ones first: their places do not move
        if last is None or compare(path, last) != 0:
            value = _delete(value, path)
        last = path
    return value


def require_path(path: Any) -> List[Any]:
    """Return a path; raises JqError when it is none."""
    if not isinstance(path, list):
        raise JqError("Path must be specified as an array")
    return path


def _set(value: Any, key: Any, new: Any) -> Any:
    if isinstance(key, str) and (value is None or isinstance(value, dict)):
        return {**(value or {}), key: new}
    if is_number(key) and (value is None or isinstance(value, list)):
        items = list(value or ())
        place = position(key)
        place = place + len(items) if place < 0 else place
        if place < 0:
            raise JqError("Out of bounds negative array index")
        require_room(place)
        items.extend([None] * (place + 1 - len(items)))
        items[place] = new
        return items
    if isinstance(key, dict) and (value is None or isinstance(value, list)):
        if not isinstance(new, list):
            raise JqError("A slice of an array can only be assigned another array")
        items = list(value or ())
        items[slice(*bounds(key, len(items)))] = new
        return items
    raise JqError("Cannot update field at %s of %s" % (describe(key), kind(value)))


def _delete(value: Any, path: Sequence[Any]) -> Any:
    if not path:
        return None
    if value is None:
        return None
    if len(path) > 1:
        inner = get(value, path[0])
        return value if inner is None else _set(value, path[0], _delete(inner, path[1:]))
    key = path[0]
    if isinstance(value, dict) and isinstance(key, str):
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, list) and isinstance(key, dict):
        start, end = bounds(key, len(value))
        return value[:start] + value[end:]
    if isinstance(value, list) and is_number(key):
        place = position(key)
        place = place + len(value) if double(key) < 0 else place
        return value[:place] + value[place + 1 :] if 0 <= place < len(value) else value
    raise JqError("Cannot delete %s of %s" % (describe(key), kind(value)))
