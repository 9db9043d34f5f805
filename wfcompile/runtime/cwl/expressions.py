"""Expressions of the Common Workflow Language: parameter references by ourselves, JavaScript by node.

A text may hold any number of `$(…)` and `${…}`. One that is nothing but a single expression gives its value, any
other gives text. Backslashes were given another meaning in version 1.2.
"""

import json
import math
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, NamedTuple, Optional, Tuple

from ..values import JOB, RUN, Deferred, Late, has_late
from . import derived
from .place import CwlProblem, Lacking, Place, Unknown

if TYPE_CHECKING:
    from .javascript import Javascript

SEGMENT = re.compile(r"""\.(\w+)|\['((?:[^']|\\')+)'\]|\["((?:[^"]|\\")+)"\]|\[([0-9]+)\]""")
REFERENCE = re.compile(r"\((\w+)((?:%s)*)\)\Z" % re.sub(r"\((?!\?)", "(?:", SEGMENT.pattern))
TOKENS = (json.dumps(RUN)[1:-1], json.dumps(JOB)[1:-1])  # as they stand in JSON
ROOTS = ("inputs", "self", "runtime")
SPECIAL = re.compile(r"\\.|\$[({]", re.DOTALL)
SKIP_NEXT = ("v1.0", "v1.1", "v1.2.0-dev1", "v1.2.0-dev2", "v1.2.0-dev3")  # a backslash keeps what follows, and goes


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
    expressions = (part for literal, part in pieces(text, version) if not literal)
    references = (one == "(null)" or REFERENCE.match(one) for one in expressions)
    return not all(found is True or (found and found.group(1) in ROOTS) for found in references)


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
    place = context.place
    text = json.dumps(derived.described(value, place.root), sort_keys=True)
    if not place.measured and (has_file(value) or any(token in text for token in TOKENS)):
        raise Unknown
    return text.replace(TOKENS[0], place.root)


def has_file(value: Any) -> bool:
    """Tell whether data holds a File or Directory."""
    if isinstance(value, list):
        return any(has_file(one) for one in value)
    return isinstance(value, dict) and (derived.is_file(value) or any(has_file(one) for one in value.values()))


def value_of(expression: str, context: Context) -> Any:
    """Return the value of one expression, given with its brackets and without its dollar."""
    if expression == "(null)":
        return None
    problem = None
    found = REFERENCE.match(expression)
    if found and found.group(1) in ROOTS:
        try:
            return referenced(found.group(1), found.group(2), context)
        except CwlProblem as failure:  # JavaScript knows more, such as the length of a string
            problem = failure
    if "InlineJavascriptRequirement" not in context.requirements:
        advice = "it begins with inputs, self or runtime; JavaScript needs InlineJavascriptRequirement (not as a hint)"
        raise problem or CwlProblem("`$%s` is no parameter reference" % shortened(expression), advice)
    if context.javascript is None:
        raise problem or CwlProblem("`$%s` is JavaScript, which cannot be run here" % shortened(expression))
    try:
        return run(expression, context, context.javascript)
    except Lacking as failure:
        raise Lacking("the JavaScript `$%s` cannot be run: %s" % (shortened(expression), failure), failure.advice)
    except RecursionError:
        raise CwlProblem("the JavaScript `$%s` deals with data nested too deeply" % shortened(expression))
    except CwlProblem as failure:
        raise problem or CwlProblem("the JavaScript `$%s` fails: %s" % (shortened(expression), failure), failure.advice)


def run(expression: str, context: Context, javascript: "Javascript") -> Any:
    """Return the value of JavaScript."""
    from . import reads  # only JavaScript needs its regular expressions

    library = context.requirements["InlineJavascriptRequirement"].get("expressionLib") or []
    names = reads.inputs_read([expression] + library)
    inputs = context.inputs if names is None else {key: context.inputs[key] for key in context.inputs if key in names}
    values = {"inputs": inputs, "self": context.self_, "runtime": runtime(context)}
    root = context.place.root
    source = reads.variables(values, root, context.place.measured)
    return derived.stored(javascript.evaluate(expression, library, source), root)


def referenced(name: str, path: str, context: Context) -> Any:
    """Return what a parameter reference such as inputs.a[0]['b'] leads to."""
    value = runtime(context) if name == "runtime" else context.inputs if name == "inputs" else context.self_
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
    skip_next = version.startswith(SKIP_NEXT)
    literal = ""
    at = 0
    while True:
        found = SPECIAL.search(text, at)
        literal += text[at : found.start() if found else len(text)]
        if found and found.group()[0] == "\\":
            taken, shown = escape(text[found.start() : found.start() + 3], skip_next)
            literal += shown
            at = found.start() + taken
            continue
        if literal:
            yield True, literal
        if not found:
            return
        at = closing(text, found.start() + 1)
        yield False, text[found.start() + 1 : at]
        literal = ""


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
