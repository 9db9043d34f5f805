"""Diagnostics: one clear message with file:line:column, what is wrong, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from wfcompile.loc import Loc
from wfcompile.runtime.suggest import suggest as suggest


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message to the user; `loc` is None where no document is at fault."""

    loc: Loc | None
    what: str
    advice: str = ""

    def __str__(self) -> str:
        where = f"{self.loc}: " if self.loc else ""
        return f"{where}{self.what}" + (f"; {self.advice}" if self.advice else "")


class Refused(Exception):
    """The workflow, its inputs or its options cannot be compiled; the command exits with 1."""

    def __init__(self, what: str, advice: str = "", loc: Loc | None = None) -> None:
        self.diagnostic = Diagnostic(loc, what, advice)
        super().__init__(str(self.diagnostic))


class Misused(Refused):
    """The command line itself is wrong; the command exits with 2."""


class Unsupported(Refused):
    """The standard makes the feature optional, and it is not had here; a cwl-runner exits with 33."""
