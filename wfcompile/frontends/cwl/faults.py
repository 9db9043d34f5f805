"""What cwltool says becomes one message of ours with file:line:column, and positions of its objects become ours."""

from __future__ import annotations

import json
import os.path
import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from schema_salad.exceptions import SchemaSaladException

from wfcompile.documents import display_path
from wfcompile.errors import Refused, Unsupported
from wfcompile.frontends.cwl.fence import LEADS_OUT, NO_NETWORK
from wfcompile.loc import Loc

_LOCATED = re.compile(
    r"(?P<file>[^\s:][^:\n]*|file://[^:\n]*|https?://\S+?):(?P<line>\d+):(?P<column>\d+):(?P<space>\s*)(?P<text>.*)"
)
_LENGTH = 400  # of a message: cwltool's may hold a whole document
_SHORTER = (
    (r"file://(/[^\s'\"#]*)", lambda match: shown(match[0])),
    (r"( from file object)?: \{ \"class\".*", ""),
    (r"(\(\d{9,}\) \([^)]*\) )?Validation error in (field [\w:]+|position \d+): ", ""),
    (r"\(\d{9,}\) \([^)]*\) ", ""),
    (r"is not a valid \w{9}(-\w{4}){3}-\w{12}, expected one of", "is not one of"),  # an enum without a name
    (r"(?<=of type )[\[{\"].*?(?= (?:is|may be) incompatible| Source |$)", lambda match: _type(match[0])),
)
KEEP_COPY = "keep a copy beside the document, and name that, or add --allow-remote"
OPTIONAL = "make it a hint if it can do without"  # a requirement that nobody need have


def path_of(uri: str) -> Path:
    """Return the path of a file URI, or of what is a path already, which cwltool may have left quoted."""
    split = urlsplit(uri)
    if split.scheme == "file":
        return Path(unquote(split.path))
    return Path(uri) if Path(uri).exists() else Path(unquote(uri))


def is_remote(uri: str) -> bool:
    """Tell whether an address is one of the web."""
    return urlsplit(uri).scheme in ("http", "https")


def shown(uri: str) -> str:
    """Return a file as messages name it; cwltool writes some relative to the working directory."""
    if is_remote(uri):
        return uri
    return display_path(Path(os.path.normpath(path_of(uri).absolute())))


def loc_of(data: Any, key: Any = None) -> Loc | None:
    """Return where a mapping or list that cwltool read, or the value of one of its keys, was written."""
    mark = getattr(data, "lc", None)
    if mark is None:
        return None
    places = mark.data or {}
    place = places.get(key) if key is not None else None
    if place is None:  # what is written in short has no position of its own, only its parts do
        place = (mark.line, mark.col) if mark.line is not None else places.get("id")
    file = getattr(mark, "filename", None)
    return Loc(shown(str(file)), place[0] + 1, place[1] + 1) if file and place else None


def refused(error: BaseException, texts: Mapping[str, str], fallback: Loc | None = None) -> Refused:
    """Return the one message that cwltool's error amounts to, at its most precise position."""
    from cwltool.errors import UnsupportedRequirement

    if isinstance(error, RecursionError):
        return Refused("nested too deeply", "flatten it", fallback)
    if isinstance(error, KeyError) and error.__context__ is not None:  # cwltool stumbles over its own message
        error = error.__context__
    what, loc = _tree(error) or message(str(error))
    if "does not correspond to tool output" in what:  # the deeper position is the tool's
        loc = message(str(error).partition("\n")[0])[1]
    extension = re.search(r"[Ff]ield .class. contains undefined reference to ('https?://[^']*')", what)
    if extension:
        return Unsupported(f"the requirement {extension[1]} is not supported", OPTIONAL, loc or fallback)
    remote = re.search(r"undefined reference to ('https?://[^']*')", what)
    if remote:
        what = f"{remote[1]} {NO_NETWORK}"
    circle = re.search(r"circular dependency: \[(.*)\]", what)
    if circle:  # cwltool shuffles steps
        steps = sorted(re.findall(r"'([^']+)'", circle[1]))
        what = f"the steps {' and '.join(re.split('[#/]', step)[-1] for step in steps)} wait for each other"
        return Refused(what, "remove one of these sources", _mentioned(f"'{steps[0]}'", texts) or fallback)
    loc = loc or _mentioned(what, texts) or _step_in_hand(error) or fallback
    if isinstance(error, UnsupportedRequirement):
        return Unsupported(what, OPTIONAL, loc)
    if NO_NETWORK in what and loc is not None:
        return Refused(what, KEEP_COPY, loc)
    outside = re.search(f"'([^']+)' {LEADS_OUT}", what)
    if outside:
        return Refused(outside[0], f"allow it with --allow-path {path_of(outside[1]).resolve().parent}", loc)
    missing = re.fullmatch(r"Missing required secondary file '[^']+'", what)
    return Refused(what, "put it beside its file, or list it in the job order" if missing else "", loc)


