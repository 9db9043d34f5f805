"""Pass: what a step writes into private copies of its parents' directories is thrown away, and cannot be published."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.runtime.values import RUN, Deferred, Late, has_late

_LATE = f"{RUN}/a value that a parent published"


def refuse_lost_files(workflow: Workflow, options: Options) -> Workflow:
    """Return the workflow; raises Refused for steps with parents=copy that publish what may lie in such a copy."""
    rows = workflow.rows
    for node, step in enumerate(rows.step):
        if workflow.requests[step].parents != "copy":
            continue
        own = f"{RUN}/{rows.ids[node]}"
        globs = [
            p if isinstance(p, str) else _LATE for _, _, p in rows.globs[node] if isinstance(p, str) or has_late(p)
        ]
        for place in (*_places(rows.results[node], node), *map(posixpath.normpath, globs)):
            if place.startswith(RUN) and place != own and not place.startswith((f"{own}/", f"{RUN}/init/")):
                raise Refused(
                    f"step '{workflow.steps[step].path}' has private copies of its parents' directories "
                    f"(parents=copy), which are thrown away, and publishes {place.replace(RUN, '@RUN@')}",
                    "publish a copy of that file in {workdir}",
                    workflow.loc(step, ("task",)),
                )
    return workflow


def _places(result: Any, node: int) -> Iterator[str]:
    """Yield the paths in a result; what another node published only when it ran is taken for one of its files."""
    if isinstance(result, dict | list):
        for part in result.values() if isinstance(result, dict) else result:
            yield from _places(part, node)
    elif isinstance(result, Deferred) or (isinstance(result, Late) and result.node != node):
        yield _LATE
    elif isinstance(result, str):
        yield posixpath.normpath(result)
