"""Python's format language as yadage uses it: twice, for parameters and for commands.

Sources: `str.format` of the Python library reference; packtivity's `contextualize_value` and process handlers.
Fields with `__` are refused: a format string from a stranger must not reach into objects.
"""

import re
import string
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Union

from .values import RESERVED, RUN, Deferred, FormatError, Published, has_late


class Field(NamedTuple):
    """One replacement field: its name expression, conversion (or None) and format specification."""

    name: str
    conversion: Optional[str]
    spec: str


Piece = Union[str, Field]


def base_name(field: Field) -> str:
    """Return the parameter that a field reads."""
    return re.split(r"[.\[]", field.name)[0]


def parse(text: str) -> List[Piece]:
    """Split a format string into literal text and fields; raises FormatError."""
    pieces: List[Piece] = []
    automatic = 0
    try:
        for literal, name, spec, conversion in string.Formatter().parse(text):
            if literal:
                pieces.append(literal)
            if name is None:
                continue
            if "__" in name or "{" in (spec or ""):
                raise FormatError("the field '{%s}' is not allowed in a command" % name)
            if "." in name.split("[")[0] or "]." in name:
                raise FormatError("the field '{%s}' asks for an attribute; write {name[key]} for a key" % name)
            if any(len(digits) > 6 for digits in re.findall("[0-9]+", spec or "")):
                raise FormatError("the field '{%s:%s}' is wider than any command" % (name, spec))
            if name == "" or name[:1] in ".[":
                name = "%d%s" % (automatic, name)
                automatic += 1
            pieces.append(Field(name, conversion, spec or ""))
    except ValueError as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("%s in a format string: a brace that is meant as text is written twice" % error)
    return pieces


_UNSAFE = re.compile(r"[\s$`\\\"';&|<>()*?!\x00-\x1f\x7f]")


def unsafe_names(data: Any) -> List[str]:
    """Return the texts in data that a shell would read as more than a word."""
    if isinstance(data, (list, dict)):
        return [name for part in (data.values() if isinstance(data, dict) else data) for name in unsafe_names(part)]
    return [data] if isinstance(data, str) and data.startswith("/") and _UNSAFE.search(data) else []


def refuse_unsafe(data: Any) -> None:
    """Refuse a file name that a job published when the shell would read it as more than a word; raises FormatError."""
    if type(data) is Published:
        if data.startswith(RUN) and _UNSAFE.search(data):
            name = data[len(RUN) + 1 :]
            raise FormatError("the file name %r, which a job published, holds what a shell would read" % name)
    elif type(data) in (list, dict):
        for part in data.values() if type(data) is dict else data:
            refuse_unsafe(part)


_formatter = string.Formatter()


def render_field(field: Field, parameters: Dict[str, Any]) -> str:
    """Render one field; raises FormatError where the engine's `str.format` would fail, or would cut a path."""
    try:
        value, _ = _formatter.get_field(field.name, (), parameters)
        refuse_unsafe(value)
        if has_late(value):
            raise FormatError("'{%s}' needs more than the words of a value that a job publishes" % field.name)
        text = _formatter.format_field(_formatter.convert_field(value, field.conversion), field.spec)
    except (KeyError, IndexError) as error:
        raise FormatError("'{%s}' names no parameter" % (error.args[0] if type(error) is KeyError else field.name))
    except FormatError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise FormatError("'{%s}' cannot be formatted: %s" % (field.name, error))
    if RESERVED[0] in text or RESERVED[1] in text:
        tokens = text.count(RUN)
        if field.spec or text.count(RESERVED[0]) != tokens or text.count(RESERVED[1]) != tokens:
            raise FormatError("'{%s}' cuts or pads a path; the run's directory is not known yet" % field.name)
    return str(text)


def render(text: str, parameters: Dict[str, Any]) -> str:
    """Render a whole format string with parameters as they are (lists are not joined)."""
    return "".join([p if isinstance(p, str) else render_field(p, parameters) for p in parse(text)])


class Context:
    """packtivity's `contextualize_value`: every string parameter is formatted with {workdir} before its use."""

    def __init__(self) -> None:
        self._parsed: Dict[str, Callable[[str], str]] = {}

    def string(self, text: str, workdir: str) -> str:
        """Return the text with `{workdir}` filled in; raises FormatError for any other name."""
        if "{" not in text and "}" not in text:
            return text
        fill = self._parsed.get(text)
        if fill is None:
            fill = self._parsed[text] = self._compile(text)
        return fill(workdir)

    def data(self, data: Any, workdir: str) -> Any:
        """Return JSON data with every string in it filled in."""
        if type(data) is str:
            return self.string(data, workdir)
        if type(data) is list:
            return [x if type(x) is str and "{" not in x and "}" not in x else self.data(x, workdir) for x in data]
        if type(data) is dict:
            return {k: self.data(v, workdir) for k, v in data.items()}
        if type(data) is Deferred:
            return Deferred(data.operation, data.options, self.data(data.data, workdir))
        return data

    def _compile(self, text: str) -> Callable[[str], str]:
        pieces = parse(text)
        for field in pieces:
            if isinstance(field, str) or field.name == "workdir":
                continue
            if field.name[:1].isdigit():
                return lambda workdir: text  # the engine catches the IndexError and keeps the text
            raise FormatError("'{%s}' in a parameter: only {workdir} is known there" % field.name)
        if all(isinstance(p, str) or p == Field("workdir", None, "") for p in pieces):
            parts = [p if isinstance(p, str) else None for p in pieces]
            return lambda workdir: "".join([workdir if p is None else p for p in parts])
        return lambda workdir: "".join(
            p if isinstance(p, str) else render_field(p, {"workdir": workdir}) for p in pieces
        )


def needs_context(data: Any) -> bool:
    """Tell whether any string in data has a brace."""
    if type(data) is str:
        return "{" in data or "}" in data
    if type(data) is list:
        return any(needs_context(x) for x in data)
    if type(data) is dict:
        return any(needs_context(x) for x in data.values())
    return type(data) is Deferred and needs_context(data.data)
