"""A proxy certificate on its way to the nodes: HTCondor delegates it, Slurm's jobs find a copy in the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.runs import Run, on_cluster
from tests.cluster.testbed import Cluster
from tests.test_credentials import write
from tests.tickets import make_proxy
from wfcompile.options import Options
from wfcompile.site import Site

LOOK = """
stat -c %a "$X509_USER_PROXY" >mode
openssl x509 -in "$X509_USER_PROXY" -noout -issuer >issuer
"""


def give(run: Run, proxy: Path) -> str:
    """Put a proxy on head alone, where no node sees it; return its path."""
    place = run.cluster.private_dir("head")
    place.put(proxy.parent)
    place.run(f"chmod 600 {proxy.name}")
    return f"{place.path}/{proxy.name}"


@pytest.fixture
def copied_proxies(cluster: Cluster) -> Iterator[None]:
    """Let HTCondor copy proxies: this build cannot delegate, and would try for ever."""
    file = "/etc/condor/config.d/91-proxy"
    for host in ("head", "node1", "node2"):
        cluster.run(f"{host}:root", f"echo DELEGATE_JOB_GSI_CREDENTIALS = False > {file}; condor_reconfig", cwd="/")
    yield
    for host in ("head", "node1", "node2"):
        cluster.run(f"{host}:root", f"rm {file}; condor_reconfig", cwd="/")


@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_a_proxy_reaches_the_node(cluster: Cluster, copied_proxies: None, target: str, tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    proxy = make_proxy(tmp_path / "user" / "proxy")
    spec = write(tmp_path, ["GRIDProxy"], LOOK)
    with on_cluster(cluster, target, Options(spec, target=target, container="none"), tmp_path) as submitted:
        place = give(submitted, proxy)
        command = {"dagman": "condor_submit_dag workflow.dag", "slurm": "./submit.sh"}[target]
        submitted.submit(f"X509_USER_PROXY={place} {command}")
        assert submitted.wait(120) in (0, None)
        assert submitted.head("cat run/go/mode") == "600\n"
        assert "alice" in submitted.head("cat run/go/issuer")
        assert submitted.head("ls -A run | grep -c credentials || true") == "0\n"


@pytest.mark.parametrize("target", ["dagman", "slurm"])
def test_an_expired_proxy_is_refused(cluster: Cluster, target: str, tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    proxy = make_proxy(tmp_path / "user" / "proxy", days=-1)
    spec = write(tmp_path, ["GRIDProxy"], LOOK)
    options = Options(spec, target=target, container="none", site=Site(retries=0))
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        place = give(submitted, proxy)
        said = submitted.head(f"X509_USER_PROXY={place} ./submit.sh 2>&1 && echo submitted || true")
        assert f"the proxy certificate at {place} has expired" in said and "submitted" not in said
        assert submitted.head("ls -A run | grep -c credentials || true") == "0\n"


def test_a_proxy_that_expires_in_the_queue(cluster: Cluster, tmp_path: Path) -> None:
    """The node fails without further attempts; with a new proxy the run goes on."""
    for name, days in (("old", -1), ("new", 1)):
        (tmp_path / name).mkdir()
        make_proxy(tmp_path / name / "proxy", days)
    spec = write(tmp_path, ["GRIDProxy"], LOOK)
    with on_cluster(cluster, "slurm", Options(spec, target="slurm", container="none"), tmp_path) as submitted:
        new, old = (give(submitted, tmp_path / name / "proxy") for name in ("new", "old"))
        # held, until the copy is replaced
        submitted.submit(f"X509_USER_PROXY={new} ./submit.sh --hold")
        submitted.head(f"cat {old} >run/.credentials/proxy; awk '{{print $2}}' run/slurm.jobs | xargs scontrol release")
        assert submitted.wait(120) is None
        log = submitted.head("cat run/logs/go.events.jsonl")
        assert '"reason":"credential.expired"' in log and log.count('"ev":"init"') == 1
        assert "go (credential.expired)" in submitted.head("cat run/logs/collect.slurm.log")
        submitted.submit(f"X509_USER_PROXY={new} ./resume.sh")
        submitted.wait(120)
        assert submitted.head("cat run/go/mode") == "600\n"
