"""The workspace that nodes share: layers, whatever a command does to files, and what the last job makes of them."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wrapper.harness import Bundle, MakeBundle
from tests.wrapper.test_kill import wait_for
from tests.wrapper.test_node import ODD_NAMES
from tests.wrapper.test_outputs import last_job


class Chain:
    """Nodes s1, s2, … of one workspace; each has all earlier ones as parents."""

    def __init__(self, bundle: Bundle, *inputs: str) -> None:
        self.bundle = bundle
        self.inputs = inputs
        self.ids: list[str] = []

    def add(self, command: str) -> str:
        id = f"s{len(self.ids) + 1}"
        self.bundle.node(id, command, parents=tuple(self.ids), inputs=self.inputs, more="wfc_workspace=yes")
        self.ids.append(id)
        return id

    def step(self, command: str) -> list[str]:
        """Run one more node; its entries of changes without times."""
        id = self.add(command)
        self.bundle.done(id)
        if self.bundle.mode == "condor":
            self.lose(id)
        return self.changes(id)

    def lose(self, id: str) -> None:
        """What HTCondor's transfer does not keep: times, most of the modes."""
        for path in sorted((self.bundle.run_dir / id).rglob("*")):
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (1, 1))

    def changes(self, id: str) -> list[str]:
        data = (self.bundle.run_dir / id / "changes").read_bytes().decode(errors="surrogateescape")
        entries = [entry.partition("//") for entry in data.split("\0")[:-1]]
        return [f"{' '.join(head.split()[:2])} {rest.removesuffix('//')}" for head, _, rest in entries]

    def layer(self, id: str) -> list[str]:
        top = self.bundle.run_dir / id / "layer"
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir())


@pytest.fixture
def chain(bundle: Bundle) -> Chain:
    return Chain(bundle)


def tree(top: Path) -> dict[str, Any]:
    """Everything below a directory: kind, mode, contents, and which names are one file."""
    found: dict[str, Any] = {}
    inodes: dict[int, str] = {}
    for path in sorted(top.rglob("*"), key=os.fsencode):
        name, status = str(path.relative_to(top)), path.lstat()
        if path.is_symlink():
            found[name] = ("l", os.readlink(path))
        elif path.is_dir():
            found[name] = ("d", stat.S_IMODE(status.st_mode))
        else:
            same = inodes.setdefault(status.st_ino, name)
            found[name] = ("f", stat.S_IMODE(status.st_mode), path.read_bytes(), same)
    return found


def untouched(chain: Chain) -> bool:
    """Tell whether all layers are as their nodes published them."""
    sums = {
        chain.bundle.run_dir / id / file["name"]: file["sha256"]
        for id in chain.ids
        for file in chain.bundle.record(id)["files"]
        if "sha256" in file
    }
    return all(hashlib.sha256(path.read_bytes()).hexdigest() == digest for path, digest in sums.items())


def test_a_layer_holds_what_changed(chain: Chain) -> None:
    first = chain.step("umask 022; mkdir -p d/e empty; echo 1 >a; echo 2 >d/b; echo 3 >d/e/c; ln -s a l; ln a h")
    assert first == ["f 644 a", "d 755 d", "f 644 d/b", "d 755 d/e", "f 644 d/e/c", "d 755 empty", "h h//a", "l l//a"]
    assert chain.layer("s1") == ["a", "d/b", "d/e/c"]
    assert chain.step("cat a d/b d/e/c h l; [ -d empty ]") == []
    assert not (chain.bundle.run_dir / "s2" / "layer").exists()
    assert chain.step("echo x >>d/b; rm -r d/e l; ln -s nowhere l; chmod 600 h") == [
        "f 600 a",
        "f 644 d/b",
        "h h//a",
        "l l//nowhere",
        "x d/e",
        "x d/e/c",
    ]
    assert chain.step("rm -r empty d; echo file >d; mkdir l2; mv a l2; [ $(cat d) = file ]") == [
        "f 644 d",
        "f 600 h",
        "d 755 l2",
        "h l2/a//h",
        "x a",
        "x d/b",
        "x empty",
    ]
    chain.step("[ $(stat -c %a%h h) = 6002 ] && [ h -ef l2/a ] && [ $(cat h) = 1 ]")
    assert chain.bundle.leftovers() == []


