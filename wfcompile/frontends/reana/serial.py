"""A serial workflow of a reana.yaml: steps that run one after the other in one workspace.

Source: REANA's workflow engine for serial workflows and the schema and `serial_load` of its commons. Parameters are put
in by Python's string.Template; each command is a bash command of its own that starts in the workspace.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from wfcompile.documents import Cursor, cursor, kind, read_document
from wfcompile.errors import Diagnostic, Refused, suggest
from wfcompile.frontends.hints import HINT_KEYS, key_hints
from wfcompile.frontends.yadage.references import Library
from wfcompile.ir import Part, Source, Step, Workflow
from wfcompile.loc import Loc
from wfcompile.options import Options
from wfcompile.runtime.values import RESERVED, RUN

_OPERATIONAL = ("CACHE", "FROM", "TARGET")
_STEP = ("name", "environment", "commands", *HINT_KEYS)
_OUR_NAMES = ("init", "logs", "outputs", "workspace", "PARENT", "CHILD", "ALL_NODES")


def load(
    library: Library, root: Cursor, options: Options, source: Source, files: tuple[Path, ...], asked: tuple[str, ...]
) -> Workflow:
    """Return a serial workflow: a chain of steps, each of which has all earlier ones as parents; raises Refused.

    `files` are the inputs, below the directory of the reana.yaml; `asked` are paths in the workspace to collect.
    """
    about = root.child("workflow")
    about.mapping("a serial 'workflow'", ("type", "specification", "resources"), ("specification",))
    specification = about.child("specification")
    specification.mapping("a serial 'specification'", ("steps",), ("steps",))
    every = specification.child("steps")
    if not isinstance(every.value, list) or not every.value:
        raise every.refused("'steps' must be a list with at least one step")
    parameters = _parameters(library, root, options)
    chosen = _chosen(root, [_step(library, at) for at in every.items()])
    steps: list[Step] = []
    templates: list[dict[str, Any]] = []
    names: list[str] = []
    locs: dict[tuple[int, Part], Loc] = {}
    for number, at in chosen:
        name = _node_name(at, number, names)
        commands = [
            _substituted(library, at.child("commands").child(k), parameters) for k in range(len(at.value["commands"]))
        ]
        templates.append(_template(name, commands, names))
        locs[len(steps), ("task",)] = at.child("commands").loc
        where = f"{source.name}:{at.loc.line}"
        image = at.value["environment"]
        hints = key_hints(at, [key for key in at.value if key in HINT_KEYS], library.warnings)
        steps.append(Step(name, at.loc, where, image, hints=hints, workspace=True))
        names.append(name)
    if not asked:
        what = "there is no 'outputs': nothing is collected"
        library.warnings.append(Diagnostic(root.loc, what, "name files or directories of the workspace"))
    directory = source.path.parent
    inputs = [f"{RUN}/init/{os.path.normpath(os.path.relpath(path, directory))}" for path in files]
    return Workflow(
        name=re.sub(r"[^A-Za-z0-9_.+-]", "_", source.path.stem),
        language="serial",
        template={"scopes": [{"steps": list(range(len(steps)))}], "steps": templates},
        steps=tuple(steps),
        locs=locs,
        sources=(source,),
        init={"inputs": inputs},
        init_directories={"": directory},
        asked=asked,
        warnings=tuple(dict.fromkeys(map(str, library.warnings))),
    )


def _step(library: Library, at: Cursor) -> Cursor:
    """Return a step whose keys have been checked; unknown keys have no effect in REANA, so they are only named."""
    at.mapping("a step", required=("environment", "commands"))
    for key in at.value:
        if key not in _STEP:
            what = f"'{key}' of a step has no effect"
            library.warnings.append(Diagnostic(at.key_loc(key), what, suggest(str(key), _STEP)))
    for key in ("name", "environment"):
        if key in at.value and (not isinstance(at.value[key], str) or not at.value[key]):
            raise at.child(key).refused(f"'{key}' must be a string, not {kind(at.value[key])}", "write it in quotes")
    library.plain(at.child("environment"))
    commands = at.child("commands")
    if not isinstance(commands.value, list) or not commands.value:
        raise commands.refused("'commands' must be a list with at least one command")
    for command in commands.items():
        if not isinstance(command.value, str):
            raise command.refused(f"a command must be a string, not {kind(command.value)}", "write it in quotes")
    return at


def _chosen(root: Cursor, steps: list[Cursor]) -> list[tuple[int, Cursor]]:
    """Return the steps that the operational options FROM and TARGET select, numbered from 1."""
    numbered = list(enumerate(steps, 1))
    inputs = root.value.get("inputs") or {}
    if inputs.get("options") is None:
        return numbered
    given = root.child("inputs").child("options")
    given.mapping("a serial workflow's operational options", _OPERATIONAL)
    names = [str(step.value.get("name", "")).lower() for step in steps]
    ends = {"FROM": 0, "TARGET": len(steps) - 1}
    for key in ends:
        if given.value.get(key) is None:
            continue
        name = str(given.value[key]).lower()
        if not name or name not in names:
            raise given.child(key).refused(
                f"no step is called '{given.value[key]}'", suggest(name, filter(None, names))
            )
        ends[key] = names.index(name)
    if ends["FROM"] > ends["TARGET"]:
        raise given.child("FROM").refused("the step of FROM comes after the one of TARGET")
    return numbered[ends["FROM"] : ends["TARGET"] + 1]


def _parameters(library: Library, root: Cursor, options: Options) -> dict[str, Any]:
    """Return the values of the reana.yaml's parameters; -i and -p may change them, as `reana-client run -p` does.

    That takes the text of -p as it stands: 05 and 1.50 keep their zeros.
    """
    inputs = root.value.get("inputs") or {}
    parameters: dict[str, Any] = {}
    if inputs.get("parameters") is not None:
        root.child("inputs").child("parameters").mapping("'parameters'")
        parameters = library.plain(root.child("inputs").child("parameters"))
    changes: dict[str, Any] = {}
    for file in options.input_files:
        document = read_document(file, "the input file")
        if document.data is not None:
            cursor(document).mapping("parameters")
            changes.update(Library(document, [], [file.parent]).plain(cursor(document)))
    changes.update({**dict(options.parameters), **dict(options.parameter_texts)})
    for key, value in changes.items():
        if key not in parameters:
            raise Refused(f"the reana.yaml has no parameter '{key}'", suggest(key, parameters))
        if any(character in str(value) for character in RESERVED):
            raise Refused(f"the parameter '{key}' holds a reserved character", "take it out")
    return {**parameters, **changes}


def _substituted(library: Library, at: Cursor, parameters: Mapping[str, Any]) -> str:
    """Return a command with its parameters in their places; raises Refused where REANA's Template would fail."""
    text = library.plain(at)
    for match in Template.pattern.finditer(text):
        name = match["named"] or match["braced"]
        if match["invalid"] is not None:
            what = "a '$' that begins no parameter"
            raise Refused(what, "write '$$' for one that the shell is to see", _inside(at, match.start()))
        if name is not None and name not in parameters:
            what = f"'{match[0]}' names no parameter"
            known = suggest(name, parameters) or "the reana.yaml has none"
            advice = f"{known}; write '${match[0]}' for a variable of the shell"
            raise Refused(what, advice, _inside(at, match.start()))
    return Template(text).substitute(parameters)


