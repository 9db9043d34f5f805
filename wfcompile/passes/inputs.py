"""Pass: the files of the init directory that nodes use."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from wfcompile.errors import Refused
from wfcompile.ir import InputFile, Workflow
from wfcompile.options import Options


def find_inputs(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with a list of every input file, directories walked, in a stable order."""
    every = (*workflow.rows.inputs, *(step.inputs for step in workflow.rows.pending))
    used = sorted({name for names in every for name in names})
    if not used:
        return workflow
    files = {file.name: file for name in used for file in _placed(workflow, name)}
    _refuse_outside(workflow, options, files.values())
    return replace(workflow, inputs=tuple(files[name] for name in sorted(files)))


def _refuse_outside(workflow: Workflow, options: Options, files: Iterable[InputFile]) -> None:
    """Refuse links that lead out: a directory from a stranger could put any file of ours into a bundle."""
    allowed = [path.resolve() for path in (*workflow.init_directories.values(), *options.allowed_paths)]
    for file in files:
        real = file.path.resolve()
        if not any(top == real or top in real.parents for top in allowed):
            raise Refused(
                f"the input '{file.name}' is a link that leads out of the init directory",
                f"if that is meant, allow it with --allow-path {real.parent}",
            )


def _placed(workflow: Workflow, name: str) -> Iterator[InputFile]:
    """Yield the files of one input path, which begins with the place of its directory."""
    for place, directory in sorted(workflow.init_directories.items(), reverse=True):  # "" last
        if not place or name == place or name.startswith(f"{place}/"):
            inside = os.path.relpath(name, place) if place else name
            for file in _files(directory, inside):
                yield replace(file, name=os.path.normpath(os.path.join(place, file.name)))
            return


def _files(directory: Path, name: str) -> Iterator[InputFile]:
    path = directory / name
    if not path.is_dir():
        yield _input(path, os.path.normpath(name))
        return
    seen = set()
    for folder, folders, names in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            folders[:] = []
            continue
        seen.add(real)
        # caches hold times, and repositories everything that ever was: neither is an input
        folders[:] = sorted(f for f in folders if f not in ("__pycache__", ".git"))
        if not folders and not names:
            yield InputFile(os.path.relpath(folder, directory), Path(folder), 0, 0o755, empty_directory=True)
        for file in sorted(names):
            yield _input(Path(folder) / file, os.path.relpath(Path(folder) / file, directory))


def _input(path: Path, name: str) -> InputFile:
    if "\n" in name:
        raise Refused(f"the input file {name!r} has a newline in its name", "rename it")
    try:
        status = path.stat()
    except OSError as error:
        raise Refused(f"the input file '{name}' cannot be read: {error.strerror}", "remove or repair it") from None
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"the input '{name}' is no regular file", "remove it from the init directory")
    return InputFile(name, path, status.st_size, 0o755 if status.st_mode & 0o100 else 0o644)
