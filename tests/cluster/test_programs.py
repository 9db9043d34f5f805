"""Python and Node.js that whoever submits, or the site profile, names are those that the nodes use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.runs import on_cluster
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from wfcompile.options import Options
from wfcompile.site import Site

NUMBER = ROOT / "tests" / "cwl" / "dynamic" / "number.cwl"


@pytest.mark.parametrize("by", ["variables", "profile"])
@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_named_programs_reach_the_nodes(cluster: Cluster, target: str, by: str, tmp_path: Path) -> None:
    programs = {name: f"{cluster.home}/{by}-{target}/{name}" for name in ("python", "node")}
    for host in ("head", "node1", "node2"):
        for name, real in (("python", "python3"), ("node", "node")):
            path = programs[name]
            text = f"mkdir -p {Path(path).parent} && cat >{path} && chmod +x {path}"
            script = f'#!/bin/sh\\necho called >>{path}.calls\\nexec {real} "$@"\\n'
            cluster.run(host, f"printf '{script}' | ({text})")
    (tmp_path / "job.json").write_text(json.dumps({"value": 3}))
    site = Site(python=programs["python"], node=programs["node"]) if by == "profile" else Site()
    options = Options(NUMBER, target=target, input_files=(tmp_path / "job.json",), container="none", site=site)
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        variables = f"export WFC_PYTHON={programs['python']} WFC_NODE={programs['node']}; " if by == "variables" else ""
        submitted.submit(variables + "./submit.sh")
        assert submitted.wait() in (0, None)
        assert json.loads(submitted.head("cat run/outputs/cwl.output.json"))["upto"] == [0, 1, 2]
    for path in programs.values():
        calls = [cluster.run(host, f"cat {path}.calls", check=False).stdout for host in ("node1", "node2")]
        assert "called" in "".join(calls), path
