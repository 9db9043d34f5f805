"""CWL on the testbed: one campaign of conformance tests and dynamic workflows, and what waits for a bundle's end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.cluster.campaign import campaign
from tests.cluster.runs import on_cluster
from tests.cluster.test_workflows import until
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from tests.cwl.conformance import COPY, PASS, Case, by_wfcompile, cases, faults
from tests.cwl.running import placeless
from wfcompile.options import Options

HERE = ROOT / "tests" / "cwl" / "dynamic"
both = pytest.mark.parametrize("target", ["dagman", "slurm"])

# Forty workflows: each feature of the tests tagged `workflow`, and each kind of late value.
SAMPLE = """
    wf_simple wf_wc_parseInt wf_wc_expressiontool nested_workflow no_inputs_workflow no_outputs_workflow
    wf_wc_scatter_multiple_flattened wf_scatter_nested_crossproduct_firstempty wf_scatter_two_flat_crossproduct
    iwd-subdir wf_scatter_emptylist wf_scatter_twoparam_nested_crossproduct_valuefrom
    scatter_multi_input_embedded_subworkflow flat_crossproduct_simple_scatter
    nested_crossproduct_nested_crossproduct_scatter
    workflow_embedded_subworkflow_with_tool_and_subsubworkflow
    direct_optional_null_result pass_through_required_true_when all_non_null_multi_non_null
    conditionals_nested_cross_scatter conditionals_multi_scatter_nojs cond-with-defaults-1
    first_non_null_all_null the_only_non_null_multi_true_nojs
    step_input_default_value_overriden_2nd_step_null_noexp valuefrom_wf_step_other wf_multiplesources_multipletypes
    workflow_any_input_with_mixed_array_provided workflow_union_default_input_with_file_provided
    workflow_records_inputs_and_outputs schemadef_types_with_import secondary_files_workflow_propagation
    modify_directory_content initialworkdir_nesteddir requirement_priority dynamic_resreq_wf_optional_file_step_default
    timelimit_basic_wf wf_two_inputfiles_namecollision mixed_version_v12_wf workflow_step_in_loadContents
""".split()

# Workflows of tests/cwl/dynamic whose nodes jobs decide: none, one and many of each.
DYNAMIC = """
    dot {count: 0}
    dot {count: 12}
    crossproducts {count: 1, words: [x]}
    crossproducts {count: 3, words: [x, y]}
    subworkflows {counts: [0, 1, 3]}
    nested {count: 1}
    nested {count: 3}
    merged {count: 0}
    when {count: 0}
    when {count: 4}
""".strip().splitlines()


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The dynamic workflows; what they should give is what they give with make."""
    place, found = tmp_path_factory.mktemp("dynamic"), []
    for number, line in enumerate(DYNAMIC):
        name, _, inputs = line.strip().partition(" ")
        job = place / f"{number}.json"
        job.write_text(json.dumps(yaml.safe_load(inputs)), encoding="utf-8")
        case = Case("dynamic", f"{name}.{number}", str(HERE / f"{name}.cwl"), str(job), None, False, ())
        ran = by_wfcompile(case, place / str(number))
        assert ran.code == 0, (line, ran.log)
        found.append(case._replace(output=placeless(ran.output)))
    return found


@both
def test_a_campaign(cluster: Cluster, target: str, dynamic: list[Case], tmp_path: Path) -> None:
    assert len(SAMPLE) == len(set(SAMPLE)) == 40
    known = {case.name: case for case in cases(COPY / "conformance_tests.yaml", "v1.2")}
    sample = [known[name] for name in SAMPLE]
    assert all("workflow" in case.tags for case in sample)
    verdicts = campaign(cluster, target, [*sample, *dynamic], faults(), tmp_path, timeout=1200)
    assert {verdict.case.name: verdict.why for verdict in verdicts if verdict.state != PASS} == {}


SPEC = """\
stages:
  - name: write
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {text: '{workdir}/text'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'SLEEP; echo done > {text}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {text: text}}
"""

# What the cwl-runner does with a bundle needs nothing but Python, so that it can be tried on head.
WAIT = """\
import signal
import sys
from pathlib import Path
from wfcompile.submitting import run_bundle
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
run_bundle(sys.argv[1], Path("."), sys.stdout.write)
"""


@pytest.fixture
def waiter(cluster: Cluster) -> str:
    place = cluster.shared_dir()
    shutil.copytree(ROOT / "wfcompile", place / "wfcompile", ignore=shutil.ignore_patterns("__pycache__"))
    (place / "wait.py").write_text(WAIT, encoding="utf-8")
    return f"env PYTHONDONTWRITEBYTECODE=1 python3 -u {place}/wait.py"


@both
def test_waiting_for_a_bundle(cluster: Cluster, target: str, waiter: str, tmp_path: Path) -> None:
    (tmp_path / "workflow.yml").write_text(SPEC.replace("SLEEP", "sleep 3"), encoding="utf-8")
    options = Options(tmp_path / "workflow.yml", target=target, container="none")
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.head(f"{waiter} {target}")
        assert json.loads(submitted.head("cat run/record.json"))["done"] == 1
        assert submitted.head("cat run/outputs/text") == "done\n"


@both
def test_who_waits_no_longer_cancels(cluster: Cluster, target: str, waiter: str, tmp_path: Path) -> None:
    (tmp_path / "workflow.yml").write_text(SPEC.replace("SLEEP", "sleep 1000"), encoding="utf-8")
    options = Options(tmp_path / "workflow.yml", target=target, container="none")
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.head(f"setsid {waiter} {target} >said 2>&1 & echo $! >waiter")
        look = {"dagman": "condor_q -nobatch -af Cmd", "slurm": "squeue -h -o %j"}[target]
        until(lambda: "write" in submitted.head(look), "the job is in the queue")
        submitted.head("kill -INT $(cat waiter)")
        submitted.wait(120)
        until(lambda: "KeyboardInterrupt" in submitted.head("cat said"), "the waiter ends")
        assert submitted.head("ls run/outputs 2>/dev/null || true") == ""
