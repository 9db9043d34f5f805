"""What a node publishes, as far as it is known before the node runs.

Source: packtivity's publisher handlers and its prepublishing. Globs stay late: a `Late` value in the result and a
(pointer, mode, pattern) triple that the wrapper resolves when the command has ended.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple

from .format_language import FormatError, render
from .values import RUN, Late, Problem, has_late

Glob = Tuple[str, str, str]  # pointer, "pattern" (itself when nothing matches) or "list", pattern
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
        return {publisher["outputkey"]: Late(node, pointer)}, ((pointer, "list", pattern),)
    if kind == "interpolated-pub":
        globs: List[Glob] = []
        result = _interpolate(publisher["publish"], "", publisher, parameters, node, workdir, globs)
        return result, tuple(globs)
    if kind == "fromparjq-pub":
        return _from_jq(publisher["script"], parameters, jq), ()
    raise Problem("the publisher '%s' is known only when the job has run, which this version cannot follow" % kind)


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
    try:
        text = render(template, dict(parameters, workdir=workdir))
    except FormatError as error:
        raise Problem(str(error))
    if publisher["relative_paths"] and not text.startswith((RUN, "/")):
        text = workdir + "/" + text
    if not publisher["glob"]:
        return text
    if not text.startswith(workdir + "/"):
        raise Problem(
            "the glob '%s' does not lie in the node's own directory" % text.replace(RUN, "@RUN@"),
            "begin it with {workdir}/, or set relative_paths: true",
        )
    globs.append((pointer, "pattern", text))
    return Late(node, pointer)


def _from_jq(script: str, parameters: Dict[str, Any], jq: Optional[Jq]) -> Any:
    if script.strip() == ".":
        return parameters
    if jq is None or has_late(parameters):
        raise Problem("the jq program '%s' cannot be run before the values it reads are known" % script)
    results = jq(script, parameters)
    if not results:
        raise Problem("the jq program '%s' has no result" % script)
    return results[0]
