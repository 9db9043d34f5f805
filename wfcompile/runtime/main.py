"""What a run asks of the runtime; `python3 lib/start.py COMMAND …` calls main().

    expand BUNDLE RUN POINT           write RUN/dynamic/POINT: rows, ids, and lines of the target's language
    row BUNDLE RUN NODE               print a node's row; code 3 when this run has no such node
    outputs BUNDLE RUN                write RUN/dynamic/outputs.tsv of the whole run
    late RUN ROOT                     read an expression a line, print the values, each ended by NUL
    publish RUN OWN ROOT NODE         read (pointer, mode, argument) triples ended by NUL, print members of `published`
    node NODE…                        read the call of a CWL tool and questions about it (cwl/node.py), and answer them
    give BUNDLE RUN DIRECTORY         collect what a CWL workflow gives into a directory

Code 65: the workflow or its data are at fault; 75: this host is. The message says how.
"""

import errno
import gc
import sys
from typing import List

from .values import FormatError, Problem

COMMANDS = {
    "expand": ("commands", "expand_point"),
    "row": ("commands", "print_row"),
    "outputs": ("commands", "write_outputs"),
    "late": ("commands", "print_late"),
    "publish": ("commands", "print_published"),
    "node": ("cwl.node", "answer"),
    "give": ("cwl.give", "give"),
}


FULL = (errno.ENOSPC, errno.EDQUOT)


def main(words: List[str]) -> int:
    """Run one command; returns its exit code."""
    module, function = COMMANDS[words[0]]  # loaded only when asked for: a start counts a thousand times
    try:
        run = getattr(__import__("%s.%s" % (__package__, module), fromlist=[function]), function)
        gc.enable()  # start.py has put it off: of what is imported, nothing is garbage
        return int(run(*words[1:]))
    except (Problem, FormatError) as error:
        advice = getattr(error, "advice", "")
        sys.stderr.write("%s%s\n" % (error, "; " + advice if advice else ""))
        return getattr(error, "code", Problem.code)
    except OSError as error:
        if error.errno not in FULL:
            raise
        name = error.filename2 or error.filename
        sys.stderr.write("%s%s\n" % (error.strerror, ": '%s'" % name if name else ""))
        return 75
