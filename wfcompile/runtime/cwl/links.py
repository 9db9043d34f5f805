"""Links: what a step's input, or a workflow's output, gets from its sources.

Source: CWL v1.2 Workflow, WorkflowStepInput (linkMerge, pickValue, default), as cwltool does it.
"""

from typing import Any, Callable, Dict, List

from ..values import Deferred, Late
from .place import CwlProblem

Fetch = Callable[[List[str]], Any]  # a source -> its value


def linked(name: str, port: Dict[str, Any], fetch: Fetch) -> Any:
    """Return the value of a port: Deferred where only a job's result decides."""
    if not port["source"]:
        return port.get("default")
    value = merged([fetch(source) for source in port["source"]], merge_of(port), name)
    value = picked(value, port.get("pickValue"), name)
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


def picked(value: Any, how: Any, name: str) -> Any:
    """Return what pickValue leaves of a list; raises CwlProblem."""
    if how is None or (not isinstance(value, list) and not is_late(value)):
        return value
    if is_late(value) or any([is_late(item) for item in value]):
        first = None if is_late(value) else next((item for item in value if item is not None), None)
        if how == "first_non_null" and first is not None and not is_late(first):
            return first
        return Deferred("cwl.picked", [how, name], value)
    found = [item for item in value if item is not None]
    if how == "all_non_null":
        return found
    if not found:
        raise CwlProblem("all sources of '%s' are null" % name, "pickValue: %s needs one that is not" % how)
    if how == "the_only_non_null" and len(found) > 1:
        raise CwlProblem("%d sources of '%s' are not null" % (len(found), name), "the_only_non_null takes one")
    return found[0]


def is_late(value: Any) -> bool:
    """Tell whether a value as a whole is known only when jobs have ended."""
    return isinstance(value, (Late, Deferred))
