"""Random workflows, run by the real engine and expanded by ours with what its jobs published.

Ids, commands, interpreters, results, parameter mounts and data edges are compared. Only what docs/yadage-differences.md
lists may differ; the comments here name the numbers.
WFCOMPILE_RANDOM_WORKFLOWS says how many (default 20), WFCOMPILE_RANDOM_SEED where the seeds begin (default 0).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.yadage.execute import execute, own_bindings, sorted_globs
from tests.yadage.random_workflows import RandomWorkflow
from wfcompile.compile import plan
from wfcompile.errors import Refused
from wfcompile.frontends.yadage.engine import EngineNode, compare, run_engine
from wfcompile.ir import Workflow
from wfcompile.jq_program import run_jq
from wfcompile.options import Options
from wfcompile.runtime.expand import Known
from wfcompile.runtime.pointers import at_pointer
from wfcompile.runtime.points import expanded
from wfcompile.runtime.values import Problem

NUMBER = int(os.environ.get("WFCOMPILE_RANDOM_WORKFLOWS", "20"))
FIRST = int(os.environ.get("WFCOMPILE_RANDOM_SEED", "0"))
SEEDS = range(FIRST, FIRST + NUMBER)
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the engine leaves files open


class _Published(dict[str, Any]):
    """What a node published, by pointer, as the engine recorded it."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result

    def __missing__(self, pointer: str) -> Any:
        return at_pointer(self.result, pointer)


def complete(workflow: Workflow, nodes: list[EngineNode]) -> Workflow:
    """A workflow with all its points expanded, with the results of the engine's jobs."""
    results = {node.directory: node.result for node in nodes if node.directory is not None}

    def published(node_id: str) -> Mapping[str, Any] | None:
        return _Published(results[node_id]) if node_id in results else None

    known = Known(workflow.init, workflow.init_scopes, lambda *key: workflow.looked.get(key), run_jq)
    return replace(workflow, rows=expanded(workflow.template, known, lambda point: True, published).rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_as_the_engine(seed: int, tmp_path: Path) -> None:
    spec = RandomWorkflow(seed).write(tmp_path / "spec")
    init = tmp_path / "spec" / "init"
    options = Options(spec, toplevel=spec.parent, input_files=(spec.with_name("init.yml"),), initdir=init)
    try:
        with sorted_globs(), own_bindings():  # differences 1 and 2
            nodes = run_engine(options, init, execute, tmp_path)
    except Refused as fault:
        with pytest.raises((Refused, Problem)):  # what the engine cannot do is refused here too
            pytest.fail(f"{fault}; here: {complete(plan(options), []).rows.ids}")
        return
    try:
        workflow = plan(options)
    except Refused as refused:
        assert "no node to run" in str(refused)  # difference 3
        assert not any(node.directory for node in nodes)
        return
    assert compare(complete(workflow, nodes), nodes) == []


def test_every_form(record_property: Callable[[str, Any], None]) -> None:
    """All forms are among the workflows; in 300 of them each at least 20 times."""
    forms: Counter[str] = Counter()
    for seed in SEEDS:
        forms += RandomWorkflow(seed).forms
    record_property("forms", (f"{NUMBER} random workflows from seed {FIRST}", sorted(forms.items())))
    rare = {form: number for form, number in forms.items() if number < 20 * NUMBER / 300}
    assert NUMBER < 300 or rare == {}
