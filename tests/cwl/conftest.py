"""Fixtures that the tests of CWL share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wfcompile.runtime.cwl.javascript import Javascript


@pytest.fixture(scope="module")
def javascript() -> Iterator[Javascript]:
    with Javascript() as engine:
        yield engine
