"""Bundles for the wrapper's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wrapper.harness import Bundle, MakeBundle


@pytest.fixture
def make_bundle(tmp_path: Path) -> MakeBundle:
    def make(mode: str = "local", name: str = "b", **env: str) -> Bundle:
        return Bundle(tmp_path / name, mode, env)

    return make


@pytest.fixture(params=["local", "shared", "condor"])
def bundle(request: pytest.FixtureRequest, make_bundle: MakeBundle) -> Bundle:
    return make_bundle(request.param)
