"""The last word on a specification's form: the JSON schemas of yadage-schemas.

The front end has checked everything it reads, with better messages; what only the schemas object to is said here.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wfcompile.documents import Cursor, cursor
from wfcompile.errors import Refused
from wfcompile.frontends.yadage.references import Library


def validate(library: Library) -> None:
    """Validate the whole specification, references replaced and shorthands written out; raises Refused."""
    from jsonschema import Draft4Validator, RefResolver
    from jsonschema.exceptions import best_match

    schemas = _schemas()
    path = schemas / "yadage" / "workflow-schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    resolver = RefResolver(path.as_uri(), schema)
    data = _longhand(library.plain(cursor(library.root)))
    error = best_match(Draft4Validator(schema, resolver=resolver).iter_errors(data))
    if error is not None:
        raise Refused(
            f"yadage's schema does not allow this: {error.message[:200]}",
            "see yadage-schemas",
            _find(library, list(error.absolute_path)).loc,
        )


def _schemas() -> Path:
    """Return the folder of the schemas without importing yadageschemas, which loads an HTTP library."""
    spec = find_spec("yadageschemas")
    if spec is None or not spec.submodule_search_locations:
        raise Refused("the package yadage-schemas is not installed", "install wfcompile with its dependencies")
    return Path(spec.submodule_search_locations[0])


def _longhand(workflow: Any) -> Any:
    """Write out the shorthands that yadage's loader accepts before it validates."""
    for stage in workflow.get("stages", []):
        if isinstance(stage.get("dependencies"), list):
            stage["dependencies"] = {
                "dependency_type": "jsonpath_ready",
                "expressions": stage["dependencies"],
            }
        scheduler = stage["scheduler"]
        if isinstance(scheduler.get("parameters"), dict):
            for value in scheduler["parameters"].values():
                if isinstance(value, dict) and {"step", "steps", "stages"} & set(value):
                    value["expression_type"] = "stage-output-selector"
            scheduler["parameters"] = [{"key": k, "value": v} for k, v in scheduler["parameters"].items()]
        for body in [scheduler, *scheduler.get("cases", ())]:
            if "workflow" in body:
                body["workflow"] = _longhand(body["workflow"])
    return workflow


def _find(library: Library, path: list[Any]) -> Cursor:
    """Return the nearest place in the documents to a path in the longhand form."""
    at = library.resolve(cursor(library.root))
    for part in path:
        if part in ("expressions", "value", "key") and isinstance(at.value, list):
            continue
        keys = at.value if isinstance(at.value, dict) else {}
        if isinstance(part, int) and isinstance(at.value, dict) and part < len(keys):
            part = sorted(keys)[part]  # parameters were written out as a list, in sorted order
        try:
            at = library.child(at, part)
        except (KeyError, IndexError, TypeError):
            break
    return at
