"""Pass: which file each container image is. --image and the site profile name files; else the image cache is asked.

Images below /cvmfs/unpacked.cern.ch are directories that the compute nodes see; this machine may not.
Source: CernVM-FS documentation, container images; the layout is REGISTRY/NAME:TAG.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wfcompile.errors import Diagnostic, Refused
from wfcompile.ir import Image, Recipe, Workflow
from wfcompile.options import Options
from wfcompile.site import image_cache

_SUFFIXES = (".sif", ".sqfs", "")
_UNPACKED = "unpacked.cern.ch"


def image_key(reference: str) -> str:
    """Return the file name (without suffix) of an image in a cache: docker.io/a/b:1 is docker.io_a_b_1."""
    name = reference.removeprefix("docker://")
    for suffix in _SUFFIXES[:2]:
        name = name.removesuffix(suffix)
    return re.sub(r"[^A-Za-z0-9.-]", "_", name)


def unpacked_path(reference: str) -> str:
    """Return where an image is below /cvmfs when it is unpacked there; raises ValueError for what is no place there."""
    name = reference.removeprefix("docker://")
    if name.startswith("/cvmfs/"):
        path = name.removeprefix("/cvmfs/")
    else:
        registry, slash, rest = name.partition("/")
        if not slash or not re.search(r"[.:]|^localhost$", registry):  # as docker tells a registry from a user
            registry, rest = "docker.io", name
        if registry in ("docker.io", "index.docker.io"):
            registry, rest = "registry.hub.docker.com", rest if "/" in rest else f"library/{rest}"
        path = f"{_UNPACKED}/{registry}/{rest}"
    if not re.fullmatch(r"[A-Za-z0-9_.@:+/-]+", path) or {"", ".", ".."}.intersection(path.split("/")):
        raise ValueError(f"{reference!r} is no image below /cvmfs")
    return path


def choose_images(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its images; warns for one whose file is not on this machine yet."""
    if not options.contained:
        return workflow
    named = {**options.site.images, **dict(options.images)}
    references = sorted({step.image for step in workflow.steps if step.image})
    for name in dict(options.images):
        if name not in references:
            raise Refused(f"--image {name}: no step uses it", f"used: {', '.join(references) or 'none'}")
    unpacked = _unpacked(workflow, named)
    images: dict[str, Image] = {}
    keys: dict[str, str] = {}
    warnings = list(workflow.warnings)
    recipes = {step.image: step.recipe for step in workflow.steps if step.image}
    for reference in references:
        other, file = _chosen(named.get(reference), recipes[reference])
        name = other or reference
        key = image_key(name)
        if keys.setdefault(key, name) != name:
            raise Refused(f"the images '{name}' and '{keys[key]}' have one file name", "map one with --image")
        file = file or _cached_file(image_cache(options.site), key)
        if file is None and reference not in unpacked:
            recipe = None if other else recipes[reference]
            warnings.append(_missing(name, key, recipe, options))
        images[reference] = Image(reference, key, file, unpacked.get(reference, ""))
    return replace(workflow, images=images, warnings=tuple(warnings))


def _chosen(named: str | None, recipe: Recipe | None) -> tuple[str, Path | None]:
    """Return the other image that is to be taken for one, and its file: what the user names comes first."""
    if named is None:
        return "", recipe.file if recipe else None
    if named.startswith("docker://"):
        return named.removeprefix("docker://"), None
    return "", _named_file(named)


def _missing(name: str, key: str, recipe: Recipe | None, options: Options) -> str:
    """Say which image is not there, and where it is looked for."""
    cache = image_cache(options.site)
    if recipe is None or not recipe.made_from:
        what = f"the image {name} is not in {cache}; put it there as {key}.sif, or name its file with --image"
        return f"{what}, before you submit"
    what = f"the image {name} must be made from {recipe.made_from}, and no job of the site '{options.site.name}' does"
    advice = f"make it before you submit: put it into {cache} as {key}.sif, or name its file with --image {name}=FILE"
    return str(Diagnostic(recipe.loc, what, advice))


def _unpacked(workflow: Workflow, named: Mapping[str, str]) -> dict[str, str]:
    """Return the places of the images that are looked for below /cvmfs; a named file comes before that."""
    places: dict[str, str] = {}
    for step, request in zip(workflow.steps, workflow.requests, strict=True):
        if step.image and step.image not in named and (request.unpacked or step.image.startswith("/cvmfs/")):
            try:
                places[step.image] = unpacked_path(step.image)
            except ValueError as error:
                raise Refused(str(error), "write /cvmfs/unpacked.cern.ch/REGISTRY/NAME:TAG", step.loc) from None
    return places


def _named_file(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.exists():
        raise Refused(f"the image file '{name}' does not exist", "check --image and the site profile's images")
    return path.resolve()


def _cached_file(cache: Path, key: str) -> Path | None:
    for suffix in _SUFFIXES:
        if (cache / f"{key}{suffix}").exists():
            return (cache / f"{key}{suffix}").resolve()
    return None
