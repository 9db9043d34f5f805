"""The wheel is whole: what it compiles, run from somewhere else, equals what the checkout compiles."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.conftest import ROOT


def compile_with(path: Path, bundle: Path) -> Path:
    """Compile with the package that is found on `path`; return where that package is."""
    spec = ROOT / "tests" / "specs" / "squares" / "workflow.yml"
    environment = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-m", "wfcompile", str(spec), "-t", "dagman", "-o", str(bundle)]
    subprocess.run(command, cwd="/", env=environment, check=True, capture_output=True)
    where = [sys.executable, "-c", "import wfcompile; print(wfcompile.__file__)"]
    return Path(subprocess.run(where, cwd="/", env=environment, check=True, capture_output=True, text=True).stdout)


def test_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    assert tmp_path / "site" in compile_with(tmp_path / "site", tmp_path / "from-wheel").parents
    assert ROOT in compile_with(ROOT, tmp_path / "from-checkout").parents
    manifests = [tmp_path / name / "manifest-sha256.txt" for name in ("from-wheel", "from-checkout")]
    assert manifests[0].read_text(encoding="utf-8") == manifests[1].read_text(encoding="utf-8")
