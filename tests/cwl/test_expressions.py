"""Expressions mean what the reference implementation makes of them; what only the node knows is never guessed."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cwl_utils.errors import WorkflowException
from cwl_utils.expression import do_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from wfcompile.runtime.cwl import sandbox
from wfcompile.runtime.cwl.expressions import Context, evaluate, is_expression, needs_javascript
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import CwlProblem, Place, Unknown
from wfcompile.runtime.cwl.reads import inputs_read
from wfcompile.runtime.values import JOB, RUN, Deferred, Late

ON_NODE = Place("/r", "/r/n", "/t", "/s", cores=2, ram=100, outdir_size=7, tmpdir_size=8)
BEFORE = Place(RUN, f"{RUN}/n", f"{JOB}/tmp", f"{JOB}/stage", measured=False)
FILE = {"class": "File", "location": f"{RUN}/init/a.b.tar", "basename": "a.b.tar", "size": 12}
MADE = {"class": "File", "location": f"{RUN}/m/x.bam", "basename": "x.bam"}
VALUES = {
    "s": "text",
    "n": 3,
    "x": 1.5,
    "no": None,
    "yes": True,
    "list": [1, {"k": ["deep"]}],
    "empty": [],
    "record": {"a b": 1, "it's": 2, 'a"b': 3, "length": 4, "é": 5, "z": [], "0": "nought"},
    "file": FILE,
    "quote": "\"'\\",
}
JS: dict[str, Any] = {"InlineJavascriptRequirement": {}}
VERSIONS = ["v1.0", "v1.1", "v1.2"]
ERROR = "error"
LATER = "later"


@pytest.fixture(scope="module")
def javascript() -> Iterator[Javascript]:
    with Javascript() as engine:
        yield engine


@pytest.fixture(scope="module", autouse=True)
def quiet_oracle() -> Iterator[None]:
    logger = logging.getLogger("cwl_utils")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


def context(
    inputs: Any = VALUES, self_: Any = None, place: Place = ON_NODE, version: str = "v1.2", **more: Any
) -> Context:
    return Context(inputs, self_, place, more.pop("requirements", JS), version, **more)


def oracle(text: str, inputs: Any, self_: Any, requirements: dict[str, Any], version: str, strip: bool = True) -> Any:
    """What the reference implementation gives, or ERROR; it wants files with everything that follows filled in."""
    seen = {**inputs, "file": {**FILE, "path": "/r/init/a.b.tar", "dirname": "/r/init"}}
    seen["file"].update(nameroot="a.b", nameext=".tar")
    resources: dict[str, float | int] = {"cores": 2, "ram": 100, "outdirSize": 7, "tmpdirSize": 8}
    wanted: list[Any] = [{"class": name, **value} for name, value in requirements.items()]
    try:
        return do_eval(text, seen, wanted, "/r/n", "/t", resources, self_, strip_whitespace=strip, cwlVersion=version)
    except WorkflowException:
        return ERROR


def ours(text: str, seen: Context, strip: bool = True) -> Any:
    try:
        return evaluate(text, seen, strip)
    except CwlProblem:
        return ERROR
    except Unknown:
        return LATER


def stored(value: Any) -> Any:
    """Return the oracle's value without what follows from a file's location."""
    if isinstance(value, list):
        return [stored(one) for one in value]
    if not isinstance(value, dict):
        return value
    drop = ("path", "dirname", "nameroot", "nameext") if value.get("class") == "File" else ()
    return {key: stored(one) for key, one in value.items() if key not in drop}


ESCAPES = [
    r"\$(inputs.s)",
    r"\\$(inputs.s)",
    r"\\\$(inputs.s)",
    r"\\\\$(inputs.s)",
    r"\${inputs.s} $(inputs.s)",
    r"\$ $(inputs.s)",
    r"\$$(inputs.s)",
    r"\n$(inputs.s)\t",
    r"$(inputs.s)\ ",
    "$(inputs.s)\\",
    "$(inputs.s)$",
    "$$(inputs.s)",
    "$\\(inputs.s) $(inputs.n)",
    r"\a\$b\\c $(inputs.s)",
    "a $(inputs.n)b$(inputs.x)$(inputs.no) $(inputs.yes)",
    "$(inputs.list)!",
    "  $(inputs.n)  ",
    "\n$(inputs.s) \n",
    "$(inputs.s",
    "${inputs.s",
    "$(",
    "$(inputs['s)'])",
    "$(inputs.record['it\\'s']) $(inputs.record[\"a\\\"b\"])",
    "$(inputs.record['a b'])",
    "$(inputs.record.é)",
    "$(null)",
    "$(null) ",
    "$(null.x)",
    "$(true)",
    "$()",
    "$( inputs.s )",
    "$(inputs)",
    "$(inputs.file.nameroot)$(inputs.file.nameext) in $(inputs.file.dirname), $(inputs.file.size)",
    "$(inputs.list.length) $(inputs.empty.length) $(inputs.record.length)",
    "$(inputs.empty[0])",
    "$(inputs.list[9])",
    "$(inputs.record.nothing)",
    "$(inputs.s.length)",
    "$(inputs.s[0])",
    "$(runtime) $(runtime.cores)",
    "$(runtime.exitCode)",
    "$(self)",
    "$(other)",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("requirements", [{}, JS], ids=["references", "javascript"])
@pytest.mark.parametrize("text", ESCAPES)
def test_texts_are_read_as_by_the_reference(
    text: str, requirements: dict[str, Any], version: str, javascript: Javascript
) -> None:
    for strip in (True, False):
        expected = oracle(text, VALUES, None, requirements, version, strip)
        seen = context(version=version, requirements=requirements, javascript=javascript)
        assert ours(text, seen, strip) == stored(expected)


FRAGMENTS = [
    *("$", "(", ")", "{", "}", "\\", "'", '"', " ", "\n", "a", "[0]", ".k"),
    *("$(inputs.s)", "$(inputs.n)", "$(self)", "$(inputs.list", "$(inputs['s'])", "$(inputs.quote)", "\\$(", "\\${"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join), st.sampled_from(VERSIONS), st.booleans())
@settings(max_examples=600, deadline=None)
def test_any_text_is_read_as_by_the_reference(text: str, version: str, strip: bool) -> None:
    expected = oracle(text, VALUES, "me", {}, version, strip)
    assert ours(text, context(VALUES, "me", version=version, requirements={}), strip) == stored(expected)


KEYS = st.sampled_from(["a", "b", "a b", "it's", 'say "x"', "length", "é", "0"])
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.text("aé\\'\"")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
)
SEGMENTS = st.one_of(
    KEYS.map(lambda key: "['{}']".format(key.replace("'", "\\'"))),
    KEYS.map(lambda key: '["{}"]'.format(key.replace('"', '\\"'))),
    st.sampled_from([".a", ".b", ".length", ".é", ".0", "[0]", "[1]", "[-1]", "[ 0 ]", "['']"]),
)


@given(DATA, st.lists(SEGMENTS, max_size=4).map("".join), st.sampled_from(["$(self%s)", "<$(self%s)>"]))
@settings(max_examples=400, deadline=None)
def test_references_lead_where_the_reference_goes(data: Any, path: str, form: str) -> None:
    seen = context({}, data, requirements={})
    assert ours(form % path, seen) == stored(oracle(form % path, {}, data, {}, "v1.2"))


JAVASCRIPT = [
    "$(1 + 1)",
    "$(inputs.s + inputs.n)",
    "a$([1, {b: null}])b",
    "$({b: 1, a: [undefined, NaN, Infinity, -0, 1e21, 0.1]})",
    "${return inputs.list.map(function (x) { return x.k; });}",
    "${ inputs.n; }",
    "${return undefined;}",
    "${return function () {};}",
    "${return '}';}",
    '${return "\\"}";}',
    "$('\\'' + ')')",
    "${ throw 'x'; }",
    "$(undeclared)",
    "${ undeclared = 1; return 1; }",
    "$(1 +)",
    "$(inputs.file.path + inputs.file.nameext)",
    "${inputs.file.basename = 'y'; return inputs.file;}",
    "$(runtime.outdir + runtime.cores)",
    "$(self)",
    "$(typeof require + typeof process)",
    "$(new Function('return 4')() + eval('5'))",
    "$(JSON.stringify(inputs.record))",
    "$(inputs.quote)$(inputs.quote + '\\n')",
    "$('é😀')",
    "${\n  // ) } '\n  return 1;\n}",
    "${ /* } */ return 1; }",
    "$(twice(inputs.n))",
    "$(late())",
    "$(this)",
    "$(counter())",
]
LIBRARY = [
    "function twice(x) { return 2 * x; }",
    "var count = 0; function counter() { count += 1; return count; }",
    "var early = typeof inputs; function late() { return [early, inputs.s]; }",
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("text", JAVASCRIPT)
def test_javascript_gives_what_it_gives_the_reference(text: str, version: str, javascript: Javascript) -> None:
    requirements = {"InlineJavascriptRequirement": {"expressionLib": LIBRARY}}
    expected = oracle(text, VALUES, [1], requirements, version)
    seen = context(VALUES, [1], version=version, requirements=requirements, javascript=javascript)
    assert ours(text, seen) == stored(expected)


def test_evaluations_do_not_see_each_other(javascript: Javascript) -> None:
    here = context(javascript=javascript)
    assert evaluate("${ globalThis.seen = 1; Object.prototype.seen = 2; return inputs.n = 9; }", here) == 9
    assert evaluate("$([typeof seen, inputs.n])", here) == ["undefined", 3]


def test_the_exit_code_is_seen_after_the_command() -> None:
    assert evaluate("$(runtime.exitCode)", context(exit_code=3)) == 3


def test_what_is_no_text_or_no_expression_stays() -> None:
    for value in (3, None, ["$(inputs.s)"], "\\n $x", " a "):
        assert evaluate(value, context()) is value
    assert [is_expression(x) for x in ("a$(", "${", "$x", 3)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("plain", False),
        ("$(inputs.a)/$(self['x'][0]) $(null)", False),
        ("\\$(1+1)", False),
        ("$(null.x)", True),
        ("$(other)", True),
        ("$(inputs.a)$(1+1)", True),
        ("${return 1;}", True),
    ],
)
def test_javascript_is_told_from_references(text: str, needs: bool) -> None:
    assert needs_javascript(text, "v1.2") is needs


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        ("$(inputs.typo)", "`$(inputs.typo)`: `inputs` has no `typo`", "there: empty, file, list"),
        ("$(inputs.s.x)", "`$(inputs.s.x)`: `inputs.s` is a string: it has no `x`", ""),
        ("$(inputs.list[7])", "`$(inputs.list[7])`: `inputs.list` has 2 elements: there is no [7]", ""),
        ("${\n\n  return nope.x;\n}", "fails: ReferenceError: nope is not defined", "at line 3 of it"),
        ("$(1 +)", "fails: SyntaxError: Unexpected token", "at line 1 of it"),
        ("${ inputs.s; }", "it gives no value", "a body in ${…} must return one"),
        ("$(inputs.s", "the expression `$(inputs.s` does not end", "`)` is missing"),
    ],
)
def test_errors_say_what_and_where(text: str, message: str, advice: str, javascript: Javascript) -> None:
    with pytest.raises(CwlProblem) as caught:
        evaluate(text, context(javascript=javascript))
    assert message in str(caught.value)
    assert caught.value.advice.startswith(advice)


def test_an_error_in_the_library_names_it(javascript: Javascript) -> None:
    requirements = {"InlineJavascriptRequirement": {"expressionLib": ["var a = 1;", "b.c();"]}}
    with pytest.raises(CwlProblem, match="b is not defined") as caught:
        evaluate("$(1+1)", context(requirements=requirements, javascript=javascript))
    assert caught.value.advice == "at line 2 of expressionLib"


# ── what only the node knows ──

UNKNOWN_INPUTS = {
    "late": Late(0, "/x"),
    "computed": Deferred("x", [], None),
    "made": MADE,
    "files": [MADE, MADE],
    "some": [1, Late(0, "/y")],
    "record": {"known": 1, "late": Late(0, "/z")},
    "given": FILE,
    "n": 3,
    "path": f"{RUN}/a/b",
    "directory": {"class": "Directory", "location": f"{RUN}/m/d", "basename": "d"},
    "placeless": {"class": "File", "location": Late(0, "/f"), "basename": Late(0, "/b")},
}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "$(inputs.late)",
            "$(inputs.computed)",
            "$(inputs.late.x)",
            "$(inputs.some)",
            "$(inputs.record)",
            "$(inputs)",
        ),
        *("$(inputs.record.late)", "$(inputs.made.size)", "$(inputs.made.contents)", "$(inputs.directory.listing)"),
        *("$(inputs.made.secondaryFiles)", "<$(inputs.made)>", "<$(runtime)>", "$(inputs.placeless.nameroot)"),
        *("$(inputs.placeless.path)", "$(inputs.placeless.basename)"),
        # JavaScript
        *("$(inputs.late + 1)", "${return inputs;}", "$(inputs.made.size > 3)", "$(inputs.made.path + 'x')"),
        *("$(inputs.made)x${return inputs.made;}", "$('size' in inputs.made)", "$(Object.keys(inputs.made))"),
        *("$(inputs.made.contents === undefined)", "$(inputs['ma' + 'de'].location[0])", "$(runtime.outdir + '/x')"),
        *("$(inputs.some.length + 0)", "$(inputs.path.split('/'))", "$(inputs.files[1].dirname + 1)"),
        *("${try { return inputs.late; } catch (e) { return 1; }}", "${inputs.late = 1; return inputs.late;}"),
        *("${inputs.made.size = 1; return Object.assign({}, inputs.made);}", "$(inputs.directory.listing.length + 1)"),
        *("$(JSON.stringify(inputs.record))", "$(inputs.given.path + 'x')", "$(inputs.placeless.nameext + 1)"),
        *("$(self + 1)", "${var all = inputs; return all.late;}", "$(inputs.made.secondaryFiles === undefined)"),
    ],
)
def test_what_is_unknown_is_not_guessed(text: str, javascript: Javascript) -> None:
    with pytest.raises(Unknown):
        evaluate(text, context(UNKNOWN_INPUTS, Late(0, "/self"), BEFORE, javascript=javascript))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(inputs.made)", MADE),
        ("$(inputs.made.path)", f"{RUN}/m/x.bam"),
        ("-I$(inputs.made.dirname) $(runtime.tmpdir)", f"-I{RUN}/m {JOB}/tmp"),
        ("$(inputs.made.nameroot).$(runtime.cores)", "x.1"),
        ("$(inputs.given.size)", 12),
        ("$(inputs.record.known)", 1),
        ("$(inputs.files.length)", 2),
        ("$(inputs.files[0].location)", f"{RUN}/m/x.bam"),
        # JavaScript
        ("$(inputs.n + 1)", 4),
        ("$(inputs.record.known + 1)", 2),
        ("$(inputs.made.nameroot + inputs.made.nameext.toUpperCase())", "x.BAM"),
        ("$(inputs.made.basename + inputs.made.class)", "x.bamFile"),
        ("${return inputs.files.map(function (f) { return f.basename; }).length;}", 2),
        ("$(inputs.made.format || 'none')", "none"),
        ("${inputs.made.basename = 'y'; return inputs.made.basename;}", "y"),
        ("$(Object.keys(inputs).length + 0)", 11),
        ("$(inputs.given.size / 4)", 3),
        ("$('late' in inputs)", True),
        ("$(inputs.directory.basename + runtime.cores)", "d1"),
    ],
)
def test_what_is_known_is_evaluated_beside_what_is_not(text: str, value: Any, javascript: Javascript) -> None:
    assert evaluate(text, context(UNKNOWN_INPUTS, None, BEFORE, javascript=javascript)) == value


SOURCES = [
    *("inputs", "inputs.late", "inputs.some", "inputs.record", "inputs.record.known", "inputs.given.path", "self"),
    *("inputs.made", "inputs.made.size", "inputs.made.nameroot", "inputs.files", "inputs.files[0]", "runtime"),
    *("inputs.directory", "inputs.directory.listing", "inputs.computed", "inputs.path", "runtime.outdir"),
]
WRAPS = [
    *("typeof %s", "(%s === undefined)", "JSON.stringify(%s)", "Object.keys(Object(%s))", "(%s + '')", "[%s].length"),
    *("Object(%s).basename", "(%s ? 1 : 2)", "('size' in Object(%s))", "Object.assign({}, %s)", "Array.isArray(%s)"),
    *("Object.entries(Object(%s))", "String(%s)", "isNaN(%s)", "Object(%s).length", "Object(%s)[0]", "%s", "{x: %s}"),
    *("(function () { try { return %s; } catch (e) { return 'caught'; } })()", "[%s, 1].indexOf(1)"),
    *("(function () { var n = 0; for (var k in Object(%s)) n += 1; return n; })()", "Object(%s).late"),
    "Object(%s).hasOwnProperty('size')",
]


@given(source=st.sampled_from(SOURCES), wraps=st.lists(st.sampled_from(WRAPS), max_size=3))
@settings(max_examples=500, deadline=None)
def test_what_the_compiler_evaluates_the_node_would_too(source: str, wraps: list[str], javascript: Javascript) -> None:
    file = {**MADE, "size": 5, "secondaryFiles": []}
    known = {"late": "v", "computed": 7, "made": file, "files": [file, file], "some": [1, 2], "given": FILE, "n": 3}
    known["record"] = {"known": 1, "late": 2}
    known["directory"] = {"class": "Directory", "location": f"{RUN}/m/d", "basename": "d", "listing": [file]}
    known.update(path="/r/a/b", placeless=file)
    known = {name: known[name] for name in UNKNOWN_INPUTS}
    code = source
    for wrap in wraps:
        code = wrap.replace("%s", code)
    place = ON_NODE._replace(cores=1, ram=1024, outdir_size=1024, tmpdir_size=1024)
    now = ours(f"$(({code}))", context(UNKNOWN_INPUTS, Late(0, "/self"), BEFORE, javascript=javascript))
    if now is not LATER:
        assert now == ours(f"$(({code}))", context(known, "me", place, javascript=javascript))


def test_a_staged_file_keeps_its_path(javascript: Javascript) -> None:
    staged = {**FILE, "path": "/s/1/other.txt"}
    here = context({"f": staged}, javascript=javascript)
    assert evaluate("$(inputs.f.path) $(inputs.f.dirname)", here) == "/s/1/other.txt /s/1"
    assert evaluate("$([inputs.f][0])", here) == staged
    assert evaluate("<$([inputs.f.nameroot])>", here) == '<["a.b"]>'


def test_text_of_a_file_has_no_token_in_it() -> None:
    assert json.loads(evaluate("$(inputs.file) ", context(), strip=False))["location"] == "/r/init/a.b.tar"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("inputs.a + inputs['b c'] + inputs [\"d\"] + inputs . $e", {"a", "b c", "d", "$e"}),
        ("self.x + myinputs.y + inputs2.z + $inputs.w", set()),
        ("inputs", None),
        ("inputs[x]", None),
        ("inputs?.a", None),
        ("f(inputs).a", None),
        ("inputs['a\\x62']", None),
        ("\\u0069nputs.a", None),
        ("inputs.é", None),
        ("eval('in' + 'puts.a')", None),
        ("globalThis['in' + 'puts']", None),
        ("this[x]", None),
    ],
)
def test_the_inputs_that_code_names(code: str, names: set[str] | None) -> None:
    assert inputs_read([code]) == names


# ── the fence ──


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
    with pytest.raises(CwlProblem, match=r"JavaScript needs `.*nowhere`, which is not here") as caught:
        evaluate("$(1+1)", context(javascript=Javascript()))
    assert caught.value.advice == "install Node.js, or set WFC_NODE to its path"
    assert evaluate("$(inputs.n)", context(javascript=Javascript())) == 3
    monkeypatch.setenv("WFC_NODE", executable(tmp_path / "broken", "#!/bin/sh\necho no such library >&2\nexit 127\n"))
    with pytest.raises(CwlProblem, match="node cannot be started: no such library"):
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
