"""The engine's own cases, compared with the records of the real engine."""

from __future__ import annotations

import pytest

from tests.yadage import reference
from wfcompile.compile import plan
from wfcompile.frontends.yadage.engine import compare

STATIC = {
    "bsm-search": 67,
    "bsm-search-wflow_all_mc": None,
    "cartesian_mapreduce": 7,
    "mapreduce": 4,
    "mapreduce_batched": 4,
    "mapreduce_batched_multilevel-40": 81,
    "nested": 2,
    "nestedmapreduce": 4,
    "local-helloworld": 1,
    "local-helloworld-relative-false": 1,
    "ex-mcprodflowsub": 6,
    "ex-pseudocap": 5,
    "casesflow-single-0": 1,
    "casesflow-single-2": 1,
    "registering_values": 2,
    "nestedmapreduce_regval": 4,
    "jqwflow": 10,
    "jqnodestruct": 7,
    "stackednestings": 2,
    "ex-test1": 2,
    "analysis_scaffold": 4,
    "stackednestings-inputarchive": 2,
    "dynamic_glob-frominit-archive3": 4,
    "mapreduce_parmount": 7,
}


@pytest.mark.parametrize("name", STATIC)
def test_same_graph_as_the_engine(name: str) -> None:
    record = reference.load(name)
    workflow = plan(reference.options(record))
    assert compare(workflow, reference.nodes(record)) == []
    assert len(workflow.rows) == record["n_job_nodes"]
    assert STATIC[name] in (None, len(workflow.rows))
