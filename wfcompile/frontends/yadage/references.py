"""`$ref`: documents that include others, with every value's own position.

Source: yadage-schemas' loader and jsonref. References in the root document are relative to the toplevel directory,
all others to the document they stand in. Only files below the allowed directories are read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from wfcompile.documents import Cursor, Document, cursor, kind, read_document
from wfcompile.errors import Diagnostic
from wfcompile.runtime.values import RESERVED


class Library:
    """The documents read so far; `root` first."""

    def __init__(self, root: Document, toplevels: list[Path], allowed: list[Path]) -> None:
        self.root = root
        self.toplevels = toplevels
        self.allowed = [path.resolve() for path in allowed]
        self.documents: dict[Path, Document] = {root.path.resolve(): root}
        self.warnings: list[Diagnostic] = []  # what the engine does silently
        self._read = 0  # values copied by plain(): aliases of aliases grow without bound
        self._following: set[tuple[Path, tuple[str | int, ...]]] = set()

    def resolve(self, at: Cursor) -> Cursor:
        """Follow `$ref`s from a value until there is none; raises Refused at the reference that fails."""
        if not isinstance(at.value, dict) or not isinstance(at.value.get("$ref"), str):
            return at
        place = (at.document.path.resolve(), at.pointer)
        if place in self._following:
            raise at.child("$ref").refused("this $ref leads back to itself")
        self._following.add(place)
        try:
            return self.resolve(self._target(at.child("$ref")))
        finally:
            self._following.discard(place)

    def child(self, at: Cursor, key: str | int) -> Cursor:
        return self.resolve(at.child(key))

    def plain(self, at: Cursor, depth: int = 0) -> Any:
        """Return a value with its references replaced, as JSON data with sorted keys; raises Refused."""
        at = self.resolve(at)
        value = at.value
        self._read += 1
        if self._read > 10_000_000:
            raise at.refused("the specification is too large with its references and aliases replaced")
        if depth > 100:
            raise at.refused("nested too deeply", "does a $ref include itself?")
        if isinstance(value, list):
            return [x if type(x) is int else self.plain(at.child(i), depth + 1) for i, x in enumerate(value)]
        if isinstance(value, dict):
            return {_key(k): self.plain(at.child(k), depth + 1) for k in sorted(value, key=_key)}
        if isinstance(value, str):
            for character in RESERVED:
                if character in value:
                    raise at.refused(f"the character {character!r} is reserved", "take it out")
            return value
        if value is None or isinstance(value, bool | int | float):
            return value
        raise at.refused(f"{kind(value)} is not JSON data", "write it in quotes")

    def _target(self, ref: Cursor) -> Cursor:
        text = ref.value
        file, _, fragment = text.partition("#")
        document = self._document(file, ref) if file else ref.document
        target = cursor(document)
        for part in [p for p in unquote(fragment).split("/") if p]:
            name = part.replace("~1", "/").replace("~0", "~")
            target = self.resolve(target)
            index = isinstance(target.value, list) and re.fullmatch(r"[0-9]{1,9}", name)
            key: str | int = int(name) if index else name
            try:
                target = target.child(key)
            except (KeyError, IndexError, TypeError):
                raise ref.refused(
                    f"$ref '{text}': '{document.display}' has no '{fragment}'", "check the part after #"
                ) from None
        return target

    def _document(self, file: str, ref: Cursor) -> Document:
        if ":" in file.split("/")[0] and not file.startswith("file:"):
            raise ref.refused(
                f"$ref '{file}' is not on this machine",
                "download it beside the specification and refer to the copy",
            )
        file = unquote(file.removeprefix("file://"))
        bases = self.toplevels if ref.document is self.root and self.toplevels else [ref.document.path.parent]
        candidates = [base / file for base in bases]
        try:
            path = next((c for c in candidates if c.exists()), candidates[-1])
            real = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise ref.refused(f"$ref '{file[:100]}' is no path: {error}", "check it") from None
        if not any(real == top or top in real.parents for top in self.allowed):
            raise ref.refused(
                f"$ref '{file}' leads out of the specification's directories",
                f"allow it with --allow-path {real.parent}",
            )
        if real not in self.documents:
            self.documents[real] = read_document(path, "the $ref's file", ref.loc)
        return self.documents[real]


def _key(key: object) -> str:
    """Return a mapping's key as JSON writes it."""
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    return str(key)