def test_a_change_that_leaves_size_and_time(chain: Chain) -> None:
    chain.step("for i in 1 2 3 4 5 6 7 8; do echo a >f$i; touch -d 2001-02-03 f$i; done; touch -d 1960-01-01 old")
    keep = 't=$(stat -c %y $f); echo b 1<>$f; touch -d "$t" $f; [ $(stat -c %Y $f) = 981158400 ]'
    assert chain.step(f"export TZ=UTC; for f in f2 f7; do {keep} || exit; done") == ["f 644 f2", "f 644 f7"]
    chain.step('[ "$(cat f?)" = "$(printf "%s\\n" a b a a a a b a)" ] && [ $(stat -c %Y old) -lt -300000000 ]')


def test_inputs_are_copied(make_bundle: MakeBundle, bundle: Bundle, tmp_path: Path) -> None:
    chain = Chain(bundle, "data", "one.txt")
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "large").write_text("large\n")
    (bundle.path / "inputs" / "data" / "deep").mkdir(parents=True)
    (bundle.run_dir / ".inputs" / "data").mkdir(parents=True)
    (bundle.path / "inputs" / "one.txt").write_text("one\n")
    (bundle.path / "inputs" / "one.txt").chmod(0o444)
    (bundle.path / "inputs" / "data" / "deep" / "small").write_text("small\n")
    (bundle.run_dir / ".inputs" / "data" / "large").symlink_to(tmp_path / "user" / "large")
    assert chain.step("[ ! -L data/large ] && echo more >>data/large && rm data/deep/small && echo x >>one.txt") == [
        "f 644 data/large",
        "f 644 one.txt",
        "x data/deep/small",
    ]
    chain.step('[ "$(cat one.txt data/large)" = "$(printf "%s\\n" one x large more)" ] && [ ! -e data/deep/small ]')
    assert untouched(chain)
    assert (tmp_path / "user" / "large").read_text() == "large\n"
    assert (bundle.path / "inputs" / "one.txt").read_text() == "one\n"
    assert (bundle.path / "inputs" / "data" / "deep" / "small").read_text() == "small\n"


def test_absolute_paths_hold(chain: Chain) -> None:
    chain.step("mkdir d; echo 1 >d/x; ln -s $PWD/d/x abs; ln -s /usr/bin out; echo $PWD >where; [ $PWD = $(pwd -P) ]")
    assert "w abs//d/x" in chain.changes("s1")
    assert "l out///usr/bin" in chain.changes("s1")
    chain.step('[ "$PWD" = "$(cat where)" ] && [ "$(cat abs $(cat where)/d/x)" = "1\n1" ] && [ -x out/env ]')


def test_odd_names(chain: Chain) -> None:
    names = [*ODD_NAMES, b"done.json", b"changes", b"layer", b"]=", b"@", b"*", b"x[$(id>pwned)]", b".", b"~"]
    names = [name for name in names if name != b"."]
    words = " ".join(f"./{shlex.quote(os.fsdecode(name))}" for name in names)
    chain.step(f'for n in {words}; do echo a >"$n"; mkdir "$n.d"; echo b >"$n.d/$n"; ln -s "$n" "$n.l"; done')
    chain.step(f'for n in {words}; do cmp "$n.l" "$n" && [ $(cat "$n.d/$n") = b ] && rm "$n" || exit; done')
    chain.step(f'for n in {words}; do [ ! -e "$n" ] && [ -L "$n.l" ] && [ -d "$n.d" ] || exit; done')


def test_what_cannot_be_a_layer(make_bundle: MakeBundle) -> None:
    for name, command, reason in [
        ("pipe", "mkdir d; mkfifo d/p", "output.special"),
        ("gone", "cd ..; rm -r workspace", "output.workspace"),
        ("link", "cd ..; mv workspace w; ln -s / workspace", "output.workspace"),
        ("fails", "echo 1 >x; exit 3", "payload.exit"),
    ]:
        bundle = make_bundle("shared", name)
        result = bundle.run(Chain(bundle).add(command))
        assert (result.code, result.reason) == (65, reason)
        assert bundle.leftovers() == []


