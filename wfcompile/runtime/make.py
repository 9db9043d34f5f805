"""Rules of a Makefile: the nodes and points of one part."""

from typing import Iterator

from .parts import Part, needed_nodes, needed_points, place_of


def make_rules(part: Part) -> Iterator[str]:
    """Yield a rule for each node and point: its record follows the records of what it needs."""
    rows = part.rows
    for item in part.steps:
        path = part.paths[item.step]
        for number, node in enumerate(item.nodes):
            node_id = rows.ids[node]
            target = "$(RUN)/%s/done.json" % node_id
            if part.own_scripts and not part.point:
                script = "nodes/%s.sh" % node_id
            else:
                script = "steps/%s.sh %d%s" % (path, number, " " + part.place if part.point else "")
            yield "nodes: %s\n%s:" % (target, target)
            yield "".join([_record(rows.ids[n]) for n in sorted(set(rows.parents[node]).union(rows.after[node]))])
            yield "\n\t@$(NODE) %s\n" % script
    for point in part.points:
        target = _expanded(point.name).strip()
        yield "nodes: %s\n%s:" % (target, target)
        yield "".join([_record(rows.ids[n]) for n in needed_nodes(part, point)])
        yield "".join([_expanded(name) for name in needed_points(part, point)])
        # a recursive make shares the job slots of this one
        inner = "$(MAKE) --no-print-directory -f $(RUN)/%s/Makefile RUN=$(RUN) nodes" % place_of(point.name)
        yield "\n\t@$(NODE) lib/expand.sh %s && %s && touch $@\n" % (point.name, inner)


def _record(node_id: str) -> str:
    return " $(RUN)/%s/done.json" % node_id


def _expanded(point: str) -> str:
    return " $(RUN)/%s/done" % place_of(point)
