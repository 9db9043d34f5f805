"""The house keeps its order: imports point downward, the runtime stands alone, heavy libraries load late."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "wfcompile"

# a module may import those of lower layers, and of its own package
LAYERS = [
    {"__main__"},
    {"cli", "cwl_runner"},
    {"arguments", "inspecting", "draw"},
    {"runs"},
    {"compile", "submitting"},
    {"bundle"},
    {"backends", "passes"},
    {"credentials"},
    {"verify", "scripts", "frontends"},
    {"library"},
    {"options", "jq_program", "initdata", "nodejs"},
    {"jq_worker", "secret_files"},
    {"site", "render", "graph"},
    {"ir", "amounts", "resources"},
    {"documents"},
    {"errors"},
    {"loc"},
    {"runtime"},
    {"__init__"},
]
HEAVY = {"jsonschema", "jinja2", "jq", "networkx", "yadage", "packtivity", "yadageschemas", "cwltool"}


def modules() -> dict[str, Path]:
    """Return every module by its path below the package, without the suffix."""
    return {str(path.relative_to(PACKAGE).with_suffix("")): path for path in sorted(PACKAGE.rglob("*.py"))}


def layer(name: str) -> int:
    top = name.split("/")[0]
    return next(number for number, names in enumerate(LAYERS) if top in names)


def imports(path: Path, only_top: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if only_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
            if node.module == "wfcompile":
                found |= {f"wfcompile.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("name", modules())
def test_imports_point_downward(name: str) -> None:
    own = name.split("/")[0]
    for imported in imports(modules()[name]):
        if not imported.startswith("wfcompile.") or imported == "wfcompile.__version__":
            continue
        other = imported.split(".")[1]
        assert other == own or layer(other) > layer(own), f"{name} imports {imported}"


@pytest.mark.parametrize("name", [n for n in modules() if n.startswith("runtime/")])
def test_runtime_imports_the_standard_library_only(name: str) -> None:
    carried = {"runtime/collect": {"yaml"}}  # pure Python, put into the bundle beside the runtime
    for imported in imports(modules()[name]) - carried.get(name, set()):
        assert imported.startswith(".") or imported.split(".")[0] in sys.stdlib_module_names, imported


@pytest.mark.parametrize("name", [n for n in modules() if n.startswith("runtime/")])
def test_runtime_is_written_in_python_3_6(name: str) -> None:
    ast.parse(modules()[name].read_text(encoding="utf-8"), feature_version=(3, 6))


def test_runtime_uses_nothing_newer_than_python_3_6() -> None:
    vermin = Path(sys.executable).with_name("vermin")
    command = [str(vermin), "--quiet", "--no-tips", "--target=3.6-", "--violations", str(PACKAGE / "runtime")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("name", [n for n in modules() if n != "frontends/yadage/engine"])
def test_heavy_libraries_are_imported_where_they_are_used(name: str) -> None:
    top = {imported.split(".")[0] for imported in imports(modules()[name], only_top=True)}
    assert not top & HEAVY


def test_the_version_needs_no_heavy_library() -> None:
    code = "import sys; import wfcompile.cli; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "'click'" in loaded
    assert not [name for name in [*HEAVY, "yaml"] if f"'{name}'" in loaded]


def test_files_are_short() -> None:
    long = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: lines for name, lines in long.items() if lines > 500} == {}
