"""`wfcompile graph`: the workflow as a person wants to see it, a box a step."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from wfcompile.bundle import is_bundle, read_bundle
from wfcompile.compile import plan
from wfcompile.draw.model import picture
from wfcompile.draw.page import page
from wfcompile.draw.svg import svg
from wfcompile.draw.text import dot, mermaid
from wfcompile.errors import Refused
from wfcompile.options import Options

FORMATS = {".svg": svg, ".html": page, ".dot": dot, ".mmd": mermaid}


class Drawn(NamedTuple):
    """What `wfcompile graph` prints: the picture as DOT, or the file that it is in."""

    text: str
    warnings: tuple[str, ...]


def draw(options: Options, file: Path | None) -> Drawn:
    """Draw a specification or a bundle into a file, its suffix says how; raises Refused."""
    if file is not None and str(file) != "-" and file.suffix not in FORMATS:
        raise Refused(f"-o {file}: unknown format '{file.suffix}'", f"name it {', '.join(f'*{s}' for s in FORMATS)}")
    workflow = read_bundle(options.spec) if is_bundle(options.spec) else plan(options)
    if file is None or str(file) == "-":
        return Drawn(dot(picture(workflow)), workflow.warnings)
    file.write_text(FORMATS[file.suffix](picture(workflow)), encoding="utf-8")
    return Drawn(f"{file}\n", workflow.warnings)
