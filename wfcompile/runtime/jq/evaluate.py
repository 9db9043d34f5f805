"""Runs the tree of a jq program.

Every kind of node has a generator of results. What flows through them is an item, (trail, value). The trail is None but
inside of `path(…)` and assignments: there it is (path, value at that path), and the item still stands on its path as
long as its value is that very object. So one evaluator gives values and paths.
"""

from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from .arithmetic import negate, operate
from .errors import JqBound, JqError
from .formats import FORMATS
from .paths import delete_paths, get_path, set_path
from .syntax import Node
from .values import describe, get, require_room, truth

Trail = Optional[Tuple[Tuple[Any, ...], Any]]
Item = Tuple[Trail, Any]
Items = Iterator[Item]
STEPS = 10**7  # of one run: a few seconds to half a minute


class Budget:
    """Counts the steps that a run may still take."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raise JqBound when the run has taken all its steps."""
        self.left -= steps
        if self.left < 0:
            raise JqBound("the jq program takes too many steps")


class Closure(NamedTuple):
    """A function, or an argument, with the names that were known where it was written."""

    parameters: Tuple[str, ...]
    body: Node
    scope: "Scope"


class Scope:
    """The names known at one place of a run; binding a name makes a new scope."""

    __slots__ = ("budget", "functions", "library", "variables")

    def __init__(
        self, variables: Dict[str, Any], functions: Dict[str, Closure], library: Dict[str, "Builtin"], budget: Budget
    ) -> None:
        self.variables = variables
        self.functions = functions
        self.library = library
        self.budget = budget

    def bind(self, variables: Dict[str, Any], functions: Optional[Dict[str, Closure]] = None) -> "Scope":
        """Return a scope with more names."""
        known = {**self.functions, **functions} if functions else self.functions
        return Scope({**self.variables, **variables}, known, self.library, self.budget)

    def define(self, function: str, parameters: Tuple[str, ...], body: Node) -> "Scope":
        """Return a scope with one more function, which knows itself."""
        scope = Scope(self.variables, dict(self.functions), self.library, self.budget)
        scope.functions[function] = Closure(parameters, body, scope)
        return scope


Builtin = Callable[[Sequence[Node], Scope, Item], Items]


class Break(Exception):
    """`break` on its way out to its label."""


def evaluate(node: Node, scope: Scope, item: Item) -> Items:
    """Return the results of a node for an item."""
    scope.budget.spend(1)
    return _EVALUATORS[node[0]](node, scope, item)


def values(node: Node, scope: Scope, value: Any) -> Iterator[Any]:
    """Return the results of a node for a value, wherever they come from."""
    for _, result in evaluate(node, scope, (None, value)):
        yield result


def combinations(nodes: Sequence[Node], scope: Scope, value: Any) -> Iterator[Tuple[Any, ...]]:
    """Return every choice of one result of each node; the first node's change fastest."""
    if not nodes:
        yield ()
        return
    for last in values(nodes[-1], scope, value):
        for rest in combinations(nodes[:-1], scope, value):
            yield rest + (last,)


def paths(node: Node, scope: Scope, value: Any) -> Iterator[Tuple[Any, ...]]:
    """Return the paths of the results of a node; raises JqError for one that is not a part of the value."""
    for trail, result in evaluate(node, scope, (((), value), value)):
        require_on_path(trail, result)
        if trail is not None:
            yield trail[0]


def step(item: Item, key: Any) -> Item:
    """Return the item that lies below another one."""
    trail, value = item
    if trail is None:
        return None, get(value, key)
    require_on_path(trail, value)
    found = get(value, key)
    return (trail[0] + (key,), found), found


def require_on_path(trail: Trail, value: Any) -> None:
    """Raise JqError when a value is not what stands at the path where it was looked for."""
    if trail is None or trail[1] is value:
        return
    if type(value) is not float or type(trail[1]) is not float or trail[1] != value:  # jq compares what it computed
        raise JqError("Invalid path expression with result %s" % describe(value))


# what a value consists of


def _here(node: Node, scope: Scope, item: Item) -> Items:
    yield item


def _constant(node: Node, scope: Scope, item: Item) -> Items:
    yield item[0], node[1]


def _variable(node: Node, scope: Scope, item: Item) -> Items:
    yield item[0], scope.variables[node[1]]


def _index(node: Node, scope: Scope, item: Item) -> Items:
    _, of, key_node, optional = node
    for key in values(key_node, scope, item[1]):
        for found in _steps(of, key, optional, scope, item):
            yield found


def _slice(node: Node, scope: Scope, item: Item) -> Items:
    _, of, start, end, optional = node
    for first in values(start, scope, item[1]) if start else (None,):
        for last in values(end, scope, item[1]) if end else (None,):
            for found in _steps(of, {"start": first, "end": last}, optional, scope, item):
                yield found


