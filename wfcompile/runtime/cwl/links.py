"""Links: what a step's input, or a workflow's output, gets from its sources.

Source: CWL v1.2 Workflow, WorkflowStepInput (linkMerge, pickValue, default), as cwltool does it.
"""

from typing import Any, Callable, Dict, List

from ..values import Deferred, Late
from .place import CwlProblem
from .types import mismatch

Fetch = Callable[[List[str]], Any]  # a source -> its value
Test = Callable[[Any], bool]


def is_known(value: Any) -> bool:
    """Tell whether a value is there, and not null."""
    return value is not None and not is_late(value)


def linked(name: str, port: Dict[str, Any], fetch: Fetch, is_given: Test = is_known) -> Any:
    """Return the value of a port: Deferred where only a job's result decides; `is_given` tells what is never null."""
    if not port["source"]:
        return port.get("default")
    value = merged([fetch(source) for source in port["source"]], merge_of(port), name)
    value = picked(value, port.get("pickValue"), name, is_given)
    if "default" not in port:
        return value
    if is_late(value):
        return Deferred("cwl.default", [port["default"]], value)
    return port["default"] if value is None else value


def merge_of(port: Dict[str, Any]) -> Any:
    """Return how the sources are merged; None when there is one that stays as it is."""
    return port.get("linkMerge") or ("merge_nested" if len(port["source"]) > 1 else None)


def merged(values: List[Any], how: Any, name: str) -> Any:
    """Return the values of several sources as one."""
    if how is None:
        return values[0]
    if how == "merge_nested":
        return values
    if any([is_late(value) for value in values]):
        return Deferred("cwl.merged", [how, name], values)
    return flattened(values)


def flattened(values: List[Any]) -> List[Any]:
    """Return lists among the values as their elements."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def picked(value: Any, how: Any, name: str, is_given: Test = is_known) -> Any:
    """Return what pickValue leaves of a list; raises CwlProblem."""
    if is_late(value) and how is not None:
        return Deferred("cwl.picked", [how, name], value)
    if how is None or not isinstance(value, list):
        return value
    found = [item for item in value if item is not None]
    given = [item for item in found if is_given(item)]
    if how == "first_non_null" and found and is_given(found[0]):
        return found[0]
    if how == "the_only_non_null" and len(given) > 1:
        raise CwlProblem("%d sources of '%s' are not null" % (len(given), name), "the_only_non_null takes one")
    if len(given) < len(found):
        return Deferred("cwl.picked", [how, name], value)
    if how == "all_non_null":
        return found
    if not found:
        raise CwlProblem("all sources of '%s' are null" % name, "pickValue: %s needs one that is not" % how)
    return found[0]


def check_output(port: Dict[str, Any], value: Any) -> None:
    """Refuse a value that an output of the workflow cannot have; raises CwlProblem."""
    wrong = mismatch(port["type"], value)
    if wrong:
        raise CwlProblem(wrong)


def is_late(value: Any) -> bool:
    """Tell whether a value as a whole is known only when jobs have ended."""
    return isinstance(value, (Late, Deferred))
