"""Expressions of the Common Workflow Language: parameter references by ourselves, JavaScript by node.

A text may hold any number of `$(…)` and `${…}`. One that is nothing but a single expression gives its value, any
other gives text. Backslashes were given another meaning in version 1.2.
"""

import json
import math
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..values import Deferred, Late, has_late
from . import derived, reads
from .place import CwlProblem, Place, Unknown

if TYPE_CHECKING:
    from .javascript import Javascript

SEGMENT = re.compile(r"""\.(\w+)|\['((?:[^']|\\')+)'\]|\["((?:[^"]|\\")+)"\]|\[([0-9]+)\]""")
REFERENCE = re.compile(r"\((\w+)((?:%s)*)\)\Z" % re.sub(r"\((?!\?)", "(?:", SEGMENT.pattern))
ROOTS = ("inputs", "self", "runtime")
SKIP_NEXT = ("v1.0", "v1.1")  # a backslash there only takes its own place; drafts of 1.2 had it too


class Context(NamedTuple):
    """What an expression can see; `javascript` is asked only for what is no parameter reference."""

    inputs: Dict[str, Any]
    self_: Any
    place: Place
    requirements: Dict[str, Any]
    version: str
    exit_code: Optional[int] = None
    javascript: "Optional[Javascript]" = None


def is_expression(text: Any) -> bool:
    """Tell whether a value is text that `evaluate` would change."""
    return isinstance(text, str) and ("$(" in text or "${" in text)


def needs_javascript(text: Any, version: str = "v1.2") -> bool:
    """Tell whether a text holds an expression that is no parameter reference."""
    if not is_expression(text):
        return False
    for literal, expression in pieces(text, version):
        if not literal:
            found = REFERENCE.match(expression)
            if not found or not (found.group(1) in ROOTS or expression == "(null)"):
                return True
    return False


def evaluate(text: Any, context: Context, strip: bool = True) -> Any:
    """Return the value of a text with expressions; anything else is returned as it is.

    Raises Unknown where only the node knows, CwlProblem where the author erred.
    """
    if not is_expression(text):
        return text
    parts = list(pieces(text.strip() if strip else text, context.version))
    if len(parts) == 1 and not parts[0][0]:
        return value_of(parts[0][1], context)
    return "".join(part if literal else as_text(value_of(part, context), context) for literal, part in parts)


def as_text(value: Any, context: Context) -> str:
    """Return a value as it stands within other text."""
    if isinstance(value, str):
        return value
    if not context.place.measured and lacks_measure(value):
        raise Unknown
    return json.dumps(derived.described(value, context.place.root), sort_keys=True)


def lacks_measure(value: Any) -> bool:
    """Tell whether data holds a file that nobody has looked at."""
    if isinstance(value, list):
        return any(lacks_measure(one) for one in value)
    if not isinstance(value, dict):
        return False
    return derived.is_file(value) or any(lacks_measure(one) for one in value.values())


def value_of(expression: str, context: Context) -> Any:
    """Return the value of one expression, given with its brackets and without its dollar."""
    problem = None
    found = REFERENCE.match(expression)
    if found:
        if expression == "(null)":
            return None
        try:
            return referenced(found.group(1), found.group(2), context)
        except CwlProblem as failure:
            problem = failure
    if "InlineJavascriptRequirement" not in context.requirements:
        raise problem or CwlProblem(
            "`$%s` is no parameter reference" % shortened(expression),
            "JavaScript needs InlineJavascriptRequirement among the requirements",
        )
    if context.javascript is None:
        raise problem or CwlProblem("`$%s` is JavaScript, which cannot be run here" % shortened(expression))
    try:
        return run(expression, context, context.javascript)
    except CwlProblem as failure:
        raise problem or CwlProblem("the JavaScript `$%s` fails: %s" % (shortened(expression), failure), failure.advice)


def run(expression: str, context: Context, javascript: "Javascript") -> Any:
    """Return the value of JavaScript."""
    library = context.requirements["InlineJavascriptRequirement"].get("expressionLib") or []
    names = reads.inputs_read([expression] + library)
    inputs = context.inputs if names is None else {key: context.inputs[key] for key in context.inputs if key in names}
    values = {"inputs": inputs, "self": context.self_, "runtime": runtime(context)}
    root = context.place.root
    source = reads.variables(values, root, context.place.measured)
    return derived.stored(javascript.evaluate(expression, library, source), root)