def _steps(of: Node, key: Any, optional: bool, scope: Scope, item: Item) -> Items:
    for outer in evaluate(of, scope, item):
        require_on_path(*outer)
        try:
            found = step(outer, key)
        except JqError:
            if optional:
                continue
            raise
        yield found


def _each(node: Node, scope: Scope, item: Item) -> Items:
    _, of, optional = node
    for outer in evaluate(of, scope, item):
        trail, value = outer
        require_on_path(trail, value)
        if not isinstance(value, (list, dict)):
            if optional:
                continue
            raise JqError("Cannot iterate over %s" % describe(value))
        if trail is None:
            for part in value if isinstance(value, list) else value.values():
                yield None, part
        else:
            for key in map(float, range(len(value))) if isinstance(value, list) else value:
                yield step(outer, key)


def _array(node: Node, scope: Scope, item: Item) -> Items:
    yield item[0], list(values(node[1], scope, item[1])) if node[1] else []


def _object(node: Node, scope: Scope, item: Item) -> Items:
    for made in _objects(node[1], scope, item[1]):
        yield item[0], made


def _objects(entries: Sequence[Tuple[Node, Node]], scope: Scope, value: Any) -> Iterator[Dict[str, Any]]:
    if not entries:
        yield {}
        return
    key_node, value_node = entries[-1]
    for made in _objects(entries[:-1], scope, value):
        for key in values(key_node, scope, value):
            for part in values(value_node, scope, value) if value_node else (get(value, key),):
                if not isinstance(key, str):
                    raise JqError("Cannot use %s as object key" % describe(key))
                yield {**made, key: part}


def _text(node: Node, scope: Scope, item: Item) -> Items:
    _, name, pieces = node
    for parts in combinations([piece for piece in pieces if not isinstance(piece, str)], scope, item[1]):
        made = iter(parts)
        text = "".join([piece if isinstance(piece, str) else FORMATS[name](next(made)) for piece in pieces])
        require_room(len(text))
        yield item[0], text


def _format(node: Node, scope: Scope, item: Item) -> Items:
    yield item[0], FORMATS[node[1]](item[1])


# how results are joined


def _pipe(node: Node, scope: Scope, item: Item) -> Items:
    for between in evaluate(node[1], scope, item):
        for result in evaluate(node[2], scope, between):
            yield result


def _comma(node: Node, scope: Scope, item: Item) -> Items:
    for part in node[1:]:
        for result in evaluate(part, scope, item):
            yield result


def _or(node: Node, scope: Scope, item: Item) -> Items:
    return _logic(node, scope, item, True)


def _and(node: Node, scope: Scope, item: Item) -> Items:
    return _logic(node, scope, item, False)


def _logic(node: Node, scope: Scope, item: Item, decisive: bool) -> Items:
    for left in values(node[1], scope, item[1]):
        if truth(left) is decisive:
            yield item[0], decisive
        else:
            for right in values(node[2], scope, item[1]):
                yield item[0], truth(right)


def _else(node: Node, scope: Scope, item: Item) -> Items:
    found = False
    for result in evaluate(node[1], scope, item):
        if truth(result[1]):
            found = True
            yield result
    if not found:
        for result in evaluate(node[2], scope, item):
            yield result


def _operate(node: Node, scope: Scope, item: Item) -> Items:
    for left, right in combinations(node[2:], scope, item[1]):
        yield item[0], operate(node[1], left, right)


def _negate(node: Node, scope: Scope, item: Item) -> Items:
    for value in values(node[1], scope, item[1]):
        yield item[0], negate(value)


def _if(node: Node, scope: Scope, item: Item) -> Items:
    for condition in values(node[1], scope, item[1]):
        for result in evaluate(node[2] if truth(condition) else node[3], scope, item):
            yield result


def _try(node: Node, scope: Scope, item: Item) -> Items:
    try:
        for result in evaluate(node[1], scope, item):
            yield result
    except JqBound:
        raise
    except JqError as error:
        caught = error
    else:
        return
    if node[2]:
        for result in evaluate(node[2], scope, (item[0], caught.value)):
            yield result


def _label(node: Node, scope: Scope, item: Item) -> Items:
    mark = object()
    try:
        for result in evaluate(node[2], scope.bind({node[1]: mark}), item):
            yield result
    except Break as out:
        if out.args[0] is not mark:
            raise


def _break(node: Node, scope: Scope, item: Item) -> Items:
    raise Break(scope.variables[node[1]])


# names


def _bind(node: Node, scope: Scope, item: Item) -> Items:
    _, source, pattern, body = node
    for value in values(source, scope, item[1]):
        for found in _destructure(pattern, scope, value):
            for result in evaluate(body, scope.bind(found), item):
                yield result


