"""Pass: what each step asks for. Sources, later ones win: specification, site profile, --resources, --set.

A specification may ask several systems (kubernetes, htcondor, slurm) for amounts of its own: the target's count most,
kubernetes' come next, because REANA asks it by default.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from wfcompile.amounts import KEYS, SETTINGS, how_to_write, parse_setting
from wfcompile.documents import cursor, read_document
from wfcompile.errors import Refused, suggest
from wfcompile.ir import Request, Step, Workflow
from wfcompile.loc import Loc
from wfcompile.options import Options


def request_resources(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with one Request a step; raises Refused for patterns that match no step, and bad amounts."""
    rules = _file_rules(options) + [_rule(*setting, None) for setting in options.settings]
    paths = [step.path for step in workflow.steps if step.nodes]
    for pattern, _, _, loc in rules:
        if not any(fnmatchcase(path, pattern) for path in paths):
            raise Refused(f"no step matches '{pattern}'", suggest(pattern, paths), loc)
    requests, fixed = [], []
    for step in workflow.steps:
        chosen = dict(options.site.resources)
        for pattern, key, value, _ in rules:
            if fnmatchcase(step.path, pattern):
                chosen[key] = value
        requests.append(Request(**{**_hinted(step, options.target), **chosen}))
        fixed.append(sorted(chosen))
    template = workflow.template
    if workflow.language == "cwl":
        template = template | {"steps": list(map(_with_request, template["steps"], requests, fixed))}
    return replace(workflow, requests=tuple(requests), template=template)


def _with_request(step: dict[str, Any], request: Request, fixed: list[str]) -> dict[str, Any]:
    """Return a step of a CWL template with its request, and what of it comes before what its tool asks for."""
    return step | {"request": {key: getattr(request, key) for key in KEYS}, "fixed": fixed}


def _hinted(step: Step, target: str) -> dict[str, Any]:
    own = {"dagman": "htcondor", "slurm": "slurm"}.get(target, "kubernetes")
    values: dict[str, Any] = {}
    for system in sorted(step.hints, key=lambda name: (name == own, name == "kubernetes", name)):
        values.update(step.hints[system])
    return values


Rule = tuple[str, str, int | str | bool, Loc | None]


def _rule(pattern: str, key: str, value: object, loc: Loc | None) -> Rule:
    if key not in SETTINGS:
        raise Refused(f"'{key}' is no resource", suggest(key, SETTINGS), loc)
    try:
        return pattern, key, parse_setting(key, value), loc
    except ValueError as error:
        raise Refused(str(error), how_to_write(key), loc) from None


def _file_rules(options: Options) -> list[Rule]:
    """Read --resources files: step globs to resources; a later pattern wins over an earlier one."""
    rules = []
    for path in options.resources:
        root = cursor(read_document(path, "the resources file"))
        if root.value is None:
            continue
        for pattern in root.mapping("the resources file"):
            entry = root.child(pattern)
            for key in entry.mapping("a step's resources") if entry.value is not None else ():
                loc = entry.key_loc(key) if key not in SETTINGS else entry.child(key).loc
                rules.append(_rule(str(pattern), str(key), entry.value[key], loc))
    return rules
