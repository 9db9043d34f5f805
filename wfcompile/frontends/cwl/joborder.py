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
    with reader.speaking():
        _check(order, process)
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


def _check(order: JobOrder, process: Any) -> None:
    """Fill in defaults, check types and formats, and find secondary files, with cwltool's own functions."""
    from cwltool.builder import INPUT_OBJ_VOCAB
    from cwltool.process import fill_in_defaults
    from cwltool.stdfsaccess import StdFsAccess
    from cwltool.utils import adjustDirObjs, normalizeFilesDirs, path_to_loc, trim_listing, visit_files_directories
    from schema_salad.ref_resolver import Loader
    from schema_salad.validate import validate_ex

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
    schema = process.names.get_name("input_record_schema", None)
    for home in {id(home): home for home in (*order.homes.values(), order.rest)}.values():
        names = [field.name for field in schema.fields if order.homes.get(field.name, order.rest) is home]
        for name in set(home).difference(names):
            del home[name]
        home.update({name: values[name] for name in names if name in values})
        validate_ex(_only(schema, names), home, strict=False, vocab=INPUT_OBJ_VOCAB)


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
