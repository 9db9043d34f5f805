"""Lines of a DAG file: the nodes, points and edges of one part.

Source: DAGMan reference, HTCondor 23. DAGMan needs the names of the nodes and files as words without blanks.
"""

from typing import Container, Dict, Iterator, List, Tuple

from .parts import Part, needed_nodes, needed_points, place_of, shard_of


def dagman_value(text: str) -> str:
    """Return a VARS value in double quotes (DAGMan reference, VARS: backslash and double quote are escaped)."""
    if "\n" in text:
        raise ValueError("a VARS value cannot hold a newline")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def condor_list_item(path: str) -> str:
    """Return a path for an HTCondor transfer list; raises ValueError for what such a list cannot hold."""
    if any(character in path for character in ",\n\r\"'$") or path != path.strip():
        raise ValueError("HTCondor cannot transfer a file named %r" % path)
    return path


def description_name(path: str) -> str:
    """Return the name of a step's submit description."""
    return path.replace("/", ":")  # which no stage name holds


def dag_lines(part: Part, done: Container[str] = ()) -> Iterator[str]:
    """Yield the lines of every node, point and edge; nodes that `done` holds are not run again."""
    rows = part.rows
    brought: Dict[str, List[str]] = {}
    for item in part.steps:
        path = part.paths[item.step]
        own_scripts = part.own_scripts and not part.point
        shard = 0 if own_scripts else shard_of(part, item)
        for number, node in enumerate(item.nodes):
            node_id = rows.ids[node]
            yield "JOB %s %s%s\n" % (node_id, description_name(path), " DONE" if node_id in done else "")
            values = ""
            if shard:
                values += " row=%s" % dagman_value(str(number))
            if part.point:
                values += " place=%s" % dagman_value(part.place)
            if part.transfer:
                directory = "run/" + part.place if part.point else part.place
                files = ["%s/%s.%d.rows" % (directory, path, number // shard)] if shard else []
                files += ["run/%s" % rows.ids[parent] for parent in rows.parents[node]]
                for name in rows.inputs[node]:
                    if name not in brought:
                        brought[name] = list(_input_files(part, name))
                    files += brought[name]
                values += " files=%s" % dagman_value(", ".join(files)) if files else ""
            for key, amount in sorted(rows.asks.get(node, {}).items()):
                values += " %s=%s" % (key, dagman_value("%d" % amount))
            if values:
                yield "VARS %s%s\n" % (node_id, values)
    for line in _edges(part):
        yield line
    for line in _points(part):
        yield line
    if not part.steps and not part.points:
        yield "JOB nothing nothing NOOP\n"  # a DAG without nodes is an error


def _edges(part: Part) -> Iterator[str]:
    """Yield PARENT lines; nodes with the same parents share one, which DAGMan turns into a join node."""
    rows = part.rows
    children: Dict[Tuple[int, ...], List[str]] = {}
    for item in part.steps:
        for node in item.nodes:
            needs = rows.parents[node]
            if rows.after[node]:
                needs = tuple(sorted(set(needs).union(rows.after[node])))
            if part.point:  # the others have ended before the expansion
                needs = tuple([n for n in needs if rows.point[n] == part.point])
            if needs:
                children.setdefault(needs, []).append(rows.ids[node])
    for needs, ids in children.items():
        yield "PARENT %s CHILD %s\n" % (" ".join([rows.ids[p] for p in needs]), " ".join(ids))


def _points(part: Part) -> Iterator[str]:
    """Yield each expansion point: a script that writes an inner DAG, and the DAG."""
    for point in part.points:
        yield "SUBDAG EXTERNAL %s run/%s/workflow.dag\n" % (point.name, place_of(point.name))
        yield "SCRIPT PRE %s expand.sh %s\n" % (point.name, point.name)
        yield "RETRY %s 0\n" % point.name  # its own nodes are tried again, one by one
        yield "CATEGORY %s expansions\n" % point.name
        needs = [part.rows.ids[node] for node in needed_nodes(part, point)] + needed_points(part, point)
        if needs:
            yield "PARENT %s CHILD %s\n" % (" ".join(needs), point.name)


def _input_files(part: Part, name: str) -> Iterator[str]:
    """Yield what to transfer for one input path: what the bundle holds, and what is bound at submission."""
    below = [f for f in part.inputs if name == "." or f == name or f.startswith(name + "/")]
    if any(part.inputs[f] for f in below):
        yield "inputs" if name == "." else condor_list_item("inputs/%s" % name)
    for file in below:
        if not part.inputs[file]:
            yield condor_list_item("run/.inputs/%s" % file)
