"""From a specification to a bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from wfcompile import passes
from wfcompile.backends import backend
from wfcompile.bundle import bundle_files, write_bundle
from wfcompile.documents import read_document
from wfcompile.errors import Refused
from wfcompile.frontends import find_spec, recognise
from wfcompile.ir import Workflow
from wfcompile.options import Options


class Compiled(NamedTuple):
    """What compile_bundle did."""

    directory: Path
    new: bool
    workflow: Workflow
    next_command: str


def plan(options: Options) -> Workflow:
    """Load a specification and run all passes; raises Refused."""
    options = replace(options, surplus=backend(options.target).SURPLUS)
    spec = find_spec(options.spec, options.toplevel)
    document = read_document(spec, "the specification")
    return passes.run(recognise(document).load(document, options), options)


def compile_bundle(options: Options, directory: Path | None, force: bool = False) -> Compiled:
    """Compile a specification to a bundle (default: ./NAME-TARGET); raises Refused."""
    target = backend(options.target)
    workflow = plan(options)
    directory = directory or Path(f"{workflow.name}-{options.target}")
    new = write_bundle(bundle_files(workflow, options, target), directory, force)
    bind(workflow, directory / "run")
    return Compiled(directory, new, workflow, target.NEXT)


def bind(workflow: Workflow, run: Path) -> None:
    """Link the images and large inputs of this machine into the run directory: they are not part of the bundle."""
    links = {run / ".images" / image.file_name: image.file for image in workflow.images.values() if image.file}
    links |= {run / ".inputs" / item.name: item.path.resolve() for item in workflow.inputs if not item.copied}
    for link, file in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_symlink():
            link.unlink()
        elif link.exists():
            raise Refused(f"'{link}' is in the way", "move it")
        link.symlink_to(file)
