"""jq programs, run at compile time by the jq package."""

from __future__ import annotations

from typing import Any

from wfcompile.runtime.values import Problem


def run_jq(script: str, data: Any) -> list[Any]:
    """Return all results of a jq program; raises Problem when it fails."""
    import jq

    try:
        results: list[Any] = jq.compile(script).input_value(data).all()
    except ValueError as error:
        raise Problem(f"the jq program {script.strip()!r} fails: {error}") from None
    return results
