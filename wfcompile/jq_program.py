"""jq programs, run at compile time by the jq package."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wfcompile.runtime.values import Problem

# not a field (.now), not part of another word
_CHANGES = re.compile(r"(?<![.\w$])(now|localtime|strflocaltime|input_filename|input|inputs|debug|stderr)\b")


def run_jq(script: str, data: Any) -> list[Any]:
    """Return all results of a jq program; raises Problem when it fails, or would give another result another time."""
    import jq

    changes = _CHANGES.search(re.sub(r'"[^"\\]*"', "", script))
    if changes:
        raise Problem(f"the jq program {script.strip()!r} uses '{changes[1]}', which is not the same every time")
    try:
        with _no_environment():
            results: list[Any] = jq.compile(script).input_value(data).all()
    except ValueError as error:
        raise Problem(f"the jq program {script.strip()!r} fails: {error}") from None
    return results


@contextmanager
def _no_environment() -> Iterator[None]:
    """Hide the environment: `env` in a stranger's program would carry it into the bundle."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        yield
    finally:
        os.environ.update(kept)
