"""What a command has left behind, published: documents, and jq programs whose results are looked up as files.

Source: packtivity's fromyaml and fromparjq publishers.
"""

import glob
import json
import os.path
from typing import Any, List

from .format_language import unsafe_names
from .late import JqAll, evaluate
from .pointers import decode, published_at
from .records import published_by
from .values import RESERVED, RUN, Problem


def publish_triples(words: List[str], run: str, own: str, root: str, node_id: str, jq: JqAll) -> str:
    """Return members of `published`, as JSON text without braces; raises Problem.

    The node's directory is `own`; the command knew it as ROOT/NODE, and wrote paths that begin with ROOT.
    """
    members = []
    for at in range(0, len(words) - 2, 3):
        pointer, mode, argument = words[at : at + 3]
        if mode == "yaml":
            name = argument[len("%s/%s/" % (root, node_id)) :]
            value = read_yaml(os.path.join(own, name), name)
        else:
            value = _from_jq(decode(json.loads(argument)), run, own, root, node_id, jq)
        check(value, node_id)
        value = in_run(value, root)
        members.append("%s:%s" % (_text(pointer), _text(value)))
    return ",".join(members)


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def read_yaml(path: str, name: str) -> Any:
    """Return the JSON data of a YAML (or JSON) document that a job wrote; raises Problem."""
    import yaml  # pure Python, carried in the bundle where a step needs it

    try:
        if not inside(path, path[: -len(name) - 1]):
            raise Problem("'%s' is a link that leads out of the node's own directory" % name)
        with open(path, encoding="utf-8") as file:
            data = yaml.safe_load(file)
        return json.loads(json.dumps(data, allow_nan=False))
    except OSError as error:
        raise Problem("the command wrote no readable '%s': %s" % (name, error.strerror))
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Problem("'%s' is not the YAML of JSON data: %s" % (name, " ".join(str(error).split())))


def inside(path: str, directory: str) -> bool:
    """Tell whether a path lies in a directory, links followed."""
    return os.path.realpath(path).startswith(os.path.realpath(directory) + "/")


def in_run(data: Any, root: str) -> Any:
    """Return data with the token in place of the run root at the beginning of paths."""
    if isinstance(data, list):
        return [in_run(x, root) for x in data]
    if isinstance(data, dict):
        return {key: in_run(x, root) for key, x in data.items()}
    if isinstance(data, str) and (data == root or data.startswith(root + "/")):
        return RUN + data[len(root) :]
    return data


def _out_of_run(data: Any, root: str) -> Any:
    if isinstance(data, list):
        return [_out_of_run(x, root) for x in data]
    if isinstance(data, dict):
        return {key: _out_of_run(x, root) for key, x in data.items()}
    return root + data[len(RUN) :] if isinstance(data, str) and data.startswith(RUN) else data


def check(data: Any, node_id: str) -> None:
    """Refuse texts that could not be told from tokens of ours; raises Problem."""
    if isinstance(data, (list, dict)):
        for part in list(data) + (list(data.values()) if isinstance(data, dict) else []):
            check(part, node_id)
    elif isinstance(data, str) and any(character in data for character in RESERVED):
        raise Problem("node '%s' publishes %r, which holds a reserved character" % (node_id, data))


def _from_jq(deferred: Any, run: str, own: str, root: str, node_id: str, jq: JqAll) -> Any:
    program, try_exact, use_glob, relative = deferred.options

    def published(node: Any, pointer: str) -> Any:
        return _out_of_run(published_at(published_by(run, node), pointer), root)

    parameters = evaluate(deferred.data, published, jq)
    results = jq(program, parameters)
    if not results:
        raise Problem("the jq program '%s' has no result" % program)
    _refuse_hidden(results[0], unsafe_names(parameters), root)
    return _looked_up(results[0], "%s/%s" % (root, node_id), own, try_exact, use_glob, relative)


def _refuse_hidden(data: Any, names: List[str], root: str) -> None:
    """Refuse a text that holds, behind something else, a published file name which a shell would read."""
    if isinstance(data, (list, dict)):
        for part in data.values() if isinstance(data, dict) else data:
            _refuse_hidden(part, names, root)
    elif isinstance(data, str) and not data.startswith(root + "/"):
        for name in names:
            if name in data:
                raise Problem("the text %r holds the file name %r, which a shell would read" % (data, name))


def _looked_up(data: Any, place: str, own: str, try_exact: bool, use_glob: bool, relative: bool) -> Any:
    if isinstance(data, list):
        return [_looked_up(x, place, own, try_exact, use_glob, relative) for x in data]
    if isinstance(data, dict):
        return {key: _looked_up(x, place, own, try_exact, use_glob, relative) for key, x in data.items()}
    if not isinstance(data, str):
        return data
    path = data
    if relative and not data.startswith("/"):
        path = "%s/%s" % (place, data)
    if not path.startswith(place + "/"):
        return data
    name = path[len(place) + 1 :]
    if ".." in name.split("/"):
        raise Problem("'%s' leads out of the node's own directory" % data)
    if try_exact and os.path.lexists(os.path.join(own, name)):
        return path
    if use_glob:
        found = [m for m in glob.glob(os.path.join(glob.escape(own), name), recursive=True) if inside(m, own)]
        names = sorted([os.path.relpath(match, own) for match in found], key=os.fsencode)
        if names:
            return ["%s/%s" % (place, name) for name in names]
    return data
