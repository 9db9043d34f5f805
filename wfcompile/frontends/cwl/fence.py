"""What documents may have read: a document is a stranger's, and names files of whom it likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from wfcompile.options import Options

LEADS_OUT = "leads out of the document's directories"
NO_NETWORK = "is not on this machine, and nothing is fetched from the network"


@dataclass(frozen=True, slots=True)
class Fence:
    """The directories and files that may be read, and whether the web may be."""

    allowed: tuple[Path, ...]
    remote: bool

    def holds(self, path: Path) -> bool:
        """Tell whether a file may be read; where a link leads counts."""
        real = path.resolve()
        return any(real == top or top in real.parents for top in self.allowed)

    def around(self, directory: Path) -> Fence:
        """Return a fence that holds a directory too."""
        return replace(self, allowed=(*self.allowed, directory.resolve()))


def fence_of(options: Options, document: Path) -> Fence:
    """Return the fence of a document: its own directory, and those that the user names."""
    named = [path for path in (options.toplevel, options.initdir, *options.allowed_paths) if path is not None]
    allowed = [path.resolve() for path in (document, document.parent, *named)]
    return Fence(tuple(allowed), options.allow_remote)
