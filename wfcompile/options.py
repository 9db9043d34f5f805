"""What a compilation is asked to do beside the specification itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wfcompile.site import Site


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `wfcompile compile`; precedence and defaults are decided by the passes that use them."""

    spec: Path
    target: str = "make"
    site: Site = field(default_factory=Site)
    input_files: tuple[Path, ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()
    parameter_texts: tuple[tuple[str, str], ...] = ()  # the same as they were written: REANA takes no YAML there
    toplevel: Path | None = None
    initdir: Path | None = None
    data_options: tuple[tuple[str, Any], ...] = ()  # yadage-run's -d: pathbase, subinits, inputarchive, archivematch
    workflow_options: tuple[tuple[str, Any], ...] = ()  # yadage-run's -w: discover, relative
    resources: tuple[Path, ...] = ()
    settings: tuple[tuple[str, str, str], ...] = ()  # step glob, key, value
    container: str | None = None  # auto, a runtime's name, or none
    images: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()  # STAGE.KEY
    allowed_paths: tuple[Path, ...] = ()
    allow_remote: bool = False  # CWL documents and ontologies may come from the web
    data_edges_only: bool = False
    surplus: bool = False  # as the target's SURPLUS
    expected: tuple[tuple[str, bool, int], ...] = ()  # step, exactly (else at most), number of nodes
    run: Path | None = None  # of the bundle that is looked at

    @property
    def contained(self) -> bool:
        """Tell whether images are run, in a container of some kind."""
        return (self.container or " ".join(self.site.runtimes)) != "none"
