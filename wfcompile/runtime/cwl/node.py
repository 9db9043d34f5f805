"""What a node asks of the evaluator: its command before, its outputs after.

The wrapper gives the node's call as JSON (runtime.emit writes it into the row): {"inputs": {…}, "guards": [...]}.
"""

import json
import os.path
import sys
from typing import Any, Callable, Dict, List, NamedTuple

from ..pointers import decode, published_at
from ..records import published_by
from ..values import RUN, Problem
from .call import place_in, tool_inputs
from .collect import collect
from .command import Prepared, prepare
from .complete import complete
from .files import Host, host_in, in_files
from .javascript import Javascript
from .late import World, all_true, resolved
from .own import owned
from .place import Place


class Node(NamedTuple):
    """A node at run time; paths of this host, and as the command sees them."""

    bundle: str
    run: str
    root: str  # the run as the command sees it
    job: str  # its directory in scratch, as the command sees it
    own: str  # its own directory
    name: str
    tool: str  # its number
    answer: str  # the file for answers


def answer(*words: str) -> int:
    """Read a node's call, then questions, a line each; fill the node's file with each answer, then write a line.

    `command`: `skip` and the outputs, or `run`, the command, the seconds it may take and triples of what to stage.
    `results CODE`: what the node publishes, as a member of a JSON object, and the paths in its directory that this is.
    CODE is what the command ended with.
    """
    node = Node(*words)
    call = json.loads(_line())
    prepared = None  # kept from one question to the next
    for question in iter(_line, ""):
        asked, _, code = question.partition(" ")
        with Javascript() as javascript:  # its process does not wait for the command to end
            world = World(javascript, host_of(node))
            if asked == "command" and not all_true(decode(call["guards"]), published_in(node.run), world):
                nothing = {port["name"]: None for port in tool_of(node)["outputs"]}
                _reply(node, ["skip", json.dumps(nothing)])
                continue
            prepared = prepared or _prepared(node, call, world)
            if asked == "command":
                _reply(node, _run(prepared))
            else:
                outputs = outputs_of(node, call, prepared.inputs, int(code), world)
                _reply(node, _given(node, outputs))
    return 0


def _line() -> str:
    return sys.stdin.buffer.readline().decode("utf-8", "surrogateescape").rstrip("\n")


def _reply(node: Node, words: List[str]) -> None:
    with open(node.answer, "wb") as file:
        file.write("".join([word + "\0" for word in words]).encode("utf-8", "surrogateescape"))
    sys.stdout.write("\n")
    sys.stdout.flush()


def _given(node: Node, outputs: Dict[str, Any]) -> List[str]:
    own = "%s/%s/" % (RUN, node.name)
    places = [value.get("location", "") for value in in_files(outputs)]
    published = '"":' + json.dumps(outputs, ensure_ascii=False, separators=(",", ":"))
    return [published] + [place[len(own) :] for place in places if place.startswith(own)]


def _run(prepared: Prepared) -> List[str]:
    words = ["run", prepared.command, str(prepared.limit)]
    for triple in prepared.stage:
        words += triple
    return words


def outputs_of(
    node: Node, call: Dict[str, Any], inputs: Dict[str, Any], exit_code: int, world: World
) -> Dict[str, Any]:
    """Return a node's outputs, looked for in its directory."""
    tool = tool_of(node)
    place = place_of(node, tool)._replace(**call["amounts"])
    outputs = collect(tool, inputs, place, host_of(node), exit_code, world.javascript)
    # Below a root of their own, later nodes have only the directories of their parents, as HTCondor brings only those.
    return outputs if node.root == node.run else owned(outputs, host_of(node))


def _prepared(node: Node, call: Dict[str, Any], world: World) -> Prepared:
    tool = tool_of(node)
    inputs = tool_inputs(tool, resolved(decode(call["inputs"]), published_in(node.run), world))
    place = place_of(node, tool)._replace(**call["amounts"])
    inputs = complete(inputs, tool, place, host_of(node), world.javascript)
    return prepare(tool, inputs, place, world.javascript)


def place_of(node: Node, tool: Dict[str, Any]) -> Place:
    """Return the place of a node, its amounts not yet known."""
    return place_in(tool, node.root, node.name, node.job)


def host_of(node: Node) -> Host:
    """Return where this process finds files."""
    return host_in(node.bundle, node.run, node.name, node.own)


def tool_of(node: Node) -> Dict[str, Any]:
    """Return the tool that a node calls."""
    with open(os.path.join(node.bundle, "lib", "tools", "%s.json" % node.tool), encoding="utf-8") as file:
        return json.load(file)  # type: ignore[no-any-return] # the compiler wrote it


def published_in(run: str) -> Callable[[Any, str], Any]:
    """Return how to read what nodes of a run have published."""
    found: Dict[str, Dict[str, Any]] = {}

    def published(node_id: Any, pointer: str) -> Any:
        if node_id not in found:
            found[node_id] = published_by(run, node_id)
        try:
            return published_at(found[node_id], pointer)
        except (LookupError, ValueError, TypeError):
            raise Problem("node '%s' published no value at %s" % (node_id, pointer), "look at what it wrote")

    return published
