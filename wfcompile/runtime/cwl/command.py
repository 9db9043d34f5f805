"""The command of a tool, made ready: what must exist before it starts, and the text that a shell runs."""

import math
from posixpath import normpath
from shlex import quote
from typing import Any, Dict, List, NamedTuple

from ..values import has_late, in_part
from . import staging
from .binding import words
from .complete import check_formats, check_unmeasured
from .expressions import Context, evaluate
from .kinds import checked, may_hold_files
from .place import CwlProblem, Place, Unknown
from .staging import Action
from .workdir import initial

REDIRECTIONS = {"stdin": "<", "stdout": ">", "stderr": "2>"}


class Prepared(NamedTuple):
    """A command, what to stage for it, and the inputs with the paths at which it sees them."""

    command: str
    stage: List[Action]
    inputs: Dict[str, Any]
    limit: int  # seconds that it may take; 0: as many as it likes


def prepare(tool: Dict[str, Any], inputs: Dict[str, Any], place: Place, javascript: Any = None) -> Prepared:
    """Make a CommandLineTool ready; raises Unknown where only the node can."""
    values = checked(tool, inputs)
    for schema in tool["inputs"]:
        if has_late(values[schema["name"]]) and may_hold_files(schema["type"]):
            raise Unknown()
    if not place.measured:
        check_unmeasured(tool, values)
    stage = []  # type: List[Action]
    values = staging.staged(staging.named(values), place, stage)
    context = Context(values, None, place, tool["requirements"], tool["version"], None, javascript)
    check_formats(tool, context)
    brought, paths = initial(tool, context)
    context = context._replace(inputs=staging.moved(values, paths))
    stage += brought
    streams = {}
    for name in REDIRECTIONS:
        with in_part("tool", name):
            streams[name] = stream(tool, name, context)
    stage += parents(streams, place)
    command = beginning(environment(tool, context)) + [quote(word) for word in program(words(tool, context))]
    command += ["%s %s" % (REDIRECTIONS[name], quote(path)) for name, path in streams.items() if path]
    return Prepared(" ".join(command) + "\n", stage, staging.unnamed(context.inputs), time_limit(tool, context))


def time_limit(tool: Dict[str, Any], context: Context) -> int:
    """Return the seconds that ToolTimeLimit gives the command."""
    limit = evaluate((tool["requirements"].get("ToolTimeLimit") or {}).get("timelimit"), context)
    if limit is None:
        return 0
    if isinstance(limit, bool) or not isinstance(limit, (int, float)) or not 0 <= limit < math.inf:
        raise CwlProblem(
            "%s: the time limit must be a number of seconds, and is %r" % (tool["name"], limit),
            "write 0 for none",
            part=("tool", "requirements", "ToolTimeLimit"),
        )
    return math.ceil(limit)


def stream(tool: Dict[str, Any], name: str, context: Context) -> str:
    """Return the file that a stream of the command is connected to; nothing: it is not redirected."""
    path = evaluate(tool.get(name), context)
    if name == "stdin":
        if path is not None and not isinstance(path, str):
            raise CwlProblem("%s: stdin must be a path or null, and '%s' is %r" % (tool["name"], tool[name], path))
        return path or "/dev/null"
    if tool.get(name) is None:
        return ""
    if not isinstance(path, str) or not path:
        raise CwlProblem("%s: %s must be a file name, and '%s' is %r" % (tool["name"], name, tool[name], path))
    if path.startswith("/") or ".." in path.split("/"):
        raise CwlProblem("%s: %s must be a name within the working directory, not '%s'" % (tool["name"], name, path))
    return path


def parents(streams: Dict[str, str], place: Place) -> List[Action]:
    """Return the directories that must exist for what the command writes."""
    names = {normpath(path).rpartition("/")[0] for name, path in streams.items() if name != "stdin"}
    return [Action("directory", place.outdir + "/" + name, "") for name in sorted(names) if name]


def environment(tool: Dict[str, Any], context: Context) -> List[str]:
    """Return the variables of a tool as quoted assignments."""
    variables = {}
    for one in (tool["requirements"].get("EnvVarRequirement") or {}).get("envDef", []):
        name = one["envName"]
        with in_part("tool", "requirements", "EnvVarRequirement"):
            value = evaluate(one["envValue"], context)
        if not name or "=" in name:
            raise CwlProblem("%s: '%s' is no name of an environment variable" % (tool["name"], name))
        if not isinstance(value, str):
            raise CwlProblem(
                "%s: the environment variable %s must be text, and '%s' is %r"
                % (tool["name"], name, one["envValue"], value),
                'write "$(…)" with other text, or let the expression make a string',
            )
        variables[name] = value
    variables.update(HOME=context.place.outdir, TMPDIR=context.place.tmpdir)
    return [quote("%s=%s" % item) for item in variables.items()]


def beginning(variables: List[str]) -> List[str]:
    """Return how a command begins that has these variables: `env` takes any name, but is one more program to start."""
    return ["exec", "env"] + variables if len(variables) > 2 else ["export"] + variables + ["&&", "exec"]


def program(line: List[str]) -> List[str]:
    """Return a command line that `env` does not take for assignments or options."""
    if "=" in line[0] or line[0].startswith("-"):
        return ["/bin/sh", "-c", 'exec "$0" "$@"'] + line
    return line
