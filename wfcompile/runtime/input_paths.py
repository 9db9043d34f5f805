"""What the parameters of a node name of the init directory: the inputs that travel with its job."""

import posixpath
import re
from typing import Any, Set, Tuple

from .values import RUN, Deferred

_INIT = re.compile(re.escape(RUN) + "/init(?![A-Za-z0-9_.-])")  # not the directory of a node whose name begins so


def input_paths(data: Any) -> Tuple[str, ...]:
    """Return the paths below the init directory that parameters name; '.' is all of it."""
    found: Set[str] = set()
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, Deferred):
            stack.append(value.data)
        elif isinstance(value, str) and _INIT.search(value):
            inside = _INIT.match(value) and value.count(RUN) == 1
            found.add(posixpath.normpath("./" + value[len(RUN + "/init") :]) if inside else ".")
    if "." in found:
        return (".",)
    return tuple(sorted(found))
