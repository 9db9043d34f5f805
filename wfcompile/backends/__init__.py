"""Backends: one module a target, loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol

from wfcompile.errors import Misused, suggest
from wfcompile.ir import Workflow
from wfcompile.library import File
from wfcompile.options import Options


class Backend(Protocol):
    """What a backend's module offers."""

    SURPLUS: bool  # jobs submit expansions, so all nodes of a bounded one are submitted whether the run has them or not
    NEXT: str  # the command that runs the bundle, as it is typed in the bundle's directory

    def returns(self, options: Options) -> str:
        """Return how a node's outputs come back: shared or condor."""

    def emit(self, workflow: Workflow, options: Options) -> Iterator[File]:
        """Yield the scheduler's files of the bundle."""


BACKENDS = {
    "dagman": "wfcompile.backends.dagman",
    "slurm": "wfcompile.backends.slurm",
    "make": "wfcompile.backends.make",
}


def backend(name: str) -> Backend:
    """Return a backend by name; raises Misused."""
    if name not in BACKENDS:
        raise Misused(f"unknown target '{name}'", suggest(name, BACKENDS))
    return import_module(BACKENDS[name])
