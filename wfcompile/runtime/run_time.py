"""A bundle at run time: its plan, read again, and expanded with what the run has published so far."""

import json
import os
import os.path
from typing import Any, Container, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from .expand import Known
from .jq import run_text
from .outputs import Asked
from .parts import Part, StepNodes, by_step, instances, is_expanded
from .points import Expansion, expanded
from .records import published_by
from .references import Rows
from .values import Problem


class Plan(NamedTuple):
    """What plan.json says, and where the run is."""

    target: str
    template: Dict[str, Any]
    known: Known
    steps: List[Dict[str, Any]]
    emission: Dict[str, Any]
    exact: Mapping[str, int]
    bounds: Mapping[str, int]
    points: bool  # the run expands it; else nodes that bounds allowed make their rows themselves
    run: str


def run_jq(program: str, data: Any) -> List[Any]:
    """Return all results of a jq program; raises Problem."""
    try:
        return run_text(program, data)
    except ValueError as error:  # JqSyntax, JqError
        raise Problem("the jq program %r fails: %s" % (program.strip(), error))


def read_plan(bundle: str, run: str) -> Plan:
    """Read the plan of a bundle; raises Problem."""
    try:
        with open(os.path.join(bundle, "plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
    except (OSError, ValueError) as error:
        raise Problem("plan.json cannot be read: %s" % error)
    looked = {(place, text, discover): found for place, text, discover, found in plan["looked"]}
    known = Known(
        init=plan["init"],
        scopes=plan["init_scopes"],
        look=lambda *key: looked.get(key),
        jq=run_jq,
        expected=plan["exact"],
        place=(bundle, run),
    )
    return Plan(
        plan["target"],
        plan["template"],
        known,
        plan["steps"],
        plan["emission"],
        plan["exact"],
        plan["bounds"],
        plan["points"],
        run,
    )


def expanded_now(
    plan: Plan, opening: Optional[str] = None, all_known: bool = False, without: Container[str] = ()
) -> Expansion:
    """Expand with the results of the points that the run has expanded, and of the one that it is about to.

    With `all_known` every point whose results are there counts as expanded; `without` names points that do not. Raises
    Problem, which names the step and where it is written.
    """

    def has_record(node_id: str) -> bool:
        return os.path.exists(os.path.join(plan.run, node_id, "done.json"))

    def published(node_id: str) -> Optional[Mapping[str, Any]]:
        return published_by(plan.run, node_id) if not all_known or has_record(node_id) else None

    def is_open(name: str) -> bool:
        if name in without:
            return False
        return all_known or name == opening or is_expanded(plan.run, name)

    try:
        expansion = expanded(plan.template, plan.known, is_open, published)
    except Problem as problem:
        if problem.step >= 0:
            step, part = plan.steps[problem.step], " ".join(problem.part[:2])
            problem.what = "%s (%s%s): %s" % (step["step"], step["source"], ", " + part if part else "", problem.what)
        raise
    check_bounds(plan, expansion.rows)
    return expansion


def check_bounds(plan: Plan, rows: Rows) -> None:
    """Refuse more nodes than --expect STEP<=N allows; raises Problem."""
    paths = [step["step"] for step in plan.steps]
    for path, bound in plan.bounds.items():
        for scope, count in instances(rows, paths, path).items():
            if count > bound:
                what = "the step '%s%s' has %d nodes in this run, more than --expect %s<=%d allows"
                raise Problem(
                    what % (scope, path.rpartition("/")[2], count, path, bound), "compile with a larger bound"
                )


def part_of(plan: Plan, expansion: Expansion, name: str) -> Part:
    """Return what the expansion of a point adds."""
    emission = plan.emission
    return Part(
        point=name,
        rows=expansion.rows,
        steps=tuple(by_step(expansion.rows, (name,))),
        points=tuple([point for point in expansion.points if point.owner == name]),
        paths=[step["step"] for step in plan.steps],
        requests=[step["request"] for step in plan.steps],
        own_scripts=False,
        later=(),
        transfer=emission["transfer"],
        inputs=emission["inputs"],
        array_limit=emission["array_limit"],
    )


def asked_of(plan: Plan) -> Asked:
    """Return what somebody wants to have collected."""
    return Asked(plan.emission["asked_keys"], plan.emission["asked_paths"])


def ids_of(rows: Rows, items: Tuple[StepNodes, ...]) -> Iterator[str]:
    """Yield the ids of all nodes of a part."""
    for item in items:
        for node in item.nodes:
            yield rows.ids[node]
