"""Front ends: one package a language, loaded only when a document is of that language."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

from wfcompile.documents import Document
from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options


class FrontEnd(Protocol):
    """What a front end's module offers."""

    def load(self, document: Document, options: Options) -> Workflow:
        """Return the workflow with its templates; raises Refused."""


# language: (module, top-level keys by any of which a document is recognised)
FRONTENDS = {
    "cwl": ("wfcompile.frontends.cwl.load", ("cwlVersion", "$graph")),
    "yadage": ("wfcompile.frontends.yadage.load", ("stages",)),
    "reana": ("wfcompile.frontends.reana.load", ("workflow",)),
}


def recognise(document: Document) -> FrontEnd:
    """Return the front end for a document; raises Refused when no language fits."""
    keys = document.data if isinstance(document.data, dict) else {}
    for module, marks in FRONTENDS.values():
        if any(key in keys for key in marks):
            return import_module(module)
    raise Refused(
        "this is not a workflow in a language known here",
        "a yadage workflow has 'stages:' at its top level, a CWL document 'cwlVersion:'",
        document.loc(),
    )


def find_spec(spec: Path, toplevel: Path | None) -> Path:
    """Return the specification's file: as named, else without #NAME, else below toplevel, as yadage-run reads it."""
    file = Path(str(spec).partition("#")[0])
    places = [spec, file] if toplevel is None else [spec, file, toplevel / spec, toplevel / file]
    return next((place for place in places if place.exists()), spec)
