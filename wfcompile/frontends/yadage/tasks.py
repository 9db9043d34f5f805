"""A yadage step (packtivity): process, environment, publisher."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wfcompile.documents import Cursor, kind
from wfcompile.errors import Diagnostic, Refused, suggest
from wfcompile.frontends.hints import Hints, key_hints, merge_hints, word_hints
from wfcompile.frontends.yadage.references import Library
from wfcompile.ir import Step
from wfcompile.loc import Loc
from wfcompile.runtime.format_language import Field, parse
from wfcompile.runtime.values import FormatError

_PROCESSES = {
    "string-interpolated-cmd": ("process_type", "cmd"),
    "interpolated-script-cmd": ("process_type", "script", "interpreter"),
}
_ENVIRONMENTS = {
    "docker-encapsulated": (
        "environment_type",
        "image",
        "imagetag",
        "resources",
        "envscript",
        "env",
        "workdir",
        "par_mounts",
    ),
    "localproc-env": ("environment_type",),
    "noop-env": ("environment_type",),
}
_JQ = ("publisher_type", "script", "tryExact", "glob", "relative_paths")
_PUBLISHERS = {
    "frompar-pub": ("publisher_type", "outputmap"),
    "interpolated-pub": ("publisher_type", "publish", "glob", "relative_paths"),
    "fromglob-pub": ("publisher_type", "globexpression", "outputkey"),
    "fromparjq-pub": _JQ,
    "fromyaml-pub": ("publisher_type", "yamlfile"),
    "constant-pub": ("publisher_type", "publish"),
}
_LATER = (
    "manual-instructions-proc",
    "manual-instructions-env",
    "manual-instructions-pub",
)


def load_task(
    library: Library, at: Cursor, parameters: set[str] | None
) -> tuple[dict[str, Any], Callable[[str, Loc, str], Step]]:
    """Return the task of a step's template, and what makes its ir.Step from its path, position and source name.

    `parameters` are the names that the stage gives, None when a jq program makes them.
    """
    at.mapping("a step", ("process", "environment", "publisher"), ("process", "environment", "publisher"))
    environment = library.child(at, "environment")
    process = library.child(at, "process")
    image, envscript, hints = _environment(library, environment)
    mounts, workdir = _mounts(library, environment)
    text, interpreter = _process(library, process, parameters)
    hints = _tickets(library, environment, hints, text)
    setup = f"source {envscript} && " if envscript else ""
    runs = process.value is not None and environment.value is not None
    runs = runs and environment.value["environment_type"] != "noop-env"  # nothing executed, only published
    publisher = _publisher(library, library.child(at, "publisher"), parameters)
    task = {"text": text, "runs": runs, "publisher": publisher, "mounts": mounts}

    def make(path: str, loc: Loc, source: str) -> Step:
        return Step(path, loc, f"{source}:{loc.line}", image, interpreter, setup, workdir, hints, nodes=runs)

    return task, make


def _typed(library: Library, at: Cursor, key: str, known: dict[str, tuple[str, ...]], what: str) -> str:
    fields = at.mapping(what)
    if key not in fields:
        raise at.refused(f"{what} has no '{key}'", f"known: {', '.join(known)}")
    kind_at = library.child(at, key)
    if kind_at.value in _LATER:
        raise kind_at.refused(f"{key} '{kind_at.value}' is not supported by this version")
    name = kind_at.choice(key, known)
    at.mapping(f"a {name} {what.split()[-1]}", known[name])
    return name


def _string(library: Library, at: Cursor, key: str, default: str | None = None) -> str:
    if key not in at.value and default is not None:
        return default
    at.mapping(at.value.get("process_type") or at.value.get("environment_type", "this"), required=(key,))
    value = library.plain(at.child(key))
    if not isinstance(value, str):
        raise at.child(key).refused(f"'{key}' must be a string, not {kind(value)}", "write it in quotes")
    return value


def _process(library: Library, at: Cursor, parameters: set[str] | None) -> tuple[str, str]:
    """Return the command's format string and its interpreter (empty for a shell command)."""
    if at.value is None:
        return "", ""
    key = {"string-interpolated-cmd": "cmd", "interpolated-script-cmd": "script"}[
        _typed(library, at, "process_type", _PROCESSES, "the process")
    ]
    text = _string(library, at, key)
    text_at = library.child(at, key)
    try:
        fields = [piece for piece in parse(text) if isinstance(piece, Field)]
    except FormatError as error:
        raise text_at.refused(str(error)) from None
    for field in fields:
        name = field.name.split(".")[0].split("[")[0]
        if parameters is not None and name not in parameters:
            offset = max(text.find("{" + field.name), 0)
            advice = suggest(name, parameters) if parameters else "the step has no parameters"
            if name == "workdir":
                advice = "pass it in by a parameter, for example `outputfile: '{workdir}/out'`"
            loc = text_at.document.loc_inside(text_at.pointer, offset)
            raise Refused(f"'{{{field.name}}}' in the command names no parameter of the stage", advice, loc)
    return text, "" if key == "cmd" else _string(library, at, "interpreter", "sh")


