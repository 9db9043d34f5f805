"""Pass: which file each container image is. --image and the site profile name files; else the image cache is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from wfcompile.errors import Refused
from wfcompile.ir import Image, Workflow
from wfcompile.options import Options
from wfcompile.site import image_cache

_SUFFIXES = (".sif", ".sqfs", "")


def image_key(reference: str) -> str:
    """Return the file name (without suffix) of an image in a cache: docker.io/a/b:1 is docker.io_a_b_1."""
    name = reference.removeprefix("docker://")
    return re.sub(r"[^A-Za-z0-9.-]", "_", name)


def choose_images(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow with its images; warns for one whose file is not on this machine yet."""
    containers = (options.container,) if options.container else options.site.runtimes
    if containers == ("none",):
        return workflow
    named = {**options.site.images, **dict(options.images)}
    references = sorted({step.image for step in workflow.steps if step.image})
    for name in dict(options.images):
        if name not in references:
            raise Refused(f"--image {name}: no step uses it", f"used: {', '.join(references) or 'none'}")
    images: dict[str, Image] = {}
    keys: dict[str, str] = {}
    warnings = list(workflow.warnings)
    for reference in references:
        key = image_key(reference)
        if keys.setdefault(key, reference) != reference:
            raise Refused(f"the images '{reference}' and '{keys[key]}' have one file name", "map one with --image")
        file = _named_file(named[reference]) if reference in named else _cached_file(image_cache(options.site), key)
        if file is None:
            warnings.append(
                f"the image {reference} is not in {image_cache(options.site)}; put it there as {key}.sif, "
                "or name its file with --image, before you submit"
            )
        images[reference] = Image(reference, key, file)
    return replace(workflow, images=images, warnings=tuple(warnings))


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
