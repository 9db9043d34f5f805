"""A tool called by a node: what is known of the call before, and the place where it runs."""

from typing import Any, Dict, NamedTuple, Tuple

from ..values import JOB, RUN
from .expressions import Context, evaluate
from .place import CwlProblem, Place, Unknown
from .requests import Asked, asked


class Call(NamedTuple):
    """One node's call of a tool."""

    tool: int  # number in the template
    inputs: Dict[str, Any]  # with late values
    guards: Tuple[Any, ...]  # late values, all of which must be true; else the node publishes null
    stage: Tuple[Tuple[str, str, str], ...]  # action, target, source: what must exist before, as far as it is known
    late: bool  # its command is made on the node
    collects: bool  # its outputs are looked for on the node
    limit: int  # seconds that its command may take, 0 for no limit; when that is known before
    amounts: Dict[str, Any]  # what it has: fields of Place


def tool_inputs(tool: Dict[str, Any], inputs: Dict[str, Any]) -> Dict[str, Any]:
    """Return the values of a tool's own inputs, defaults in the place of null."""
    found = {}
    for port in tool["inputs"]:
        value = inputs.get(port["name"])
        found[port["name"]] = port.get("default") if value is None else value
    return found


def place_before(tool: Dict[str, Any], node_id: str) -> Place:
    """Return a node's place as the compiler knows it: tokens for its directories."""
    return place_in(tool, RUN, node_id, JOB)._replace(measured=False)


def place_in(tool: Dict[str, Any], root: str, node_id: str, job: str) -> Place:
    """Return a node's place, its amounts not yet known; a tool may name its directory in the container itself."""
    outdir = tool.get("outdir") or "%s/%s" % (root, node_id)
    return Place(root, outdir, job + "/tmp", job + "/stage", own="%s/%s" % (RUN, node_id))


def asked_by(
    tool: Dict[str, Any], step: Dict[str, Any], inputs: Dict[str, Any], place: Place, javascript: Any
) -> Asked:
    """Return what a node has and asks for."""
    context = Context(inputs, None, place, tool["requirements"], tool["version"], javascript=javascript)

    def value_of(requirement: str, text: str) -> Any:
        try:
            value = evaluate(text, context)
        except Unknown:
            return None
        if type(value) not in (int, float) or value < 0:
            what = "%s: '%s' is %.60r, which is no amount to ask for" % (tool["name"], text, value)
            raise CwlProblem(what, part=("tool", "requirements", requirement))
        return value

    return asked(tool, step, value_of)
