"""A process of its own for the jq programs of a specification: they are a stranger's, and may take all time and memory.

Run as `python jq_worker.py DIRECTORY-OF-THE-JQ-PACKAGE`. A request is two lines of JSON, a program and its data; the
answer is one line, [true, results] or [false, error]. Whoever takes more than the limits is killed.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from functools import lru_cache

SECONDS = 5  # of processor time, for one program and its data
MEMORY = 1024**3
ANSWER = 100 * 1000**2  # characters


def main(packages: str) -> None:
    """Answer requests until there are no more."""
    sys.path.append(packages)
    import jq

    os.environ.clear()  # `env` in a stranger's program would carry it into the bundle
    # no file can be opened from here on: neither a module that a program names, nor one of the user's own
    for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 3)):
        resource.setrlimit(limit, (value, value))
    compiled = lru_cache(maxsize=64)(jq.compile)
    for script in sys.stdin:
        data = sys.stdin.readline()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # its signal ends the process
        try:
            answer = json.dumps([True, compiled(json.loads(script)).input_text(data).all()])
        except MemoryError:
            os.abort()
        except (ValueError, RecursionError) as error:
            answer = json.dumps([False, str(error) or type(error).__name__])
        signal.setitimer(signal.ITIMER_PROF, 0)
        if len(answer) > ANSWER:
            answer = json.dumps([False, "its results are too large"])
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
