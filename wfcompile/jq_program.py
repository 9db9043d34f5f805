"""jq programs, run at compile time by the jq package."""

from __future__ import annotations

from typing import Any

from wfcompile.runtime.values import Problem


def run_jq(script: str, data: Any) -> Any:
    """Return the first result of a jq program; raises Problem when it fails or has none."""
    import jq

    try:
        return jq.compile(script).input_value(data).first()
    except (ValueError, StopIteration) as error:
        raise Problem(f"the jq program {script!r} fails: {error or 'no result'}") from None
