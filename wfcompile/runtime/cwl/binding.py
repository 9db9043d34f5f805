"""The words of a command line: what inputBinding and arguments say, in the standard's order."""

import shlex
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from ..values import in_part
from .derived import is_file, path_of
from .expressions import Context, evaluate
from .kinds import Schema, chosen, known
from .place import CwlProblem
from .staging import LITERAL
from .types import shown

Position = Tuple[Union[int, str], ...]
FIRST = -1000000  # baseCommand comes before everything that has a position


class Bound(NamedTuple):
    """One binding with the value it is for, and its place among all."""

    position: Position
    binding: Dict[str, Any]
    value: Any
    part: Tuple[str, ...] = ("tool", "baseCommand")  # where its author wrote it


def words(tool: Dict[str, Any], context: Context) -> List[str]:
    """Return the command line; with ShellCommandRequirement: /bin/sh, -c and its text."""
    bound = in_order(tool, context)
    if "ShellCommandRequirement" not in tool["requirements"]:
        line = [word for one in bound for word in generated(one, context)]
    else:
        parts = []
        for one in bound:
            quoted = one.binding.get("shellQuote", True)
            parts += [shlex.quote(word) if quoted else word for word in generated(one, context)]
        line = ["/bin/sh", "-c", " ".join(parts)] if parts else []
    if not line:
        raise CwlProblem(
            "%s: the command line is empty" % tool["name"],
            "give it a baseCommand, arguments, or an input with an inputBinding",
        )
    return line


def in_order(tool: Dict[str, Any], context: Context) -> List[Bound]:
    """Return all bindings of a tool, sorted as they appear on its command line."""
    found = []  # type: List[Bound]
    for schema in tool["inputs"]:
        part = ("tool", "inputs", schema["name"])
        if has_binding(schema) and known(context.inputs[schema["name"]]) is not None:
            with in_part(*part):
                bound = bind(schema, context.inputs[schema["name"]], (), (schema["name"],), context)
            found += [one._replace(part=part) for one in bound]
    for number, word in enumerate(tool.get("baseCommand") or []):
        found.append(Bound((FIRST, number), {}, word))
    for number, argument in enumerate(tool.get("arguments") or []):
        binding = argument if isinstance(argument, dict) else {"valueFrom": argument}
        part = ("tool", "arguments", str(number))
        with in_part(*part):
            place = position(binding, None, context)
        found.append(Bound((place, number), binding, None, part))
    return sorted(found, key=cmp_to_key(compare))


def compare(first: Bound, second: Bound) -> int:
    """Order two bindings: numbers as numbers, a number and a name as texts, the shorter position first."""
    for one, other in zip_longest(first.position, second.position):
        if one == other:
            continue
        if one is None or other is None:
            return -1 if one is None else 1
        if isinstance(one, str) or isinstance(other, str):
            return 1 if str(one) > str(other) else -1
        return 1 if one > other else -1
    return 0


def has_binding(schema: Any) -> bool:
    """Tell whether a type, or any type within it, is bound to the command line."""
    if isinstance(schema, list):
        return any(has_binding(one) for one in schema)
    if not isinstance(schema, dict):
        return False
    inner = [schema.get(key) for key in ("type", "items", "fields")]
    return schema.get("inputBinding") is not None or any(has_binding(one) for one in inner)


def position(binding: Dict[str, Any], value: Any, context: Context) -> int:
    """Return the number by which a binding is sorted."""
    place = binding.get("position")
    if isinstance(place, str):
        place = evaluate(place, context._replace(self_=value))
    if place is None:
        return 0
    if type(place) is not int:
        raise CwlProblem("a position must be an integer, and %r is %r" % (binding["position"], place))
    return place


def bind(schema: Schema, value: Any, lead: Position, tail: Position, context: Context) -> List[Bound]:
    """Return the bindings of a value and of its parts."""
    if not has_binding(schema):
        return []
    binding = schema.get("inputBinding")
    if binding is None:
        return _parts(schema, value, None, lead, tail, context)
    place = lead + (position(binding, value, context),) + tail
    return _bind(schema, value, binding, place, lead, tail, context)


