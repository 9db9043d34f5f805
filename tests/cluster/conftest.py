"""Every test below here is marked `cluster` and may use the testbed.

WFCOMPILE_TESTBED=1 allows building it, which takes minutes and installs packages; so does `require`, and a
machine that cannot do it then fails the tests instead of skipping them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.testbed import Cluster, Unavailable, is_built

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("cluster")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    wish = os.environ.get("WFCOMPILE_TESTBED", "")
    if wish not in ("1", "require") and not is_built():
        pytest.skip("testbed not built; set WFCOMPILE_TESTBED=1")
    try:
        cluster = Cluster()
    except Unavailable as reason:
        if wish == "require":
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(str(reason))
    yield cluster
    cluster.close()


@pytest.fixture(autouse=True)
def no_jobs_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test leaves neither jobs nor stopped daemons to the next one."""
    yield
    if "cluster" in request.fixturenames:
        request.getfixturevalue("cluster").cancel_all()
