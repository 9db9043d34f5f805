"""jq programs of a specification run in a process of their own, with limits, and see nothing of this machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from wfcompile.jq_program import run_jq
from wfcompile.runtime.values import Problem


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ('import "a" as a; a::b', "import"),
        ('# "\ninclude # "\n "a"; b', "include"),
        ('"a" | modulemeta', "modulemeta"),
        ("# no \\\n comment\nnow", "now"),
        ('# "\n now', "now"),
        (r'"a\"\("b" + "\(input)")"', "input"),
        (r'"\((1)|(2)|localtime)"', "localtime"),
    ],
)
def test_what_a_program_may_not_use(script: str, word: str) -> None:
    with pytest.raises(Problem, match=f"uses '{word}'"):
        run_jq(script, None)


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (r'"import \"a\" now"', 'import "a" now'),
        (r'"\("a" | (length)) now"', "1 now"),
        ("{import: .now, include: 2}", {"import": None, "include": 2}),
        ("env, $ENV", {}),
        ('"now" # input', "now"),
        (". as $now | 1.5", 1.5),
    ],
)
def test_what_only_looks_so(script: str, result: object) -> None:
    assert run_jq(script, {})[0] == result


def test_a_program_sees_no_file_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".jq").write_text("def mine: 1;")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Problem, match="mine/0 is not defined"):
        run_jq("mine", None)


def test_programs_after_one_that_was_ended() -> None:
    with pytest.raises(Problem, match="needs more than 1024 MiB of memory"):
        run_jq("def f: 1 + f; f", None)
    began = time.monotonic()
    assert [run_jq(". + 1", n) for n in range(1000)] == [[n + 1] for n in range(1000)]
    assert time.monotonic() - began < 5
