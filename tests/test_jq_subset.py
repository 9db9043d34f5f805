"""The subset of jq that runs without jq, against the jq package: both give the same results, or both fail."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import jq
import pytest
import yaml
from hypothesis import given, settings

from tests.conftest import ROOT, SHARED, needs
from wfcompile.runtime import jq as subset

FAILS = "fails"
CASES = [
    line.partition(" <- ")
    for line in (ROOT / "tests" / "jq_programs.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("##")
]


@functools.lru_cache(maxsize=512)
def compiled(program: str) -> Any:
    return jq.compile(program)


def oracle(program: str, data: Any) -> Any:
    try:
        return compiled(program).input_value(data).all()
    except ValueError:
        return FAILS


def ours(program: str, data: Any) -> Any:
    try:
        return subset.run_text(program, data)
    except ValueError as error:
        assert not isinstance(error, subset.JqBound)
        return FAILS


def typed(data: Any) -> Any:
    """Return data in which true is not 1; numbers are compared by value, as jq has only one kind of them."""
    if isinstance(data, list):
        return [typed(item) for item in data]
    if isinstance(data, dict):
        return {key: typed(item) for key, item in data.items()}
    return ("boolean", data) if isinstance(data, bool) else data


def agree(program: str, data: Any) -> None:
    assert typed(ours(program, data)) == typed(oracle(program, data)), (program, data)


@pytest.mark.parametrize(("program", "_", "data"), CASES)
def test_a_program_gives_what_jq_gives(program: str, _: str, data: str) -> None:
    agree(program, json.loads(data) if data else None)


def test_the_table_reaches_every_function_and_format() -> None:
    used = " ".join(program for program, _, _ in CASES)
    missing = [name for name in subset.names() if name.partition("/")[0] not in used]
    assert missing == []


# programs that people wrote

SPECS = SHARED / "specs" / "yadage"
KEYS = {"if", "stepscript", "postscript", "jqscript", "script"}


def programs_in(data: Any) -> list[str]:
    if isinstance(data, list):
        return [program for item in data for program in programs_in(item)]
    if not isinstance(data, dict):
        return []
    here = [v for k, v in data.items() if k in KEYS and isinstance(v, str) and "interpreter" not in data]
    bindings = data.get("$wflowref")
    here += bindings if isinstance(bindings, list) else []
    return here + [program for item in data.values() for program in programs_in(item)]


def written_programs() -> list[str]:
    found = set()
    for path in sorted(Path(SPECS).rglob("*.yml")):
        found.update(programs_in(yaml.safe_load(path.read_text(encoding="utf-8"))))
    return sorted(found)


@needs(SPECS)
def test_programs_of_workflows_give_what_jq_gives() -> None:
    programs = written_programs()
    assert len(programs) >= 8
    node = {"_nodeid": "n", "par": [1, 2], "var": 3, "input": ["a", "b"], "output": "x"}
    inputs = [None, {}, [], {"map": [node, node], "multiplier": 5, "par": 2}, [[1, 2], [3]], [node], node, "a", 2]
    for program in programs:
        for data in inputs:
            agree(program, data)
        assert ours(program, inputs[3]) != FAILS or oracle(program, inputs[3]) == FAILS


# random programs: every part is one that ends

NAMES = st.sampled_from(["a", "b", "key", "value"])
LEAVES = st.sampled_from(
    [
        *". .a .b .[0] .[-1] .[] .[]? .a? .[1:] .[:-1] .. null true false 0 1 2 -1 1.5 0.0 3.0 [] {} $v $w".split(),
        *'"a" "b,a" length keys keys_unsorted values not type add any all sort unique min max reverse'.split(),
        *"flatten tostring tonumber tojson fromjson ascii_downcase ascii_upcase explode implode to_entries".split(),
        *"from_entries transpose paths first last floor sqrt abs round ceil trunc trim ltrim rtrim recurse".split(),
        *"empty error nan infinite isnan scalars iterables numbers strings arrays objects nulls booleans".split(),
        *"utf8bytelength @text @json @csv @tsv @html @uri @sh @base64".split(),
    ]
)
ONE = [
    *"map select map_values sort_by group_by unique_by min_by max_by with_entries path del paths any all add".split(),
    *"first last isempty recurse_down has contains inside in index rindex indices startswith endswith".split(),
    *"ltrimstr rtrimstr trimstr split join getpath pick delpaths error walk IN INDEX flatten_one nth_one".split(),
]
OPERATORS = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//", ",", "|"]
ASSIGNMENTS = ["=", "|=", "+=", "-=", "*=", "//="]
PATTERNS = ["$v", "[$v]", "[$v, $w]", "{a: $v}", "{$a, b: [$w]}", '{"a": $v}']


def one_argument(name: str, body: str) -> str:
    special = {
        "recurse_down": f"limit(9; recurse(.[]?; {body}))",
        "flatten_one": f"flatten({body})",
        "nth_one": f"nth({body})",
    }
    return special.get(name, f"{name}({body})")


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pattern = st.sampled_from(PATTERNS)
    return st.one_of(
        st.builds(one_argument, st.sampled_from(ONE), inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("({} | {} {} {})".format, inner, inner, st.sampled_from(ASSIGNMENTS), inner),
        st.builds("({} | {})".format, inner, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner).map("({})".format),
        st.builds("(if {} then {} elif {} then {} else {} end)".format, inner, inner, inner, inner, inner),
        st.builds("(if {} then {} end)".format, inner, inner),
        st.builds("(try {} catch 7)".format, inner),
        st.builds("({})?".format, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({})[{}]?".format, inner, inner),
        st.builds("({})[{}:{}]".format, inner, inner, inner),
        st.builds("({}).{}".format, inner, NAMES),
        st.builds("-({})".format, inner),
        st.builds("[{}]".format, inner),
        st.builds("{{{}: {}, ({}): {}}}".format, NAMES, inner, inner, inner),
        st.builds('{{{}, $v, "k": {}}}'.format, NAMES, inner),
        st.builds("({} as {} | {})".format, inner, pattern, inner),
        st.builds("(reduce {} as {} ([{}]; {}))".format, inner, pattern, inner, inner),
        st.builds("[limit(9; foreach {} as {} ([{}]; {}; {}))]".format, inner, pattern, inner, inner, inner),
        st.builds("(def f: {}; {} | f)".format, inner, inner),
        st.builds("(def f(g; $v): {} | g; f({}; {}))".format, inner, inner, inner),
        st.builds("(label $out | {} | (., break $out))".format, inner),
        st.builds('"x\\({})y\\({})"'.format, inner, inner),
        st.builds('@json "x\\({})"'.format, inner),
        st.builds("limit({}; {})".format, st.integers(-1, 3), inner),
        st.builds("[skip(1; {}), nth(0; {})]".format, inner, inner),
        st.builds("[range({}; {})]".format, st.integers(-2, 2), st.integers(0, 4)),
        st.builds("setpath({}; {})".format, inner, inner),
        st.builds("[limit(5; while(length < 3; . + {}))]".format, st.sampled_from(["[1]", '"a"', "1"])),
        st.builds("any({}; {})".format, inner, inner),
    )


# null stands for the two variables, so that every variable of a pattern is known wherever it is used
PROGRAMS = st.recursive(LEAVES, larger, max_leaves=7).map("null as $v | null as $w | null as $a | {}".format)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5),
    st.sampled_from([0.5, -1.5, 2.0, 1e-7]),
    st.sampled_from(["", "a", "b", "ab,a", "A é", "😀", "12", "[1]", "<&'\">", "YQ=="]),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "key", "value", "name"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(PROGRAMS, DATA)
def test_a_random_program_gives_what_jq_gives(program: str, data: Any) -> None:
    # what the definition of the subset leaves out
    agree(program, data)


# what is refused, and what ends

REFUSED = [
    ("input", "the jq function 'input/0'", 1, 1),
    (".a |\n  map(env.HOME)", "the jq function 'env/0'", 2, 7),
    ("$ENV.PATH", "'$ENV'", 1, 1),
    ("1 + $__loc__", "'$__loc__'", 1, 5),
    ('import "a" as a; .', "'import'", 1, 1),
    ('.a | test("x")', "the jq function 'test/1'", 1, 6),
    ("now", "the jq function 'now/0'", 1, 1),
    ("@base32", "the format '@base32'", 1, 1),
    (". as [$a] ?// $a | $a", "'?//'", 1, 11),
    ("$x", "the variable '$x' is not defined", 1, 1),
    ("break $x", "the label '$x' is not defined", 1, 1),
    (".a.", "a key is missing", 1, 4),
    ("[1, 2", "']' is missing at the end", 1, 6),
    ('"a\\qb"', "an escape that jq does not know", 1, 2),
    ('"abc', "the text does not end", 1, 1),
    ("{(1): 2}", "the key of an object must be a text", 1, 2),
    ("1 == 2 == 3", "parentheses are missing", 1, 8),
    ("(" * 5000, "nested too deeply", 1, None),
]


@pytest.mark.parametrize(("program", "what", "line", "column"), REFUSED)
def test_a_refusal_says_what_and_where(program: str, what: str, line: int, column: int | None) -> None:
    with pytest.raises(subset.JqSyntax) as refused:
        subset.parse(program)
    assert what in str(refused.value)
    assert refused.value.line == line
    assert column is None or refused.value.column == column


ENDLESS = [
    "repeat(1)",
    "[repeat(empty)]",
    "def f: f; f",
    "def f: 1 + f; f",
    "until(false; .)",
    "[recurse(.)]",
    "[range(infinite)]",
    "last(range(1e9))",
    "[limit(1e9; repeat(1))] | length",
    "try until(false; .) catch 1",
    '"abc" * 1e9',
    'reduce range(100) as $i ("ab"; . + .)',
    "reduce range(100) as $i (0; [., .])",
    "[] | .[1e8] = 1",
]


@pytest.mark.parametrize("program", ENDLESS)
def test_an_endless_program_ends(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subset, "STEPS", 10**5)
    with pytest.raises(subset.JqBound):
        subset.run_text(program, None)


def test_numbers_beyond_2_53() -> None:
    large = 2**53 + 1
    assert subset.run_text("tojson, . == 9007199254740992, . + 0, .", large) == [
        str(large),
        False,
        large - 1,
        large - 1,
    ]
    assert subset.run_text("infinite, -infinite, nan", None) == [1.7976931348623157e308, -1.7976931348623157e308, None]


def test_data_that_is_not_json_is_refused() -> None:
    with pytest.raises(subset.JqError, match="not JSON"):
        subset.run_text(".", {"a": [{1, 2}]})


def test_every_name_is_one_of_jq() -> None:
    for name in subset.names():
        function, _, arguments = name.partition("/")
        call = "(%s)" % ";".join(["."] * int(arguments)) if arguments not in ("", "0") else ""
        assert jq.compile(f"def unused: {function}{call}; .").input_value(1).all() == [1]
