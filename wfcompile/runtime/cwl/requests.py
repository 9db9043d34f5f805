"""What a node asks for: cores, and MiB of memory and of disk, as ResourceRequirement says; time and devices.

Source: CWL v1.2 CommandLineTool, ResourceRequirement; v1.0 reserves 1024 MiB of memory where nothing is said.
What the user has decided for a step (or its site) comes before all. What expressions give is rounded up, so that few
different requests remain; what they cannot give before jobs have ended is what the step asks for otherwise.
"""

import math
from typing import Any, Callable, Dict, List, NamedTuple, Set

FIELDS = {"cores": "cores", "ram": "ram", "outdir": "outdir_size", "tmpdir": "tmpdir_size"}  # fields of Place
OF_REQUEST = {"cores": "cpus", "ram": "memory", "outdir": "disk", "tmpdir": "disk"}  # fields of a step's request
OTHERS = {"time": ("ToolTimeLimit", "timelimit"), "gpus": ("CUDARequirement", "cudaDeviceCountMin")}


class Asked(NamedTuple):
    """What one node has and asks for."""

    place: Dict[str, Any]  # fields of Place
    request: Dict[str, int]  # what its expressions say of its request
    late: List[str]  # and what of it they would say if they knew more


def time_around(limit: float) -> int:
    """Return the seconds to ask for when a command is ended after `limit`: staging and collecting take some, too."""
    return math.ceil(limit) + 600


def varied_requests(template: Dict[str, Any], number: int) -> Set[str]:
    """Return what the nodes of a step ask for by expressions: fields of a request."""
    step = template["steps"][number]
    if step.get("tool") is None:
        return set()
    every = template["tools"][step["tool"]]["requirements"]
    found = {OF_REQUEST[name] for name in FIELDS if isinstance(_least(every, name), str)}
    found.update([key for key, (class_, name) in OTHERS.items() if isinstance(every.get(class_, {}).get(name), str)])
    return found.difference(step["fixed"])


def asked(tool: Dict[str, Any], step: Dict[str, Any], value_of: Callable[[str, str], Any]) -> Asked:
    """Return what a node has and asks for; `value_of` evaluates an expression of a requirement, or gives None."""
    every, usual, late = tool["requirements"], step["request"], []  # type: Any, Any, List[str]
    place = {"cores": 1, "ram": 1024 if tool["version"] == "v1.0" else 256, "outdir_size": 1024, "tmpdir_size": 1024}
    request: Dict[str, int] = {}
    for name, field in FIELDS.items():
        key, given = OF_REQUEST[name], _least(every, name)
        if key in ("cpus", "memory") and key in step["fixed"]:
            place[field] = usual[key]
        elif isinstance(given, str):
            value = value_of("ResourceRequirement", given)
            if value is not None:
                place[field] = _rounded(name, value, every["ResourceRequirement"].get(name + "Max"))
            elif key in ("cpus", "memory"):
                place[field] = usual[key]
            request[key] = place[field]
            late += [key] if value is None else []
        elif given is not None:
            place[field] = math.ceil(given)
    if "disk" in request:
        request["disk"] = usual["disk"] if "disk" in late else place["outdir_size"] + place["tmpdir_size"]
    for key, (class_, name) in OTHERS.items():
        given = every.get(class_, {}).get(name)
        if isinstance(given, str):
            value = value_of(class_, given)
            amount = value and (time_around(value) if key == "time" else math.ceil(value))
            request[key] = amount or usual[key]
            late += [key] if value is None else []
    wanted = {key: amount for key, amount in request.items() if key not in step["fixed"]}
    return Asked(place, wanted, [key for key in late if key in wanted])


def _least(requirements: Dict[str, Any], name: str) -> Any:
    requirement = requirements.get("ResourceRequirement", {})
    least = requirement.get(name + "Min")
    return requirement.get(name + "Max") if least is None else least


def _rounded(name: str, value: float, most: Any) -> int:
    """Return an amount rounded up, not above a constant maximum: cores whole, MiB to 2 or 3 times a power of two."""
    least = math.ceil(value)
    if name == "cores" or least <= 64:
        return least if name == "cores" else 64
    half = 1 << ((least - 1).bit_length() - 1)  # half < least <= 2 * half
    found = half * 3 // 2 if least <= half * 3 // 2 else half * 2
    return max(least, min(found, math.floor(most))) if isinstance(most, (int, float)) else found
