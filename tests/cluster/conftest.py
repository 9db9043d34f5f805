"""Every test below here is marked `cluster` and may use the testbed.

WFCOMPILE_TESTBED=1 allows building it, which takes minutes and installs packages; so does `require`, and a
machine that cannot do it then fails the tests instead of skipping them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.testbed import Cluster, Unavailable, is_built
from tests.conftest import ROOT

HERE = Path(__file__).parent
SEARCH = ROOT / "examples" / "bsm-search"
IMAGE = "docker.io_wfcompile_bsm-search_1.0.sif"


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


@pytest.fixture(scope="session")
def images(cluster: Cluster) -> Path:
    """The directory with the search's image, built from Debian packages unless this very script built it before."""
    recipe = b"".join((SEARCH / name).read_bytes() for name in ("build-image.sh", "bsm-search.def"))
    directory = cluster.shared / "images" / hashlib.sha256(recipe).hexdigest()[:12]
    if not (directory / IMAGE).exists():
        directory.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["which", "mksquashfs"], capture_output=True, check=False).returncode:
            subprocess.run(["apt-get", "update", "-q"], check=True, capture_output=True)
            subprocess.run(["apt-get", "install", "-y", "-q", "squashfs-tools"], check=True, capture_output=True)
        subprocess.run([SEARCH / "build-image.sh", directory / IMAGE], check=True)
    return directory


@pytest.fixture(autouse=True)
def no_jobs_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test leaves neither jobs nor stopped daemons to the next one."""
    yield
    if "cluster" in request.fixturenames:
        request.getfixturevalue("cluster").cancel_all()
