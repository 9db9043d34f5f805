"""The last job: outputs, record, report; and which nodes are left to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.wrapper.harness import WRAPPER, Bundle, MakeBundle


def last_job(
    bundle: Bundle, plan: str, nodes: list[str], script: str = "collect.sh"
) -> subprocess.CompletedProcess[str]:
    lib = bundle.path / "lib"
    if lib.is_symlink():
        lib.unlink()
        lib.mkdir()
        for part in WRAPPER.iterdir():
            (lib / part.name).symlink_to(part)
    (lib / "nodes.txt").write_text("".join(f"{node}\n" for node in nodes))
    (lib / "outputs.tsv").write_text(plan)
    arguments = [str(bundle.run_dir)] if script == "check.sh" else []
    command = ["bash", str(lib / script), *arguments]
    return subprocess.run(command, env=bundle.environment(), cwd=bundle.path, capture_output=True, text=True)


def test_outputs_are_collected(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    globs = 'wfc_globs() { globs=(/all list "$root/m/a/r/*"); }'
    bundle.node(
        "m/a", "mkdir r; echo 1 >r/1; echo 2 >'r/2 x'; echo t >$'t\\tab'; mkdir -p d/e; echo 3 >d/e/3", more=globs
    )
    bundle.node("b", "echo b >out")
    plan = "m/a\tt\\tab\tstage/key/t\\tab\nm/a\td\tstage/d\nb\tout\tstage/renamed\nm/a\t@/all\tlate\n"
    bundle.done("m/a")
    half = last_job(bundle, plan, ["m/a", "b"])
    assert half.returncode == 65 and "1 of 2 nodes" in half.stdout and "not done: b" in half.stdout
    assert last_job(bundle, plan, ["m/a", "b"], "check.sh").stdout == "b\n"
    outputs = bundle.run_dir / "outputs"
    assert (outputs / "late/r/2 x").read_text() == "2\n"
    bundle.done("b")
    full = last_job(bundle, plan, ["m/a", "b"])
    assert full.returncode == 0, full
    files = {str(p.relative_to(outputs)): p.read_text() for p in outputs.rglob("*") if p.is_file()}
    assert files == {
        "stage/key/t\tab": "t\n",
        "stage/d/e/3": "3\n",
        "stage/renamed": "b\n",
        "late/r/1": "1\n",
        "late/r/2 x": "2\n",
    }
    record = json.loads((bundle.run_dir / "record.json").read_text())
    assert (record["nodes"], record["done"], record["failures"]) == (2, 2, [])
    assert last_job(bundle, plan, ["m/a", "b"], "check.sh").stdout == ""
    assert sorted(p.name for p in bundle.run_dir.iterdir()) == [".locks", ".root", "b", "m", "outputs", "record.json"]


def test_links_to_nothing_are_left_out(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    links = "ln -s nowhere d/lost; ln -s nowhere $'d/e/lost\\ntoo'; ln -s e/3 d/good; ln -s nowhere named"
    bundle.node("a", f"mkdir -p d/e; echo 3 >d/e/3; {links}; echo z >d/z")
    bundle.done("a")
    result = last_job(bundle, "a\td\td\na\td\tother\n", ["a"])
    assert result.returncode == 0, result
    assert "left out: a/d/lost (a link that leads to nothing)" in result.stdout
    outputs = bundle.run_dir / "outputs"
    found = sorted(str(p.relative_to(outputs)) for p in outputs.rglob("*") if not p.is_dir())
    assert found == [f"{top}/{name}" for top in ("d", "other") for name in ("e/3", "good", "z")]
    named = last_job(bundle, "a\tnamed\tnamed\n", ["a"])
    assert named.returncode == 65 and "missing output: a/named" in named.stdout


def test_an_output_that_cannot_be_read_is_no_link_to_nothing(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "mkdir -p d; ln -s nowhere d/lost; ln -s loop d/loop")
    bundle.done("a")
    assert last_job(bundle, "a\td\td\n", ["a"]).returncode == 75


def test_missing_output_is_a_failure(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("local", WFC_LOGS="run/logs")
    bundle.node("a", "echo x >y")
    bundle.node("bad", "exit 4")
    for node, code in (("a", 0), ("bad", 65)):
        job = subprocess.run(["bash", str(bundle.script(node))], cwd=bundle.path, env=bundle.environment())
        assert job.returncode == code
    result = last_job(bundle, "a\tnone\tnone\na\ty\ty\na\t@/none\tlate\n", ["a", "bad"])
    assert result.returncode == 65 and "missing output: a/none" in result.stdout
    assert f"not done: bad (payload.exit), see {bundle.run_dir}/logs/bad.log\n" in result.stdout
    record = json.loads((bundle.run_dir / "record.json").read_text())
    assert record["failures"] == [{"node": "bad", "reason": "payload.exit"}]
    assert (bundle.run_dir / "outputs/y").read_text() == "x\n"


def test_reasons(make_bundle: MakeBundle) -> None:
    """Of every node that is not done the report says why, and where to look, when there is anything to see."""
    bundle = make_bundle("local", WFC_LOGS="run/logs")
    for node, command, fault in [("failed", "exit 3", ""), ("killed", "", "run:before:KILL"), ("lost", "touch y", "")]:
        node = f"m/{node}"
        env = bundle.environment(WFC_FAULT=fault)
        bundle.node(node, command)
        subprocess.run(["bash", str(bundle.script(node))], cwd=bundle.path, env=env, stdout=subprocess.DEVNULL)
    (bundle.run_dir / "m/lost/y").unlink()
    result = last_job(bundle, "", ["m/failed", "m/killed", "m/lost", "m/never"])
    killed = "killed (out of memory, time-out, node failure or cancelled)"
    reasons = ["payload.exit", killed, "lost or damaged after it was done", "never started"]
    logs = bundle.run_dir / "logs/m"
    sees = [f", see {logs}/failed.log", f", see {logs}/killed.log", f", see {logs}/lost.log", ""]
    nodes = ["m/failed", "m/killed", "m/lost", "m/never"]
    lines = [line for line in result.stdout.splitlines() if "not done" in line]
    assert lines == [f"wfcompile: not done: {n} ({r}){s}" for n, r, s in zip(nodes, reasons, sees, strict=True)]
    record = json.loads((bundle.run_dir / "record.json").read_text())
    assert record["failures"] == [{"node": n, "reason": r} for n, r in zip(nodes, reasons, strict=True)]
    assert result.returncode == 65


def test_check_finds_the_damaged(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("local")
    nodes = [f"m/{i}" for i in range(1001)]
    record = '{"version":1,"node":"%s","files":[\n{"name":"x\\ny","size":1,"sha256":"00"}\n]}\n'
    for i, node in enumerate(nodes):
        path = bundle.run_dir / node
        path.mkdir(parents=True)
        (path / "x\ny").write_text("1" if i % 500 else "")
        (path / "done.json").write_text(record % (node if i != 7 else "m/8"))
    (bundle.run_dir / "m/9/done.json").write_text((record % "m/9")[:-3])
    result = last_job(bundle, "", [*nodes, "never"], "check.sh")
    assert result.stdout.split() == ["m/0", "m/7", "m/9", "m/500", "m/1000", "never"]


def test_check_while_jobs_publish(make_bundle: MakeBundle, tmp_path: Path) -> None:
    """A directory that is renamed under `find` makes it fail and complain; the records say what is done."""
    bundle = make_bundle("local", PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    bundle.node("a", "echo x >y")
    bundle.done("a")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/find").write_text(f'#!/bin/sh\n{shutil.which("find")} "$@"; echo gone >&2; exit 1\n')
    (tmp_path / "bin/find").chmod(0o755)
    result = last_job(bundle, "", ["a", "b"], "check.sh")
    assert (result.returncode, result.stdout, result.stderr) == (0, "b\n", "")


def test_check_before_the_first_job(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("local")
    bundle.run_dir.rmdir()
    result = last_job(bundle, "", ["a", "b"], "check.sh")
    assert (result.returncode, result.stdout) == (0, "a\nb\n")
