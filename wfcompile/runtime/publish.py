"""What a node publishes, as far as it is known before the node runs.

Source: packtivity's publisher handlers and its prepublishing. What the command makes stays late: a `Late` value in
the result and a (pointer, mode, argument) triple that is resolved when the command has ended. Modes:

    list            a glob: what matches. Resolved in bash, as the next two.
    pattern         the same, but the pattern itself when nothing matches
    relative        the same, but the pattern as its author wrote it, relative to the node's directory
    yaml            the document in a file
    jq              Deferred("publish", …): jq's result on the parameters, its relative paths and globs looked up
"""

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from .format_language import Field, base_name, parse, render
from .values import RUN, Deferred, FormatError, Late, Problem, has_late, in_order, in_part

Glob = Tuple[str, str, Any]  # pointer, mode, text or Deferred
GLOBS = ("pattern", "relative", "list")
Jq = Callable[[str, Any], List[Any]]  # all results of a program


def publish(
    publisher: Dict[str, Any], parameters: Dict[str, Any], node: int, workdir: str, jq: Optional[Jq]
) -> Tuple[Any, Tuple[Glob, ...]]:
    """Return a node's result and the globs that finish it; raises Problem."""
    kind = publisher["publisher_type"]
    if kind == "frompar-pub":
        return _from_parameters(publisher["outputmap"], parameters), ()
    if kind == "constant-pub":
        return publisher["publish"], ()
    if kind == "fromglob-pub":
        pointer = "/" + escape(publisher["outputkey"])
        pattern = workdir + "/" + publisher["globexpression"]
        if ".." in pattern.split("/"):
            raise Problem("the glob '%s' leads out of the node's own directory" % publisher["globexpression"])
        return {publisher["outputkey"]: Late(node, pointer)}, ((pointer, "list", pattern),)
    if kind == "interpolated-pub":
        globs: List[Glob] = []
        result = _interpolate(publisher["publish"], "", publisher, parameters, node, workdir, globs)
        return result, tuple(globs)
    if kind == "fromyaml-pub":
        if publisher["yamlfile"].startswith("/") or ".." in publisher["yamlfile"].split("/"):
            raise Problem("'%s' lies outside of the node's own directory" % publisher["yamlfile"])
        return Late(node, ""), (("", "yaml", workdir + "/" + publisher["yamlfile"]),)
    if kind == "fromparjq-pub":
        if publisher["glob"] or publisher["relative_paths"] or has_late(parameters):
            options = [publisher[key] for key in ("script", "tryExact", "glob", "relative_paths")]
            return Late(node, ""), (("", "jq", Deferred("publish", options, parameters)),)
        with in_part("task", "publisher", "script"):
            return _from_jq(publisher["script"], parameters, jq), ()
    raise Problem("unknown publisher '%s'" % kind)


def published_by_job(globs: Tuple[Glob, ...]) -> bool:
    """Tell whether a result may hold anything that its job wrote down, paths in other nodes' directories too."""
    return any(mode not in GLOBS for _, mode, _ in globs)


def found_by_nobody(globs: Tuple[Glob, ...], jq: Optional[Jq]) -> Dict[str, Any]:
    """Return what publishers find where no command has run: an empty directory."""
    found: Dict[str, Any] = {}
    for pointer, mode, argument in globs:
        if mode == "yaml":
            raise Problem("the publisher reads a document, and no command runs that could write it")
        if mode == "jq":
            found[pointer] = argument if has_late(argument) else _from_jq(argument.options[0], argument.data, jq)
        else:
            found[pointer] = [] if mode == "list" else argument  # a pattern that nothing matches
    return found


def put(result: Any, node: int, found: Mapping[str, Any]) -> Any:
    """Return a result with the late values of its own node in place."""
    if isinstance(result, Late) and result.node == node:
        return found[result.pointer]
    if isinstance(result, dict):
        return {key: put(value, node, found) for key, value in result.items()}
    if isinstance(result, list):
        return [put(value, node, found) for value in result]
    return result


def escape(key: str) -> str:
    """Return one part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _from_parameters(outputs: Any, parameters: Dict[str, Any]) -> Any:
    if isinstance(outputs, dict):
        return {key: _from_parameters(value, parameters) for key, value in outputs.items()}
    if isinstance(outputs, list):
        return [_from_parameters(value, parameters) for value in outputs]
    if outputs not in parameters:
        raise Problem("the publisher names the parameter '%s', which the step does not have" % outputs)
    return parameters[outputs]


def _interpolate(
    template: Any,
    pointer: str,
    publisher: Dict[str, Any],
    parameters: Dict[str, Any],
    node: int,
    workdir: str,
    globs: List[Glob],
) -> Any:
    if isinstance(template, dict):
        parts = {k: "%s/%s" % (pointer, escape(k)) for k in template}
        return {k: _interpolate(v, parts[k], publisher, parameters, node, workdir, globs) for k, v in template.items()}
    if isinstance(template, list):
        return [
            _interpolate(v, "%s/%d" % (pointer, i), publisher, parameters, node, workdir, globs)
            for i, v in enumerate(template)
        ]
    if not isinstance(template, str):
        return template
    used = {base_name(piece) for piece in parse(template) if isinstance(piece, Field)}
    late = {key: parameters[key] for key in sorted(used & set(parameters)) if has_late(parameters[key])}
    if late:
        values = dict({key: parameters[key] for key in used & set(parameters)}, workdir=workdir)
        deferred = Deferred("render", [template, workdir if publisher["relative_paths"] else ""], values)
        if not publisher["glob"]:
            return deferred
        globs.append((pointer, "pattern", deferred))
        return Late(node, pointer)
    try:
        text = render(template, dict(parameters, workdir=workdir))
    except FormatError as error:
        raise Problem(str(error))
    mode = "pattern"
    if publisher["relative_paths"] and not text.startswith((RUN, "/")):
        text, mode = workdir + "/" + text, "relative"
    if not publisher["glob"]:
        return text
    if not text.startswith(workdir + "/"):
        raise Problem(
            "the glob '%s' does not lie in the node's own directory" % text.replace(RUN, "@RUN@"),
            "begin it with {workdir}/, or set relative_paths: true",
        )
    if ".." in text.split("/"):
        raise Problem(
            "the glob '%s' leads out of the node's own directory" % text.replace(RUN, "@RUN@"), "take out '..'"
        )
    globs.append((pointer, mode, text))
    return Late(node, pointer)


def _from_jq(script: str, parameters: Dict[str, Any], jq: Optional[Jq]) -> Any:
    if script.strip() == ".":
        return in_order(parameters)
    if jq is None:
        raise Problem("the jq program '%s' cannot be run before the values it reads are known" % script)
    results = jq(script, parameters)
    if not results:
        raise Problem("the jq program '%s' has no result" % script)
    return in_order(results[0])
