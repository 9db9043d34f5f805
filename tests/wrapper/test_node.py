"""One node: what it runs, what it records, how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
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
    bundle.node(
        "a", "mkdir d; echo x >d/f; ln -s d/f near; ln -s $root/a/d/f far; ln -s d dir; ln -s $root/a/d/f d/deep"
    )
    bundle.done("a")
    for name in ("near", "dir/f", "far", "d/deep"):
        assert (bundle.run_dir / "a" / name).read_text() == "x\n"
    links = {f["name"] for f in bundle.record("a")["files"] if "link" in f}
    assert links == (set() if bundle.mode == "condor" else {"near", "far", "dir", "d/deep"})
    bundle.node("b", "cat $root/a/near $root/a/far $root/a/dir/f >all", parents=["a"])
    bundle.done("b")
    assert (bundle.run_dir / "b/all").read_text() == "x\n" * 3


def test_parents_must_be_done(bundle: Bundle) -> None:
    bundle.node("a", "exit 1")
    bundle.node("b", "cat $root/a/x", parents=["a"])
    assert bundle.run("b").reason == "upstream.failed"
    bundle.run("a")
    result = bundle.run("b", WFC_LATENCY="1000")  # not waited for: the harness gives up before
    assert (result.code, result.reason) == (65, "upstream.failed")
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


def test_input_directories_of_two_bases(bundle: Bundle) -> None:
    """Small files are in the bundle, each large one is bound; deeper directories may be in both or in one of them."""
    small, large, origin = bundle.path / "inputs", bundle.run_dir / ".inputs", bundle.path / "origin"
    tree = {small: ["d/small", "d/e/s", "only s/x", "d/.s", "top"], large: ["d/large", "d/e/l", "d/f/l", "only l/x"]}
    for base, names in tree.items():
        for name in names:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            (origin / name).write_text(name)
            (base / name).symlink_to(origin / name) if base == large else (base / name).write_text(name)
    (large / "d/small").write_text("the first base wins")
    (large / "d/gone").symlink_to("/nowhere")
    here = 'cd $root/init; find -L {} -type f | LC_ALL=C sort | while read -r f; do echo "$f=$(cat "$f")"; done'
    wanted = {"one": ["d/e/s"], "both": ["d"], "each": ["only l", "only s"], "all": ["."], "again": ["d", "d/f"]}
    every = [name for names in tree.values() for name in names]
    for id, inputs in wanted.items():
        paths = " ".join(f"'{name}'" for name in inputs)
        bundle.node(id, f"({here.format(paths)}) >out", inputs=inputs)
        bundle.done(id)
        found = [name for top in inputs for name in every if top == "." or name == top or name.startswith(top + "/")]
        lines = sorted(f"{'./' if inputs == ['.'] else ''}{name}={name}" for name in found)
        assert sorted((bundle.run_dir / id / "out").read_text().splitlines()) == lines, id
    assert not (small / "d/large").exists() and not (large / "top").exists()


def test_link_to_one_half_of_an_input_directory(make_bundle: MakeBundle) -> None:
    """The large files were bound after a first attempt had seen the small ones alone."""
    bundle = make_bundle("local")
    (bundle.path / "inputs/d").mkdir()
    (bundle.path / "inputs/d/small").touch()
    bundle.node("a", "ls $root/init/d >out", inputs=["d"])
    bundle.done("a")
    (bundle.run_dir / ".inputs/d").mkdir(parents=True)
    (bundle.run_dir / ".inputs/d/large").touch()
    (bundle.run_dir / "a/done.json").unlink()
    bundle.done("a")
    assert (bundle.run_dir / "a/out").read_text() == "large\nsmall\n"
    assert os.listdir(bundle.path / "inputs/d") == ["small"]


def test_input_binds(tmp_path: Path) -> None:
    """What a container gets: the bundle's inputs in one bind, else each in a view, links to other places one by one."""
    for name in ("b/inputs/d/small", "b/inputs/p/x", "r/.inputs/q/y", "origin/large"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "r/.inputs/d").mkdir()
    (tmp_path / "r/.inputs/d/large").symlink_to(tmp_path / "origin/large")
    (tmp_path / "r/.inputs/l").mkdir()
    (tmp_path / "r/.inputs/l/large").symlink_to(tmp_path / "origin/large")
    script = f"""set -u; returns=shared WFC_BUNDLE={tmp_path}/b WFC_RUN={tmp_path}/r scratch=$1 binds=()
      inputs=("${{@:2}}")
      for part in events stage container; do source {WRAPPER}/$part.sh; done
      warn() {{ :; }}; find_inputs; container_inputs; printf '%s %s %s\n' ${{binds[@]+"${{binds[@]}}"}}
      cd "$scratch"; find . -mindepth 2 ! -type l -printf '%y %P\n'"""

    def lines(*inputs: str) -> set[str]:
        scratch = tmp_path / f"scratch-{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        out = subprocess.run(["bash", "-c", script, "bash", scratch, *inputs], check=True, stdout=subprocess.PIPE)
        return set(out.stdout.decode().replace(f"{scratch}", "SCRATCH").replace(f"{tmp_path}/", "").split("\n")) - {""}

    assert lines() == {"  "}
    assert lines("p", "p/x") == {"b/inputs /wfc/run/init ro"}
    view = {"SCRATCH/init /wfc/run/init ro"}
    d = {f"{path} /wfc/run/init/d/{path.split('/')[-1]} ro" for path in ("b/inputs/d/small", "r/.inputs/d/large")}
    d |= {"f init/d/small", "f init/d/large", "d init/d"}
    assert lines("d") == view | d
    q = {"r/.inputs/q /wfc/run/init/q ro", "d init/q"}
    assert lines("q") == view | q
    large = {"r/.inputs/l/large /wfc/run/init/l/large ro", "f init/l/large", "d init/l"}
    assert lines("l") == view | large
    p = {"b/inputs/p /wfc/run/init/p ro", "d init/p"}
    assert lines(".") == view | d | p | q | large


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
    refused = bundle.run("b")
    assert (refused.code, refused.reason) == (65, "late.failed")
    assert "a file name that a published holds what a shell would read" in refused.log


