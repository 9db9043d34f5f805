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
from wfcompile.runtime.input_paths import input_paths
from wfcompile.secret_files import what_secret

_LIMIT = 1_000_000  # links to directories can multiply files


def find_inputs(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with a list of every input file, directories walked, in a stable order."""
    given = input_paths(workflow.rows.outputs)  # a workflow may give what it has been given
    every = (*workflow.rows.inputs, *(step.inputs for step in workflow.rows.pending), given)
    used = sorted({name for names in every for name in names})
    if not used:
        return workflow
    files: dict[str, InputFile] = {}
    bundles: dict[str, None] = {}
    for name in used:
        for file in _placed(workflow, name, bundles):
            files[file.name] = file
            if len(files) > _LIMIT:
                raise Refused(f"the input '{name}' has more than {_LIMIT} files", "name the ones that are needed")
    _refuse_outside(workflow, options, files.values())
    _refuse_secrets(options, files.values())
    skipped = [f"the input directory '{name}' is left out: it is a bundle of wfcompile" for name in bundles]
    inputs = tuple(files[name] for name in sorted(files))
    return replace(workflow, inputs=inputs, warnings=(*workflow.warnings, *skipped))


def _refuse_secrets(options: Options, files: Iterable[InputFile]) -> None:
    """Refuse credentials, unless the user names the very file: jobs get them another way."""
    meant = [path.resolve() for path in options.allowed_paths if path.is_file()]
    for file in files:
        if file.empty_directory or file.path.resolve() in meant:
            continue
        if secret := what_secret(file.path, file.name, os.environ):
            raise Refused(
                f"the input '{file.name}' is {secret}",
                "move it out of the init directory; a step that needs credentials asks for them with "
                f"--set STEP.proxy=true or STEP.kerberos=true, or allow the file with --allow-path {file.path}",
            )


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


def _placed(workflow: Workflow, name: str, bundles: dict[str, None]) -> Iterator[InputFile]:
    """Yield the files of one input path, which begins with the place of its directory."""
    for place, directory in sorted(workflow.init_directories.items(), reverse=True):  # "" last
        if not place or name == place or name.startswith(f"{place}/"):
            inside = os.path.relpath(name, place) if place else name
            for file in _files(directory, inside, bundles):
                yield replace(file, name=os.path.normpath(os.path.join(place, file.name)))
            return


def _files(directory: Path, name: str, bundles: dict[str, None]) -> Iterator[InputFile]:
    path = directory / name
    if not path.is_dir():
        yield _input(path, os.path.normpath(name))
        return
    yield from _walk(path, os.path.normpath(name), (), bundles)


def _walk(folder: Path, name: str, above: tuple[str, ...], bundles: dict[str, None]) -> Iterator[InputFile]:
    """Yield the files of a directory, those of linked directories at every place where they are linked."""
    real = os.path.realpath(folder)
    if real in above:
        raise Refused(f"the input '{name}' is a link that leads back to a directory it is in", "remove the link")
    try:
        entries = sorted(os.listdir(folder))
    except OSError as error:
        raise Refused(f"the input directory '{name}' cannot be read: {error.strerror}", "make it readable") from None
    # caches hold times, and repositories everything that ever was: neither is an input
    entries = [entry for entry in entries if entry not in ("__pycache__", ".git") or not (folder / entry).is_dir()]
    if not entries:
        yield InputFile(name, folder, 0, 0o755, empty_directory=True)
    for entry in entries:
        inner = os.path.normpath(os.path.join(name, entry))
        if not (folder / entry).is_dir():
            yield _input(folder / entry, inner)
        elif _is_bundle(folder / entry):
            bundles[inner] = None
        else:
            yield from _walk(folder / entry, inner, (*above, real), bundles)


def _is_bundle(folder: Path) -> bool:
    return (folder / "plan.json").is_file() and ((folder / "run").is_dir() or (folder / "lib/nodes.txt").is_file())


def _input(path: Path, name: str) -> InputFile:
    if "\n" in name:
        raise Refused(f"the input file {name!r} has a newline in its name", "rename it")
    try:
        status = path.stat()
    except OSError as error:
        raise Refused(f"the input file '{name}' cannot be read: {error.strerror}", "remove or repair it") from None
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"the input '{name}' is no regular file", "remove it from the init directory")
    mode = 0o755 if status.st_mode & 0o100 else 0o644
    return InputFile(name, path, status.st_size, mode if status.st_mode & 0o077 else mode & 0o700)
