"""jq programs, run at compile time by the jq package, in a process with limits (jq_worker)."""

from __future__ import annotations

import atexit
import json
import re
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wfcompile import jq_worker
from wfcompile.runtime.values import Problem

# not a field (.now), not part of another word
_CHANGES = re.compile(r"(?<![.\w$])(now|localtime|strflocaltime|input_filename|input|inputs|debug|stderr)\b")
_READS = re.compile(r'(?<![.\w$])(import(?=\s*")|include(?=\s*")|modulemeta\b|get_search_list\b)')
# comments, which a backslash carries over the end of their line; the pieces of a string; brackets
_PIECE = re.compile(r'#(?:\\[\s\S]?|[^\\\n])*|["()]')
_STRING = re.compile(r'(?:[^"\\]|\\[^(])*(?P<end>"|\\\(|$)')


def run_jq(script: str, data: Any) -> list[Any]:
    """Return all results of a jq program; raises Problem when it fails, or would give another result another time."""
    code = _code(script)
    if changes := _CHANGES.search(code):
        raise Problem(f"the jq program {script.strip()!r} uses '{changes[1]}', which is not the same every time")
    if reads := _READS.search(code):
        what = f"the jq program {script.strip()!r} uses '{reads[1]}', which reads files of this machine"
        raise Problem(what, "write its functions into the program")
    worker = _worker()
    try:
        answer = _ask(worker, f"{json.dumps(script)}\n{json.dumps(data)}\n")
    except BaseException:  # interrupted: what it answers later would be taken for the answer to the next program
        _end(worker)
        raise
    if not answer:
        _end(worker)
        raise Problem(f"the jq program {script.strip()!r} {_excess(worker.returncode)}", "make it smaller")
    good, results = json.loads(answer)
    if not good:
        raise Problem(f"the jq program {script.strip()!r} fails: {results}")
    return list(results)


def _code(script: str) -> str:
    """Return a program without its comments and the text of its strings; what strings interpolate stays."""
    kept = []
    inside: list[int] = []  # of each interpolation that is open, the brackets open in it
    at = 0
    while piece := _PIECE.search(script, at):
        kept.append(script[at : piece.start()])
        at = piece.end()
        kept.append(" " if piece[0].startswith("#") else piece[0])
        in_string = piece[0] == '"'
        if piece[0] == "(" and inside:
            inside[-1] += 1
        elif piece[0] == ")" and inside:
            inside[-1] -= 1
            in_string = inside[-1] < 0
            del inside[len(inside) - in_string :]
        if in_string and (text := _STRING.match(script, at)):
            at = text.end()
            kept.append(text["end"])
            if text["end"] == "\\(":
                inside.append(0)
    return "".join((*kept, script[at:]))


@cache
def _worker() -> subprocess.Popen[str]:
    """Start the process that runs the programs; it ends when its input does."""
    package = find_spec("jq")
    assert package and package.origin
    command = [sys.executable, "-I", "-S", jq_worker.__file__, str(Path(package.origin).parent)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True, encoding="utf-8")
    atexit.register(_end, worker)
    return worker


def _ask(worker: subprocess.Popen[str], request: str) -> str:
    """Return the answer to a request, nothing if the process has ended."""
    assert worker.stdin and worker.stdout
    try:
        worker.stdin.write(request)
        worker.stdin.flush()
    except BrokenPipeError:
        return ""
    return worker.stdout.readline()


def _end(worker: subprocess.Popen[str]) -> None:
    """End the process; the next program gets a new one."""
    _worker.cache_clear()
    worker.kill()
    with suppress(BrokenPipeError), worker:
        pass  # closes the pipes and waits


def _excess(code: int) -> str:
    if code == -signal.SIGPROF:
        return f"does not come to an end in {jq_worker.SECONDS} seconds"
    return f"needs more than {jq_worker.MEMORY // 1024**2} MiB of memory"
