"""Bad input is refused where it is written: each folder of bad/ holds one fault, its first line says the answer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from wfcompile.compile import plan
from wfcompile.errors import Refused
from wfcompile.options import Options

CASES = sorted(path.name for path in (ROOT / "tests" / "bad").iterdir())


@pytest.mark.parametrize("case", CASES)
def test_refused_with_position(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    spec = Path("tests/bad") / case / "workflow.yml"
    first = spec.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# (?:(\S+\.yml):)?(\d+):(\d+) (.*)", first)
    assert match, "the first line is '# [FILE:]LINE:COLUMN MESSAGE'"
    file, line, column, message = match.groups()
    with pytest.raises(Refused) as refused:
        plan(Options(spec))
    found = refused.value.diagnostic
    assert found.loc is not None
    place = f"{spec.parent / file if file else spec}:{line}:{column}"
    assert (str(found.loc), str(found)[: len(place) + 2 + len(message)]) == (place, f"{place}: {message}")


def test_the_command_line_says_it_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wfcompile import cli

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["wfcompile", "tests/bad/unknown-stage/workflow.yml"])
    assert cli.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "wfcompile: tests/bad/unknown-stage/workflow.yml:12:30: unknown stage 'frist'; did you mean"
    )
    assert not (ROOT / "workflow-make").exists()


def refusal(tmp_path: Path, specification: bytes, *words: bytes) -> str:
    """Return what the command line says of a specification that it refuses, as one line."""
    (tmp_path / "workflow.yml").write_bytes(specification)
    command: list[str | bytes] = [sys.executable, "-m", "wfcompile", "workflow.yml", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1), done.stderr
    return done.stderr.decode().rstrip("\n")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    said = refusal(tmp_path, b"# caf\xc3\xa9\nstages: \xe9")
    assert said == "wfcompile: workflow.yml:2:9: not text in UTF-8 (byte 0xe9); write it in UTF-8"
    said = refusal(tmp_path, b"stages: []", b"-p", b"x=\xe9")
    assert said == "wfcompile: -p x:1:1: not text in UTF-8; write it in UTF-8"


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    said = refusal(tmp_path, b'stages: [{"\\e[31mred": 1}]')
    assert said.startswith("wfcompile: workflow.yml:1:11: unknown key '\\x1b[31mred' in a stage")


def test_usage_errors_exit_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from wfcompile import cli

    monkeypatch.setattr("sys.argv", ["wfcompile", "compile", "--no-such-option"])
    assert cli.main() == 2
    assert "no-such-option" in capsys.readouterr().err


def test_missing_specification() -> None:
    with pytest.raises(Refused, match="does not exist"):
        plan(Options(Path("nowhere.yml")))


def test_help_names_the_commands() -> None:
    from wfcompile.cli import cli

    result = CliRunner().invoke(cli, ["--help"])
    assert result.exit_code == 0
    assert "inspect" in result.output
