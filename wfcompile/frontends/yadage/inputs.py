"""Init data: what `-i`, `-p` and an `input.yml` give, and the init directories their paths lie in.

Source: yadage's `getinit_data`, its root init stage, and the data options of its local state provider.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wfcompile.documents import cursor, display_path, read_document
from wfcompile.errors import Refused
from wfcompile.frontends.yadage.references import Library
from wfcompile.initdata import resolve
from wfcompile.options import Options
from wfcompile.runtime.values import RESERVED, number


@dataclass(frozen=True, slots=True)
class InitData:
    """What a run begins with: values (None: none at all), and directories by their place below init/."""

    values: dict[str, Any] | None
    directories: Mapping[str, Path]
    scopes: Mapping[str, str] = field(default_factory=dict)  # sub-workflow -> place
    notes: tuple[str, ...] = ()


def find_input_file(spec: Path) -> Path | None:
    """Return the `input.yml` of the working directory, as yadage picks it up, else the one beside the spec."""
    for directory in (Path.cwd(), spec.parent):
        if (directory / "input.yml").is_file():
            return directory / "input.yml"
    return None


def load_inputs(spec: Path, options: Options) -> InitData:
    """Return the init data; raises Refused for files that are missing or not mappings, and paths that leave."""
    data_options = dict(options.data_options)
    base = Path(data_options.get("pathbase", "."))
    files, directory, notes = list(options.input_files), options.initdir, []
    if "inputarchive" in data_options:
        directory = _unpack(data_options["inputarchive"], data_options.get("archivematch"))
    if not files and not options.parameters:
        found = find_input_file(spec)
        if found is not None and "subinits" not in data_options:
            files = [found]
            directory = directory or found.parent
            notes.append(f"init data from {display_path(found)}")
    scopes = dict(_subinits(data_options.get("subinits", {}), ""))
    directories = {f".subinits/{scope}": base / path for scope, path in scopes.items()}
    if directory is not None:
        directories[""] = directory
    for place, path in directories.items():
        if not path.is_dir():
            raise Refused(f"the init directory '{path}' does not exist", f"check {place or '--initdir'}")
    if not files and not options.parameters:
        return InitData(None, directories, {scope: f".subinits/{scope}" for scope in scopes})
    values = _numbers(_values(files, options))
    switches = dict(options.workflow_options)
    if directory is not None and switches.get("relative", True):
        values = resolve(values, directory, bool(switches.get("discover", True)))
    return InitData(values, directories, {scope: f".subinits/{scope}" for scope in scopes}, tuple(notes))


def _numbers(data: Any) -> Any:
    """Return init data with its numbers as the engine's init stage, a jq program, leaves them."""
    if isinstance(data, list):
        return [_numbers(x) for x in data]
    if isinstance(data, dict):
        return {key: _numbers(value) for key, value in data.items()}
    return number(data)


def _values(files: list[Path], options: Options) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for file in files:
        document = read_document(file, "the input file")
        root = cursor(document)
        if document.data is not None:
            root.mapping("init data")
            values.update(Library(document, [], [file.parent]).plain(root))
    for key, value in options.parameters:
        if any(character in repr(value) for character in RESERVED):
            raise Refused(f"-p {key}: a reserved character", "take it out")
        values[key] = value
    return values


def _subinits(tree: object, prefix: str) -> list[tuple[str, str]]:
    """Return (sub-workflow, directory) for each leaf of yadage's `subinits`; `_data` is a scope's own directory."""
    if not isinstance(tree, dict):
        raise Refused("-d subinits: not a mapping of sub-workflows to directories")
    found = []
    for key, value in tree.items():
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", str(key)):
            raise Refused(f"-d subinits: '{key}' is no sub-workflow")
        scope = prefix.rstrip("/") if key == "_data" else f"{prefix}{key}"
        if isinstance(value, str):
            found.append((scope, value))
        else:
            found += _subinits(value, f"{scope}/")
    return found


def _unpack(archive: str, match: str | None) -> Path:
    """Unpack a zip file (or the one directory in it that `match` names) into the user's cache; raises Refused."""
    file = Path(archive.removeprefix("file://"))
    if "://" in str(archive) and not archive.startswith("file://"):
        raise Refused(f"the input archive '{archive}' is not on this machine", "download it and name the copy")
    try:
        digest = hashlib.sha256(file.read_bytes() + repr(match).encode()).hexdigest()[:16]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wfcompile" / "archives" / digest
        if not cache.exists():
            cache.parent.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix=".unpacking.", dir=cache.parent))
            with zipfile.ZipFile(file) as archived:
                archived.extractall(fresh)  # leaves out drive letters, absolute paths and `..`
            inside = fresh / _matching(fresh, match) if match else fresh
            inside.rename(cache)
            shutil.rmtree(fresh, ignore_errors=True)
    except (OSError, zipfile.BadZipFile) as error:
        raise Refused(f"the input archive '{archive}' cannot be read: {error}", "check -d inputarchive") from None
    return cache


def _matching(top: Path, match: str) -> str:
    names = [f"{path.relative_to(top)}/" for path in sorted(top.rglob("*")) if path.is_dir()]
    found = [name for name in names if fnmatchcase(name, match)]
    if len(found) != 1:
        raise Refused(f"-d archivematch: '{match}' matches {len(found)} directories of the archive", "match one")
    return found[0]
