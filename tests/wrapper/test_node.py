"""One node: what it runs, what it records, how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.wrapper.harness import WRAPPER, Bundle, MakeBundle

ODD_NAMES = [
    b"a b",
    b"new\nline",
    b"quote\"'",
    b"back\\slash",
    "é ⦗run⦘".encode(),
    b"\xff\xc3(",
    b"-n",
    b"$(id)",
    b"*?[",
    b"\x01",
]


def test_runs_once_and_is_kept(bundle: Bundle) -> None:
    bundle.node("make/gen_0", "echo hello >out.txt; echo seen; mkdir -p sub/empty; echo x >sub/y")
    first = bundle.done("make/gen_0")
    assert "seen" in first.log and first.reason == "done"
    record = bundle.record("make/gen_0")
    assert record["version"] == 1 and record["node"] == "make/gen_0" and record["runtime"] == "none"
    assert {"name": "sub/empty/", "size": 0} in record["files"]
    digest = hashlib.sha256(b"hello\n").hexdigest()
    assert {"name": "out.txt", "size": 6, "sha256": digest} in record["files"]
    assert bundle.leftovers() == []
    if bundle.mode != "condor":  # there the job is not started again, or starts in an empty sandbox
        again = bundle.done("make/gen_0")
        assert again.reason == "kept" and "seen" not in again.log and "memo.hit" in again.names()


@pytest.mark.parametrize("damage", ["out.txt", "done.json"])
def test_damaged_result_is_made_again(make_bundle: MakeBundle, damage: str) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "echo hello >out.txt")
    bundle.done("a")
    file = bundle.run_dir / "a" / damage
    file.write_bytes(file.read_bytes()[:-2])
    assert bundle.done("a").reason == "done"
    assert (bundle.run_dir / "a" / "out.txt").read_text() == "hello\n"
    assert bundle.leftovers() == []


ENDINGS = {
    "payload": ("echo working; echo 'it \"broke\"' >&2; exit 3", 65, "payload.exit"),
    "missing program": ("no-such-program", 65, "payload.exit"),
    "escape": ("ln -s /etc/passwd here", 65, "output.escape"),
    "escape upwards": ("ln -s ../../.. here", 65, "output.escape"),
    "escape through a link": ("mkdir -p a/b; ln -s ../.. a/b/up; ln -s a/b/up/.. here", 65, "output.escape"),
    "fifo": ("mkfifo pipe", 65, "output.special"),
    "reserved": ("echo {} >done.json", 65, "output.reserved"),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_endings(bundle: Bundle, case: str) -> None:
    command, code, reason = ENDINGS[case]
    bundle.node("a", command)
    result = bundle.run("a")
    assert (result.code, result.reason) == (code, reason), result.log
    assert not (bundle.run_dir / "a" / "done.json").exists()
    assert bundle.leftovers() == []
    assert result.log.rstrip().splitlines()[-1].startswith(f"wfcompile: node a failed ({reason}")
    if bundle.mode == "condor":
        assert list((bundle.run_dir / "a").iterdir()) == []
    if case == "payload":
        assert result.final["payload"] == 3 and result.final["error"] == 'it "broke"'


def test_links_inside_are_kept(bundle: Bundle) -> None:
    bundle.node("a", "mkdir d; echo x >d/f; ln -s d/f near; ln -s $root/a/d/f far; ln -s d dir")
    bundle.done("a")
    for name in ("near", "dir/f"):
        assert (bundle.run_dir / "a" / name).read_text() == "x\n"
    links = {f["name"] for f in bundle.record("a")["files"] if "link" in f}
    assert links == (set() if bundle.mode == "condor" else {"near", "far", "dir"})
    bundle.node("b", "cat $root/a/near $root/a/far $root/a/dir/f >all", parents=["a"])
    bundle.done("b")
    assert (bundle.run_dir / "b/all").read_text() == "x\n" * 3


def test_parents_must_be_done(bundle: Bundle) -> None:
    bundle.node("a", "exit 1")
    bundle.node("b", "cat $root/a/x", parents=["a"])
    assert bundle.run("b").reason == "upstream.failed"
    bundle.run("a")
    result = bundle.run("b")
    assert (result.code, result.reason) == (65, "upstream.failed") and result.final["ms"] < 1000
    assert " a;" in result.final["advice"]


def test_absolute_paths_in_data(bundle: Bundle) -> None:
    bundle.node("a", "echo data >f; pwd >where; echo $root/a/f >list; ls -d $PWD/f >>list", interpreter="bash")
    bundle.node("b", 'cat $(cat "$root/a/list") >both; test "$(readlink -f .)" = "$(pwd)"', parents=["a"])
    bundle.done("a")
    bundle.done("b")
    assert (bundle.run_dir / "b/both").read_text() == "data\ndata\n"
    where = (bundle.run_dir / "a/where").read_text()
    if bundle.mode != "local":
        assert where.startswith(str(bundle.scratch))


def test_inputs(bundle: Bundle) -> None:
    (bundle.path / "inputs/data").mkdir()
    (bundle.path / "inputs/data/a b.txt").write_text("input\n")
    (bundle.path / "inputs/top.txt").write_text("top\n")
    bundle.node("a", "cat '$root/init/data/a b.txt' $root/init/top.txt >out", inputs=["data/a b.txt", "top.txt"])
    bundle.node("b", "cat $root/init/data/* $root/init/top.txt >out", inputs=["data", "top.txt"])
    bundle.node("c", "cat $root/init/data/* >out", inputs=["."])
    bundle.node("d", "true", inputs=["nowhere"])
    for id in "abc":
        bundle.done(id)
        assert (bundle.run_dir / id / "out").read_text().startswith("input\n")
    assert bundle.run("d").reason == "input.missing"


def test_inputs_from_the_users_directory(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    (tmp_path / "big").mkdir()
    (tmp_path / "big/x").write_text("1")
    (bundle.path / "inputs/y").write_text("2")
    (bundle.run_dir / ".inputs").symlink_to(tmp_path / "big")
    bundle.node("a", "cat $root/init/x $root/init/y >out", inputs=["x", "y"])
    bundle.done("a")
    assert (bundle.run_dir / "a/out").read_text() == "12"


def test_odd_names(bundle: Bundle) -> None:
    data = bundle.path / "inputs/names"
    data.write_bytes(b"\0".join(ODD_NAMES) + b"\0")
    command = "while IFS= read -r -d '' n; do echo x >\"./$n.out\"; done <$root/init/names"
    globs = 'wfc_globs() { globs=(/all list "$root/a/*.out"); }'
    bundle.node("a", command, inputs=["names"], more=globs)
    bundle.done("a")
    here = os.fsencode(bundle.run_dir / "a")
    assert set(os.listdir(here)) == {name + b".out" for name in ODD_NAMES} | {b"done.json"}
    assert len(bundle.record("a")["files"]) == len(ODD_NAMES)
    late = "wfc_late() { wfc_late_words p_all a /all; }\np_all="
    more = late + "\nwfc_command() { printf '%s' 'cat >words <<\"@@\"'$'\\n'\"$p_all\"$'\\n@@\\n'; }"
    bundle.node("b", "", parents=["a"], more=more)
    bundle.done("b")
    words = (bundle.run_dir / "b/words").read_bytes()
    root = words[: words.index(b"/a/")]
    assert words == b" ".join(sorted(root + b"/a/" + name + b".out" for name in ODD_NAMES)) + b"\n"


@pytest.mark.parametrize("interpreter", ["", "bash", "sh", "python3", "cat >copy"])
def test_interpreters(make_bundle: MakeBundle, interpreter: str) -> None:
    bundle = make_bundle()
    command = "import os; open('copy','w').write('x')" if interpreter == "python3" else "printf x >copy"
    bundle.node("a", command, interpreter=interpreter)
    bundle.done("a")
    expected = command if interpreter.startswith("cat") else "x"
    assert (bundle.run_dir / "a/copy").read_text() == expected


@pytest.mark.parametrize("text", ["no newline at the end", "x" * 300_000, "ends\n\n", "é\\n%s $x `y` \"'\n\tz"])
def test_command_arrives_to_the_byte(bundle: Bundle, text: str) -> None:
    bundle.node("a", text, interpreter="cat >got")
    bundle.done("a")
    assert (bundle.run_dir / "a/got").read_text() == text


def test_long_argument_without_interpreter(make_bundle: MakeBundle) -> None:
    bundle = make_bundle()
    words = " ".join(str(i) for i in range(50_000))
    bundle.node("a", f"set -- {words}\nprintf '%s' \"$*\" >got\n", interpreter="")
    bundle.done("a")
    assert (bundle.run_dir / "a/got").read_text() == words


def test_no_path_no_home(bundle: Bundle) -> None:
    bundle.node("a", 'ls >/dev/null && echo "${HOME-unset}" >out')
    script = bundle.script("a").read_text()
    bundle.script("a").write_text("unset PATH HOME\n" + script)
    bash = subprocess.run(
        ["/bin/bash", str(bundle.script("a"))],
        env={"WFC_SCRATCH": str(bundle.scratch), "WFC_LOCAL": "1", "WFC_RETURN": "shared"},
        cwd=bundle.path,
        capture_output=True,
    )
    assert bash.returncode == 0, bash
    assert (bundle.run_dir / "a/out").read_text() == "unset\n"


def test_environment_of_the_command(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(LC_ALL="C.UTF-8", MINE="1")
    bundle.node("a", "env >out")
    bundle.done("a")
    lines = (bundle.run_dir / "a/out").read_text().splitlines()
    assert {"LC_ALL=C.UTF-8", "MINE=1", "HDF5_USE_FILE_LOCKING=FALSE"} <= set(lines)
    bundle.env = {"HDF5_USE_FILE_LOCKING": "TRUE"}
    bundle.node("b", "env >out")
    bundle.done("b")
    text = (bundle.run_dir / "b/out").read_text()
    assert "HDF5_USE_FILE_LOCKING=TRUE" in text and "LC_ALL" not in text


def test_rows(make_bundle: MakeBundle) -> None:
    bundle = make_bundle()
    rows = [f"id=map_{k}; parents=(); inputs=(); p_x=$'v\\n{k}'; glob_1=$root/map_{k}/*.o" for k in range(25)]
    (bundle.path / "rows").mkdir()
    for shard in range(3):
        text = "".join(row + "\n" for row in rows[10 * shard : 10 * shard + 10])
        (bundle.path / f"rows/map.{shard}.rows").write_text(text)
    (bundle.path / "steps").mkdir()
    (bundle.path / "steps/map.sh").write_text(
        f"""wfc_workflow=w wfc_step=map wfc_interpreter=bash wfc_image= wfc_image_key=