def test_files_that_nobody_may_read(chain: Chain) -> None:
    chain.step("mkdir -p d/e; echo 1 >d/e/f; chmod 0 d/e/f; chmod 555 d/e; chmod 0 d")
    assert chain.changes("s1") == ["d 0 d", "d 555 d/e", "f 0 d/e/f"]
    assert chain.step("[ $(stat -c %a d) = 0 ] && chmod 700 d && [ $(stat -c %a d/e) = 555 ]") == ["d 700 d"]
    chain.step("[ $(stat -c %a d/e/f) = 0 ] && chmod 600 d/e/f && [ $(cat d/e/f) = 1 ]")
    chain.step("mkdir -p c/.h c/h; chmod 500 c/.h c/h; chmod 0 c")
    assert chain.step("chmod 700 c && [ $(stat -c %a c/.h c/h | tr -d '\\n') = 500500 ]") == ["d 700 c"]
    assert chain.bundle.leftovers() == []


@pytest.mark.parametrize("mode", ["local", "shared", "condor"])
@pytest.mark.parametrize("point", ["stagein:after", "run:after", "collect:after", "publish:written"])
def test_killed_and_run_again(make_bundle: MakeBundle, mode: str, point: str) -> None:
    bundle = make_bundle(mode)
    chain = Chain(bundle)
    chain.step("echo 1 >x")
    id = chain.add("echo 2 >>x; [ ! -e y ] && echo 3 >y")
    assert bundle.run(id, WFC_FAULT=f"{point}:KILL").code == -signal.SIGKILL
    bundle.done(id)
    chain.step('[ "$(cat x y)" = "$(printf "%s\\n" 1 2 3)" ]')
    assert bundle.leftovers() == []


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("mode", ["local", "shared"])
def test_a_command_left_behind_is_ended_first(
    make_bundle: MakeBundle, mode: str, elsewhere: bool, tmp_path: Path
) -> None:
    bundle = make_bundle(mode)
    chain = Chain(bundle)
    writing = "while :; do date >>$root/workspace/x; done"
    id = chain.add(f"touch {tmp_path}/up; [ -e {tmp_path}/again ] || {writing}; sleep 0.3")
    job = bundle.start(id)
    wait_for(tmp_path / "up")
    job.kill()
    job.wait()
    (tmp_path / "again").touch()
    if elsewhere:  # as if another host had run the node since: the locks on nodes are those of one host
        for lock in (bundle.run_dir / ".locks").glob(f"{id}@*"):
            lock.unlink()
    bundle.done(id)
    assert chain.changes(id) == []
    assert bundle.leftovers() == []