def _environment(library: Library, at: Cursor) -> tuple[str | None, str, Hints]:
    """Return the image (None: none), the script to source first, and what the resources ask for."""
    if at.value is None:
        return None, "", {}
    if _typed(library, at, "environment_type", _ENVIRONMENTS, "the environment") != "docker-encapsulated":
        return None, "", {}
    if at.value.get("env"):
        what = "'env' of an environment has no effect: yadage ignores it"
        library.warnings.append(
            Diagnostic(what=what, advice="export the variables in the command", loc=at.key_loc("env"))
        )
    tag = library.plain(at.child("imagetag")) if "imagetag" in at.value else "latest"
    if not isinstance(tag, str):
        raise at.child("imagetag").refused(f"'imagetag' must be a string, not {kind(tag)}", f"write '{tag}'")
    image = _string(library, at, "image")
    # A directory of unpacked images has the tag in its name.
    if not (image.startswith("/cvmfs/") and ":" in image and "imagetag" not in at.value):
        image = f"{image}:{tag}"
    return image, _string(library, at, "envscript", ""), _resources(library, at)


def _resources(library: Library, at: Cursor) -> Hints:
    if "resources" not in at.value:
        return {}
    resources = library.child(at, "resources")
    if not isinstance(resources.value, list):
        raise resources.refused("'resources' must be a list")
    found = []
    for item in map(library.resolve, resources.items()):
        if isinstance(item.value, dict):
            found.append(key_hints(item, list(item.value), library.warnings))
        else:
            found.append(word_hints(item, library.warnings))
    return merge_hints(found)


def _tickets(library: Library, environment: Cursor, hints: Hints, text: str) -> Hints:
    """GRIDProxy mounts all credentials in yadage; a command that sources getkrb.sh means the Kerberos ticket by it."""
    asked = hints.get("", {})
    if not asked.get("proxy") or asked.get("kerberos") or not re.search(r"getkrb\.sh|KRB_SETUP_SCRIPT", text):
        return hints
    resources = library.plain(environment.child("resources"))
    if any(isinstance(item, dict) and (item.get("voms_proxy") or item.get("rucio")) for item in resources):
        return hints
    what = "GRIDProxy is taken as a Kerberos ticket: the command uses getkrb.sh"
    advice = "for a proxy certificate as well set STEP.proxy=true"
    library.warnings.append(Diagnostic(environment.child("resources").loc, what, advice))
    return {**hints, "": {**asked, "proxy": False, "kerberos": True}}


def _mounts(library: Library, at: Cursor) -> tuple[list[dict[str, str]], str]:
    """Return the files that jq programs make of the parameters, and the directory the command starts in."""
    fields = at.value or {}
    workdir = library.child(at, "workdir") if fields.get("workdir") is not None else None
    if workdir and (not isinstance(workdir.value, str) or not re.fullmatch(r"(\{workdir\}|/[^{}]*)", workdir.value)):
        raise workdir.refused("'workdir' must be '{workdir}' or an absolute path in the image")
    mounts = library.child(at, "par_mounts") if "par_mounts" in fields else None
    if mounts and not isinstance(mounts.value, list):
        raise mounts.refused("'par_mounts' must be a list")
    found = []
    for mount in map(library.resolve, mounts.items()) if mounts else ():
        mount.mapping("a parameter mount", ("mountpath", "jqscript"), ("mountpath", "jqscript"))
        path = library.child(mount, "mountpath")
        if not isinstance(path.value, str) or not re.fullmatch(r"(/[A-Za-z0-9_.+-]+)+", path.value):
            raise path.refused("'mountpath' must be an absolute path without shell characters")
        found.append({"path": path.value, "script": str(library.child(mount, "jqscript").value)})
    return found, "" if workdir is None or workdir.value == "{workdir}" else str(workdir.value)


def _publisher(library: Library, at: Cursor, parameters: set[str] | None) -> dict[str, Any]:
    publisher_type = _typed(library, at, "publisher_type", _PUBLISHERS, "the publisher")
    required = {"outputmap", "publish", "globexpression", "outputkey", "yamlfile"}.intersection(
        _PUBLISHERS[publisher_type]
    )
    for key in sorted(required - set(at.value)):
        if publisher_type != "constant-pub":  # its schema asks for `publish`, its default here is nothing
            raise at.refused(f"a {publisher_type} has no '{key}'", "add it")
    publisher: dict[str, Any] = {
        "glob": False,
        "relative_paths": False,
        "tryExact": True,
        "script": ".",
        "publish": {},
    }
    publisher.update(library.plain(at))
    if publisher_type == "frompar-pub" and parameters is not None:
        _check_outputmap(library, library.child(at, "outputmap"), parameters)
    for key in ("globexpression", "yamlfile"):
        if not isinstance(publisher.get(key, ""), str):
            raise at.child(key).refused(f"'{key}' must be a string, not {kind(publisher[key])}")
    return publisher


def _check_outputmap(library: Library, at: Cursor, parameters: set[str]) -> None:
    if isinstance(at.value, dict | list):
        keys = at.value if isinstance(at.value, dict) else range(len(at.value))
        for key in keys:
            _check_outputmap(library, library.child(at, key), parameters)
    else:
        at.choice("parameter", parameters)