def _destructure(pattern: Node, scope: Scope, value: Any) -> Iterator[Dict[str, Any]]:
    """Return the variables that a pattern takes out of a value."""
    if pattern[0] == "name":
        yield {pattern[1]: value}
        return
    if pattern[0] == "array":
        entries: Sequence[Any] = [(("constant", float(place)), None, item) for place, item in enumerate(pattern[1])]
    else:
        entries = pattern[1]
    for found in _entries(entries, scope, value):
        yield found


def _entries(entries: Sequence[Any], scope: Scope, value: Any) -> Iterator[Dict[str, Any]]:
    if not entries:
        yield {}
        return
    key_node, name, inner = entries[0]
    for key in values(key_node, scope, value):
        part = get(value, key)
        for found in _destructure(inner, scope, part) if inner else ({},):
            for rest in _entries(entries[1:], scope, value):
                yield {**({name: part} if name else {}), **found, **rest}


def _reduce(node: Node, scope: Scope, item: Item) -> Items:
    _, source, pattern, start, update = node
    for state in values(start, scope, item[1]):
        for value in values(source, scope, item[1]):
            for found in _destructure(pattern, scope, value):
                last = None
                for result in values(update, scope.bind(found), state):
                    last = result
                state = last
        yield item[0], state


def _foreach(node: Node, scope: Scope, item: Item) -> Items:
    _, source, pattern, start, update, extract = node
    for state in values(start, scope, item[1]):
        for value in values(source, scope, item[1]):
            for found in _destructure(pattern, scope, value):
                inner = scope.bind(found)
                last = None
                for last in values(update, inner, state):
                    for result in values(extract, inner, last):
                        yield item[0], result
                state = last


def _define(node: Node, scope: Scope, item: Item) -> Items:
    _, function, parameters, body, rest = node
    return evaluate(rest, scope.define(function, parameters, body), item)


def _call(node: Node, scope: Scope, item: Item) -> Items:
    _, function, arguments = node
    if function in scope.functions:
        return apply(scope.functions[function], arguments, scope, item)
    return scope.library[function](arguments, scope, item)


def apply(closure: Closure, arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
    """Return the results of a function; its parameters named $x take every value of their arguments in turn."""
    functions = {
        parameter.lstrip("$") + "/0": Closure((), argument, scope)
        for parameter, argument in zip(closure.parameters, arguments)
    }
    takes_values = [pair for pair in zip(closure.parameters, arguments) if pair[0][0] == "$"]
    names = [name for name, _ in takes_values][::-1]
    for chosen in combinations([argument for _, argument in takes_values][::-1], scope, item[1]):
        given = {name[1:] + "/0": Closure((), ("constant", value), scope) for name, value in zip(names, chosen)}
        inner = closure.scope.bind(dict(zip(names, chosen)), {**functions, **given})
        for result in evaluate(closure.body, inner, item):
            yield result


# assignments


def _set(node: Node, scope: Scope, item: Item) -> Items:
    for new in values(node[2], scope, item[1]):
        changed = item[1]
        for path in paths(node[1], scope, item[1]):
            changed = set_path(changed, path, new)
        yield item[0], changed


def _update(node: Node, scope: Scope, item: Item) -> Items:
    changed = item[1]
    without = []  # the places for which there is no new value
    for path in paths(node[1], scope, item[1]):
        for new in values(node[2], scope, get_path(changed, path)):
            changed = set_path(changed, path, new)
            break
        else:
            without.append(list(path))
    yield item[0], delete_paths(changed, without) if without else changed


def _change(node: Node, scope: Scope, item: Item) -> Items:
    _, operator, places, by = node
    for right in values(by, scope, item[1]):
        changed = item[1]
        for path in paths(places, scope, item[1]):
            left = get_path(changed, path)
            new = (left if truth(left) else right) if operator == "//" else operate(operator, left, right)
            changed = set_path(changed, path, new)
        yield item[0], changed


_EVALUATORS: Dict[str, Callable[[Node, Scope, Item], Items]] = {
    "here": _here,
    "constant": _constant,
    "variable": _variable,
    "index": _index,
    "slice": _slice,
    "each": _each,
    "array": _array,
    "object": _object,
    "text": _text,
    "format": _format,
    "pipe": _pipe,
    "comma": _comma,
    "or": _or,
    "and": _and,
    "else": _else,
    "operate": _operate,
    "negate": _negate,
    "if": _if,
    "try": _try,
    "label": _label,
    "break": _break,
    "bind": _bind,
    "reduce": _reduce,
    "foreach": _foreach,
    "define": _define,
    "call": _call,
    "set": _set,
    "update": _update,
    "change": _change,
}
