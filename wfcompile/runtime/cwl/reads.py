"""What JavaScript reads: which inputs it names, and its variables so that reading what is unknown is noticed.

The variables are written as JavaScript. What only the node knows is written as an accessor that says so when it is
read, and a file that nobody has looked at as `partial({…})` of what is known about it: so code that never comes near
the unknown is evaluated by the compiler, whatever its form.
"""

import json
import re
from typing import Any, Dict, FrozenSet, Iterable, List, Optional

from ..values import RUN, Deferred, Late
from . import derived
from .place import JOB

NAME = r"[\w$]"
INPUTS = re.compile(
    r"""(?<!%s)inputs(?!%s)(?:\s*\.\s*([A-Za-z_$]%s*)|\s*\[\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)")\s*\])?"""
    % (NAME, NAME, NAME)
)
BACK_DOORS = re.compile(r"\\[ux]|(?<!%s)(?:eval|Function|constructor|globalThis)(?!%s)" % (NAME, NAME))


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
    if isinstance(value, list):
        return listed([literal(one, measured) for one in value])
    if isinstance(value, (Late, Deferred)):
        return None
    if derived.is_file(value):
        known = ((key, literal(one, measured)) for key, one in value.items())
        return "partial({%s})" % ",".join("%s:%s" % (json.dumps(key), one) for key, one in known if one is not None)
    return "{%s}" % ",".join(member(key, literal(one, measured)) for key, one in value.items())


def listed(parts: List[Optional[str]]) -> Optional[str]:
    """Return the source of an array."""
    known = [one for one in parts if one is not None]
    return "[%s]" % ",".join(known) if len(known) == len(parts) else None


def member(key: str, source: Optional[str]) -> str:
    """Return the source of one member of an object; an accessor when its value is unknown."""
    name = json.dumps(key)
    return (
        "%s:%s" % (name, source)
        if source is not None
        else "get %s(){return unknown()},set %s(_){unknown()}" % (name, name)
    )
