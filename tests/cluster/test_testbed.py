"""The testbed is what the other tests take it for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster.testbed import HOSTS, SCRIPT, Cluster, CommandFailed

DAG = """\
CONFIG dagman.config
SUBMIT-DESCRIPTION step {
  executable = step.sh
  arguments = $(exit)
  transfer_input_files = input.txt
  transfer_output_files = seen.txt
  should_transfer_files = YES
}
JOB only step
VARS only exit="@EXIT@"
"""

STEP = """\
#!/bin/bash
{ hostname; id -un; cat input.txt; ls /home/submitter/*/*/workflow.dag; } >seen.txt 2>/dev/null
exit $1
"""

SLEEP = """\
executable = /bin/sleep
transfer_executable = false
arguments = 1000
queue 2
"""


def write_bundle(path: Path, exit_status: int) -> None:
    (path / "workflow.dag").write_text(DAG.replace("@EXIT@", str(exit_status)))
    (path / "dagman.config").write_text("DAGMAN_USER_LOG_SCAN_INTERVAL = 1\n")
    (path / "input.txt").write_text("from head\n")
    (path / "step.sh").write_text(STEP)


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_are_up(cluster: Cluster, host: str) -> None:
    assert cluster.run(host, "hostname; id -un; echo $HOME").stdout == f"{host}\nsubmitter\n/home/submitter\n"
    assert cluster.run(f"{host}:root", ["id", "-un"]).stdout == "root\n"


def test_status_directory_and_words_pass_through(cluster: Cluster) -> None:
    result = cluster.run("node1", "pwd; exit 7", cwd="/usr", check=False)
    assert (result.returncode, result.stdout) == (7, "/usr\n")
    assert cluster.run("node1", ["printf", "<%s>", "a b", "", "$x'"]).stdout == "<a b><><$x'>"
    with pytest.raises(CommandFailed, match="no such thing"):
        cluster.run("node1", "echo no such thing >&2; false")
    with pytest.raises(subprocess.TimeoutExpired):
        cluster.run("node1", "exec sleep 4711", timeout=0.5)
    assert cluster.run("node1", ["pgrep", "-fx", "sleep 4711"], check=False).returncode == 1


def test_only_the_shared_directory_is_shared(cluster: Cluster) -> None:
    shared, private = cluster.shared_dir(), cluster.private_dir("head")
    cluster.run("node1", "echo seen >file", cwd=shared)
    assert (shared / "file").read_text() == "seen\n"
    assert cluster.run("node2", ["cat", shared / "file"]).stdout == "seen\n"
    private.run("touch file")
    assert cluster.run("node1", ["test", "-e", private.path / "file"], check=False).returncode == 1


def test_files_go_to_a_private_directory_and_come_back(cluster: Cluster, tmp_path: Path) -> None:
    there, source, back = cluster.private_dir("node2"), tmp_path / "source", tmp_path / "back"
    (source / "a b").mkdir(parents=True)
    (source / "a b" / "é'\"\n").write_text("odd name")
    (source / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (source / "run.sh").chmod(0o750)
    (source / "link").symlink_to("run.sh")
    there.put(source)
    assert there.run(["./run.sh"]).stdout == "ran\n"
    assert there.run("stat -c '%U %a' run.sh").stdout == "submitter 750\n"
    there.get(back)
    assert (back / "a b" / "é'\"\n").read_text() == "odd name"
    assert (back / "run.sh").stat().st_mode & 0o777 == 0o750
    assert os.readlink(back / "link") == "run.sh"
    there.get(tmp_path / "one", "link")
    assert os.listdir(tmp_path / "one") == ["link"]


def test_slurm_job_runs_as_submitter_on_a_node(cluster: Cluster) -> None:
    place = cluster.shared_dir()
    cluster.run("head", "sbatch --mem=10 --output=log --wrap 'hostname; id -un'", cwd=place)
    cluster.wait_slurm(60)
    host, user = (place / "log").read_text().split()
    assert host in ("node1", "node2") and user == "submitter"


@pytest.mark.parametrize("exit_status", [0, 3])
def test_htcondor_job_sees_only_transferred_files(cluster: Cluster, tmp_path: Path, exit_status: int) -> None:
    write_bundle(tmp_path, exit_status)
    place = cluster.private_dir("head")
    place.put(tmp_path)
    place.run(["condor_submit_dag", "workflow.dag"])
    assert cluster.wait_dag(place.path, 120) == (1 if exit_status else 0)
    host, *rest = place.read("seen.txt").splitlines()
    assert host in ("node1", "node2") and rest == ["submitter", "from head"]


def test_cancel_all_ends_jobs_of_both_schedulers(cluster: Cluster) -> None:
    place = cluster.shared_dir()
    (place / "job.sub").write_text(SLEEP)
    cluster.run("head", ["condor_submit", "job.sub"], cwd=place)
    cluster.run("head", "sbatch --array=0-3 --mem=10 --wrap 'sleep 1000'", cwd=place)
    with pytest.raises(TimeoutError, match="Slurm jobs: after 1 s"):
        cluster.wait_slurm(1)
    cluster.cancel_all()
    cluster.wait_slurm(0)
    look = ["condor_q", "-nobatch", "-constraint", f'Iwd == "{place}"', "-af", "JobStatus"]
    assert cluster.run("head", look).stdout == ""


def test_a_killed_daemon_starts_again(cluster: Cluster) -> None:
    cluster.kill("node2", "sshd")
    assert cluster.run("head", ["ssh", "node2", "true"], check=False).returncode
    cluster.start("node2")
    cluster.run("head", ["ssh", "node2", "true"])


def test_a_machine_that_cannot_do_it_says_so_in_one_line() -> None:
    environment = os.environ | {"TESTBED_TOP": "/proc/no-directory-can-be-made-here"}
    result = subprocess.run([SCRIPT, "up"], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("testbed: this machine cannot do it: ") and result.stderr.count("\n") == 1
