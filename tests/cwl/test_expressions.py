"""Expressions mean what the reference implementation makes of them; what only the node knows is never guessed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from cwl_utils.errors import WorkflowException
from cwl_utils.expression import do_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cwl.contexts import BEFORE, FILE, JS, MADE, ON_NODE, VALUES, context
from wfcompile.runtime.cwl.expressions import Context, evaluate, is_expression, needs_javascript
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import CwlProblem, Unknown
from wfcompile.runtime.cwl.reads import inputs_read
from wfcompile.runtime.values import JOB, RUN, Deferred, Late

VERSIONS = ["v1.0", "v1.1", "v1.2"]
ERROR = "error"
LATER = "later"


@pytest.fixture(scope="module", autouse=True)
def quiet_oracle() -> Iterator[None]:
    logger = logging.getLogger("cwl_utils")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)


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
        ("$(inputs.files[0].location)", f"file://{RUN}/m/x.bam"),
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
    assert json.loads(evaluate("$(inputs.file) ", context(), strip=False))["location"] == "file:///r/init/a.b.tar"


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
