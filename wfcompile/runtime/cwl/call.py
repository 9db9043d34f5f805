"""A tool called by a node: what is known of the call before, and the place where it runs."""

from typing import Any, Dict, NamedTuple, Tuple

from ..values import JOB, RUN
from .expressions import Context, evaluate
from .place import Place
from .requests import requested


class Call(NamedTuple):
    """One node's call of a tool."""

    tool: int  # number in the template
    inputs: Dict[str, Any]  # with late values
    guards: Tuple[Any, ...]  # late values, all of which must be true; else the node publishes null
    stage: Tuple[Tuple[str, str, str], ...]  # action, target, source: what must exist before, as far as it is known
    late: bool  # its command is made on the node
    collects: bool  # its outputs are looked for on the node
    limit: int  # seconds that its command may take, 0 for no limit; when that is known before


def tool_inputs(tool: Dict[str, Any], inputs: Dict[str, Any]) -> Dict[str, Any]:
    """Return the values of a tool's own inputs, defaults in the place of null."""
    found = {}
    for port in tool["inputs"]:
        value = inputs.get(port["name"])
        found[port["name"]] = port.get("default") if value is None else value
    return found


def place_before(tool: Dict[str, Any], inputs: Dict[str, Any], node_id: str, javascript: Any) -> Place:
    """Return a node's place as the compiler knows it: tokens for its directories; raises Unknown."""
    place = Place(RUN, "%s/%s" % (RUN, node_id), JOB + "/tmp", JOB + "/stage", measured=False)
    return with_amounts(place, tool, inputs, javascript)


def with_amounts(place: Place, tool: Dict[str, Any], inputs: Dict[str, Any], javascript: Any) -> Place:
    """Return a place with the amounts that the tool asks for; raises Unknown."""
    context = Context(inputs, None, place, tool["requirements"], tool["version"], javascript=javascript)
    requirement = tool["requirements"].get("ResourceRequirement", {})
    amounts = requested(
        requirement, tool["version"], lambda value: evaluate(value, context) if isinstance(value, str) else value
    )
    return place._replace(**amounts)
