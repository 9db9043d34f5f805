"""What JavaScript reads: which inputs it names, and its variables so that reading what is unknown is noticed.

The variables are written as JavaScript. What only the node knows is written as an accessor that says so when it is
read, and a file that nobody has looked at as `partial({…})` of what is known about it: so code that never comes near
the unknown is evaluated by the compiler, whatever its form.
"""

import json
import re
from typing import Any, Dict, FrozenSet, Iterable, Optional

from ..values import JOB, RUN, Deferred, Late
from . import derived

NAMED = r"""\s*\.\s*([A-Za-z_$][\w$]*)|\s*\[\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)")\s*\]"""
INPUTS = re.compile(r"(?<![\w$])inputs(?![\w$])(?:%s)?" % NAMED)
BACK_DOORS = re.compile(r"\\[ux]|[^\0-\x7f]|(?<![\w$])(?:eval|Function|constructor|globalThis|this)(?![\w$])")
SEEN_LATER = derived.MEASURED + (
    "path",
    "dirname",
    "location",
)  # `partial` says so when one of these is missing and read


def inputs_read(codes: Iterable[str]) -> Optional[FrozenSet[str]]:
    """Return the names of the inputs that pieces of JavaScript may read; None: any."""
    names = set()
    for code in codes:
        if BACK_DOORS.search(code):
            return None
        for found in INPUTS.finditer(code):
            name = found.group(1) or found.group(2) or found.group(3)
            if name is None:
                return None
            names.add(name)
    return frozenset(names)


def variables(values: Dict[str, Any], root: str, measured: bool) -> str:
    """Return JavaScript for an object that holds the variables; `unknown` and `partial` are the engine's."""
    return literal(derived.described(values, root), measured) or "{}"


def literal(value: Any, measured: bool) -> Optional[str]:
    """Return data as JavaScript; None when it is unknown as a whole, as a list with an unknown element is."""
    if measured or value is None or isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return None if RUN in value or JOB in value else json.dumps(value)
    if isinstance(value, (Late, Deferred)):
        return None
    if isinstance(value, list):
        parts = [literal(one, measured) for one in value]
        return None if None in parts else "[%s]" % ",".join(filter(None, parts))
    sources = {key: literal(one, measured) for key, one in value.items()}
    written = "location" not in value and "path" not in value and None not in sources.values()  # as literals are
    if not derived.is_file(value) or written:
        return "{%s}" % ",".join(member(json.dumps(key), source) for key, source in sources.items())
    seen = {key: source for key, source in sources.items() if not (source is None and key in SEEN_LATER)}
    if None in seen.values():
        return None
    return "partial({%s})" % ",".join(member(json.dumps(key), source) for key, source in seen.items())


def member(name: str, source: Optional[str]) -> str:
    """Return the source of one member of an object; an accessor when its value is unknown."""
    if source is None:
        return "get %s(){return unknown()},set %s(_){unknown()}" % (name, name)
    return "%s:%s" % (name, source)
