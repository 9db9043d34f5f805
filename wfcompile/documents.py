"""YAML and JSON documents whose every value knows its line and column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wfcompile.errors import Refused, suggest
from wfcompile.loc import Loc

Pointer = tuple[str | int, ...]

ALIASED = 1_000_000  # values that aliases may add to a document: aliases of aliases grow without bound

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain data beside the node tree that still has the positions."""

    path: Path
    display: str  # as messages name it
    text: str
    data: Any
    root: yaml.Node | None

    def loc(self, pointer: Pointer = (), *, key: bool = False) -> Loc:
        """Return where the value (or its key) at `pointer` stands; of the nearest parent if it is absent."""
        node = self.root
        mark = node.start_mark if node else None
        for part in pointer:
            found = _child(node, part) if node else None
            if found is None:
                break
            key_node, node = found
            mark = (key_node if key and key_node else node).start_mark
        return Loc(self.display, mark.line + 1, mark.column + 1) if mark else Loc(self.display, 1, 1)

    def loc_inside(self, pointer: Pointer, offset: int) -> Loc:
        """Return the position of a character of the string at `pointer`; of the string where lines are folded."""
        node = self.root
        for part in pointer:
            found = _child(node, part) if node else None
            node = found[1] if found else None
        start = self.loc(pointer)
        if not isinstance(node, yaml.ScalarNode):
            return start
        before = node.value[:offset]
        lines = self.text.split("\n")
        if node.style == "|":
            indent = next((len(x) - len(x.lstrip(" ")) for x in lines[start.line :] if x.strip()), 0)
            row, column = before.count("\n"), offset - (before.rfind("\n") + 1)
            return Loc(self.display, start.line + 1 + row, indent + column + 1)
        quote = 1 if node.style in ("'", '"') else 0
        line = lines[start.line - 1]
        if "\n" in before or line[start.column - 1 + quote :][:offset] != before:
            return start
        return Loc(self.display, start.line, start.column + quote + offset)


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in reversed(node.value):  # the last of equal keys wins
            if key_node.value == str(part):
                return key_node, value_node
    return None


def display_path(path: Path) -> str:
    """Return a path as a user would type it from the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_document(path: Path, what: str = "file", loc: Loc | None = None) -> Document:
    """Read one YAML (or JSON) file.

    Raises Refused when it is missing, not text, or not valid YAML, with the position of the fault.
    """
    display = display_path(path)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise Refused(f"{what} '{display}' is no regular file", "name a file", loc)
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused(f"{what} '{display}' does not exist", "check the path", loc) from None
    except IsADirectoryError:
        raise Refused(f"{what} '{display}' is a directory", "name a file", loc) from None
    except UnicodeDecodeError as error:
        raise not_utf8(error, display) from None
    except (OSError, ValueError, RuntimeError) as error:  # unreadable; a NUL in the name; a link loop
        raise Refused(f"{what} '{display}' cannot be read: {error}", loc=loc) from None
    return parse_document(text, path, display)


def not_utf8(error: UnicodeDecodeError, display: str) -> Refused:
    """Return the refusal of a file that is not text, with the position of its first byte that is none."""
    before = error.object[: error.start]
    loc = Loc(display, before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1)
    return Refused(f"not text in UTF-8 (byte 0x{error.object[error.start]:02x})", "write it in UTF-8", loc)


def parse_document(text: str, path: Path, display: str) -> Document:
    """Parse YAML text; raises Refused with the position of the first fault."""
    loader = None
    try:
        loader = _Loader(text)
        _refuse_depth(text, display)
        root = loader.get_single_node()
        if root is not None:
            _check_nodes(root, display)
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        loc = Loc(display, mark.line + 1, mark.column + 1) if mark else None
        raise Refused(f"not valid YAML: {error.problem}", "correct the syntax here", loc) from None
    except UnicodeEncodeError:  # what the command line holds of bytes that are no text
        raise Refused("not text in UTF-8", "write it in UTF-8", Loc(display, 1, 1)) from None
    except yaml.reader.ReaderError as error:
        loc = Loc(display, text.count("\n", 0, error.position) + 1, 1)
        raise Refused(f"not valid YAML: {error.reason}", "remove the character", loc) from None
    except (ValueError, KeyError, AttributeError, TypeError) as error:  # e.g. an impossible date, !!bool maybe
        raise Refused(f"not a value of its type: {error}", "write it in quotes", _bad_scalar(root, display)) from None
    finally:
        if loader:
            loader.dispose()
    return Document(path, display, text, data, root)


def _refuse_depth(text: str, display: str) -> None:
    """The parser recurses in C: a document nested thousands deep would crash the interpreter."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > 200:
                raise Refused("nested too deeply", "flatten it", _at(event.start_mark, display))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _at(mark: Any, display: str) -> Loc:
    return Loc(display, mark.line + 1, mark.column + 1)


