"""Job orders: what `-i` and `-p` give, with defaults, checked by cwltool against the types of the inputs."""

from __future__ import annotations

import copy
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wfcompile.errors import Diagnostic, Refused, suggest
from wfcompile.frontends.cwl.faults import loc_of, path_of
from wfcompile.frontends.cwl.files import Places, files_in, refuse_missing
from wfcompile.frontends.cwl.plain import name_of
from wfcompile.frontends.cwl.reading import OVERRIDES, REQUIREMENTS, Reader
from wfcompile.frontends.cwl.secondary_files import find_secondary_files, says
from wfcompile.frontends.cwl.tools import named_types, ontology_of, parameter
from wfcompile.options import Options
from wfcompile.runtime.cwl.complete import wrong_format
from wfcompile.runtime.cwl.kinds import files_of

_OURS = ("$namespaces", "$schemas", "__id", "id", "cwl:tool", "https://w3id.org/cwl/cwl#tool")


@dataclass(frozen=True, slots=True)
class JobOrder:
    """Values by input, and the file's mapping that each is from, which has its position; what is said beside them."""

    values: dict[str, Any]
    homes: dict[str, Any]
    rest: Any  # the mapping of the last file: where what is missing could stand
    namespaces: dict[str, str]
    requirements: list[Any]
    overrides: list[Any]


def read_job_order(reader: Reader, options: Options, document: Path) -> JobOrder:
    """Return the job order of `-i`; of two files the later counts."""
    order = JobOrder({}, {}, {}, {}, [], [])
    for file in options.input_files:
        found = reader.job_order(_file(file))
        if not isinstance(found, dict):
            raise Refused(f"the job order '{file}' is no mapping of inputs to values", "check -i", loc_of(found))
        if OVERRIDES in found:
            order.overrides.extend(reader.overrides(found, _file(file), document))
        order.requirements.extend(found.pop(REQUIREMENTS, None) or [])
        order.namespaces.update(found.get("$namespaces") or {})
        if options.initdir:
            _find(found, _file(file).parent, options.initdir)
        for key in _OURS:
            found.pop(key, None)
        order.values.update(found)
        order.homes.update(dict.fromkeys(found, found))
        order = replace(order, rest=found)
    return order


def _file(file: Path) -> Path:
    if not file.is_file():
        raise Refused(f"the job order '{file}' does not exist", "check -i")
    return Path(os.path.normpath(file.absolute()))


def base_of(options: Options, document: Path) -> Path:
    """Return the directory whose files keep their relative path in the run."""
    if options.initdir:
        return options.initdir
    return options.input_files[0].parent if options.input_files else document.parent


def _find(values: Any, beside: Path, workspace: Path) -> None:
    """Point to files of the workspace, where REANA's relative paths begin, not to those beside the job order."""
    for file in files_in(values):
        for key in ("location", "path"):
            if str(file.get(key, "")).startswith("file:"):
                inside = workspace / os.path.relpath(path_of(str(file[key])), beside)
                if inside.exists():
                    file[key] = inside.absolute().as_uri()


def complete(
    order: JobOrder, process: Any, reader: Reader, options: Options, places: Places, warnings: list[Diagnostic]
) -> dict[str, Any]:
    """Return the value of every input in the form of the run; raises Refused for what does not fit its type."""
    values = order.values
    ports = {name_of(port["id"]): port for port in process.tool["inputs"]}
    base = options.initdir or Path.cwd()
    for key, value in options.parameters:
        order.homes.pop(key, None)
        values[key] = _as_file(copy.deepcopy(value), ports.get(key, {}).get("type"), base)
    for key in [key for key in values if key not in ports]:
        what = f"'{key}' is no input of the workflow"
        warnings.append(Diagnostic(loc_of(order.homes.get(key), key), what, suggest(str(key), ports)))
        del values[key]
    _refuse_absent(values, process)
    with reader.speaking():
        _fill_in(order, process)
    _check_types(order, process, reader)
    refuse_missing(values)
    _refuse_formats(values, process, ports, places)
    locs = {name: loc_of(order.homes.get(name), name) or loc_of(port) for name, port in ports.items()}
    find_secondary_files(values, process, reader, locs)
    given = places.unfenced()
    return {name: given.item(order.homes.get(name, values), name) if name in values else None for name in ports}


def _as_file(value: Any, type_: Any, base: Path) -> Any:
    """Return a value of `-p`, whose paths begin at `base`; a path is a File or Directory where no text is wanted."""
    types = type_ if isinstance(type_, list) else [type_]
    if isinstance(value, list):
        items = [member["items"] for member in types if isinstance(member, dict) and member.get("type") == "array"]
        return [_as_file(item, items[0] if items else None, base) for item in value]
    wanted = next((member for member in types if member in ("File", "Directory")), None)
    if isinstance(value, str) and wanted and "string" not in types and "Any" not in types:
        value = {"class": wanted, "path": value}
    for file in files_in(value):
        key = "location" if "location" in file else "path"
        if key in file and "://" not in str(file[key]):
            file[key] = (base / str(file[key])).absolute().as_uri()
    return value


