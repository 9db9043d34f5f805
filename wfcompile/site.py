"""Site profiles: what the compiler must know of a site because it changes the graph or the generated text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wfcompile.amounts import how_to_write, parse_expression, parse_setting
from wfcompile.documents import Cursor, cursor, read_document
from wfcompile.errors import Refused, suggest
from wfcompile.resources import folder

_SCRATCH = re.compile(r"/[A-Za-z0-9_./$+-]*")  # $ for variables of the node's environment


@dataclass(frozen=True, slots=True)
class Site:
    """One site; every value has a default that works on a plain pool or cluster."""

    name: str = "generic"
    shared: bool = False  # HTCondor: do the access point and the nodes share a file system?
    scratch: tuple[str, ...] = ()  # directories for node-local work, tried in order before the usual ones
    python: str = ""  # on the compute nodes, when it is not in PATH or too old there
    node: str = ""  # Node.js, likewise
    network: bool = True  # do compute nodes reach the world?
    runtimes: tuple[str, ...] = ("auto",)  # container runtimes in order; auto; none
    image_cache: str = ""  # directory of image files; empty: the user's own cache
    images: Mapping[str, str] = field(default_factory=dict)  # image reference -> file or directory
    submit_from_jobs: bool = True
    max_array_size: int = 1001  # Slurm's default MaxArraySize: indices 0 to 1000
    retries: int = 2
    resources: Mapping[str, int | str | bool] = field(default_factory=dict)  # defaults of ir.Request
    cvmfs_requirements: str = ""  # HTCondor: expression that is true for machines with /cvmfs
    dagman: Mapping[str, int] = field(default_factory=dict)  # submits_per_interval, scan_interval (s)


def config_directory() -> Path:
    """Return the user's configuration directory (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "wfcompile"


def image_cache(site: Site) -> Path:
    """Return the directory of image files: $WFCOMPILE_IMAGE_CACHE, the site's, else the user's own cache."""
    if os.environ.get("WFCOMPILE_IMAGE_CACHE"):
        return Path(os.environ["WFCOMPILE_IMAGE_CACHE"])
    if site.image_cache:
        return Path(os.path.expandvars(site.image_cache)).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wfcompile" / "images"


def load_site(name: str) -> Site:
    """Load a profile by file name, or by the name of a file in the user's sites/ directory; raises Refused."""
    path = Path(name)
    if not path.suffix and not path.exists():
        path = config_directory() / "sites" / f"{name}.yml"
        if not path.exists():
            found = sorted(p.stem for p in path.parent.glob("*.yml"))
            raise Refused(f"no site profile '{name}'", suggest(name, found) if found else f"write {path}")
    document = read_document(path, "the site profile")
    schema = json.loads((folder("schemas") / "site.schema.json").read_text(encoding="utf-8"))
    root = cursor(document)
    if document.data is not None:
        _check(root, schema, "a site profile")
    values: dict[str, Any] = dict(document.data or {})
    values.setdefault("name", path.stem)
    values["resources"] = {k: parse_setting(k, v) for k, v in values.get("resources", {}).items()}
    for key in ("scratch", "runtimes"):
        if key in values:
            values[key] = tuple(values[key])
    try:
        parse_expression(values.get("cvmfs_requirements", ""))
    except ValueError as error:
        raise root.child("cvmfs_requirements").refused(str(error)) from None
    for index, path in enumerate(values.get("scratch", ())):
        if not _SCRATCH.fullmatch(path):
            raise (
                root.child("scratch")
                .child(index)
                .refused(f"'{path}' is no scratch directory", "write an absolute path without shell characters")
            )
    return Site(**values)


def _check(at: Cursor, schema: Mapping[str, Any], what: str) -> None:
    """Check a value against the profile's schema, level by level, so that each fault has its position."""
    from jsonschema import Draft7Validator

    properties = schema.get("properties")
    if isinstance(at.value, dict) and properties is not None:
        at.mapping(what, tuple(properties))
        for key in at.value:
            _check(at.child(key), properties[key], f"'{key}'")
        if what == "'resources'":
            _check_amounts(at)
        return
    for error in Draft7Validator(schema).iter_errors(at.value):
        place = at
        for part in error.absolute_path:
            place = place.child(part)
        raise place.refused(f"{what}: {error.message}")


def _check_amounts(at: Cursor) -> None:
    for key, value in at.value.items():
        try:
            parse_setting(key, value)
        except ValueError as error:
            raise at.child(key).refused(str(error), how_to_write(key)) from None
