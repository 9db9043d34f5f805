"""Late values of CWL: operations on what jobs have published, done on the node; or before, when all is known."""

import os.path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from ..values import RUN, Deferred, Late
from .collect import evaluate_tool
from .complete import asks_to_load, complete
from .expressions import Context, evaluate
from .files import Host, contents, in_files
from .links import flattened, picked
from .place import CwlProblem, Place, Unknown
from .scatter import element

Published = Callable[[Any, str], Any]  # node, JSON pointer -> value


class World(NamedTuple):
    """What an evaluation can use beside its data."""

    javascript: Any  # the engine
    host: Optional[Host] = None  # where files are; None: they cannot be looked at yet


Operation = Callable[[Any, List[Any], World], Any]  # data, options


def resolved(data: Any, published: Published, world: World) -> Any:
    """Return data with its late values in place; raises Problem, KeyError or IndexError."""
    if isinstance(data, Late):
        return published(data.node, data.pointer)
    if isinstance(data, Deferred):
        if data.operation == "cwl.if" and not all_true(data.data["guards"], published, world):
            return None
        inside = resolved(data.data, published, world)
        return OPERATIONS[data.operation](inside, data.options, world)
    if isinstance(data, dict):
        return {key: resolved(value, published, world) for key, value in data.items()}
    if isinstance(data, list):
        return [resolved(value, published, world) for value in data]
    return data


def all_true(guards: Any, published: Published, world: World) -> bool:
    """Tell whether all guards are true; one that is false hides those after it."""
    for guard in guards:
        value = resolved(guard, published, world)
        if value is not True and value is not False:
            raise CwlProblem("'when' must be true or false; it is %.60r" % (value,))
        if not value:
            return False
    return True


def _eval(data: Dict[str, Any], options: List[Any], world: World) -> Any:
    text, requirements, version = options
    place = Place(RUN, "", "", "", measured=world.host is not None)
    inputs, self_ = _looked_at([data["inputs"], data["self"]], world)
    return evaluate(text, Context(inputs, self_, place, requirements, version, javascript=world.javascript))


def _tool(inputs: Any, options: List[Any], world: World) -> Any:
    tool, name = options
    place = Place(RUN, "", "", "", measured=world.host is not None)
    if world.host is not None:
        inputs = complete(inputs, tool, place, world.host, world.javascript)
    elif asks_to_load(tool):
        raise Unknown
    return evaluate_tool(tool, inputs, place, world.javascript).get(name)


def _fault(what: str, advice: str) -> Any:
    raise CwlProblem(what, advice)


def looks_at_files(operation: str, options: List[Any]) -> bool:
    """Tell whether an operation reads files or directories."""
    return operation == "cwl.contents" or (operation == "cwl.tool" and asks_to_load(options[0]))


def _looked_at(data: Any, world: World) -> Any:
    """Return data whose files have sizes, when they can be looked at."""
    if world.host is not None:
        for value in in_files(data):
            if value["class"] == "File" and "size" not in value and "location" in value:
                value["size"] = os.path.getsize(world.host.path(value["location"]))
    return data


def _contents(value: Any, options: List[Any], world: World) -> Any:
    if world.host is None:
        raise Unknown()
    found = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and one.get("class") == "File" and "contents" not in one:
            text = contents(world.host.path(one["location"]))
            one = dict(one, contents=text)
        found.append(one)
    return found if isinstance(value, list) else found[0]


OPERATIONS: Dict[str, Operation] = {
    "cwl.eval": _eval,  # an expression of a step
    "cwl.tool": _tool,  # one output of an ExpressionTool
    "cwl.contents": _contents,  # a file with its contents
    "cwl.element": lambda value, options, world: element(value, *options),  # of a list whose length --expect says
    "cwl.default": lambda value, options, world: options[0] if value is None else value,
    "cwl.merged": lambda values, options, world: flattened(values),
    "cwl.picked": lambda value, options, world: picked(value, *options),
    "cwl.fault": lambda data, options, world: _fault(*options),  # seen by the compiler, behind a late `when`
    "cwl.if": lambda data, options, world: data["value"],
}
