"""Small workflows on the testbed: values of all kinds, absolute paths, several runs of one bundle, failures, kills."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.runs import checksums, on_cluster, records
from tests.cluster.testbed import Cluster
from tests.conftest import ROOT
from tests.test_make import RESULTS, outputs
from tests.test_quoting import SPEC, rendered
from wfcompile.compile import compile_bundle
from wfcompile.options import Options
from wfcompile.site import Site

SPECS = ROOT / "tests" / "specs"
both = pytest.mark.parametrize("target", ["dagman", "slurm"])

ODD = " \"double\" 'single' $HOME `id` \\back\\\\slash % %s\nnew line\ttab é日 * ? [a] ; & | # ! ~ = ,, <x> $(id) "


def until(true: Callable[[], bool], what: str, timeout: float = 120) -> None:
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, f"after {timeout} s still not: {what}"
        time.sleep(0.1)


@both
@pytest.mark.parametrize("case", sorted(set(RESULTS) - {"squares"}))
def test_results(cluster: Cluster, target: str, case: str, tmp_path: Path) -> None:
    """`inputs` holds absolute paths in data that a node elsewhere opens, files with blanks, and a directory.

    `serial` has layers with links, an empty directory, deleted and changed files.
    """
    options = Options(SPECS / case / "workflow.yml", target=target, container="none")
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None)
        assert outputs(submitted.fetch()) == RESULTS[case]


@both
def test_values_arrive_as_the_engine_renders_them(cluster: Cluster, target: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yml").write_text(SPEC, encoding="utf-8")
    words = [ODD, *(f"{'word ' * 2000}{n}" for n in range(30))]
    options = Options(tmp_path / "spec.yml", target=target, parameters=(("text", ODD), ("words", words)))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None)
        run = submitted.fetch()
        expected = rendered(tmp_path, ODD, words)
        for name in ("script", "command"):
            root = "".join((run / name / "received").read_text(encoding="utf-8").rpartition("/file")[0].split()[-1:])
            assert (run / name / "received").read_text(encoding="utf-8") == expected[name].replace(
                f"{tmp_path}/run", root.removesuffix(f"/{name}")
            )


@both
def test_two_runs_of_a_read_only_bundle(cluster: Cluster, target: str, tmp_path: Path) -> None:
    options = Options(SPECS / "chain" / "workflow.yml", target=target)
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        free = cluster.shared_dir() if target == "slurm" else cluster.private_dir("head").path
        places = [f"{free}/run{k}" for k in (1, 2)]
        submitted.head("rm -rf run; chmod -R a-w .")
        for place in places:
            submitted.head(f"./submit.sh --run {place}")
        for place in places:
            if target == "dagman":
                assert cluster.wait_dag(Path(place) / ".dag") == 0
        if target == "slurm":
            cluster.wait_slurm()
        for place in places:
            assert submitted.head(f"cat {place}/outputs/all.txt") == RESULTS["chain"]["all.txt"]
            assert submitted.head(f"./status.sh --run {place}").startswith("workflow: 14 of 14 nodes done")
        assert submitted.head("ls") == submitted.head("ls -I run -I 'workflow.dag.*'")
        submitted.head("chmod -R u+w .")


def test_dag_from_another_directory(cluster: Cluster, tmp_path: Path) -> None:
    options = Options(SPECS / "late" / "workflow.yml", target="dagman")
    with on_cluster(cluster, "dagman", options, tmp_path) as submitted:
        failed = cluster.run("head", f"condor_submit_dag {submitted.bundle}/workflow.dag", check=False)
        assert failed.returncode != 0
        assert "cd-to-bundle-or-usedagdir" in failed.stdout + failed.stderr
        cluster.run("head", f"condor_submit_dag -usedagdir {submitted.bundle}/workflow.dag")
        until(lambda: "EXITING WITH" in submitted.head("cat workflow.dag.dagman.out || true"), "the DAG ends")
        assert submitted.head("cat run/outputs/joined.txt") == RESULTS["late"]["joined.txt"]


@pytest.fixture
def one_file_system(cluster: Cluster) -> Iterator[None]:
    """Let HTCondor know that the hosts share files, as on a site with a parallel file system."""
    file = "/etc/condor/config.d/90-shared"
    for host in ("head", "node1", "node2"):
        cluster.run(f"{host}:root", f"echo FILESYSTEM_DOMAIN = testbed > {file}; condor_reconfig", cwd="/")
    time.sleep(8)  # the machines' next advertisement
    yield
    for host in ("head", "node1", "node2"):
        cluster.run(f"{host}:root", f"rm {file}; condor_reconfig", cwd="/")


def test_dagman_on_a_shared_file_system(cluster: Cluster, one_file_system: None, tmp_path: Path) -> None:
    options = Options(SPECS / "nested" / "workflow.yml", target="dagman", site=Site(shared=True))
    bundle = cluster.shared_dir(compile_bundle(options, tmp_path / "bundle").directory)
    cluster.run("head", "condor_submit_dag workflow.dag", cwd=bundle)
    assert cluster.wait_dag(bundle) == 0
    assert checksums(bundle / "run" / "outputs").keys() == RESULTS["nested"].keys()
    assert (bundle / "run" / "logs" / "sample_0" / "sum.log").exists()


def test_missing_image(cluster: Cluster, tmp_path: Path) -> None:
    """The commonest mistake: the DAG ends with a message, and goes on when the image is there."""
    options = Options(SPECS / "squares" / "workflow.yml", target="dagman", site=Site(retries=0))
    with on_cluster(cluster, "dagman", options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() == 1
        assert submitted.record()["done"] == 0
        refused = cluster.run("head", "./resume.sh", cwd=submitted.bundle, check=False)
        assert refused.returncode == 1
        assert "docker.io_library_debian_12.sif is not there" in refused.stderr


SLOW = """\
stages:
  - name: slow
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: [1, 2, 3, 4], out: '{workdir}/out'}
      scatter: {method: zip, parameters: [value]}
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: bash
          script: |
            echo half > {out}
            sleep 3.{value}
            echo {value} > {out}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
  - name: next
    dependencies: [slow]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {value: {stages: slow, output: out}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [value]}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'cat {value} {value} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
  - name: all
    dependencies: [next]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {value: {stages: next, output: out}, out: '{workdir}/all.txt'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'cat {value} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""
ALL = "1\n1\n2\n2\n3\n3\n4\n4\n"


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    (tmp_path / "slow.yml").write_text(SLOW, encoding="utf-8")
    return tmp_path / "slow.yml"


def kill_wrapper(cluster: Cluster, node: str) -> None:
    """SIGKILL the wrapper (and its command) of one node, wherever it runs."""

    def killed() -> bool:
        pattern = f"[s]leep 3.{int(node[-1]) + 1}"
        for host in ("node1", "node2"):
            script = (
                f"pid=$(pgrep -f '{pattern}' | head -n 1) && [ -n \"$pid\" ] || exit 1; "
                # up to the wrapper: the ancestor that runs the node's script
                "while [ $pid -gt 1 ]; do grep -qa 'nodes/\\|slow_' /proc/$pid/cmdline && "
                "grep -qa bash /proc/$pid/cmdline && kill -9 $pid && exit 0; "
                "pid=$(awk '{print $4}' /proc/$pid/stat); done; exit 1"
            )
            if cluster.run(f"{host}:root", script, check=False).returncode == 0:
                return True
        return False

    until(killed, f"{node} runs")


@both
def test_killed_node(cluster: Cluster, slow: Path, target: str, tmp_path: Path) -> None:
    with on_cluster(cluster, target, Options(slow, target=target), tmp_path) as submitted:
        submitted.submit()
        kill_wrapper(cluster, "slow_1")
        status = submitted.wait()
        if target == "dagman":  # tried again by DAGMan
            assert status == 0
        else:  # nothing is left in the queue, the other branches are done, resume.sh runs the rest
            record = submitted.record()
            assert (record["done"], record["nodes"]) == (6, 9)
            before = records(submitted.fetch())
            submitted.submit("./resume.sh")
            submitted.wait()
            after = records(submitted.fetch())
            assert {name: after[name] for name in before} == before
        assert submitted.head("cat run/outputs/all.txt") == ALL
        assert submitted.record()["done"] == 9


BIG = """\
stages:
  - name: big
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {out: '{workdir}/big'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'head -c 1500000000 /dev/zero > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
  - name: size
    dependencies: [big]
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {big: {step: big, output: out}, out: '{workdir}/size'}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'stat -c %s {big} > {out}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""


def test_killed_shadow_in_the_middle_of_a_transfer(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "big.yml").write_text(BIG, encoding="utf-8")
    options = Options(tmp_path / "big.yml", target="dagman", settings=(("*", "disk", "8 GiB"),))
    with on_cluster(cluster, "dagman", options, tmp_path) as submitted:
        submitted.submit()

        def in_the_middle() -> bool:
            size = cluster.run("head", "stat -c %s run/big/big", cwd=submitted.bundle, check=False).stdout.strip()
            return size.isdigit() and 0 < int(size) < 1_500_000_000

        until(in_the_middle, "the output is on its way")
        cluster.kill("head", "condor_shadow")
        # HTCondor may have brought the record before the file that it lists
        assert "big" in submitted.head("bash lib/check.sh run").split()
        assert submitted.wait() == 0
        assert submitted.head("cat run/outputs/size") == "1500000000\n"


def test_killed_dagman_and_resume(cluster: Cluster, slow: Path, tmp_path: Path) -> None:
    with on_cluster(cluster, "dagman", Options(slow, target="dagman"), tmp_path) as submitted:
        submitted.submit()
        until(lambda: "run/next_0/done.json" in submitted.head("ls run/*/done.json || true"), "next_0 is done")
        cluster.kill("head", "condor_dagman")
        submitted.head("./cancel.sh")
        cluster.cancel_all()
        submitted.head("rm -rf run/slow_3; : > run/slow_2/out")  # damaged since
        before = records(submitted.fetch())
        submitted.submit("./resume.sh")
        assert submitted.wait() == 0
        after = records(submitted.fetch())
        again = {name for name in after if after[name] != before.get(name)}
        assert {"slow_2", "slow_3"} <= again
        assert again.isdisjoint({"slow_0", "slow_1", "next_0"})
        assert submitted.head("cat run/outputs/all.txt") == ALL


@both
def test_failed_node(cluster: Cluster, slow: Path, target: str, tmp_path: Path) -> None:
    """A permanent failure: the others end, nothing pends for ever, the record names it; resumed, the rest runs."""
    text = slow.read_text(encoding="utf-8")
    slow.write_text(text.replace("sleep 3.{value}", "[ {value} != 3 ] || exit 7"), encoding="utf-8")
    with on_cluster(cluster, target, Options(slow, target=target), tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (1, None)
        record = submitted.record()
        assert (record["done"], record["nodes"]) == (6, 9)
        assert "slow_2" in str(record["failures"])
        before = records(submitted.fetch())
        assert set(before) == {"slow_0", "slow_1", "slow_3", "next_0", "next_1", "next_3"}
        assert checksums(submitted.fetch() / "outputs") == {}
