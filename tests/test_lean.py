"""The runtime without its types is the runtime: what a node loads of it."""

from __future__ import annotations

import ast
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import wfcompile.runtime
from wfcompile.runtime.lean import Lean

TOP = Path(wfcompile.runtime.__path__[0])
MODULES = sorted(path for path in TOP.rglob("*.py") if path.name not in ("start.py", "lean.py"))

SHAPES = '''
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional
if TYPE_CHECKING:
    import nothing_that_there_is
Value = Dict[str, Any]
seen: Dict[str, int] = {}

class Shape(NamedTuple):
    """What it is."""

    name: str
    sides: Optional[int] = 4  # why

    def shown(self, *more: Value, last: "Any" = None) -> str:
        words: Any
        words = (self.name, self.sides) + more
        return str(words)

class Words(Dict[str, Any]):
    pass

assert Words(a=1) == {"a": 1}
assert Shape("square").shown(1, last=2) == "('square', 4, 1)", Shape("square").shown(1)
assert Shape("triangle", 3)._replace(name="x") == ("x", 3) and Shape.__doc__ == "What it is." and seen == {}
'''


def test_shapes() -> None:
    """All forms of types: compiled without them, the code does the same."""
    tree = ast.fix_missing_locations(Lean().visit(ast.parse(SHAPES)))
    exec(compile(tree, "shapes", "exec"), {"__name__": "shapes"})
    assert "typing" not in ast.dump(tree)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TOP)))
def test_no_name_of_typing_is_left(path: Path) -> None:
    lean = Lean()
    tree = lean.visit(ast.parse(path.read_bytes()))
    left = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & lean.names
    assert not left & set(typing.__all__)


def test_a_node_loads_no_typing(tmp_path: Path) -> None:
    """Neither typing nor what else takes long to load."""
    from wfcompile.library import runtime_zip

    (tmp_path / "runtime.zip").write_bytes(runtime_zip(False))
    (tmp_path / "start.py").write_bytes((TOP / "start.py").read_bytes())
    text = (
        "import os, sys; sys.path.append(sys.argv[1]); import start; sys.argv[1:] = ['none']\n"
        "try: start.start(sys.path[-1] + '/runtime.zip')\n"
        "except KeyError: pass\n"
        "start.imported('cwl.node')\n"
        "print([name for name in ('typing', 'importlib', 'contextlib', 'fnmatch', 'zlib') if name in sys.modules])"
    )
    command, env = [sys.executable, "-I", "-S", "-c", text, str(tmp_path)], {"WFC_CODE": str(tmp_path / "code")}
    for _ in range(2):  # the first compiles
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
