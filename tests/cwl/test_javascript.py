"""JavaScript is fenced in, and what gets out of hand ends in one message."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.cwl.contexts import context
from wfcompile.runtime.cwl import sandbox
from wfcompile.runtime.cwl.expressions import evaluate
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import CwlProblem, Lacking


@pytest.mark.parametrize(
    "code",
    [
        "typeof process + typeof require + typeof fetch + typeof module + typeof Buffer + typeof setTimeout",
        "globalThis.constructor.constructor('return typeof process + typeof require')()",
        "(function () { try { (function f() { f(); })(); }"
        " catch (e) { return e.constructor.constructor('return typeof process')(); } })()",
        "(function () { Error.prepareStackTrace = function (_, sites) { return sites; };"
        " return new Error().stack.map(function (s) { return typeof s.getThis() + typeof s.getFunction(); }); })()",
    ],
)
def test_nothing_of_node_is_within_reach(code: str, javascript: Javascript) -> None:
    found = str(evaluate(f"$({code})", context({}, javascript=javascript)))
    assert re.sub("undefined|[][', ]", "", found) == ""


def test_whoever_gets_out_of_the_context_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    leaking = sandbox.DRIVER.replace("Object.create(null)", "{outside: global}")
    assert leaking != sandbox.DRIVER
    monkeypatch.setattr(sandbox, "DRIVER", leaking)
    with Javascript() as engine:
        here = context(javascript=engine)
        names = "['process', 'require', 'module', 'fetch', 'Buffer', 'setTimeout', 'WebSocket']"
        assert evaluate(f"$({names}.filter(function (name) {{ return name in outside; }}))", here) == []
        with pytest.raises(CwlProblem, match="EvalError: Code generation from strings disallowed"):
            evaluate("$(outside.Function('return 1')())", here)


def test_node_itself_may_not_touch_files_or_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever gets out of the context finds that node may do nothing."""
    attempt = """
      var tried = [function () { require("fs").readFileSync("/etc/hostname"); },
        function () { require("fs").writeFileSync("%s/escaped", "x"); },
        function () { require("child_process").execSync("id"); },
        function () { new (require("worker_threads").Worker)("1", {eval: true}); }];
      var codes = tried.map(function (f) { try { f(); return "done"; } catch (e) { return e.code; } });
      console.log("ready\\n" + codes.join(" ") + "\\n" + Object.keys(process.env).join(" "));
    """.replace("%s", str(tmp_path))
    monkeypatch.setattr(sandbox, "DRIVER", attempt)
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with Javascript() as engine:
        process = engine.start()
        assert process.stdout is not None
        assert process.stdout.readline().decode().split() == ["ERR_ACCESS_DENIED"] * 4
        assert set(process.stdout.readline().decode().split()) <= {"PATH", "HOME", "LD_LIBRARY_PATH"}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("${ while (true) {} }", "does not end within 0.5 seconds"),
        ("${ return /^(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'); }", "does not end within 0.5 seconds"),
        ("${ return {toJSON: function () { while (true) {} }}; }", "does not end within 0.5 seconds"),
        ("${ var s = new Set(); while (true) s.add(new Array(1e5).fill(0.5)); }", "it may use 64 MiB"),
        ("${ var l = []; while (true) l.push(new Uint8Array(1e7).fill(1)); }", "RangeError: Array buffer allocation"),
        ("${ var a = []; for (var i = 0; i < 2000; i++) a = [a]; return a; }", "data nested too deeply"),
        ("${ (function f() { f(); })(); }", "RangeError: Maximum call stack size exceeded"),
        ("${ var s = 'x'; while (true) s += s; }", "RangeError: Invalid string length"),
    ],
)
def test_code_out_of_hand_ends_in_one_message(code: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfcompile.runtime.cwl.javascript.GRACE", 0.2)
    with Javascript(seconds=0.5, mebibytes=64) as engine:
        here = context(javascript=engine)
        evaluate("$(1+1)", here)
        with pytest.raises(CwlProblem) as caught:
            evaluate(code, here)
        assert message in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
        assert evaluate("$(1+2)", here) == 3


def test_node_survives_endless_code() -> None:
    with Javascript(seconds=0.3) as engine:
        here = context(javascript=engine)
        evaluate("$(1+1)", here)
        process = engine.process
        with pytest.raises(CwlProblem, match=r"does not end within 0\.3 seconds"):
            evaluate("${ while (true) {} }", here)
        assert engine.process is process


def test_a_value_too_long_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch, javascript: Javascript) -> None:
    monkeypatch.setattr("wfcompile.runtime.cwl.javascript.LONGEST", 100)
    assert len(evaluate("$('x'.repeat(98))", context(javascript=javascript))) == 98
    with pytest.raises(CwlProblem, match="its value is too long"):
        evaluate("$('x'.repeat(99))", context(javascript=javascript))


def test_node_ends_with_us() -> None:
    code = """
import os, signal, sys
from wfcompile.runtime.cwl.javascript import Javascript
engine = Javascript()
engine.evaluate("(1)", [], "{}")
print(engine.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, check=False)
    process = Path("/proc") / ended.stdout.decode().strip()
    deadline = time.monotonic() + 10
    while process.exists() and "\nState:\tZ" not in (process / "status").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert time.monotonic() < deadline


def executable(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_an_older_node_is_started_with_less_of_a_fence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = '#!/bin/sh\ncase $1 in *permission) echo "bad option: $1" >&2; exit 9 ;; esac\nexec node "$@"\n'
    monkeypatch.setenv("WFC_NODE", executable(tmp_path / "old", script))
    with Javascript() as engine:
        assert evaluate("$(1+1)", context(javascript=engine)) == 2


def test_without_node_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WFC_NODE", str(tmp_path / "nowhere"))
    with pytest.raises(Lacking, match=r"JavaScript needs `.*nowhere`, which is not here") as caught:
        evaluate("$(1+1)", context(javascript=Javascript()))
    assert caught.value.advice == "install Node.js, or set WFC_NODE to its path"
    assert evaluate("$(inputs.n)", context(javascript=Javascript())) == 3
    monkeypatch.setenv("WFC_NODE", executable(tmp_path / "broken", "#!/bin/sh\necho no such library >&2\nexit 127\n"))
    with pytest.raises(Lacking, match="node cannot be started: no such library"):
        evaluate("$(1+1)", context(javascript=Javascript()))


def test_without_an_engine_or_the_requirement_javascript_is_refused() -> None:
    with pytest.raises(CwlProblem, match=r"`\$\(1\+1\)` is JavaScript, which cannot be run here"):
        evaluate("$(1+1)", context())
    with pytest.raises(CwlProblem, match=r"`\$\(1\+1\)` is no parameter reference") as caught:
        evaluate("$(1+1)", context(requirements={}))
    assert "InlineJavascriptRequirement" in caught.value.advice


def test_references_load_nothing_of_processes() -> None:
    code = """
import sys
from wfcompile.runtime.cwl.expressions import Context, evaluate
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import Place
assert evaluate("$(inputs.a)", Context({"a": 1}, None, Place("", "", "", ""), {}, "v1.2", javascript=Javascript())) == 1
print([name for name in ("subprocess", "threading", "shutil", "resource", "selectors") if name in sys.modules])
"""
    command = [sys.executable, "-S", "-E", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); exec({code!r})"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