def _bind(
    schema: Schema,
    value: Any,
    binding: Dict[str, Any],
    place: Position,
    lead: Position,
    tail: Position,
    context: Context,
) -> List[Bound]:
    """Return a binding that has its position, and those of the value's parts below it."""
    known(value)
    kind = schema["type"]
    if isinstance(kind, list) and "valueFrom" not in binding:
        return _bind(dict(schema, type=chosen(kind, value)), value, binding, place, lead, tail, context)
    if kind == "array":  # each item is bound as the array is
        items = []  # type: List[Bound]
        for number, item in enumerate(value):
            inner = (number,) + place + tail
            items += _bind({"type": schema["items"]}, item, binding, inner, (number,), tail, context)
        return items
    if kind == "Any" and isinstance(value, list):
        return [Bound((number,) + place + tail, binding, item) for number, item in enumerate(value)]
    own = Bound(place, binding, value)
    if "valueFrom" in binding and kind != "record":  # it stands for all of the value
        return [own]
    parts = _parts(schema, value, binding, lead, tail, context)
    return [part._replace(position=place + part.position) for part in parts] + [own]


def _parts(
    schema: Schema, value: Any, binding: Optional[Dict[str, Any]], lead: Position, tail: Position, context: Context
) -> List[Bound]:
    """Return the bindings of what a value consists of."""
    known(value)
    kind = schema["type"]
    if isinstance(kind, list):
        return bind(dict(schema, type=chosen(kind, value)), value, lead, tail, context)
    if isinstance(kind, dict):
        if binding is not None and kind["type"] == "array" and "itemSeparator" not in binding:
            kind = dict({"inputBinding": {}}, **kind)  # the items of a bound array are bound
        return bind(kind, value, lead, tail, context)
    found = []  # type: List[Bound]
    if kind == "array":
        for number, item in enumerate(value):
            found += bind({"type": schema["items"]}, item, (number,), tail, context)
    elif kind == "record":
        for field in schema["fields"]:
            if known(value.get(field["name"])) is not None:
                found += bind(field, value[field["name"]], lead, (field["name"],), context)
    return found


def generated(bound: Bound, context: Context) -> List[str]:
    """Return the words of one binding."""
    with in_part(*bound.part):
        return _generated(bound, context)


def _generated(bound: Bound, context: Context) -> List[str]:
    binding, value = bound.binding, known(bound.value)
    if "valueFrom" in binding:
        value = known(evaluate(binding["valueFrom"], context._replace(self_=value)))
    prefix = binding.get("prefix")
    separate = binding.get("separate", True)
    if prefix is None and not separate:
        raise CwlProblem("'separate: false' joins a prefix with its value: it needs a prefix")
    before = [prefix] if prefix is not None else []
    if isinstance(value, list):
        if not (value and binding.get("itemSeparator")):
            if binding.get("valueFrom"):
                return (before if prefix else []) + [text(item, context) for item in value]
            return before if prefix and value else []
        word = binding["itemSeparator"].join(text(item, context) for item in value)
    elif isinstance(value, dict) and not is_file(value):
        return before if prefix else []
    elif value is None or isinstance(value, bool):
        return before if prefix and value else []
    else:
        word = text(value, context)
    return before + [word] if separate else [prefix + word]


def text(value: Any, context: Context) -> str:
    """Return a value as a command line has it: a File as its path, a number without exponent."""
    known(value)
    if is_file(value):
        path = path_of(value, context.place.root)
        if path is None or path.startswith(LITERAL):
            raise CwlProblem("the %s on the command line is none of the inputs" % shown(value))
        return path
    if isinstance(value, float):
        from decimal import Decimal  # takes long to load, and few need it

        return format(Decimal(repr(value)), "f")
    return str(value)