@pytest.mark.parametrize("name", sorted(ODD_NAMES))
def test_a_published_name_in_a_command(make_bundle: MakeBundle, name: bytes) -> None:
    """It arrives as it is, or is refused by name when a shell would read it as more than a part of a word."""
    bundle = make_bundle()
    (bundle.path / "inputs").mkdir(exist_ok=True)
    (bundle.path / "inputs/name").write_bytes(name)
    command = 'IFS= read -r -d "" n <$root/init/name; echo x >"./$n"'
    bundle.node("a", command, inputs=["name"], more='wfc_globs() { globs=(/all list "$root/a/*"); }')
    bundle.done("a")
    late = "wfc_late() { wfc_late_words p_all a /all; }\np_all="
    more = late + "\nwfc_command() { printf '%s' 'cat >words <<\"@@\"'$'\\n'\"$p_all\"$'\\n@@\\n'; }"
    bundle.node("b", "", parents=["a"], more=more)
    result = bundle.run("b")
    if re.search(rb"""[\s$`\\"';&|<>()*?!\x00-\x1f\x7f]""", name):
        assert (result.code, result.reason) == (65, "late.failed")
    else:
        assert result.code == 0, result.log
        assert (bundle.run_dir / "b/words").read_bytes().endswith(b"/a/" + name + b"\n")


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
        f"""wfc_step=map wfc_interpreter=bash wfc_image= wfc_image_key=
wfc_return=shared wfc_containers=auto
wfc_globs() {{ globs=(/f list "$glob_1"); }}
wfc_command() {{ printf '%s' "echo -n '$p_x' >x.o"; }}
source "{bundle.path}/lib/node.sh"; wfc_rows map 10; wfc_main "$@"
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


def test_rows_of_different_shape(make_bundle: MakeBundle) -> None:
    """Late values, globs and mounts are functions of the step, and not every row has them."""
    bundle = make_bundle("shared")
    rows = [
        'id=m/0; parents=(); inputs=(); node_globs=(/f list "$root/m/0/*"); p_x=static',
        "id=m/1; parents=(m/0); inputs=(); node_late=(p_x m/0 /f); p_x=",
        "id=m/2; parents=(); inputs=(); p_x=static",
    ]
    for folder in ("rows", "steps"):
        (bundle.path / folder).mkdir()
    (bundle.path / "rows/m.0.rows").write_text("".join(f"{row}\n" for row in rows))
    (bundle.path / "steps/m.sh").write_text(
        f"""wfc_step=m wfc_interpreter=bash wfc_image= wfc_image_key= wfc_return=shared wfc_containers=auto