def _bad_scalar(root: yaml.Node | None, display: str) -> Loc:
    """Return where the first scalar stands that cannot be constructed."""
    stack = [root] if root else []
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            try:
                yaml.SafeLoader("").construct_object(node)
            except Exception:  # whatever it is: this is the scalar that was looked for
                return _at(node.start_mark, display)
        else:
            stack.extend(reversed(_children(node)))
    return Loc(display, 1, 1)


def _check_nodes(root: yaml.Node, display: str) -> None:
    """Refuse anchors inside themselves (`&a [*a]`), which would be walked for ever, aliases that make a document much
    larger than it is written, keys that stand twice, and numbers that Python would not write.
    """
    done: dict[int, int] = {}  # how many values a node holds with its aliases replaced
    written = 0
    open_nodes: set[int] = set()
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            open_nodes.discard(id(node))
            done[id(node)] = 1 + sum(done.get(id(child), 1) for child in _children(node))
            written += len(node.value)
            if done[id(node)] > ALIASED + 3 * written:
                what = "the document is too large with its aliases replaced"
                raise Refused(what, "use fewer aliases inside what aliases name", _at(node.start_mark, display))
            continue
        if isinstance(node, yaml.ScalarNode):
            if len(node.value) > 1000 and node.tag == "tag:yaml.org,2002:int":
                what = "a number of more than 1000 characters"
                raise Refused(what, "write it in quotes", _at(node.start_mark, display))
            continue
        if id(node) in done:
            continue
        if id(node) in open_nodes:
            raise Refused("an anchor refers to itself", "remove the alias inside it", _at(node.start_mark, display))
        if isinstance(node, yaml.MappingNode):
            _refuse_twice(node, display)
        open_nodes.add(id(node))
        stack.append((node, True))
        stack.extend((child, False) for child in _children(node))


def _children(node: yaml.Node) -> list[yaml.Node]:
    children: list[yaml.Node] = node.value
    return children if isinstance(node, yaml.SequenceNode) else [n for pair in node.value for n in pair]


def _refuse_twice(node: yaml.MappingNode, display: str) -> None:
    keys = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if (key.tag, key.value) in keys:
                raise Refused(f"the key '{key.value}' stands here twice", "remove one", _at(key.start_mark, display))
            keys.add((key.tag, key.value))


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value together with the place it was read from."""

    document: Document
    pointer: Pointer = ()
    value: Any = field(default=None, repr=False)

    @property
    def loc(self) -> Loc:
        return self.document.loc(self.pointer)

    def key_loc(self, key: str | int) -> Loc:
        return self.document.loc((*self.pointer, key), key=True)

    def child(self, key: str | int) -> Cursor:
        return Cursor(self.document, (*self.pointer, key), self.value[key])

    def refused(self, what: str, advice: str = "") -> Refused:
        return Refused(what, advice, self.loc)

    def mapping(self, what: str, known: Sequence[str] = (), required: Sequence[str] = ()) -> dict[str, Any]:
        """Return the value as a mapping with only `known` keys (all if empty) and every `required` one."""
        if not isinstance(self.value, dict):
            raise self.refused(f"{what} must be a mapping, not {kind(self.value)}")
        for key in self.value:
            if known and key not in known:
                raise Refused(f"unknown key '{key}' in {what}", suggest(str(key), known), self.key_loc(key))
        for key in required:
            if key not in self.value:
                raise self.refused(f"{what} has no '{key}'", "add it")
        return self.value

    def choice(self, what: str, known: Collection[str]) -> str:
        """Return the value as one of the known words."""
        if not isinstance(self.value, str) or self.value not in known:
            raise self.refused(f"unknown {what} {self.value!r}", suggest(str(self.value), known))
        return self.value

    def items(self) -> Iterator[Cursor]:
        for index in range(len(self.value)):
            yield self.child(index)


def cursor(document: Document) -> Cursor:
    """Return a cursor at the root of a document."""
    return Cursor(document, (), document.data)


def kind(value: object) -> str:
    """Name the type of a value in the words of YAML."""
    names = {dict: "a mapping", list: "a list", str: "a string", bool: "true/false", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)