def test_a_lost_layer_is_noticed(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("condor")
    chain = Chain(bundle)
    chain.step("echo 1 >x")
    id = chain.add("cat x")
    (bundle.run_dir / "s1" / "layer" / "x").write_text("2\n")
    assert bundle.run(id).reason == "stage.corrupt"


def test_outputs_come_from_the_last_layer(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    for name in ("in", "kept", "dropped"):
        (bundle.path / "inputs" / name).write_text(f"{name}\n")
    (tmp_path / "large").write_text("large\n")
    (bundle.run_dir / ".inputs" / "d").mkdir(parents=True)
    (bundle.run_dir / ".inputs" / "d" / "large").symlink_to(tmp_path / "large")
    (bundle.path / "inputs" / "hollow").mkdir()
    chain = Chain(bundle, "in", "kept", "dropped", "d", "hollow")
    chain.step(
        f"echo 1 >d/a; echo 1 >d/b; echo 2 >'o d\nd'; ln -s {tmp_path}/large d/stranger; ln -s nowhere d/dangling"
    )
    chain.step(
        "echo 2 >d/a; rm d/b in; ln -s $PWD/d/a last; ln -s d deep; rm dropped; mkdir dropped; echo 5 >dropped/x"
    )
    names = ["in", "kept", "d", "last", "deep/a", "o d\\nd", "dropped", "hollow", "never", "deep/stranger"]
    plan = "".join(f"s3\t/{name}\t{name}\n" for name in names)
    chain.add("false")
    result = last_job(bundle, plan, chain.ids)
    assert result.returncode == 65
    for said in (
        "in (deleted by s2)",
        "never (no node that is done made it)",
        "missing output: d/stranger (a link that leads out of the workspace)",
        "left out: d/dangling (a link that leads to nothing)",
        "deep/stranger (no node",
        "not done: s3",
    ):
        assert said in result.stdout
    outputs = bundle.run_dir / "outputs"
    files = {str(p.relative_to(outputs)): p.read_text() for p in outputs.rglob("*") if p.is_file()}
    assert files == {
        "kept": "kept\n",
        "d/a": "2\n",
        "d/large": "large\n",
        "last": "2\n",
        "deep/a": "2\n",
        "o d\nd": "2\n",
        "dropped/x": "5\n",
    }
    assert (outputs / "hollow").is_dir()
    assert not [path for path in outputs.rglob("*") if path.is_symlink()]
    assert not list(bundle.run_dir.glob(".view.*"))
    chain.bundle.node("s3", "rm -r d", parents=["s1", "s2"], inputs=chain.inputs, more="wfc_workspace=yes")
    bundle.done("s3")
    whole = last_job(bundle, "s3\t/.\t.\n", chain.ids)
    assert whole.returncode == 0 and "left out: last (a link that leads to nothing)" in whole.stdout
    named = last_job(bundle, "s3\t/last\tlast\n", chain.ids)
    assert named.returncode == 65 and "missing output: last (a link that leads to nothing)" in named.stdout
    whole = last_job(bundle, "s3\t/.\t.\n", chain.ids)
    files = {str(p.relative_to(outputs)): p.read_text() for p in outputs.rglob("*") if p.is_file()}
    assert files == {"kept": "kept\n", "o d\nd": "2\n", "dropped/x": "5\n"}


# ---- whatever a command does: the oracle is the same commands, run by bash one after the other in one directory

NAMES = ["a", "b b", "c\n\"'$(x)", "-n", "é*[", "done.json", "]"]
PATHS = [f"./{name}" for name in NAMES] + [f"./{top}/{name}" for top in NAMES[:3] for name in NAMES[:4]]
# No link leads out of the directory: what is done through one would be done to this machine.
path = st.sampled_from(PATHS).map(shlex.quote)
MODES = ["0", "400", "555", "600", "644", "700", "755", "1777"]
operation = st.one_of(
    st.builds("echo {1} >{0}".format, path, st.integers(0, 9)),
    st.builds("echo {1} >>{0}".format, path, st.integers(0, 9)),
    st.builds('t=$(stat -c %y {0}) && echo {1} 1<>{0} && touch -d "$t" {0}'.format, path, st.integers(0, 9)),
    st.builds("mkdir -p {}".format, path),
    st.builds("mkdir {0} && mkdir {0}/b\\ b && echo 1 >{0}/a".format, path),
    st.builds("rm -rf {}".format, path),
    st.builds("mv {} {}".format, path, path),
    st.builds("mv -T {} {}".format, path, path),
    st.builds("cp -a {} {}".format, path, path),
    st.builds("ln -sf {} {}".format, path, path),
    st.builds(
        "ln -sfT {} {}".format, st.sampled_from(["a", "b b", "no//where", "/nowhere/x", "x "]).map(shlex.quote), path
    ),
    st.builds("ln {} {}".format, path, path),
    st.builds("chmod {1} {0}".format, path, st.sampled_from(MODES)),
    st.builds("touch -d @{1} {0}".format, path, st.integers(1, 3)),
)
steps = st.lists(st.lists(operation, max_size=6), min_size=1, max_size=4)


@settings(max_examples=int(os.environ.get("WORKSPACE_EXAMPLES", "12")), deadline=None)
@given(steps, st.sampled_from(["local", "shared", "condor"]))
def test_the_same_as_in_one_directory(tmp_path_factory: pytest.TempPathFactory, steps: Any, mode: str) -> None:
    top = tmp_path_factory.mktemp("same")
    bundle = Bundle(top / "b", mode, {})
    (top / "plain").mkdir()
    chain = Chain(bundle, "a", "b b")
    for where in (bundle.path / "inputs", top / "plain"):
        (where / "b b").mkdir()
        (where / "a").write_text("input\n")
        (where / "b b" / "a").write_text("input\n")
    seen = top / "seen"
    for operations in steps:
        command = "umask 022\n" + "\n".join(f"{{ {text}; }} 2>/dev/null" for text in operations) + "\ntrue"
        subprocess.run(["bash", "-c", command], cwd=top / "plain", check=True)
        shutil.rmtree(seen, ignore_errors=True)
        chain.step(f"{command}; cp -a . {seen}")
        assert tree(seen) == tree(top / "plain")
        # A node of its own sees it, too, from the layers alone.
        shutil.rmtree(seen, ignore_errors=True)
        assert chain.step(f"cp -a . {seen}") == []
        assert tree(seen) == tree(top / "plain")
    assert untouched(chain)
    shutil.rmtree(top)