wfc_late() {{
  for ((k = 0; k < ${{#node_late[@]}}; k += 3)); do wfc_late_words "${{node_late[@]:k:3}}"; done
}}
wfc_globs() {{ globs=(${{node_globs[@]+"${{node_globs[@]}}"}}); }}
wfc_command() {{ printf %s "basename -a $p_x >x"; }}
source "{bundle.path}/lib/node.sh"; wfc_rows m 10; node_late=(p_x old /f) node_globs=(/old list x); wfc_main "$@"
"""
    )
    for k, name in enumerate(["static", "x", "static"]):
        job = ["bash", "steps/m.sh", str(k)]
        result = subprocess.run(job, cwd=bundle.path, env=bundle.environment(), capture_output=True)
        assert result.returncode == 0, result
        assert (bundle.run_dir / f"m/{k}/x").read_text() == f"{name}\n"
        assert list(bundle.record(f"m/{k}")["published"]) == (["/f"] if k == 0 else [])


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
    assert seen[0] == "FAILED m/a payload.exit 1, see run/logs/m/a.log\n"
    assert seen[1].startswith("done  m/a  ") and seen[2] == "kept  m/a\n"
    log = (bundle.run_dir / "logs/m/a.log").read_text()
    assert log.count("out\nerr\n") == 2
    events = [json.loads(line) for line in (bundle.run_dir / "logs/m/a.events.jsonl").read_text().splitlines()]
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
    bundle.env.update(PATH=f"{tmp_path}/bin:{os.environ['PATH']}", SLURM_JOB_ID="14", WFC_RETRIES="1", WFC_REQUEUE="1")
    bundle.env.update(SLURM_ARRAY_JOB_ID="12", SLURM_ARRAY_TASK_ID="3")
    bundle.node("a", "true", more="wfc_globs() { exit 1; }")
    result = bundle.run("a")
    assert result.code == 75 and result.final["requeued"] and result.final["job"] == "slurm:12_3"
    result = bundle.run("a", SLURM_RESTART_COUNT="1")
    assert result.code == 65 and result.final["attempt"] == 2
    assert (tmp_path / "calls").read_text() == "requeue 12_3\n"
    assert bundle.run("a", WFC_LOCAL="1").code == 75
    del bundle.env["WFC_REQUEUE"]  # by hand in somebody's allocation, which a requeue would end
    assert bundle.run("a").code == 75
    assert (tmp_path / "calls").read_text() == "requeue 12_3\n"
    (tmp_path / "bin/scontrol").write_text("#!/bin/sh\necho 'Requested operation is presently disabled' >&2; exit 1\n")
    assert "presently disabled" in bundle.run("a", WFC_REQUEUE="1").final["advice"]


def test_slurm_job_does_not_make_the_run(make_bundle: MakeBundle, tmp_path: Path) -> None:
    """Each compute node would have one of its own."""
    run = tmp_path / "run"
    bundle = make_bundle("shared", WFC_LOGS=f"{run}/logs", WFC_RUN=str(run))
    bundle.env.update(SLURM_JOB_ID="14", WFC_RETRIES="0", WFC_REQUEUE="1")
    bundle.node("m/a", "true")
    result = bundle.run("m/a")
    assert (result.code, result.reason) == (65, "run.missing")  # after the last attempt
    assert not run.exists()


def test_killed_reader_of_records_is_not_silence(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "echo x >y")
    bundle.done("a")
    (bundle.run_dir / "a/y").unlink()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "bin/awk").chmod(0o755)
    assert bundle.done("a", PATH=f"{tmp_path}/bin:{os.environ['PATH']}").reason == "done"
    assert (bundle.run_dir / "a/y").exists()


def test_library_is_small() -> None:
    for file in WRAPPER.rglob("*.sh"):
        assert len(file.read_text().splitlines()) < 500, file
