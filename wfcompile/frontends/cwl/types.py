"""Types of parameters as plain JSON: names without identifiers, named types in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wfcompile.errors import Refused
from wfcompile.frontends.cwl.faults import loc_of
from wfcompile.frontends.cwl.plain import name_of, plain

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "string", "File", "Directory", "Any")
Localise = Callable[[Any], Any]


def type_of(type_: Any, named: Mapping[str, Any], localise: Localise = plain, inside: tuple[str, ...] = ()) -> Any:
    """Return a type; `named` are the types of SchemaDefRequirement by their identifiers."""
    if isinstance(type_, str):
        return str(type_) if type_ in PRIMITIVES else _named(str(type_), named, localise, inside)
    if isinstance(type_, list):
        found = [type_of(member, named, localise, inside) for member in type_]
        return found[0] if len(found) == 1 else found
    about: dict[str, Any] = {"type": str(type_["type"])}
    if "name" in type_ and not str(type_["name"]).startswith("_:"):
        about["name"] = name_of(type_["name"])
    if about["type"] == "array":
        about["items"] = type_of(type_["items"], named, localise, inside)
    elif about["type"] == "record":
        about["fields"] = [_field(field, named, localise, inside) for field in type_.get("fields") or ()]
    elif about["type"] == "enum":
        about["symbols"] = [name_of(symbol) for symbol in type_["symbols"]]
    else:  # a type in a type
        return type_of(type_["type"], named, localise, inside)
    if type_.get("inputBinding") is not None:
        about["inputBinding"] = plain(type_["inputBinding"])
    return about


def _named(name: str, named: Mapping[str, Any], localise: Localise, inside: tuple[str, ...]) -> Any:
    if name not in named:
        raise Refused(f"the type '{name_of(name)}' is not known", "define it in SchemaDefRequirement")
    if name in inside:
        what = f"the type '{name_of(name)}' holds itself"
        raise Refused(what, "give it a depth: nested types are written out", loc_of(named[name]))
    return type_of(named[name], named, localise, (*inside, name))


def _field(field: Mapping[str, Any], named: Mapping[str, Any], localise: Localise, inside: tuple[str, ...]) -> Any:
    about = {"name": name_of(field["name"]), "type": type_of(field["type"], named, localise, inside)}
    return {**about, **extras(field, localise, required=True)}


def extras(parameter: Mapping[str, Any], localise: Localise, required: bool) -> dict[str, Any]:
    """Return what a parameter or a record's field says beside its name and type; `required` are secondary files."""
    about: dict[str, Any] = {}
    for key in ("inputBinding", "outputBinding", "format", "loadContents", "loadListing", "streamable"):
        if parameter.get(key) is not None:
            about[key] = plain(parameter[key])
    if parameter.get("secondaryFiles"):
        about["secondaryFiles"] = _secondary_files(parameter["secondaryFiles"], required)
    if "default" in parameter:
        about["default"] = localise(parameter["default"])
    return about


def _secondary_files(patterns: Any, required: bool) -> list[dict[str, Any]]:
    found = []
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        entry = {"pattern": pattern} if isinstance(pattern, str) else pattern
        needed = entry.get("required")
        found.append({"pattern": plain(entry["pattern"]), "required": required if needed is None else plain(needed)})
    return found
