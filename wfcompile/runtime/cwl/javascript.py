"""JavaScript for expressions: one `node` process, started when the first expression needs it.

Each evaluation has a context of its own in which nothing of node is to be found; node itself may not touch files,
processes or, where it offers that, the network. It answers one request after the other and never comes back to its
event loop, so nothing that code has put off ever runs.
"""

import json
import os
import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from . import sandbox
from .place import CwlProblem, Lacking, Unknown

if TYPE_CHECKING:
    import subprocess

SECONDS = 20.0  # the reference implementation's limit
GRACE = 5.0  # node stops endless code itself; where it cannot, we stop node
LONGEST = 1 << 26  # characters of a value
MEBIBYTES = 1024  # of JavaScript objects; of everything else as much again
# what closes node is called by its version; it refuses an option that it does not know
FENCES: "Tuple[List[str], ...]" = (["--experimental-permission"], ["--permission"], [])
BAD_OPTION = 9
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "HOME")  # what node may need to start; no secrets


class Javascript:
    """The JavaScript engine; nothing is started before the first evaluation."""

    def __init__(self, seconds: float = SECONDS, mebibytes: int = MEBIBYTES) -> None:
        self.seconds = seconds
        self.mebibytes = mebibytes
        self.process: "Optional[subprocess.Popen[bytes]]" = None

    def evaluate(self, expression: str, library: List[str], variables: str) -> Any:
        """Return the value of an expression, given with its brackets and without its dollar.

        `variables` is JavaScript of reads.py; raises Unknown when what is unknown in them is read.
        """
        body = expression if expression.startswith("{") else "{return %s;}" % expression
        request = {
            "code": "(function()%s)()" % body,
            "library": "\n".join(library),
            "variables": variables,
            "milliseconds": int(self.seconds * 1000),
            "longest": LONGEST,
        }
        reply = self.ask(json.dumps(request))
        if reply.get("unknown"):
            raise Unknown
        if reply.get("endless"):
            raise CwlProblem("it does not end within %g seconds" % self.seconds)
        if "error" in reply:
            raise problem_of(reply["error"])
        if reply["value"] is None:
            raise CwlProblem("it gives no value", "a body in ${…} must return one")
        return json.loads(reply["value"])

    def ask(self, line: str) -> Dict[str, Any]:
        """Send node one request and return its reply; a node that does not reply in time, or dies, is forgotten."""
        import threading

        process = self.process if self.process is not None else self.start()
        assert process.stdin is not None and process.stdout is not None
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            process.kill()

        timer = threading.Timer(2 * self.seconds + GRACE, expire)
        timer.start()
        try:
            process.stdin.write(line.encode("ascii") + b"\n")
            process.stdin.flush()
            reply = process.stdout.readline()
        except BrokenPipeError:
            reply = b""
        finally:
            timer.cancel()
        if reply.endswith(b"\n"):
            return json.loads(reply.decode("utf-8"))  # type: ignore[no-any-return]
        self.close()
        if expired.is_set():
            return {"endless": True}
        died = "node died of it with exit code %s, most likely for want of memory: it may use %d MiB"
        return {"error": died % (process.returncode, self.mebibytes)}

    def start(self) -> "subprocess.Popen[bytes]":
        """Start node as closed as it can be."""
        for fence in FENCES:
            process = launched(find_node(), fence, self.mebibytes)
            assert process.stdout is not None and process.stderr is not None
            if process.stdout.readline():
                limit_memory(process.pid, self.mebibytes)
                self.process = process
                return process
            said = process.stderr.read().decode("utf-8", "replace")
            stop(process)
            if process.returncode != BAD_OPTION:
                break
        raise Lacking("node cannot be started: %s" % (said.strip() or "exit code %s" % process.returncode))

    def close(self) -> None:
        """End node, if it runs."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def __enter__(self) -> "Javascript":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def find_node() -> str:
    """Return the path of node."""
    import shutil

    node = shutil.which(os.environ.get("WFC_NODE") or "node")
    if node is None:
        raise Lacking(
            "JavaScript needs `%s`, which is not here" % (os.environ.get("WFC_NODE") or "node"),
            "install Node.js, or set WFC_NODE to its path",
        )
    return node


def launched(node: str, fence: List[str], mebibytes: int) -> "subprocess.Popen[bytes]":
    """Start node with our driver."""
    import subprocess

    options = ["--no-warnings", "--disallow-code-generation-from-strings", "--max-old-space-size=%d" % mebibytes]
    return subprocess.Popen(
        [node] + fence + options + ["-e", sandbox.DRIVER.replace("%s", json.dumps(sandbox.PRELUDE))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
    )


def limit_memory(pid: int, mebibytes: int) -> None:
    """Limit what is not counted as JavaScript objects, such as buffers; only Linux offers that."""
    import resource

    if hasattr(resource, "prlimit"):
        limit = 2 * mebibytes << 20
        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def problem_of(error: str) -> CwlProblem:
    """Return node's error with where it was; its stack shows the place of a syntax error first."""
    message, _, stack = error.partition("\n")
    place = re.search(r"\b(expression|expressionLib):([0-9]+)", stack)
    where = {"expression": "it", "expressionLib": "expressionLib"}
    return CwlProblem(message, "at line %s of %s" % (place.group(2), where[place.group(1)]) if place else "")
