"""The node wrapper with the real Apptainer and Charliecloud, on a compute node, as an ordinary user.

The image is a busybox root file system made on the node, as a directory and as a squashfs file, and without /wfc.
"""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.testbed import Cluster
from tests.tickets import make_proxy

WRAPPER = Path(__file__).resolve().parents[2] / "wrapper"
RUNTIMES = ["apptainer", "charliecloud"]

MAKE_IMAGE = """
cd {top}/images && mkdir -p bb/bin bb/dev bb/proc bb/sys bb/tmp bb/etc bb/usr bb/root bb/var bb/home bb/run bb/mnt
cp /usr/bin/busybox bb/bin/ && for a in $(busybox --list); do [ $a = busybox ] || ln -sf busybox bb/bin/$a; done
touch bb/etc/passwd bb/etc/group bb/etc/hosts bb/etc/resolv.conf
mkdir bb/ch && echo 'FROM_IMAGE=a b' >bb/ch/environment
cp -r bb plain && mkdir bb/wfc && mksquashfs bb squash.sqfs -quiet -no-progress >/dev/null
"""


class Site:
    """A bundle on the shared file system of the testbed, run on node1."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.top = cluster.shared_dir()
        self.scratch = cluster.private_dir("node1").path
        shutil.copytree(WRAPPER, self.top / "lib")
        self.sh(f"cd {self.top} && mkdir nodes images inputs run logs && chmod 777 nodes images inputs")
        self.sh(MAKE_IMAGE.format(top=self.top))

    def sh(self, text: str, code: int = 0) -> str:
        result = self.cluster.run("node1", text, check=False)
        assert result.returncode == code, (result.stdout, result.stderr)
        return result.stdout

    def node(
        self,
        id: str,
        command: str,
        *,
        image: str,
        parents: str = "",
        inputs: str = "",
        returns: str = "shared",
        workspace: str = "",
        more: str = "",
    ) -> None:
        (self.top / "nodes" / f"{id}.sh").write_text(
            f"""wfc_step=s wfc_interpreter=sh wfc_image=bb:1 wfc_image_key={image}
wfc_return={returns} wfc_containers=auto wfc_workspace={workspace} {more}
wfc_node() {{ id={id}; parents=({parents}); inputs=({inputs}); }}
wfc_globs() {{ globs=(/files list "$root/{id}/*.txt"); }}
wfc_command() {{ printf '%s' {shlex.quote(command)}; }}
source {self.top}/lib/node.sh; wfc_main "$@"
"""
        )

    def run(self, id: str, code: int = 0, before: str = "", **env: str) -> dict[str, Any]:
        """The node's final event."""
        env = {
            "WFC_IMAGES": f"{self.top}/images",
            "WFC_LOGS": f"{self.top}/logs",
            "WFC_SCRATCH": f"{self.scratch}",
            **env,
        }
        settings = " ".join(f"{name}={shlex.quote(value)}" for name, value in env.items())
        self.sh(f"{before} env -u HOME -u USER {settings} bash {self.top}/nodes/{id}.sh", code)
        lines = (self.top / "logs" / f"{id}.events.jsonl").read_text().splitlines()
        final = json.loads(lines[-1])
        assert isinstance(final, dict) and final["ev"] == "final"
        return final

    def text(self, path: str) -> str:
        return (self.top / "run" / path).read_text()


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Site:
    return Site(cluster)


