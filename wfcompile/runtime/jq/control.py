"""Functions whose arguments are programs: they decide what runs, how often, and on which items."""

from itertools import groupby
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

from .errors import JqBound, JqError
from .evaluate import Builtin, Item, Items, Scope, combinations, evaluate, paths, step, values
from .functions import require_array
from .numbers import double
from .paths import require_path
from .syntax import Node
from .values import by_order, compare, describe, is_number, truth

DEEPEST = 50000  # levels that recurse, while and until may be inside of themselves


def function(of: Callable[..., Any]) -> Builtin:
    """Make a function of values one of programs: it runs for every choice of their results."""

    def run(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
        for chosen in combinations(arguments, scope, item[1]):
            yield item[0], of(item[1], *chosen)

    return run


def _empty(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    return iter(())


def _path(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for path in paths(arguments[0], scope, item[1]):
        yield item[0], list(path)


def _getpath(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for path in values(arguments[0], scope, item[1]):
        found = item
        for key in require_path(path):
            found = step(found, key)
        yield found


def _walk_down(start: Iterator[Tuple[bool, Item]], more: Callable[[Item], Iterator[Tuple[bool, Item]]]) -> Items:
    """Go through a tree without Python's own recursion: (is a result, item) pairs, those that are none lead on."""
    levels = [start]
    while levels:
        found, item = next(levels[-1], (None, (None, None)))
        if found is None:
            levels.pop()
        elif found:
            yield item
        else:
            if len(levels) == DEEPEST:
                raise JqBound("the jq program goes deeper than %d levels" % DEEPEST)
            levels.append(more(item))


def _recurse(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    def below(item: Item) -> Iterator[Tuple[bool, Item]]:
        yield True, item
        for inner in evaluate(arguments[0], scope, item):
            yield False, inner

    return _walk_down(below(item), below)


def _until(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    def attempt(item: Item) -> Iterator[Tuple[bool, Item]]:
        for done in values(arguments[0], scope, item[1]):
            if truth(done):
                yield True, item
            else:
                for changed in evaluate(arguments[1], scope, item):
                    yield False, changed

    return _walk_down(attempt(item), attempt)


def _repeat(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    while True:
        for result in evaluate(arguments[0], scope, item):
            yield result


def _range(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    # jq defines it in itself: the first argument's results change slowest
    for bounds in combinations(arguments[::-1], scope, item[1]):
        start, end, by = ((0.0,) * (len(bounds) == 1) + bounds[::-1] + (1.0,))[:3]
        if not all(is_number(bound) for bound in (start, end, by)):
            raise JqError("Range bounds must be numeric")
        width = double(by)
        while (width > 0 and compare(start, end) < 0) or (width < 0 and compare(start, end) > 0):
            scope.budget.spend(1)
            yield item[0], start
            start = double(start) + width


def _limit(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for count in values(arguments[0], scope, item[1]):
        left = _count("limit", count)
        if left > 0:
            for result in evaluate(arguments[1], scope, item):
                yield result
                left -= 1
                if left <= 0:
                    break


def _first(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for result in evaluate(arguments[0], scope, item):
        yield result
        break


def _last(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    found: List[Any] = []
    for value in values(arguments[0], scope, item[1]):
        found = [value]
    for value in found:
        yield item[0], value


def _skip(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for count in values(arguments[0], scope, item[1]):
        left = _count("skip", count)
        for result in evaluate(arguments[1], scope, item):
            if left < 1:
                yield result
            left -= 1


def _nth(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    for count in values(arguments[0], scope, item[1]):
        left = _count("nth", count)
        for result in evaluate(arguments[1], scope, item):
            if left < 1:
                yield result
                break
            left -= 1


def _count(name: str, count: Any) -> float:
    if not is_number(count):
        raise JqError("%s and number (1) cannot be subtracted" % describe(count))
    if not double(count) >= 0:
        raise JqError("%s doesn't support negative count" % name)
    return double(count)


def _keyed(arguments: Sequence[Node], scope: Scope, item: Item) -> List[Tuple[Any, Any]]:
    """Return the elements of an array, each with the key that it is sorted by, in order."""
    pairs = [(by_order(list(values(arguments[0], scope, value))), value) for value in require_array(item[1])]
    return sorted(pairs, key=lambda pair: pair[0])


def _sort_by(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    yield item[0], [value for _, value in _keyed(arguments, scope, item)]


def _group_by(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    groups = groupby(_keyed(arguments, scope, item), key=lambda pair: pair[0])
    yield item[0], [[value for _, value in group] for _, group in groups]


def _unique_by(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    groups = groupby(_keyed(arguments, scope, item), key=lambda pair: pair[0])
    yield item[0], [next(group)[1] for _, group in groups]


def _min_by(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    ordered = _keyed(arguments, scope, item)
    yield item[0], ordered[0][1] if ordered else None


def _max_by(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    ordered = _keyed(arguments, scope, item)
    yield item[0], ordered[-1][1] if ordered else None


CONTROL: Dict[str, Builtin] = {
    "empty/0": _empty,
    "path/1": _path,
    "getpath/1": _getpath,
    "recurse/1": _recurse,
    "until/2": _until,
    "repeat/1": _repeat,
    "range/1": _range,
    "range/2": _range,
    "range/3": _range,
    "limit/2": _limit,
    "first/1": _first,
    "last/1": _last,
    "skip/2": _skip,
    "nth/2": _nth,
    "sort_by/1": _sort_by,
    "group_by/1": _group_by,
    "unique_by/1": _unique_by,
    "min_by/1": _min_by,
    "max_by/1": _max_by,
}
