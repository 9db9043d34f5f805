"""Resource requests that a step's `environment.resources` carries in REANA's words.

Source: `_get_resources` of REANA's workflow engine for yadage. Strings (CVMFS, GRIDProxy, KRB5Auth) are no requests.
"""

from __future__ import annotations

from typing import Any

from wfcompile.amounts import parse_amount
from wfcompile.documents import Cursor
from wfcompile.errors import Refused
from wfcompile.frontends.yadage.references import Library

_KEYS = {
    "kubernetes_memory_limit": "memory",
    "kubernetes_memory_request": "memory",
    "kubernetes_cpu_request": "cpus",
    "kubernetes_job_timeout": "time",
    "htcondor_request_cpus": "cpus",
    "htcondor_request_memory": "memory",
    "htcondor_request_disk": "disk",
    "htcondor_max_runtime": "time",
    "slurm_time": "time",
}


def resource_hints(library: Library, at: Cursor) -> dict[str, Any]:
    """Return the requests (cpus, memory and disk in MiB, time in seconds) among a step's resources."""
    hints: dict[str, Any] = {}
    if not isinstance(at.value, list):
        raise at.refused("'resources' must be a list")
    for item in map(library.resolve, at.items()):
        if isinstance(item.value, dict):
            hints.update(mapping_hints(item))
    return hints


def mapping_hints(at: Cursor) -> dict[str, Any]:
    """Return the requests among the keys of a mapping: one item of `resources`, or a step of a serial workflow."""
    hints: dict[str, Any] = {}
    for key, value in at.value.items():
        if key not in _KEYS:
            continue
        try:
            hints[_KEYS[key]] = parse_amount(_KEYS[key], value)
        except ValueError as error:
            raise Refused(f"{key}: {error}", "write for example 4Gi, 2, 1h", at.child(key).loc) from None
    return hints