def _refuse_absent(values: Mapping[str, Any], process: Any) -> None:
    """Refuse a job order without the inputs that must have a value."""
    absent = {}
    for number, port in enumerate(process.tool["inputs"]):
        types = port["type"] if isinstance(port["type"], list) else [port["type"]]
        if values.get(name_of(port["id"])) is None and "default" not in port and "null" not in types:
            absent[name_of(port["id"])] = loc_of(process.tool["inputs"], number)
    if absent:
        places = {name: (loc.line, loc.column) if loc else (0, 0) for name, loc in absent.items()}
        names = sorted(absent, key=lambda name: places[name])  # cwltool sorts them by name
        what = f"the input{'s' * (len(names) > 1)} {', '.join(map(repr, names))} must have a value"
        raise Refused(what, "give it in a job order (-i) or with -p", absent[names[0]])


def _fill_in(order: JobOrder, process: Any) -> None:
    """Fill in defaults and write formats in full, with cwltool's own functions; in the job orders' mappings too."""
    from cwltool.process import fill_in_defaults
    from cwltool.stdfsaccess import StdFsAccess
    from cwltool.utils import adjustDirObjs, normalizeFilesDirs, path_to_loc, trim_listing, visit_files_directories
    from schema_salad.ref_resolver import Loader

    values = order.values
    visit_files_directories(values, path_to_loc)
    formats = Loader({**order.namespaces, **(process.metadata.get("$namespaces") or {})}, doc_cache=False)
    for file in files_in(values):
        if "format" in file:
            file["format"] = formats.expand_url(file["format"], "")
    adjustDirObjs(values, trim_listing)
    normalizeFilesDirs(values)
    fill_in_defaults(process.tool["inputs"], values, StdFsAccess(""))
    normalizeFilesDirs(values)
    for home, names in _by_home(order, process):
        for name in set(home).difference(names):
            del home[name]
        home.update({name: values[name] for name in names if name in values})


def _by_home(order: JobOrder, process: Any) -> list[tuple[Any, list[str]]]:
    """Return each mapping with the inputs whose values are from it."""
    names = [name_of(port["id"]) for port in process.tool["inputs"]]
    homes = {id(home): home for home in (*order.homes.values(), order.rest)}.values()
    return [(home, [name for name in names if order.homes.get(name, order.rest) is home]) for home in homes]


def _check_types(order: JobOrder, process: Any, reader: Reader) -> None:
    """Refuse the first value that is not of its type, and name the others."""
    schema = process.names.get_name("input_record_schema", None)
    wrong = []
    for home, names in _by_home(order, process):
        if _fault(schema, names, home, reader):
            found = [(name, _fault(schema, [name], home, reader)) for name in names]
            wrong += [(name, fault) for name, fault in found if fault]
    if wrong:
        wrong.sort(key=lambda one: (one[1].loc.line, one[1].loc.column) if one[1].loc else (0, 0))
        first, *others = wrong
        also = ", ".join(f"'{name}' ({fault.loc})" for name, fault in others)
        raise Refused(first[1].what, f"also wrong: {also}" if also else first[1].advice, first[1].loc)


def _fault(schema: Any, names: Collection[str], home: Any, reader: Reader) -> Diagnostic | None:
    """Return what cwltool finds wrong with the values of some inputs."""
    from cwltool.builder import INPUT_OBJ_VOCAB
    from schema_salad.validate import validate_ex

    try:
        with reader.speaking():
            validate_ex(_only(schema, names), home, strict=False, vocab=INPUT_OBJ_VOCAB)
    except Refused as refusal:
        return refusal.diagnostic
    return None


def _only(schema: Any, names: Collection[str]) -> Any:
    """Return the schema of a record with some of its fields: a message has the file of the mapping that is checked."""
    from schema_salad.avro.schema import make_avsc_object

    part = make_avsc_object({"type": "record", "name": schema.name, "fields": []})
    part.set_prop("fields", [field for field in schema.fields if field.name in names])
    return part


def _refuse_formats(values: Any, process: Any, ports: Mapping[str, Any], places: Places) -> None:
    """Refuse the first File whose format is constant in the document and is not the one that it has."""
    named, ontology = named_types(process), ontology_of(process)
    for name, port in ports.items():
        about = parameter(port, named, places, ontology, given=True)
        if not says(about, ("format",), {}):
            continue
        for asked, file in files_of(about, values.get(name)):
            wrong = wrong_format(asked, file)
            if wrong:
                what = f"the File '{file.get('basename', name)}' of the input '{name}' {wrong[0]}"
                raise Refused(what, wrong[1], loc_of(file) or loc_of(port))
