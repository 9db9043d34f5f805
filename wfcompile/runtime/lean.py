"""Modules without their types: `typing` and what it needs take longer to load than what most nodes ask of the runtime.

Types are written as annotations, as aliases of a name of typing, as bases of classes and below TYPE_CHECKING.
"""

import ast
from types import CodeType
from typing import Any, List


def lean(text: bytes, path: str) -> CodeType:
    """Compile a module as if it had been written without types."""
    tree = Lean().visit(ast.parse(text, path))
    return compile(ast.fix_missing_locations(tree), path, "exec")


class Lean(ast.NodeTransformer):
    """Takes the types out of a module; names of typing are told by its imports."""

    def __init__(self) -> None:
        self.names = set()  # type: Any

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """Leave out typing; a NamedTuple is made by what makes the untyped ones."""
        if node.module != "typing" or node.level:
            return node
        self.names.update([name.name for name in node.names])
        return ast.parse("from collections import namedtuple").body if "NamedTuple" in self.names else ast.Pass()

    def visit_FunctionDef(self, node: Any) -> Any:
        """Leave out the types of what a function takes and gives."""
        node.returns = None
        given = node.args
        for one in given.args + given.kwonlyargs + [given.vararg, given.kwarg]:
            if one is not None:
                one.annotation = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: Any) -> Any:
        """Leave out the type of a variable."""
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)

    def visit_Assign(self, node: Any) -> Any:
        """Leave of an alias the name, which others import."""
        if getattr(getattr(node.value, "value", node.value), "id", None) in self.names:
            node.value = ast.copy_location(ast.parse("None", mode="eval").body, node.value)
        return node

    def visit_If(self, node: Any) -> Any:
        """Leave out what only a type checker imports."""
        if getattr(node.test, "id", None) == "TYPE_CHECKING":
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: Any) -> Any:
        """Make a NamedTuple by the fields and defaults of its annotations, and a Dict[…] a dict."""
        if [getattr(base, "id", None) for base in node.bases] != ["NamedTuple"]:
            for base in node.bases:
                name = getattr(getattr(base, "value", None), "id", "")
                if name in self.names:
                    node.bases = [ast.copy_location(ast.Name(id=name.lower(), ctx=ast.Load()), base)]
            return self.generic_visit(node)
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]  # type: List[Any]
        made = "class %s(namedtuple(%r, %r)): __slots__ = ()"
        shell = ast.parse(made % (node.name, node.name, [one.target.id for one in fields])).body[0]  # type: Any
        node.bases = shell.bases
        node.body = [one for one in node.body if not isinstance(one, ast.AnnAssign)] + shell.body
        return [self.generic_visit(node)] + _defaults(node.name, [one.value for one in fields if one.value])


def _defaults(name: str, values: List[Any]) -> List[Any]:
    assignment = ast.parse("%s.__new__.__defaults__ = ()" % name).body[0]  # type: Any
    assignment.value.elts = values
    return [assignment]
