"""What a tool asks for: cores, and MiB of memory and of disk, as ResourceRequirement says.

Source: CWL v1.2 CommandLineTool, ResourceRequirement; v1.0 reserves 1024 MiB of memory where nothing is said.
"""

import math
from typing import Any, Callable, Dict

FIELDS = {"cores": "cores", "ram": "ram", "outdir": "outdir_size", "tmpdir": "tmpdir_size"}  # fields of Place


def requested(requirement: Dict[str, Any], version: str, value_of: Callable[[Any], Any]) -> Dict[str, Any]:
    """Return the fields of Place that say what a node has; `value_of` evaluates an expression."""
    asked: Dict[str, Any] = {
        "cores": 1,
        "ram": 1024 if version == "v1.0" else 256,
        "outdir_size": 1024,
        "tmpdir_size": 1024,
    }
    for name, field in FIELDS.items():
        least = requirement.get(name + "Min")
        value = requirement.get(name + "Max") if least is None else least
        if value is not None:
            value = value_of(value)
            asked[field] = math.ceil(value)
    return asked
