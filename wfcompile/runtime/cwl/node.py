"""What a node asks of the evaluator: its command before, its outputs after, and the workflow's outputs at the end.

The wrapper gives the node's call as JSON (runtime.emit writes it into the row): {"inputs": {…}, "guards": [...]}.
"""

import json
import os.path
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Sequence

from ..late import decode, published_at
from ..records import published_by
from ..values import RUN, Problem
from .call import tool_inputs
from .collect import collect
from .command import prepare
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
    memory: str  # a file for what is to be kept between the two questions
    tool: str  # its number


def print_command(*words: str) -> int:
    """Print the words of `command_of`, each ended by NUL."""
    _write("".join([word + "\0" for word in command_of(node_from(words), _read())]))
    return 0


def print_results(*words: str) -> int:
    """Print what the node publishes as a member of a JSON object, and what of its directory that is, each with NUL."""
    node = node_from(words[:-1])
    outputs = outputs_of(node, _read(), int(words[-1]))
    texts = ['"":' + json.dumps(outputs, ensure_ascii=False, separators=(",", ":"))]
    own = "%s/%s/" % (RUN, node.name)
    places = [value.get("location", "") for value in in_files(outputs)]
    texts += [place[len(own) :] for place in places if place.startswith(own)]
    _write("".join([text + "\0" for text in texts]))
    return 0


def node_from(words: Sequence[str]) -> Node:
    """Return the node that the wrapper's words tell of."""
    return Node(*words)


def _read() -> str:
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))


def command_of(node: Node, text: str) -> List[str]:
    """Return `skip`, or `run`, the command, the seconds it may take and the triples of what must be staged before."""
    call = decode(json.loads(text))
    javascript = Javascript()
    world = World(javascript, host_of(node))
    if not all_true(call["guards"], published_in(node.run), world):
        return ["skip", json.dumps({port["name"]: None for port in tool_of(node)["outputs"]})]
    prepared = _prepared(node, call, world)
    with open(node.memory, "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(prepared.inputs, file)
    words = ["run", prepared.command, str(prepared.limit)]
    for triple in prepared.stage:
        words += triple
    return words


def outputs_of(node: Node, text: str, exit_code: int) -> Dict[str, Any]:
    """Return a node's outputs, looked for in its directory."""
    tool = tool_of(node)
    javascript = Javascript()
    if os.path.exists(node.memory):
        with open(node.memory, encoding="utf-8", errors="surrogateescape") as file:
            inputs = json.load(file)
    else:
        inputs = _prepared(node, decode(json.loads(text)), World(javascript, host_of(node))).inputs
    place = place_of(node)._replace(**json.loads(text)["amounts"])
    outputs = collect(tool, inputs, place, host_of(node), exit_code, javascript)
    # Below a root of their own, later nodes have only the directories of their parents, as HTCondor brings only those.
    return outputs if node.root == node.run else owned(outputs, host_of(node))


def _prepared(node: Node, call: Dict[str, Any], world: World) -> Any:
    tool = tool_of(node)
    inputs = tool_inputs(tool, resolved(call["inputs"], published_in(node.run), world))
    place = place_of(node)._replace(**call["amounts"])
    inputs = complete(inputs, tool, place, host_of(node), world.javascript)
    return prepare(tool, inputs, place, world.javascript)


def place_of(node: Node) -> Place:
    """Return the place of a node, its amounts not yet known."""
    return Place(node.root, "%s/%s" % (node.root, node.name), node.job + "/tmp", node.job + "/stage")


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
