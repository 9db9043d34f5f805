"""Init data: what `-i`, `-p` and an `input.yml` give, and the init directory their paths lie in.

Source: yadage's `getinit_data`, its root init stage (discover, relative) and the fromparjq publisher.
"""

from __future__ import annotations

import glob
import os.path
from pathlib import Path
from typing import Any

from wfcompile.documents import cursor, display_path, read_document
from wfcompile.errors import Refused
from wfcompile.frontends.yadage.references import Library
from wfcompile.options import Options
from wfcompile.runtime.values import RESERVED, RUN


def find_input_file(spec: Path) -> Path | None:
    """Return the `input.yml` of the working directory, as yadage picks it up, else the one beside the spec."""
    for directory in (Path.cwd(), spec.parent):
        if (directory / "input.yml").is_file():
            return directory / "input.yml"
    return None


def load_inputs(spec: Path, options: Options) -> tuple[dict[str, Any] | None, Path | None, list[str]]:
    """Return the init data (None when there is none), the init directory and notes for the user.

    Raises Refused for files that are missing or not mappings and for paths that leave the init directory.
    """
    files, directory, notes = list(options.input_files), options.initdir, []
    if directory is not None and not directory.is_dir():
        raise Refused(f"the init directory '{directory}' does not exist", "check --initdir")
    if not files and not options.parameters:
        found = find_input_file(spec)
        if found is None:
            return None, directory, []
        files = [found]
        directory = directory or found.parent
        notes.append(f"init data from {display_path(found)}")
    data: dict[str, Any] = {}
    for file in files:
        document = read_document(file, "the input file")
        root = cursor(document)
        if document.data is not None:
            root.mapping("init data")
            data.update(Library(document, [], [file.parent]).plain(root))
    for key, value in options.parameters:
        if any(character in repr(value) for character in RESERVED):
            raise Refused(f"-p {key}: a reserved character", "take it out")
        data[key] = value
    switches = dict(options.workflow_options)
    if directory is not None:
        resolve = _Resolver(directory, bool(switches.get("discover", True)), bool(switches.get("relative", True)))
        data = resolve.data(data)
    return data, directory, notes


class _Resolver:
    """Turns every string that names something in the init directory into its path in the run."""

    def __init__(self, directory: Path, discover: bool, relative: bool) -> None:
        self.directory = directory.resolve()
        self.discover = discover
        self.relative = relative

    def data(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self.data(x) for x in data]
        if isinstance(data, dict):
            return {k: self.data(v) for k, v in data.items()}
        return self.string(data) if isinstance(data, str) else data

    def string(self, text: str) -> Any:
        if len(text) > 4096 or "\n" in text:  # longer than any path
            return text
        if os.path.isabs(text):
            path = text
        elif self.relative:
            path = os.path.join(self.directory, text)
        else:
            return text
        if os.path.exists(path):
            return self.run_path(path)
        matches = sorted(glob.glob(path, recursive=True)) if self.discover and glob.has_magic(text) else []
        return [self.run_path(match) for match in matches] if matches else text

    def run_path(self, path: str) -> str:
        inside = os.path.relpath(path, self.directory)
        if inside == ".." or inside.startswith("../"):
            if os.path.isabs(path) and not path.startswith(str(self.directory)):
                return path  # an absolute path of the site stays what it is
            raise Refused(f"the input '{path}' leaves the init directory", "choose a wider --initdir")
        rest = path[len(str(self.directory)) :] if path.startswith(str(self.directory)) else "/" + inside
        return f"{RUN}/init{rest}"
