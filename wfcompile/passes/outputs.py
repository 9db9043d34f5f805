"""Pass: what the last job collects into outputs/: the files that the workflow's leaf nodes publish, or --output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wfcompile.errors import Refused, suggest
from wfcompile.ir import Output, Workflow
from wfcompile.options import Options
from wfcompile.runtime.values import RUN, Late


def choose_outputs(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its outputs; a file keeps its own name unless two outputs have the same."""
    if workflow.asked and not options.outputs:
        return replace(workflow, outputs=tuple(_of_the_specification(workflow)))
    found = list(dict.fromkeys(_asked(workflow, options.outputs) if options.outputs else _leaves(workflow)))
    names = Counter(source.rpartition("/")[2] for _, source in found if not source.startswith("@"))
    ids = workflow.rows.ids
    outputs = []
    for node, source in found:
        base = source.rpartition("/")[2]
        if source.startswith("@"):
            destination = ids[node]  # how many files there are is known only at run time
        elif names[base] == 1:
            destination = base
        else:
            destination = f"{ids[node]}/{source}"
        outputs.append(Output(node, source, destination))
    return replace(workflow, outputs=tuple(outputs))


def _of_the_specification(workflow: Workflow) -> Iterator[Output]:
    """Yield the outputs that the specification names as paths in the run: they keep them below outputs/."""
    nodes = {node_id: node for node, node_id in enumerate(workflow.rows.ids)}
    for path in workflow.asked:
        parts = path.split("/")
        owners = ["/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
        owner = next((name for name in owners if name in nodes), None)
        if owner is None:
            what = f"the output '{path}' lies in no node's directory"
            raise Refused(what, suggest(parts[0], (node_id.split("/")[0] for node_id in nodes)))
        yield Output(nodes[owner], path[len(owner) + 1 :], path)


def _leaves(workflow: Workflow) -> Iterator[tuple[int, str]]:
    rows = workflow.rows
    used = {parent for parents in set(rows.parents) for parent in parents}
    for node in range(len(rows)):
        if node not in used:
            yield from ((node, source) for source in published(workflow, node, rows.results[node]))


def published(workflow: Workflow, node: int, result: Any) -> Iterator[str]:
    """Yield the node's own files in a result: paths in its directory, @POINTER for those known only later."""
    if isinstance(result, dict | list):
        for part in result.values() if isinstance(result, dict) else result:
            yield from published(workflow, node, part)
    elif isinstance(result, Late) and result.node == node:
        yield f"@{result.pointer}"
    elif isinstance(result, str):
        path = result.removeprefix(f"{RUN}/{workflow.rows.ids[node]}/")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if path != result and parts and ".." not in parts:
            yield "/".join(parts)


def _asked(workflow: Workflow, asked: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    rows = workflow.rows
    by_path: dict[str, list[int]] = {}
    for node, step in enumerate(rows.step):
        by_path.setdefault(workflow.steps[step].path, []).append(node)
    for name in asked:
        stage, _, key = name.rpartition(".")
        if stage not in by_path:
            raise Refused(f"--output {name}: no step '{stage}'", f"write STEP.KEY; {suggest(stage, by_path)}")
        for node in by_path[stage]:
            result = rows.results[node]
            if not isinstance(result, dict) or key not in result:
                known = result if isinstance(result, dict) else ()
                raise Refused(f"--output {name}: '{stage}' publishes no '{key}'", suggest(key, known))
            sources = list(published(workflow, node, result[key]))
            if not sources:
                raise Refused(f"--output {name}: '{key}' names no file of the node's own", f"it is {result[key]!r}")
            yield from ((node, source) for source in sources)
