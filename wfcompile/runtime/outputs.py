"""What the last job collects into outputs/: the files that the workflow's leaf nodes publish, or what was asked for."""

from collections import Counter
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from .publish import GLOBS
from .references import Rows
from .suggest import suggest
from .values import RUN, Late, Problem


class Output(NamedTuple):
    """A file or directory to collect.

    `source` is a path in the node's directory, @POINTER for a late one, or /PATH in the workspace as the node left it.
    """

    node: int
    source: str
    destination: str


class Asked(NamedTuple):
    """What somebody wants to have collected; with neither, what the leaf nodes publish."""

    keys: Sequence[str]  # STEP.KEY
    paths: Sequence[str]  # files and directories of the run


def choose_outputs(rows: Rows, paths: Sequence[str], asked: Asked, final: bool) -> List[Output]:
    """Return the outputs; a file keeps its own name unless two outputs have the same.

    `paths` are those of the steps. Raises Problem for what nobody publishes, unless an expansion may yet bring it
    (`final` is false).
    """
    if asked.paths and not asked.keys:
        return list(_at_paths(rows, asked.paths, final))
    found = list(dict.fromkeys(_published_as(rows, paths, asked.keys, final) if asked.keys else _leaves(rows)))
    names = Counter([source.rpartition("/")[2] for _, source in found if not source.startswith("@")])
    outputs = []
    for node, source in found:
        base = source.rpartition("/")[2]
        if source.startswith("@"):
            destination = rows.ids[node]  # how many files there are is known only at run time
        elif names[base] == 1:
            destination = base
        else:
            destination = "%s/%s" % (rows.ids[node], source)
        outputs.append(Output(node, source, destination))
    return outputs


def _at_paths(rows: Rows, asked: Sequence[str], final: bool) -> Iterator[Output]:
    """Yield the outputs that are named as paths in the run: they keep them below outputs/."""
    nodes = {node_id: node for node, node_id in enumerate(rows.ids)}
    for path in asked:
        parts = path.split("/")
        owners = ["/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
        owner = next((name for name in owners if name in nodes), None)
        if owner is not None:
            yield Output(nodes[owner], path[len(owner) + 1 :], path)
        elif final:
            known = [node_id.split("/")[0] for node_id in nodes]
            raise Problem("the output '%s' lies in no node's directory" % path, suggest(parts[0], known))


def _leaves(rows: Rows) -> Iterator[Tuple[int, str]]:
    used = {parent for parents in set(rows.parents) for parent in parents}
    for node in range(len(rows)):
        if node not in used:
            for source in published(rows, node, rows.results[node]):
                yield node, source


def published(rows: Rows, node: int, result: Any) -> Iterator[str]:
    """Yield the node's own files in a result: paths in its directory, @POINTER for those known only later."""
    if isinstance(result, (dict, list)):
        for part in result.values() if isinstance(result, dict) else result:
            for source in published(rows, node, part):
                yield source
    elif isinstance(result, Late) and result.node == node:
        # a document or what a jq program makes of files is no list of files
        if result.pointer in [pointer for pointer, mode, _ in rows.globs[node] if mode in GLOBS]:
            yield "@%s" % result.pointer
    elif isinstance(result, str):
        own = "%s/%s/" % (RUN, rows.ids[node])
        parts = [part for part in result[len(own) :].split("/") if part not in ("", ".")]
        if result.startswith(own) and parts and ".." not in parts:
            yield "/".join(parts)


def _published_as(rows: Rows, paths: Sequence[str], asked: Sequence[str], final: bool) -> Iterator[Tuple[int, str]]:
    by_path: Dict[str, List[int]] = {}
    for node, step in enumerate(rows.step):
        by_path.setdefault(paths[step], []).append(node)
    for name in asked:
        stage, _, key = name.rpartition(".")
        if not stage:
            raise Problem("--output %s is not STEP.KEY" % name, "known steps: %s" % ", ".join(by_path))
        if stage not in by_path and (final or stage not in paths):
            raise Problem("--output %s: no step '%s'" % (name, stage), "write STEP.KEY; %s" % suggest(stage, by_path))
        for node in by_path.get(stage, ()):
            result = rows.results[node]
            if not isinstance(result, dict) or key not in result:
                known = result if isinstance(result, dict) else ()
                raise Problem("--output %s: '%s' publishes no '%s'" % (name, stage, key), suggest(key, known))
            sources = list(published(rows, node, result[key]))
            if not sources:
                raise Problem(
                    "--output %s: '%s' names no file of the node's own" % (name, key), "it is %r" % result[key]
                )
            for source in sources:
                yield node, source


def output_lines(rows: Rows, outputs: Sequence[Output]) -> Iterator[str]:
    """Yield the lines of outputs.tsv: node, source, destination; backslash, tab and newline written as escapes."""
    for output in outputs:
        fields = (rows.ids[output.node], output.source, output.destination)
        yield "\t".join([f.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for f in fields]) + "\n"
