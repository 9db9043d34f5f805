"""The subset of JSONPath, against jsonpath_rw: a query gives the same matches in the same order, or is refused."""

from __future__ import annotations

import functools
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from jsonpath_rw.parser import JsonPathParser

from wfcompile.runtime import jsonpath

PARTS = "a b . . .. $ * [0] [-1] [*] [0:1] [1:] [:] ['a'] 'a_b' \"b\" , [a] where - `this` | ( \"*\" '\"x\"'".split()
QUERIES = st.lists(st.sampled_from([*PARTS, " "]), min_size=1, max_size=5).map("".join)
DATA = st.recursive(
    st.sampled_from([1, "ab", None, True, 2.5, ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a_b", '"x"']), inner, max_size=3)
    ),
    max_leaves=8,
)


@functools.lru_cache(maxsize=4096)
def oracle(query: str) -> Any:
    """Return jsonpath_rw's query, or None where it cannot read it."""
    try:
        return JsonPathParser().parse(query)
    except Exception:  # its parser raises nothing more precise
        return None


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(QUERIES, DATA)
def test_a_query_gives_what_jsonpath_rw_gives(query: str, data: Any) -> None:
    try:
        steps = jsonpath.parse(query)
    except ValueError:
        return
    theirs = oracle(query)
    assert theirs is not None, f"jsonpath_rw cannot read {query!r}"
    try:
        matches = [match.value for match in theirs.find(data)]
    except (TypeError, KeyError, IndexError):
        return  # it fails where an index meets what is no list
    assert jsonpath.find(steps, data) == matches, query


READ = ["a", "a.b", "a[0]", "a[*].b", "a.[*].b", "a[0:2]", "a,b", "*", "$", "$.a", "$..a", "a..b", "'a b'.c", 'a["b"]']


@pytest.mark.parametrize("query", READ)
def test_the_subset_is_read(query: str) -> None:
    data = {"a": [{"b": 1, "a": {"b": 2}}, {"b": [3]}], "b": {"a": 4}, "a b": {"c": 5}}
    assert jsonpath.find(jsonpath.parse(query), data) == [match.value for match in oracle(query).find(data)]


@pytest.mark.parametrize(
    "query", ["", "a.", "$.", ".a", "a...b", "a b", "a.$", "where", "'a\\'b'", "a|b", "`parent`", '"*"']
)
def test_anything_else_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="query"):
        jsonpath.parse(query)