def _step_in_hand(error: BaseException) -> Loc | None:
    """Return where the step is that cwltool could not make; it says so of some faults only."""
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        made = frame.f_locals.get("toolpath_object")
        for step in [made, *made.get("steps", ())] if isinstance(made, Mapping) else []:
            scattered = isinstance(step.get("scatter"), list) and "scatterMethod" not in step
            if scattered if "scatterMethod" in str(error) else step is made and "run" in made:
                found = loc_of(step, "scatter" if "scatter" in str(error) else None) or found
    return found


def _type(text: str) -> str:
    """Return a type, which cwltool prints as JSON, as authors write it."""
    try:
        return _short(json.loads(text))
    except ValueError:
        return text


def _short(type_: Any) -> str:
    if isinstance(type_, str):
        return re.split("[#/]", type_)[-1]
    if isinstance(type_, list):
        others = " or ".join(_short(one) for one in type_ if one != "null")
        return f"{others}?" if "null" in type_ and " " not in others else others
    return f"{_short(type_['items'])}[]" if type_.get("type") == "array" else str(type_.get("type"))


def _tree(error: BaseException) -> tuple[str, Loc | None] | None:
    """Return the innermost fault of a document that is not valid, and the field it is in."""
    if isinstance(error.__cause__, SchemaSaladException):
        error = error.__cause__
    if not isinstance(error, SchemaSaladException) or not error.children:
        return None
    _, chain = _deepest(error)
    innermost = chain[-1]
    words = [entry.message for entry in chain if "field is not valid" in entry.message and entry is not innermost]
    what, loc = message("\n".join([*words[-1:], innermost.message]))
    if innermost.file and innermost.start:
        loc = Loc(shown(innermost.file), *innermost.start)
    return what, loc


def _deepest(error: SchemaSaladException) -> tuple[int, list[SchemaSaladException]]:
    """Return the first of the longest ways from a message to one that has no further reasons."""
    ways = [_deepest(child) for child in error.children]
    depth, way = max(ways, key=lambda way: way[0], default=(0, []))
    return depth + 1, [error, *way]


def message(text: str) -> tuple[str, Loc | None]:
    """Return the lines of a message of cwltool's in one, and the deepest position that they name."""
    loc, texts, deepest = None, [], -1
    for line in text.splitlines():
        match = _LOCATED.fullmatch(line.strip())
        words = match["text"] if match else line
        if match and len(match["space"]) > deepest:
            deepest = len(match["space"])
            loc = Loc(shown(match["file"]), max(int(match["line"]), 1), max(int(match["column"]), 1))
        texts.append(re.sub(r"^\s*[*-] ", "", words))
    what = " ".join(" ".join(texts).split())
    for pattern, short in _SHORTER:
        what = re.sub(pattern, short, what)
    sentences: list[str] = []
    for sentence in re.split(" (?=Source ')", what):  # cwltool says some of what is wrong with links twice
        if not any(said.startswith(sentence) for said in sentences):
            sentences.append(sentence)
    what = " ".join(sentences)
    return what if len(what) <= _LENGTH else f"{what[:_LENGTH]}…", loc


def _mentioned(what: str, texts: Mapping[str, str]) -> Loc | None:
    """Return where a document has the file name or address that a message quotes."""
    for quoted in re.findall(r"'([^']{3,})'", what):
        patterns = [re.escape(name) for name in (quoted, quoted.rsplit("/", 1)[-1]) if name]
        if "#" in quoted:  # of a step or a process
            patterns = [rf"(?m)(?<=\s)({re.escape(re.split('[#/]', quoted)[-1])})[\"']?(?=:|$)"]
        for pattern in patterns:
            for path, text in texts.items():
                match = re.search(pattern, text)
                if match:
                    at = match.start()
                    return Loc(shown(path), text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return None
