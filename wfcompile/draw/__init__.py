"""`wfcompile graph`: the workflow as a person wants to see it, a box a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from wfcompile.draw.model import picture
from wfcompile.draw.page import page
from wfcompile.draw.svg import svg
from wfcompile.draw.text import dot, mermaid
from wfcompile.errors import Refused
from wfcompile.options import Options
from wfcompile.runs import located, workflow_of
from wfcompile.runtime.values import Problem

FORMATS = {".svg": svg, ".html": page, ".dot": dot, ".mmd": mermaid}


class Drawn(NamedTuple):
    """What `wfcompile graph` prints: the picture as DOT, or the file that it is in."""

    text: str
    warnings: tuple[str, ...]


def draw(options: Options, file: Path | None) -> Drawn:
    """Draw a specification, a bundle or a run into a file, its suffix says how; raises Refused."""
    if file is not None and str(file) != "-" and file.suffix not in FORMATS:
        raise Refused(f"-o {file}: unknown format '{file.suffix}'", f"name it {', '.join(f'*{s}' for s in FORMATS)}")
    options = located(options)
    workflow = workflow_of(replace(options, run=None))  # as compiled: its states are those of its steps in the run
    try:
        drawn = picture(workflow, options.run)
    except Problem as problem:
        raise Refused(problem.what, problem.advice) from None
    if file is None or str(file) == "-":
        return Drawn(dot(drawn), workflow.warnings)
    try:
        file.write_text(FORMATS[file.suffix](drawn), encoding="utf-8")
    except OSError as error:
        raise Refused(f"-o {file}: it cannot be written: {error.strerror}", "choose another file") from None
    return Drawn(f"{file}\n", workflow.warnings)