def _inside(at: Cursor, offset: int) -> Loc:
    return at.document.loc_inside(at.pointer, offset)


def _node_name(at: Cursor, number: int, taken: list[str]) -> str:
    """Return the name of a step's node: names of steps may hold anything, be absent, and stand twice."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", at.value.get("name", ""))[:80]
    if not re.match(r"[A-Za-z0-9_]", name):
        name = f"step{name}" if name else f"step_{number}"
    while name in taken or name in _OUR_NAMES or name.upper() in _OUR_NAMES:
        name = f"{name}_{number}"
    return name


def _template(name: str, commands: list[str], earlier: list[str]) -> dict[str, Any]:
    """Return the template of a step (runtime/expand.py): literal commands, all earlier steps as parents."""
    text = " || exit\n".join(f"bash -c {shlex.quote(command)}" for command in commands)
    reference = {"unwrap": False, "flatten": False, "single": False, "unknown": None}
    parameters = {"inputs": {**reference, "query": "init", "output": "inputs", "single": True}}
    if earlier:
        query = ",".join(f"'{before}'" for before in earlier)
        parameters["layers"] = {**reference, "query": query, "output": "layer"}
    return {
        "name": name,
        "path": name,
        "scatter": None,
        "jq": None,
        "parameters": parameters,
        "dependencies": [],
        "fulfilled": [],
        "after": [],
        "register": {},
        "workflow": None,
        "discover": False,
        "relative": False,
        "cases": None,
        "task": {
            "text": text.replace("{", "{{").replace("}", "}}"),
            "runs": True,
            "mounts": [],
            "publisher": {
                "publisher_type": "interpolated-pub",
                "publish": {"layer": "{workdir}/layer"},
                "glob": False,
                "relative_paths": False,
            },
        },
    }
