"""Fixtures that the tests of CWL share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import Place


@pytest.fixture(scope="module")
def javascript() -> Iterator[Javascript]:
    with Javascript() as engine:
        yield engine


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A run on this host; its inputs are in init/."""
    for name in ("run/init", "run/n", "job/tmp", "job/stage"):
        (tmp_path / name).mkdir(parents=True)
    return Place(str(tmp_path / "run"), str(tmp_path / "run/n"), str(tmp_path / "job/tmp"), str(tmp_path / "job/stage"))
