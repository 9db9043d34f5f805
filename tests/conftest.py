"""Fixtures and options that all tests share."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tickets import TOOLS, KeyServer, key_server

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def needs(directory: Path) -> pytest.MarkDecorator:
    """Mark tests of material beside the repository: skipped where it is not, but never under CI."""
    return pytest.mark.skipif(not directory.is_dir() and "CI" not in os.environ, reason=f"needs {directory}")


# A shell cannot trap a signal that was ignored when it started; nohup and background jobs start us so.
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(ignored, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the configuration or the image cache of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(home / variable))
    for variable in [v for v in os.environ if v.startswith(("WFC_", "WFCOMPILE_IMAGE"))]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def kerberos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyServer]:
    """A Kerberos key server; under CI it must be there."""
    missing = [name for name, path in TOOLS.items() if path is None]
    if missing and "CI" not in os.environ:
        pytest.skip(f"no {', '.join(missing)} (Debian: krb5-kdc krb5-admin-server krb5-user)")
    assert not missing, missing
    with key_server(tmp_path_factory.mktemp("kerberos")) as server:
        yield server


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what the random documents held, how many of CWL's conformance tests passed, and which did not."""
    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, [])]
    calls = [dict(report.user_properties) for report in reports if report.when == "call"]
    for title, forms in [properties["forms"] for properties in calls if "forms" in properties]:
        terminalreporter.write_line(f"{title}: {', '.join(f'{number} {form}' for form, number in forms)}")
    found = [properties["conformance"] for properties in calls if "conformance" in properties]
    counts = Counter((suite, state) for suite, _, state in found)
    for (suite, state), number in sorted(counts.items()):
        names = sorted(name for s, name, what in found if (s, what) == (suite, state) and what != "pass")
        terminalreporter.write_line(f"CWL {suite} conformance: {number} {state} {' '.join(names)}".rstrip())
