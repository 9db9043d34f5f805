"""The subset of jq that runs where jq is not: on compute nodes, with nothing but Python.

It is the language of jq 1.7 and newer less what is listed here, and each program of it gives what the jq package gives:

- all of the syntax but `import`, `include`, `?//`, `$ENV` and `$__loc__`;
- the functions and formats that `names()` lists: none that reads the environment, files, the time or more input, and
  none with regular expressions;
- numbers as jq has them: a number that is only passed on keeps its digits, any arithmetic makes a double, and what
  leaves a program is a double again: beyond 2^53 the nearest one. Whole numbers leave as int, others as float, NaN as
  None;
- `fromjson` reads JSON only as RFC 8259 has it (and NaN, Infinity), `@base64d` gives text only, `range` takes numbers
  only; `reduce` and `foreach` make values, which cannot be assigned to;
- a run ends with JqBound after 10^7 steps, 50 000 levels of `recurse`, `while` or `until`, about a hundred of a
  function that calls itself, or when a text or an array grows beyond 10^7.
"""

from functools import lru_cache
from typing import Any, List, NamedTuple

from . import syntax
from .errors import JqBound, JqError, JqSyntax
from .evaluate import STEPS, Budget, Scope, evaluate
from .formats import FORMATS
from .library import LIBRARY
from .values import from_data, to_data

__all__ = ["JqBound", "JqError", "JqSyntax", "Program", "names", "parse", "run", "run_text"]


class Program(NamedTuple):
    """A program that has been read, and its text."""

    text: str
    tree: syntax.Node


@lru_cache(maxsize=256)
def parse(text: str) -> Program:
    """Read a program; raises JqSyntax where it is none, or not of the subset."""
    return Program(text, syntax.parse(text, LIBRARY, FORMATS))


def run(program: Program, data: Any) -> List[Any]:
    """Return all results of a program for JSON data; raises JqError, or JqBound where it does not come to an end."""
    budget = Budget(STEPS)
    try:
        scope = Scope({}, {}, LIBRARY, budget)
        results = evaluate(program.tree, scope, (None, from_data(data)))
        return [to_data(value, budget.spend) for _, value in results]
    except RecursionError:
        raise JqBound("the jq program or its data is nested too deeply")


def run_text(text: str, data: Any) -> List[Any]:
    """Return all results of a program, given as text, for JSON data; raises JqSyntax or JqError."""
    return run(parse(text), data)


def names() -> List[str]:
    """Return the functions of the subset, with the number of their arguments ("map/1"), and its formats ("@csv")."""
    return sorted(LIBRARY) + sorted("@" + name for name in FORMATS)
