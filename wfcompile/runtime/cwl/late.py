"""Late values of CWL: operations on what jobs have published, done on the node; or before, when all is known."""

from typing import Any, Callable, Dict, List

from ..values import RUN, Deferred, Late
from .expressions import Context, evaluate
from .links import flattened, picked
from .place import CwlProblem, Place, Unknown
from .predict import evaluate_tool

Published = Callable[[Any, str], Any]  # node, JSON pointer -> value
Operation = Callable[[Any, List[Any], Any, bool], Any]  # data, options, JavaScript, whether files can be looked at


def resolved(data: Any, published: Published, javascript: Any) -> Any:
    """Return data with its late values in place; raises Problem, KeyError or IndexError."""
    if isinstance(data, Late):
        return published(data.node, data.pointer)
    if isinstance(data, Deferred):
        if data.operation == "cwl.if" and not all_true(data.data["guards"], published, javascript):
            return None
        inside = resolved(data.data, published, javascript)
        return OPERATIONS[data.operation](inside, data.options, javascript, True)
    if isinstance(data, dict):
        return {key: resolved(value, published, javascript) for key, value in data.items()}
    if isinstance(data, list):
        return [resolved(value, published, javascript) for value in data]
    return data


def all_true(guards: Any, published: Published, javascript: Any) -> bool:
    """Tell whether all guards are true; one that is false hides those after it."""
    for guard in guards:
        value = resolved(guard, published, javascript)
        if value is not True and value is not False:
            raise CwlProblem("'when' must be true or false; it is %.60r" % (value,))
        if not value:
            return False
    return True


def _eval(data: Dict[str, Any], options: List[Any], javascript: Any, measured: bool) -> Any:
    text, requirements, version = options
    place = Place(RUN, "", "", "", measured=measured)
    context = Context(data["inputs"], data["self"], place, requirements, version, javascript=javascript)
    return evaluate(text, context)


def _tool(inputs: Any, options: List[Any], javascript: Any, measured: bool) -> Any:
    tool, name = options
    place = Place(RUN, "", "", "", measured=measured)
    return evaluate_tool(tool, inputs, place, javascript).get(name)


def _contents(value: Any, options: List[Any], javascript: Any, measured: bool) -> Any:
    if not measured:
        raise Unknown()
    return value


OPERATIONS: Dict[str, Operation] = {
    "cwl.eval": _eval,  # an expression of a step
    "cwl.tool": _tool,  # one output of an ExpressionTool
    "cwl.contents": _contents,  # a file with its contents
    "cwl.default": lambda value, options, *_: options[0] if value is None else value,
    "cwl.merged": lambda values, *_: flattened(values),
    "cwl.picked": lambda value, options, *_: picked(value, *options),
    "cwl.if": lambda data, *_: data["value"],
}
