"""Late values: what jobs have published, put into the places that waited for it, and computed with.

A Deferred value names one of OPERATIONS; each gets the value's options and its data with all late values in place.
"""

import json
from typing import Any, Callable, Dict, Iterable, List

from .format_language import Field, base_name, parse, refuse_unsafe, render, render_field
from .jsonpath import find
from .jsonpath import parse as parse_path
from .references import Rows, combine
from .scatter import element
from .values import RUN, Deferred, FormatError, Late, Problem, Value, has_late, in_order

Published = Callable[[Any, str], Any]  # node, JSON pointer -> value
JqAll = Callable[[str, Any], List[Any]]  # all results of a jq program


def flat(value: Any) -> Any:
    """Return a list as its elements joined by a blank: packtivity quotes nothing."""
    if type(value) is list and not has_late(value):
        return " ".join([x if isinstance(x, str) else str(x) for x in value])
    return value


def plain(value: Any, field: Field) -> Any:
    """Return what a field `{name}` without more becomes: text, a Late value itself, or a Deferred one."""
    refuse_unsafe(value)
    if isinstance(value, str) or type(value) is Late:
        return value
    if type(value) is list:
        value = flat(value)
    return value if isinstance(value, str) else rendered(field, {field.name: value})


def rendered(field: Field, parameters: Dict[str, Any]) -> Any:
    """Return a field's text in a command, Deferred when it reads a late value; raises FormatError."""
    name = base_name(field)
    refuse_unsafe(parameters.get(name))
    if has_late(parameters.get(name)):
        return Deferred("format", list(field), {name: parameters[name]})
    return render_field(field, {key: flat(value) for key, value in parameters.items()})


def evaluate(data: Any, published: Published, jq: JqAll) -> Any:
    """Return data with its late values in place; raises Problem, FormatError, KeyError or IndexError."""
    if isinstance(data, Late):
        return published(data.node, data.pointer)
    if isinstance(data, Deferred):
        inside = evaluate(data.data, published, jq)
        if data.operation in WITH_JQ:
            return WITH_JQ[data.operation](inside, jq, *data.options)
        return OPERATIONS[data.operation](inside, *data.options)
    if isinstance(data, dict):
        return {key: evaluate(value, published, jq) for key, value in data.items()}
    if isinstance(data, list):
        return [evaluate(value, published, jq) for value in data]
    return data


def _output(data: Any, name: str) -> Any:
    if isinstance(data, dict) and name in data:
        return data[name]
    matches = find(parse_path(name), data)
    if len(matches) != 1:
        raise Problem("%d values match the output '%s' of what the job published" % (len(matches), name))
    return matches[0]


def _combine(values: List[Any], flatten: bool, unwrap: bool) -> Any:
    return combine([Value(value) for value in values], {"flatten": flatten, "unwrap": unwrap}).data


def _element(data: Dict[str, Any], *options: Any) -> Any:
    return element(*(options + (data,)))


def _format(data: Dict[str, Any], name: str, conversion: Any, spec: str) -> str:
    for value in data.values():
        refuse_unsafe(value)
    return render_field(Field(name, conversion, spec), {key: flat(value) for key, value in data.items()})


def _render(data: Dict[str, Any], template: str, directory: str) -> str:
    text = render(template, data)
    return text if not directory or text.startswith((RUN, "/")) else "%s/%s" % (directory, text)


def jq_lines(data: Any, jq: JqAll, program: str) -> str:
    """Return the results of a jq program as JSON, a line each, as Python writes it: the engine's way."""
    text = "\n".join([json.dumps(x) for x in jq(program, data)])
    return text.replace(json.dumps(RUN)[1:-1], RUN)


def _jq_first(data: Any, jq: JqAll, program: str, *_: Any) -> Any:
    results = jq(program, data)
    if not results:
        raise Problem("the jq program '%s' has no result" % program)
    return in_order(results[0])


OPERATIONS: Dict[str, Callable[..., Any]] = {
    "output": _output,  # one output of a result
    "combine": _combine,  # the outputs of several nodes, flattened and unwrapped as asked
    "element": _element,  # what one node gets of scattered lists
    "format": _format,  # a field of a command
    "render": _render,  # a text with fields
}
WITH_JQ: Dict[str, Callable[..., Any]] = {
    "lines": jq_lines,  # a parameter mount
    "publish": _jq_first,  # what a publisher without files gives
}


def command(rows: Rows, node: int, text: str, fields: Iterable[Field], late: Callable[[Any, Field], str]) -> str:
    """Return a node's whole command; `late` gives the text of a Late or Deferred value in a field."""
    slots = {}
    for field, slot in zip(fields, rows.slots[node]):
        slots[field] = slot if isinstance(slot, str) else late(slot, field)
    return "".join([piece if isinstance(piece, str) else slots[piece] for piece in parse(text)])


def in_command(value: Any, field: Field, published: Published, jq: JqAll) -> str:
    """Return the text of a late value in a command once it is known."""
    data = evaluate(value, published, jq)
    text = data if isinstance(value, Deferred) else plain(data, field)
    if not isinstance(text, str):
        raise FormatError("'{%s}' is no text" % field.name)
    return text


def shown(value: Any, ids: List[str]) -> str:
    """Return a late value as it is shown to people: @LATE:node:pointer@, or what is computed from it."""
    if isinstance(value, Late):
        return "@LATE:%s:%s@" % (ids[value.node], value.pointer)
    while value.operation == "format" and isinstance(next(iter(value.data.values())), Deferred):
        (value,) = value.data.values()
    inside = ", ".join(sorted(set(_leaves(value, ids))))
    if value.operation == "element":
        index, _, name = value.options[:3]
        return "@LATE:%s[%d](%s)@" % (name, index, inside)
    return "@LATE:%s(%s)@" % (value.operation, inside)


def _leaves(value: Any, ids: List[str]) -> List[str]:
    if isinstance(value, Late):
        return ["%s:%s" % (ids[value.node], value.pointer)]
    if isinstance(value, Deferred):
        return _leaves(value.data, ids)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [leaf for part in parts for leaf in _leaves(part, ids)]
