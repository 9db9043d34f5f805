"""The Jinja environment: frame text of scheduler files and scripts; per-node lines come from runtime.emit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from wfcompile.resources import folder
from wfcompile.runtime.emit import word

if TYPE_CHECKING:
    from jinja2 import Environment


def render(backend: str, template: str, values: Mapping[str, Any]) -> str:
    """Render backends/BACKEND/TEMPLATE; undefined names are errors, `sh` quotes for the shell."""
    return _environment(backend).get_template(template).render(values)


@cache
def _environment(backend: str) -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder("backends") / backend, folder("backends") / "common"]),
        undefined=jinja2.StrictUndefined,
        comment_start_string="<##",  # bash writes ${#array[@]}
        comment_end_string="##>",
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # no HTML; the templates quote with the filters below
    )
    environment.filters["sh"] = word
    environment.filters["comment"] = _comment
    return environment


def _comment(text: str) -> str:
    """Return text that cannot leave a comment line."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