def referenced(name: str, path: str, context: Context) -> Any:
    """Return what a parameter reference such as inputs.a[0]['b'] leads to."""
    if name not in ROOTS:
        raise CwlProblem("`$(%s%s)`: there is no `%s`" % (name, path, name), "known: inputs, self, runtime, null")
    value = {"inputs": context.inputs, "self": context.self_}[name] if name != "runtime" else runtime(context)
    walked = name
    for segment in SEGMENT.finditer(path):
        if isinstance(value, (Late, Deferred)):
            raise Unknown
        last = segment.end() == len(path)
        value = step(value, segment, last, "`$(%s%s)`: `%s`" % (name, path, walked), context.place)
        walked += segment.group()
    if not context.place.measured and has_late(value):
        raise Unknown
    return value


def step(value: Any, segment: "re.Match[str]", last: bool, where: str, place: Place) -> Any:
    """Return what one segment of a reference selects."""
    name, single, double, index = segment.groups()
    if index is not None:
        if not isinstance(value, list):
            raise CwlProblem("%s is %s: it has no elements" % (where, kind(value)))
        if int(index) >= len(value):
            raise CwlProblem("%s has %d elements: there is no [%s]" % (where, len(value), index))
        return value[int(index)]
    key = name if name is not None else unquoted(single or double)
    if isinstance(value, list) and key == "length" and last:
        return len(value)
    if not isinstance(value, dict):
        raise CwlProblem("%s is %s: it has no `%s`" % (where, kind(value), key))
    try:
        return derived.attribute(value, key, place.root) if derived.is_file(value) else value[key]
    except KeyError:
        if derived.is_file(value) and key in derived.MEASURED and not place.measured:
            raise Unknown
        raise CwlProblem("%s has no `%s`" % (where, key), "there: %s" % ", ".join(sorted(value)) if value else "")


def unquoted(key: str) -> str:
    """Return a quoted key without the backslashes before its quotes."""
    return key.replace("\\'", "'").replace('\\"', '"')


def kind(value: Any) -> str:
    """Name the type of a value as JSON does."""
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    return names.get(type(value), "an array" if isinstance(value, list) else "an object")


def runtime(context: Context) -> Dict[str, Any]:
    """Return the `runtime` object."""
    place = context.place
    values = {
        "outdir": place.outdir,
        "tmpdir": place.tmpdir,
        "cores": math.ceil(place.cores),
        "ram": place.ram,
        "outdirSize": place.outdir_size,
        "tmpdirSize": place.tmpdir_size,
    }
    if context.exit_code is not None:
        values["exitCode"] = context.exit_code
    return values


def shortened(expression: str) -> str:
    """Return an expression short enough for a message."""
    line = " ".join(expression.split())
    return line if len(line) <= 120 else line[:119] + "…"


def pieces(text: str, version: str) -> Iterator[Tuple[bool, str]]:
    """Yield the parts of a text: (True, literal text) and (False, expression with its brackets)."""
    skip_next = version in SKIP_NEXT or version.startswith(("v1.1.0-dev", "v1.2.0-dev1", "v1.2.0-dev2", "v1.2.0-dev3"))
    literal: List[str] = []
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        if two in ("$(", "${"):
            end = closing(text, at + 1)
            if literal:
                yield True, "".join(literal)
                literal = []
            yield False, text[at + 1 : end]
            at = end
        elif two[0] == "\\" and len(two) == 2:
            taken, shown = escape(text[at : at + 3], skip_next)
            literal.append(shown)
            at += taken
        else:
            literal.append(two[0])
            at += 1
    if literal:
        yield True, "".join(literal)


def escape(three: str, skip_next: bool) -> Tuple[int, str]:
    """Return how many characters a backslash takes with it, and what they stand for."""
    if skip_next or three[1] == "\\":
        return 2, three[1]
    if three[1:] in ("$(", "${"):
        return 3, three[1:]
    return 2, three[:2]


def closing(text: str, start: int) -> int:
    """Return where the expression ends whose bracket opens at `start`; brackets in quotes do not count."""
    opening = text[start]
    closes = {"(": ")", "{": "}"}[opening]
    depth = 0
    quote = ""
    at = start
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == opening:
            depth += 1
        elif character == closes:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    raise CwlProblem(
        "the expression `$%s` does not end" % shortened(text[start:]), "`%s` is missing" % (quote or closes)
    )