@pytest.mark.parametrize("image", ["bb", "squash"])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_node_in_a_container(site: Site, runtime: str, image: str) -> None:
    (site.top / "inputs/in put.txt").write_text("input\n")
    one, two = f"one-{runtime}-{image}", f"two-{runtime}-{image}"
    read_only = "! touch /wfc/job/x 2>/dev/null &&" if runtime == "apptainer" else ""  # Charliecloud's binds never are
    command = f"""pwd >where.txt; cat '/wfc/run/init/in put.txt' >out.txt; echo $PWD/out.txt >path.txt
touch /tmp/x ~/y && env >env.txt; ln -s out.txt link; {read_only} test $PWD = /wfc/run/{one}"""
    site.node(one, command, image=image, inputs="'in put.txt'")
    final = site.run(one, WFC_CONTAINER=runtime, SLURM_PROCID="a'b c", SECRET="1", OMP_NUM_THREADS="3")
    assert final["reason"] == "done"
    assert site.text(f"{one}/where.txt") == f"/wfc/run/{one}\n" and site.text(f"{one}/out.txt") == "input\n"
    lines = set(site.text(f"{one}/env.txt").splitlines())
    assert {"HOME=/wfc/home", "TMPDIR=/tmp", "SLURM_PROCID=a'b c", "OMP_NUM_THREADS=3"} <= lines
    assert "SECRET=1" not in lines and "HDF5_USE_FILE_LOCKING=FALSE" in lines
    assert runtime == "apptainer" or "FROM_IMAGE=a b" in lines
    record = json.loads(site.text(f"{one}/done.json"))
    assert record["runtime"].startswith(f"{runtime} ")
    assert f"⦗run⦘/{one}/out.txt" in record["published"]["/files"]
    site.node(two, f"cat $(cat ../{one}/path.txt) >copy.txt", image=image, parents=one)
    site.run(two, WFC_CONTAINER=runtime)
    assert site.text(f"{two}/copy.txt") == "input\n"
    assert site.sh(f"ls {site.scratch}") == ""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_inputs_of_two_bases(site: Site, runtime: str) -> None:
    """The bundle has the small files of a directory; the large ones are links to where the user has them."""
    run, id = f"{site.top}/run", f"bases-{runtime}"
    site.sh(
        f"""cd {site.top} && mkdir -p inputs/d origin run/.inputs/d run/.inputs/l && echo s >inputs/d/small
echo l >origin/large && for i in d l; do ln -sf {site.top}/origin/large run/.inputs/$i/; done"""
    )
    site.node(
        id, "cat ../init/d/small ../init/d/large ../init/l/large >out; ls ../init/d >>out", image="bb", inputs="d l"
    )
    site.run(id, WFC_CONTAINER=runtime)
    assert site.sh(f"cat {run}/{id}/out") == "s\nl\nl\nlarge\nsmall\n"
    site.node(f"{id}-all", "cat ../init/d/* ../init/l/large >out", image="bb", inputs=".")
    site.run(f"{id}-all", WFC_CONTAINER=runtime)
    assert site.sh(f"cat {run}/{id}-all/out; rm -r {run}/.inputs") == "l\ns\nl\n"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_condor_layout(site: Site, runtime: str) -> None:
    """The sandbox holds parents and own directory at their places, and the command works in it."""
    site.node("a", "echo a >a.txt; pwd >where.txt", image="bb", returns="condor")
    site.node("b", "cat ../a/a.txt $(cat ../a/where.txt)/a.txt >b.txt", image="bb", parents="a", returns="condor")
    site.sh(f"rm -rf {site.top}/run/a {site.top}/run/b")
    site.run("a", WFC_CONTAINER=runtime)
    site.run("b", WFC_CONTAINER=runtime)
    assert site.text("b/b.txt") == "a\na\n"


