"""The subset of JSONPath (jsonpath_rw's dialect) that queries and outputs are written in.

Names (`a`, `'a b'`, `a,b`, `*`), `[n]`, `[*]`, `[a:b]`, `.`, `..`, `$`. Source: jsonpath_rw 1.4 lexer and parser.
"""

import re
from typing import Any, Callable, Iterator, List, Tuple

from .values import Waiting

Step = Tuple[str, Any]  # ("fields", names) | ("index", n) | ("slice", (a, b)) | ("descend", None)

_NAME = r"[a-zA-Z_@][a-zA-Z0-9_@\-]*"
_QUOTED = r"'[^'\\]*'|\"[^\"\\]*\""
_TOKEN = re.compile(
    r"[ \t\n]*(?:(?P<fields>(?:%(n)s|\*|%(q)s)(?:[ \t\n]*,[ \t\n]*(?:%(n)s|%(q)s))*)"
    r"|(?P<descend>\.\.)|(?P<dot>\.)|(?P<root>\$)"
    r"|\[\s*(?P<slice>\*|-?\d*\s*:\s*-?\d*)\s*\]|\[\s*(?P<index>-?\d+)\s*\]"
    r"|\[\s*(?P<key>%(q)s|%(n)s)\s*\])" % {"n": _NAME, "q": _QUOTED}
)


def parse(text: str) -> List[Step]:
    """Parse a path; raises ValueError when it is not of the subset."""
    steps: List[Step] = []
    at = 0
    expect_name = True
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise ValueError("cannot read the query '%s' from '%s' on" % (text, text[at:]))
        kind = match.lastgroup
        part = match.group(kind) if kind else ""
        if kind in ("dot", "descend"):
            if expect_name:
                raise ValueError("a name is missing before '%s' in the query '%s'" % (part, text))
            if kind == "descend":
                steps.append(("descend", None))
            expect_name = True
        elif kind == "root":
            if at != 0:
                raise ValueError("'$' is only at the start of the query '%s'" % text)
            expect_name = False
        elif kind in ("fields", "key"):
            if kind == "fields" and not expect_name:
                raise ValueError("a '.' is missing before '%s' in the query '%s'" % (part, text))
            names = [n[1:-1] if n[0] in "'\"" else n for n in re.findall(_QUOTED + r"|[^,\s]+", part)]
            if "where" in re.split(r"[,\s]+", part):
                raise ValueError("'where' in the query '%s' is an operator that is not supported" % text)
            if "*" in names and part != "*":
                raise ValueError("'*' stands alone in the query '%s', without quotes" % text)
            steps.append(("fields", names))
            expect_name = False
        else:
            steps.append(_bracket(kind, part))
            expect_name = False
        at = match.end()
    if expect_name:
        raise ValueError("the query '%s' ends too early" % text)
    return steps


def _bracket(kind: Any, part: str) -> Step:
    if kind == "index":
        return "index", int(part)
    if part == "*":
        return "slice", (None, None)
    first, last = (p.strip() for p in part.split(":"))
    return "slice", (int(first) if first else None, int(last) if last else None)


def find(steps: List[Step], data: Any) -> List[Any]:
    """Return all matches in the order in which jsonpath_rw finds them."""
    return [match for match, _ in find_with(steps, data, None, lambda origin, key: None)]


def find_with(steps: List[Step], data: Any, origin: Any, descend: Callable[[Any, Any], Any]) -> List[Tuple[Any, Any]]:
    """As find, with something carried beside the data; `descend` says what belongs to a child."""
    current = [(data, origin)]
    everywhere = False
    for kind, argument in steps:
        if kind == "descend":
            everywhere = True
            continue
        if everywhere:
            current = [pair for item in current for pair in _subtree(item, descend)]
            everywhere = False
        current = [pair for item in current for pair in _select(kind, argument, item, descend)]
    return current


def _subtree(item: Tuple[Any, Any], descend: Callable[[Any, Any], Any]) -> Iterator[Tuple[Any, Any]]:
    yield item
    data, origin = item
    keys: Any = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        for pair in _subtree((data[key], descend(origin, key)), descend):
            yield pair


def _select(
    kind: str, argument: Any, item: Tuple[Any, Any], descend: Callable[[Any, Any], Any]
) -> Iterator[Tuple[Any, Any]]:
    data, origin = item
    keys: Any = ()
    if isinstance(data, Waiting):  # whatever is asked of it
        yield item
    elif kind == "fields" and isinstance(data, dict):
        keys = list(data) if argument == ["*"] else [n for n in argument if n in data]
    elif kind == "index" and isinstance(data, list):
        keys = [argument] if -len(data) <= argument < len(data) else []
    elif kind == "index" and isinstance(data, str) and -len(data) <= argument < len(data):
        yield data[argument], origin  # jsonpath_rw takes a character
    elif kind == "slice" and isinstance(data, list):
        keys = range(len(data))[argument[0] : argument[1]]
    elif kind == "slice" and isinstance(data, (dict, int, str)):
        # jsonpath_rw takes anything else as a list of one
        for _ in range(1)[argument[0] : argument[1]]:
            yield item
    for key in keys:
        yield data[key], descend(origin, key)
