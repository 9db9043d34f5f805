"""Where a tool runs, as it sees it, and what cannot be known before."""

from typing import NamedTuple, Union

from ..values import JOB as JOB
from ..values import RUN, Problem


class Place(NamedTuple):
    """The directories of one node as its command sees them, and what it may use: sizes in MiB."""

    root: str  # the run's directory; at compile time its token
    outdir: str
    tmpdir: str
    stagedir: str  # where inputs are staged that cannot stay where they are
    cores: Union[int, float] = 1
    ram: Union[int, float] = 1024
    outdir_size: Union[int, float] = 1024
    tmpdir_size: Union[int, float] = 1024
    measured: bool = True  # files have been looked at: their sizes are known
    own: str = ""  # the location of outdir in the run, where the tool sees it elsewhere: dockerOutputDirectory


def own_location(place: Place, path: str) -> str:
    """Return the location of a path in the tool's directory."""
    return (place.own or RUN + place.outdir[len(place.root) :]) + path[len(place.outdir) :]


class Unknown(Exception):
    """A value is needed that only the node knows."""


class CwlProblem(Problem):
    """The document, or what a job made, is at fault."""


class Lacking(Problem):
    """This host lacks what the document needs; another one may have it."""

    code = 75
