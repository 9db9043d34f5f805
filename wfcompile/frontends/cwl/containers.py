"""DockerRequirement: which image a tool runs in, what that is made from, and where it works in it."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from wfcompile.errors import Refused, Unsupported
from wfcompile.frontends.cwl.faults import loc_of, path_of
from wfcompile.frontends.cwl.plain import plain
from wfcompile.frontends.cwl.requirements import merged
from wfcompile.ir import Recipe
from wfcompile.loc import Loc
from wfcompile.options import Options

_TAKEN = ("", "dev", "proc", "sys", "wfc")  # what a container must have as it is
_IMAGE_FILES = (".sif", ".sqfs")


def refuse_without(process: Any, options: Options) -> None:
    """Refuse a tool that requires a container where there is none."""
    docker = merged(process, hints=False).get("DockerRequirement")
    if docker is not None and not options.contained:
        what = "the tool requires a container (DockerRequirement), and jobs run without one"
        raise Unsupported(what, "run it with --container auto, or make it a hint", loc_of(docker))
    if options.contained and "DockerRequirement" in merged(process):
        _refuse_entrypoint(process.tool)


def _refuse_entrypoint(tool: Any) -> None:
    for key in ("baseCommand", "arguments"):
        words = tool.get(key) or []
        first = words if isinstance(words, str) else next(iter(words), None)
        if isinstance(first, str) and first.startswith("-"):
            what = f"the command begins with '{first}', for the image's ENTRYPOINT, which is not run"
            raise Unsupported(what, "begin it with the program", loc_of(tool, key))
        if first is not None:
            return


def directory_of(process: Any, options: Options) -> str:
    """Return the directory that a tool works in when a container runs it; nothing: it has no wish."""
    docker = merged(process).get("DockerRequirement", {})
    if not options.contained or not docker.get("dockerOutputDirectory"):
        return ""
    given = str(docker["dockerOutputDirectory"])
    path = posixpath.normpath("/" + given.lstrip("/"))
    if not given.startswith("/") or path.split("/")[1] in _TAKEN:
        what = f"'{given}' cannot be the directory that a command works in"
        advice = "name an absolute path in the image, outside of /dev, /proc, /sys and /wfc"
        raise Refused(what, advice, loc_of(docker, "dockerOutputDirectory"))
    return path


def image_of(process: Any, name: str, start: Loc) -> tuple[str | None, Recipe | None]:
    """Return the image of a tool, None for none, and where it comes from; `name` is the tool's."""
    docker = merged(process).get("DockerRequirement")
    if docker is None:
        return None, None
    loc = loc_of(docker) or start
    if docker.get("dockerPull"):
        return str(plain(docker["dockerPull"])), Recipe(loc)
    reference = str(plain(docker.get("dockerImageId") or name.removesuffix(".cwl")))
    return reference, Recipe(loc, _made_from(docker), _image_file(process, reference))


def _made_from(docker: Any) -> str:
    for key, what in (("dockerFile", ""), ("dockerLoad", "the archive "), ("dockerImport", "the files of ")):
        if docker.get(key):
            return f"{what}{plain(docker[key])}" if what else "its dockerFile"
    return ""


def _image_file(process: Any, reference: str) -> Path | None:
    """Return the image file of a name that is a path, beside the document when it is relative."""
    if not reference.endswith(_IMAGE_FILES):
        return None
    file = path_of(str(process.tool["id"]).partition("#")[0]).parent / reference
    return file.resolve() if file.exists() else None
