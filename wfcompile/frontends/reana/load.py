"""A reana.yaml names a workflow, its inputs and its outputs: they become options of the workflow's own front end.

REANA runs in a workspace that holds the files of `inputs`; here the directory of the reana.yaml stands for it.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from wfcompile.documents import Cursor, Document, cursor, kind, read_document
from wfcompile.errors import Refused, suggest
from wfcompile.frontends.reana import serial
from wfcompile.frontends.yadage import load as yadage_load
from wfcompile.frontends.yadage.references import Library
from wfcompile.ir import Source, Workflow
from wfcompile.options import Options

_TOP = ("version", "inputs", "workflow", "outputs", "tests", "workspace")
_INPUTS = ("files", "directories", "parameters", "options")
_OPERATIONAL = ("toplevel", "initdir", "initfiles", "accept_metadir")
_ADVICE = {
    "snakemake": "snakemake submits to these schedulers itself: `snakemake --executor slurm`",
}


def load(document: Document, options: Options) -> Workflow:
    """Load the workflow that a reana.yaml names; raises Refused."""
    root = cursor(document)
    library = Library(document, [], [document.path.parent])
    root.mapping("a reana.yaml", _TOP, ("workflow",))
    workflow = root.child("workflow")
    workflow.mapping("'workflow'", required=("type",))
    language = workflow.child("type")
    kind_of_workflow = language.choice("workflow type", ("yadage", "serial", "cwl", *_ADVICE))
    if kind_of_workflow in _ADVICE:
        raise language.refused(f"a workflow of type '{kind_of_workflow}'", _ADVICE[kind_of_workflow])
    source = Source("reana.yaml", document.text, document.path)
    if kind_of_workflow == "serial":
        return serial.load(library, root, options, source, _files(root, document.path.parent), _outputs(root, "FILE"))
    workflow.mapping(f"a {kind_of_workflow} 'workflow'", ("type", "file", "resources"), ("file",))
    workspace = document.path.parent
    spec = _path(workflow.child("file"), workspace)
    read = read_document(spec, "the workflow's file", workflow.child("file").loc)
    if kind_of_workflow == "cwl":
        from wfcompile.frontends.cwl import load as cwl_load

        loaded = cwl_load.load(read, _cwl_options(root, library, options, spec, workspace))
        return replace(loaded, sources=(*loaded.sources, source))
    loaded = yadage_load.load(read, _options(root, library, options, spec, workspace))
    return replace(loaded, sources=(*loaded.sources, source), asked=_outputs(root, "NODE/FILE"))


def _options(root: Cursor, library: Library, options: Options, spec: Path, workspace: Path) -> Options:
    """Return the options with what `inputs` says in the places that the command line leaves open."""
    _files(root, workspace)
    if "inputs" not in root.value:
        return replace(options, spec=spec, toplevel=options.toplevel or workspace)
    inputs = root.child("inputs")
    parameters: dict[str, Any] = {}
    if inputs.value.get("parameters") is not None:
        inputs.child("parameters").mapping("'parameters'")
        parameters = library.plain(inputs.child("parameters"))
    toplevel, initdir, files = workspace, None, []
    if inputs.value.get("options") is not None:
        given = inputs.child("options")
        given.mapping("yadage's operational options", _OPERATIONAL)
        if "toplevel" in given.value:
            toplevel = _path(given.child("toplevel"), workspace)
        if "initdir" in given.value:
            initdir = _path(given.child("initdir"), workspace)
        if "initfiles" in given.value:
            files = [_path(item, workspace) for item in given.child("initfiles").items()]
    named = dict(options.parameters)
    return replace(
        options,
        spec=spec,
        toplevel=options.toplevel or toplevel,
        initdir=options.initdir or initdir,
        input_files=options.input_files or tuple(files),
        parameters=tuple({**parameters, **named}.items()),
    )


def _cwl_options(root: Cursor, library: Library, options: Options, spec: Path, workspace: Path) -> Options:
    """Return the options with the job order, the file that the parameter `input` names or the parameters themselves."""
    _files(root, workspace)
    _outputs(root, "FILE")
    inputs = root.child("inputs") if "inputs" in root.value else None
    parameters, files = {}, []
    if inputs and inputs.value.get("parameters") is not None:
        given = inputs.child("parameters")
        if set(given.mapping("'parameters'")) == {"input"} and isinstance(given.value["input"], str):
            files = [_path(given.child("input"), workspace)]
        else:
            parameters = library.plain(given)
    return replace(
        options,
        spec=spec,
        initdir=options.initdir or workspace,
        input_files=options.input_files or tuple(files),
        parameters=tuple({**parameters, **dict(options.parameters)}.items()),
    )


def _files(root: Cursor, workspace: Path) -> tuple[Path, ...]:
    """Return the files and directories that `inputs` puts into the workspace."""
    if "inputs" not in root.value:
        return ()
    inputs = root.child("inputs")
    inputs.mapping("'inputs'", _INPUTS)
    found = []
    for key in ("files", "directories"):
        if inputs.value.get(key) is None:
            continue
        if not isinstance(inputs.value[key], list):
            raise inputs.child(key).refused(f"'{key}' must be a list")
        found += [_path(item, workspace) for item in inputs.child(key).items()]
    return tuple(found)


def _path(at: Cursor, workspace: Path) -> Path:
    """Return a path in the workspace; raises Refused when it is not there or leads out."""
    if not isinstance(at.value, str):
        raise at.refused(f"a path must be a string, not {kind(at.value)}")
    if "\0" in at.value:
        raise at.refused(f"{at.value!r} is no path: it holds a NUL character", "take it out")
    path = workspace / at.value
    real = path.resolve()
    if workspace.resolve() not in (real, *real.parents):
        raise at.refused(f"'{at.value}' leads out of the directory of the reana.yaml", "keep inputs below it")
    if not path.exists():
        there = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise at.refused(f"'{at.value}' does not exist", suggest(path.name, there))
    return path


def _outputs(root: Cursor, form: str) -> tuple[str, ...]:
    """Return the files and directories to collect, as paths of this form in the run or the workspace."""
    if root.value.get("outputs") is None:
        return ()
    outputs = root.child("outputs")
    outputs.mapping("'outputs'", ("files", "directories"))
    found = []
    for key in ("files", "directories"):
        if outputs.value.get(key) is None:
            continue
        if not isinstance(outputs.value[key], list):
            raise outputs.child(key).refused(f"'{key}' must be a list")
        for item in outputs.child(key).items():
            if not isinstance(item.value, str) or re.search(r"^/|(^|/)\.\.(/|$)|\0", item.value):
                raise Refused(f"{item.value!r} is no path in the workspace", f"write {form}", item.loc)
            found.append(posixpath.normpath(item.value))
    return tuple(found)
