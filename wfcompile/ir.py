"""The intermediate representation: a workflow as plain frozen data.

Front ends make a Workflow of templates; the passes fill in the rest, one column or table each; backends read it.
Per-node data are columns (runtime.expand.Rows) indexed by node number, per-step data are tuples indexed by step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from wfcompile.loc import Loc
from wfcompile.runtime.cwl.files import Host
from wfcompile.runtime.outputs import Output
from wfcompile.runtime.points import Point
from wfcompile.runtime.references import Rows

CREDENTIALS = ("proxy", "kerberos", "rucio")  # kinds, and fields of Request
Part = tuple[str, ...]  # a part of a step's template: ("parameters", "x"), ("scatter",), ("task",), …


@dataclass(frozen=True, slots=True)
class Source:
    """A document the specification consists of; `name` is its path in the bundle's spec/."""

    name: str
    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a specification says of an image beside its name."""

    loc: Loc
    made_from: str = ""  # where no registry has it: what somebody must make it from, as messages say it
    file: Path | None = None  # an image file of this machine


@dataclass(frozen=True, slots=True)
class Step:
    """What all nodes of one step share."""

    path: str  # stage names joined by "/", as `--resources` and `--set` match it
    loc: Loc
    source: str  # where it stands, in terms of the bundle's spec/: file:line
    image: str | None = None
    interpreter: str = ""  # reads the command on its standard input; empty: the command is a shell command
    setup: str = ""  # shell text that comes before the interpreter or the command
    workdir: str = ""  # where the command starts in the image; empty: in the node's directory
    hints: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # a system's name -> fields of its Request
    nodes: bool = True  # False for sub-workflows and pure publishing: they have no jobs of their own
    recipe: Recipe | None = None  # of the image
    workspace: bool = False  # its nodes work one after the other in the run's workspace and publish layers of it


@dataclass(frozen=True, slots=True)
class Request:
    """What one node of a step asks for: memory and disk in MiB, time in seconds."""

    cpus: int = 1
    memory: int = 2000
    disk: int = 2000
    time: int = 3600
    gpus: int = 0
    parents: str = "read-only"  # or copy: it may write into its parents' directories, which are private copies
    partition: str = ""  # Slurm's
    accounting_group: str = ""  # HTCondor's
    requirements: str = ""  # a ClassAd expression for HTCondor
    cvmfs: bool = False  # /cvmfs in the container
    unpacked: bool = False  # the image is looked for first below /cvmfs/unpacked.cern.ch
    proxy: bool = False  # an X.509 proxy certificate
    kerberos: bool = False  # a Kerberos ticket
    rucio: bool = False  # a configuration of Rucio

    def asked(self) -> dict[str, Any]:
        """Return the amounts, and the other settings that are not as usual."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        usual = {item.name: item.default for item in fields(self)}
        return {name: value for name, value in values.items() if type(value) is int or value != usual[name]}

    @property
    def credentials(self) -> tuple[str, ...]:
        """Name the kinds of credentials."""
        return tuple(kind for kind in CREDENTIALS if getattr(self, kind))


@dataclass(frozen=True, slots=True)
class Image:
    """A container image as the specification names it, and the file name it is kept under."""

    reference: str
    key: str
    file: Path | None = None  # where it is on this machine, if it is
    unpacked: str = ""  # its directory below /cvmfs, where the compute nodes look first

    @property
    def file_name(self) -> str:
        """Its name where the wrapper looks for images: a directory has no suffix."""
        if self.file is not None and self.file.is_dir():
            return self.key
        return self.key + (".sqfs" if self.file is not None and self.file.suffix == ".sqfs" else ".sif")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the init directory that nodes use, or an empty directory; `name` is relative to that directory."""

    name: str
    path: Path
    size: int  # bytes
    mode: int
    empty_directory: bool = False

    @property
    def copied(self) -> bool:
        return self.size <= 1024 * 1024


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow on its way through the compiler."""

    name: str
    language: str
    template: dict[str, Any]
    steps: tuple[Step, ...]
    locs: Mapping[tuple[int, Part], Loc]
    sources: tuple[Source, ...]
    init: dict[str, Any] | None = None
    init_directories: Mapping[str, Path] = field(default_factory=dict)  # place below the run's init/ -> directory
    init_scopes: Mapping[str, str] = field(default_factory=dict)  # sub-workflow with a directory of its own -> place
    host: Host | None = None  # where the expansion can look at files
    looked: Mapping[tuple[str, str, bool], Any] = field(default_factory=dict)  # what sub-workflows found in them
    rows: Rows = field(default_factory=Rows)
    points: tuple[Point, ...] = ()  # where it is expanded further when jobs have ended
    exact: Mapping[str, int] = field(default_factory=dict)  # step -> how many nodes it is taken to have
    bounds: Mapping[str, int] = field(default_factory=dict)  # step -> most nodes, of a bounded expansion
    requests: tuple[Request, ...] = ()
    images: Mapping[str, Image] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    asked: tuple[str, ...] = ()  # what the specification wants collected: paths in the run, or in its workspace
    asked_keys: tuple[str, ...] = ()  # what --output wants collected: STEP.KEY
    outputs: tuple[Output, ...] = ()
    warnings: tuple[str, ...] = ()

    def request_of(self, node: int) -> Request:
        """Return what a node asks for."""
        step = self.requests[self.rows.step[node]]
        asks: dict[str, Any] = dict(self.rows.asks.get(node, {}))
        return replace(step, **asks) if asks else step

    def loc(self, step: int, part: Part = ()) -> Loc:
        """Return where a part of a step (-1: the workflow) was written: the nearest part around it with a position."""
        while part and (step, part) not in self.locs:
            part = part[:-1]
        return self.locs.get((step, part)) or self.steps[step].loc
