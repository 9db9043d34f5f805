"""The secondary files of a job order's Files: cwltool looks for them, and what it would evaluate is evaluated by us.

A document is a stranger's: its JavaScript runs in our engine only, with no files, no network, and limits.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wfcompile.errors import Refused
from wfcompile.frontends.cwl.faults import path_of
from wfcompile.frontends.cwl.fence import Fence
from wfcompile.frontends.cwl.files import files_in
from wfcompile.frontends.cwl.reading import Reader
from wfcompile.frontends.cwl.requirements import for_expressions
from wfcompile.frontends.cwl.tools import version_of
from wfcompile.loc import Loc
from wfcompile.runtime.cwl import derived
from wfcompile.runtime.cwl.expressions import Context, evaluate
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import Place
from wfcompile.runtime.values import Problem

Evaluate = Callable[[Any, Any], Any]  # an expression, its `self`


def find_secondary_files(values: Any, process: Any, reader: Reader, locs: Mapping[str, Loc | None]) -> None:
    """Let cwltool look beside each File for what its parameter asks; it checks formats on the way."""
    fields = process.inputs_record_schema["fields"]
    fields = [schema for schema in fields if says(schema, ("secondaryFiles", "format"), process.schemaDefs)]
    if not fields:
        return
    given = {str(file.get("location")) for file in files_in(values)}
    with Javascript() as javascript:
        for schema in fields:
            name = schema["name"]
            if values.get(name) is None:
                continue
            builder = _builder(values, process, _evaluator(values, process, javascript, locs[name]))
            with reader.speaking(locs[name]):
                builder.bind_input(_unbound(schema), values[name], discover_secondaryFiles=True)
    _refuse_outside(values, given, reader.fence, locs)
    for file in files_in(values):
        if file["class"] == "File" and path_of(str(file.get("location", ""))).is_dir():
            file["class"] = "Directory"  # cwltool takes every secondary file that it finds for a File


def _refuse_outside(values: Any, given: set[str], fence: Fence, locs: Mapping[str, Loc | None]) -> None:
    """Refuse what an expression has found elsewhere than beside the given files, or below what lies there."""
    directories = {_path(location).parent for location in given}
    for name, loc in locs.items():
        for file in files_in(values.get(name)):
            location = str(file.get("location", "_:"))
            path = _path(location)  # as it is named: what links lead to is looked at when the inputs are
            if location in given or location.startswith("_:") or not directories.isdisjoint(path.parents):
                continue
            if not fence.holds(path):
                what = f"secondaryFiles of the input '{name}': '{path}' is not beside the file"
                raise Refused(what, "name it in the job order", loc)


def _path(location: str) -> Path:
    return Path(os.path.normpath(path_of(location)))


def says(schema: Any, keys: tuple[str, ...], named: Mapping[str, Any]) -> bool:
    """Tell whether a schema, or a type that it names, has one of the keys."""
    if isinstance(schema, dict):
        return any(schema.get(key) for key in keys) or any(says(value, keys, named) for value in schema.values())
    if isinstance(schema, list):
        return any(says(value, keys, named) for value in schema)
    if not isinstance(schema, str) or schema not in named:
        return False
    return says(named[schema], keys, {name: type_ for name, type_ in named.items() if name != schema})


def _evaluator(values: Any, process: Any, javascript: Javascript, loc: Loc | None) -> Evaluate:
    """Return our evaluator for the expressions of one input; whose fault is told at `loc`."""
    place = Place("", "", "", "")
    known = Context(_ours(values), None, place, for_expressions(process), version_of(process), javascript=javascript)

    def evaluated(text: Any, self_: Any) -> Any:
        try:
            return _theirs(evaluate(text, known._replace(self_=_ours(self_))))
        except Problem as problem:
            raise Refused(str(problem), problem.advice, loc) from None

    return evaluated


def _ours(value: Any) -> Any:
    """Return data whose Files are, as in a run, at locations; the run's directory is the root of this machine."""
    return derived.stored(value, "")


def _theirs(value: Any) -> Any:
    return derived.described(value, "")


def _builder(values: Any, process: Any, evaluated: Evaluate) -> Any:
    """Return cwltool's binder of inputs, without directories: nothing is run; what it evaluates goes to us."""
    from cwltool.builder import Builder
    from cwltool.stdfsaccess import StdFsAccess

    builder: Any = Builder(
        values,
        [],
        [],
        process.schemaDefs,
        process.names,
        process.requirements,
        process.hints,
        {},
        None,
        process.formatgraph,
        StdFsAccess,
        StdFsAccess(""),
        None,
        60,
        False,
        False,
        False,
        "no_listing",
        "",
        "",
        "",
        version_of(process),
        "docker",
    )
    builder.do_eval = lambda text, context=None, *_, **__: evaluated(text, context)
    return builder


def _unbound(schema: Any) -> Any:
    """Return a schema without what belongs to the command line: only secondary files and formats are of interest."""
    left_out = ("inputBinding", "loadContents", "loadListing")
    if isinstance(schema, dict):
        return {key: _unbound(value) for key, value in schema.items() if key not in left_out}
    return [_unbound(item) for item in schema] if isinstance(schema, list) else copy.copy(schema)
