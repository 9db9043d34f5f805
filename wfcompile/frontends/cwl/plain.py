"""Documents as plain JSON, and identifiers as the names their author wrote."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from wfcompile.errors import Refused
from wfcompile.frontends.cwl.faults import loc_of
from wfcompile.runtime.values import RESERVED


def name_of(identifier: str) -> str:
    """Return the last part of an identifier, as cwltool's `shortname`."""
    split = urlsplit(identifier)
    return (split.fragment or split.path).split("/")[-1]


def file_name_of(identifier: str) -> str:
    """Return the name of a process: its fragment, else the name of its file without suffix."""
    split = urlsplit(identifier)
    return split.fragment or unquote(split.path).rsplit("/", 1)[-1].rsplit(".", 1)[0]


def plain(data: Any) -> Any:
    """Return data with plain types; raises Refused for the characters that are tokens in a bundle."""
    if isinstance(data, dict):
        return {_text(key, data): scalar(value, data, key) for key, value in data.items()}
    if isinstance(data, list):
        return [scalar(value, data, number) for number, value in enumerate(data)]
    return scalar(data, None, None)


def scalar(value: Any, parent: Any, key: Any) -> Any:
    """Return the value of a key of a mapping or list, which knows where it stands, with plain types."""
    if isinstance(value, dict | list):
        return plain(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return _number(value) if isinstance(value, float) else _text(value, parent, key)


def _number(value: float) -> int | float:
    """Return a float as JSON has it; `1.2e5` of YAML is a whole number, which a command line shows without a point."""
    if hasattr(value, "_exp") and not math.isinf(value) and not math.isnan(value):
        from ruamel.yaml.representer import RoundTripRepresenter

        written = Decimal(RoundTripRepresenter().represent_scalar_float(value).value)
        if "." not in format(written, "f"):
            return int(written)
    return float(value)


def _text(value: Any, parent: Any, key: Any = None) -> str:
    text = str(value)
    if any(character in text for character in RESERVED):
        raise Refused("a reserved character", "take it out", loc_of(parent, key))
    return text