@pytest.mark.parametrize("returns", ["shared", "condor"])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_workspace(site: Site, runtime: str, returns: str) -> None:
    (site.top / "inputs/words").write_text("one\n")
    ids = [f"w{k}-{runtime}-{returns}" for k in range(3)]
    commands = [
        "pwd >where; echo two >>words; mkdir -p d/e empty; echo 1 >d/e/f; ln -s $PWD/d/e abs; chmod 0 d",
        "test $(stat -c %a d) = 0 && chmod 755 d && cat abs/f && rm -r where && mv words moved && test -d empty",
        "test $PWD = /wfc/run/workspace -a ! -e where -a ! -e words && cat moved $(readlink abs)/f >out",
    ]
    for k, (id, command) in enumerate(zip(ids, commands, strict=True)):
        site.node(id, command, image="bb", parents=" ".join(ids[:k]), inputs="words", returns=returns, workspace="yes")
        site.run(id, WFC_CONTAINER=runtime)
    assert site.text(f"{ids[2]}/layer/out") == "one\ntwo\n1\n"
    assert site.text(f"{ids[1]}/layer/moved") == "one\ntwo\n"
    assert (site.top / "inputs/words").read_text() == "one\n"
    assert site.sh(f"ls {site.scratch}") == ""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_failures_are_told_apart(site: Site, runtime: str) -> None:
    site.node("bad", "echo broken >&2; exit 3", image="bb")
    final = site.run("bad", 65, WFC_CONTAINER=runtime)
    assert (final["reason"], final["payload"], final["error"]) == ("payload.exit", 3, "broken")
    site.node("absent", "true", image="no-such-image")
    assert site.run("absent", 65, WFC_CONTAINER=runtime)["reason"] == "image.missing"
    (site.top / "images/broken.sqfs").write_text("this is no image\n")
    site.node("broken", "true", image="broken")
    assert site.run("broken", 75, WFC_CONTAINER=runtime)["reason"] == "runtime.none"
    site.node("died", "kill -9 $PPID; kill -9 $$", image="bb")
    assert site.run("died", 75, WFC_CONTAINER=runtime)["reason"] == "runtime.failed"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_signal_reaches_the_command(site: Site, runtime: str) -> None:
    site.node("sig", "trap 'exit 0' TERM; echo up >/wfc/run/sig/up; while :; do sleep 0.1; done", image="bb")
    env = f"WFC_CONTAINER={runtime} WFC_IMAGES={site.top}/images WFC_SCRATCH={site.scratch}"
    text = f"""env {env} bash {site.top}/nodes/sig.sh >{site.top}/sig.log 2>&1 & job=$!
for i in $(seq 100); do ls {site.scratch}/wfc.*/own/up >/dev/null 2>&1 && break; sleep 0.1; done
kill -TERM $job; wait $job; echo $?; ls {site.scratch}; tail -n 1 {site.top}/sig.log"""
    out = site.sh(text).splitlines()
    assert out[0] == "143" and "signal.TERM" in out[1], out


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_image_without_mount_point(site: Site, runtime: str) -> None:
    """Apptainer makes it; so does Charliecloud, in an overlay that hides the host's /srv, so nothing may lie there."""
    run = f"{site.scratch}/run"
    id = f"plain-{runtime}"
    site.node(id, "echo x >y; test -d /wfc/run", image="plain")
    site.sh(f"cp -r {site.top}/images/plain {site.scratch}/")
    site.run(id, WFC_CONTAINER=runtime, WFC_RUN=run, WFC_IMAGES=f"{site.scratch}")
    assert site.sh(f"cat {run}/{id}/y; rm -r {run} {site.scratch}/plain") == "x\n"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_cvmfs_and_credentials(site: Site, runtime: str, tmp_path: Path) -> None:
    """An unpacked image from /cvmfs, which is mounted; a proxy for the node that asks for it and for no other."""
    cvmfs, copies = site.top / "cvmfs", site.top / "run" / ".credentials"
    proxy = make_proxy(tmp_path / "proxy")
    site.sh(
        f"""mkdir -p {cvmfs}/unpacked.cern.ch/ghcr.io/a && cd {cvmfs}/unpacked.cern.ch/ghcr.io/a &&
[ -d b:1 ] || cp -r {site.top}/images/bb b:1 && mkdir -p b:1/cvmfs b:1/recast_auth && mkdir -p -m 700 {copies}"""
    )
    (copies / "proxy").write_bytes(proxy.read_bytes())
    shutil.chown(copies / "proxy", copies.stat().st_uid)
    look = "ls /cvmfs >cvmfs; ls -A /wfc/run/.credentials >others; stat -c %a $X509_USER_PROXY >mode"
    id, unpacked = f"auth-{runtime}", "wfc_unpacked=unpacked.cern.ch/ghcr.io/a/b:1"
    site.node(id, f". /recast_auth/getkrb.sh; {look}", image="nowhere", more=f"{unpacked} wfc_needs='cvmfs proxy'")
    site.run(id, WFC_CONTAINER=runtime, WFC_CVMFS=str(cvmfs))
    assert site.text(f"{id}/cvmfs") == "unpacked.cern.ch\n"
    assert site.text(f"{id}/mode") == "600\n" and site.text(f"{id}/others") == ""
    other = f"other-{runtime}"
    site.node(other, "ls -A /wfc/run/.credentials >others; test ! -e /wfc/auth", image="nowhere", more=unpacked)
    site.run(other, WFC_CONTAINER=runtime, WFC_CVMFS=str(cvmfs))
    assert site.text(f"{other}/others") == ""
    assert site.run(id, 75, WFC_CONTAINER=runtime, WFC_CVMFS="/nowhere", WFC_RUN=f"{site.scratch}/run")["reason"] == (
        "cvmfs.missing"
    )
    site.sh(f"rm -r {copies} {site.scratch}/run")


def test_automatic_choice_and_no_silent_fallback(site: Site) -> None:
    site.node("auto", "true", image="squash")
    site.run("auto")
    assert json.loads(site.text("auto/done.json"))["runtime"].startswith("apptainer ")
    site.node("never", "true", image="bb")
    assert site.run("never", 75, WFC_CONTAINER="shifter")["reason"] == "runtime.none"
    site.node("none", "id >id", image="bb")
    site.run("none", WFC_CONTAINER="shifter,none")
    assert json.loads(site.text("none/done.json"))["runtime"] == "none"
