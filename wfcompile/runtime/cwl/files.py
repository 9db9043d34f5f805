"""Files and directories as values: where this process finds them, what is in them, what belongs beside them."""

import os
import stat
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from ..values import RUN
from .place import CwlProblem

CONTENT_LIMIT = 64 * 1024  # what loadContents may read, by the standard

Value = Dict[str, Any]  # a File or a Directory


class Host(NamedTuple):
    """Where this process finds the files of the run: not always where the tool sees them."""

    run: str  # the run's directory
    node: str = ""  # the node that runs here, its place in the run
    own: str = ""  # its directory
    inputs: Sequence[str] = ()  # where the init inputs may be; none: in the run's init/
    below: Sequence[Tuple[str, str]] = ()  # before there is a run: place below init/, the directory that it stands for

    def paths(self, location: str) -> List[str]:
        """Return every place where the file or directory of a location is; a directory may have parts in several."""
        below = _below(location)
        if self.node and (below + "/").startswith(self.node + "/"):
            places = [_join(self.own, below[len(self.node) + 1 :])]
        elif self.below and (below + "/").startswith("init/"):
            inner = below[len("init/") :]
            places = [_join(top, inner[len(at) :].lstrip("/")) for at, top in self.below if _is_in(inner, at)]
        elif self.inputs and (below + "/").startswith("init/"):
            places = [_join(base, below[len("init/") :]) for base in self.inputs]
        else:
            places = [_join(self.run, below)]
        return [place for place in places if os.path.exists(place)]

    def path(self, location: str) -> str:
        """Return the place of a file or directory that must be there."""
        paths = self.paths(location)
        if not paths:
            raise CwlProblem("%s is not there" % plain(location))
        return paths[0]


def host_in(bundle: str, run: str, node: str = "", own: str = "") -> Host:
    """Return where the last job, an expansion, or a node finds the files of a run."""
    given = os.environ.get("WFC_INPUTS")
    inputs = [given] if given else [os.path.join(bundle, "inputs"), os.path.join(run, ".inputs")]
    return Host(run, node, own, inputs)


def plain(location: str) -> str:
    """Return a location as messages name it: its path in the run."""
    return location[len(RUN) + 1 :] if location.startswith(RUN + "/") else location


def _below(location: str) -> str:
    if not location.startswith(RUN + "/"):
        raise CwlProblem("'%s' is no file of the run" % location)
    return location[len(RUN) + 1 :]


def _is_in(path: str, place: str) -> bool:
    return not place or (path + "/").startswith(place + "/")


def _join(directory: str, name: str) -> str:
    return os.path.join(directory, name) if name else directory


def contents(path: str) -> str:
    """Return the text of a file as loadContents asks for it."""
    with open(path, "rb") as file:
        data = file.read(CONTENT_LIMIT + 1)
    name = os.path.basename(path)
    check_size(name, len(data))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CwlProblem("'%s' is not UTF-8 text (byte %d): loadContents cannot read it" % (name, error.start))


def check_size(name: str, size: int) -> None:
    """Refuse a file that is too large for loadContents."""
    if size > CONTENT_LIMIT:
        raise CwlProblem(
            "'%s' is too large: loadContents reads at most 64 KiB" % name,
            "let the tool read the file, or have one make a smaller one",
        )


def sha1(data: bytes = b"") -> Any:
    """Return the digest that the standard wants."""
    import hashlib  # with OpenSSL, which takes longer to load than most of this

    return hashlib.sha1(data)


def checksum(path: str) -> Tuple[int, str]:
    """Return the size of a file and its checksum as the standard has it."""
    digest, size = sha1(), 0
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
            size += len(block)
    return size, "sha1$" + digest.hexdigest()


def contents_sum(text: str) -> Tuple[int, str]:
    """Return the same for the text of a literal."""
    data = text.encode("utf-8", "surrogateescape")
    return len(data), "sha1$" + sha1(data).hexdigest()


def at(host: Host, location: str) -> Value:
    """Return the File or Directory that is at a location."""
    path = host.path(location)
    kind = "Directory" if os.path.isdir(path) else "File"
    value = {"class": kind, "location": location, "basename": os.path.basename(location)}  # type: Value
    if kind == "File":
        value["size"] = os.stat(path).st_size
    return value


def listing(host: Host, location: str, deep: bool) -> List[Value]:
    """Return what is in a directory, in the order of the names; `deep`: with the listings of the directories in it."""
    names = {name for path in host.paths(location) for name in os.listdir(path)}
    entries = []
    for name in sorted(names):
        below = location + "/" + name
        if not any(_is_readable_kind(path) for path in host.paths(below)):
            continue  # a link to nothing, a socket
        entry = at(host, below)
        if deep and entry["class"] == "Directory":
            entry["listing"] = listing(host, below, deep)
        entries.append(entry)
    return entries


def _is_readable_kind(path: str) -> bool:
    mode = os.stat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def secondary_name(basename: str, pattern: str) -> str:
    """Return the name of the file that a pattern without expressions puts beside one: each `^` takes a suffix off."""
    while pattern.startswith("^"):
        root, dot, _ = basename.rpartition(".")
        if not dot:
            return basename + pattern.lstrip("^")
        basename, pattern = root, pattern[1:]
    return basename + pattern


Evaluate = Callable[[Any, Any], Any]  # an expression (or a constant), and what it sees as `self`


def secondaries(primary: Value, patterns: Sequence[Value], evaluate: Evaluate) -> Iterator[Tuple[Any, bool]]:
    """Yield what belongs beside a file: names, or Files and Directories that an expression made; whether it must be."""
    for one in patterns:
        required = evaluate(one.get("required"), primary)
        if required is not None and not isinstance(required, bool):
            raise CwlProblem("'required' of secondaryFiles must be a boolean or null, not %r" % (required,))
        pattern = one["pattern"]
        if "$(" in pattern or "${" in pattern:
            named = evaluate(pattern, primary)
        else:
            named = secondary_name(primary["basename"], pattern)
        for item in named if isinstance(named, list) else [named]:
            if item is None or item == "":
                continue
            if not isinstance(item, (str, dict)):
                raise CwlProblem("secondaryFiles must be names, Files or Directories; '%s' is %r" % (pattern, item))
            yield item, bool(required)


def in_files(value: Any) -> Iterator[Value]:
    """Yield every File and Directory in a value, those that hold others first."""
    if isinstance(value, dict):
        if value.get("class") in ("File", "Directory"):
            yield value
        for part in list(value.values()):
            yield from in_files(part)
    elif isinstance(value, list):
        for part in value:
            yield from in_files(part)