wfc_return=shared wfc_containers=auto
wfc_globs() {{ globs=(/f list "$glob_1"); }}
wfc_command() {{ printf '%s' "echo -n '$p_x' >x.o"; }}
source "{bundle.path}/lib/node.sh"; wfc_rows rows/map 10; wfc_main "$@"
"""
    )
    for k, code in ((0, 0), (23, 0), (25, 65)):
        job = subprocess.run(
            ["bash", "steps/map.sh", str(k)], cwd=bundle.path, env=bundle.environment(), capture_output=True
        )
        assert job.returncode == code, job
        if code == 0:
            assert (bundle.run_dir / f"map_{k}/x.o").read_text() == f"v\n{k}"
            assert bundle.record(f"map_{k}")["published"] == {"/f": [f"⦗run⦘/map_{k}/x.o"]}


def test_logs_and_the_line_of_make(make_bundle: MakeBundle) -> None:
    bundle = make_bundle(WFC_LOGS="run/logs")
    bundle.node("m/a", "echo out; echo err >&2; exit $(cat $root/../rc)")
    seen = []
    for rc in (1, 0, 0):
        (bundle.path / "rc").write_text(str(rc))
        job = subprocess.run(
            ["bash", str(bundle.script("m/a"))],
            cwd=bundle.path,
            env=bundle.environment(),
            capture_output=True,
            text=True,
        )
        assert job.stderr == ""
        seen.append(job.stdout)
    assert seen[0] == "FAILED m/a payload.exit 1, see run/logs/m.a.log\n"
    assert seen[1].startswith("done  m/a  ") and seen[2] == "kept  m/a\n"
    log = (bundle.run_dir / "logs/m.a.log").read_text()
    assert log.count("out\nerr\n") == 2
    events = [json.loads(line) for line in (bundle.run_dir / "logs/m.a.events.jsonl").read_text().splitlines()]
    assert [e["attempt"] for e in events if e["ev"] == "init"] == [1, 2, 3]
    assert next(e for e in events if e["ev"] == "final")["error"] == "err"


def test_scratch_candidates(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle()
    (tmp_path / "s p").mkdir()
    bundle.env["WFC_SCRATCH"] = f"/nowhere:{tmp_path}/s p"
    bundle.node("a", "true")
    bundle.done("a")
    bundle.done("a", WFC_RUN=str(tmp_path / "r [x] *"))  # not a path for data: the root is elsewhere
    assert list((tmp_path / "s p").iterdir()) == []


def test_wrapper_bug_is_never_success(make_bundle: MakeBundle) -> None:
    bundle = make_bundle()
    bundle.node("a", "true", more='wfc_globs() { : "$no_such_variable"; }')
    result = bundle.run("a")
    assert (result.code, result.reason) == (75, "wrapper.bug")
    assert bundle.leftovers() == []


def test_slurm_requeues_itself(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/scontrol").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n')
    (tmp_path / "bin/scontrol").chmod(0o755)
    bundle.env.update(PATH=f"{tmp_path}/bin:{os.environ['PATH']}", SLURM_JOB_ID="14", WFC_RETRIES="1")
    bundle.env.update(SLURM_ARRAY_JOB_ID="12", SLURM_ARRAY_TASK_ID="3")
    bundle.node("a", "true", more="wfc_globs() { exit 1; }")
    result = bundle.run("a")
    assert result.code == 75 and result.final["requeued"] and result.final["job"] == "slurm:12_3"
    result = bundle.run("a", SLURM_RESTART_COUNT="1")
    assert result.code == 65 and result.final["attempt"] == 2
    assert (tmp_path / "calls").read_text() == "requeue 12_3\n"


def test_library_is_small() -> None:
    for file in WRAPPER.rglob("*.sh"):
        assert len(file.read_text().splitlines()) < 500, file
