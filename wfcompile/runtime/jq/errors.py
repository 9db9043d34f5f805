"""How a jq program can fail."""

from typing import Any


class JqSyntax(ValueError):
    """A program that cannot be read, or asks for what the subset does not have; `line` and `column` count from 1."""

    def __init__(self, what: str, text: str, offset: int) -> None:
        self.what = what
        self.offset = offset
        self.line = text.count("\n", 0, offset) + 1
        self.column = offset - (text.rfind("\n", 0, offset) + 1) + 1
        super().__init__("%s (line %d, column %d of the jq program)" % (what, self.line, self.column))


class JqError(ValueError):
    """An error of a running program; `value` is what `catch` gets."""

    def __init__(self, value: Any, text: str = "") -> None:
        super().__init__(text or str(value))
        self.value = value


class JqBound(JqError):
    """A program that does not come to an end within its bounds; `try` does not catch it."""
