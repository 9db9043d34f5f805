"""What a step asks for in REANA's words: resources of a yadage environment, keys of a serial step.

Source: the schemas and the job managers of REANA's job controller, where each word has the syntax of its own system;
packtivity for the words CVMFS, GRIDProxy and KRB5Auth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from wfcompile.amounts import parse_setting
from wfcompile.documents import Cursor, kind
from wfcompile.errors import Diagnostic, Refused, suggest

Hints = dict[str, dict[str, Any]]  # a system's name ("": any) -> fields of ir.Request

_WORDS = {"CVMFS": "cvmfs", "GRIDProxy": "proxy", "KRB5Auth": "kerberos"}
# CERN's job flavours: batch service documentation
_FLAVOURS = {
    "espresso": 20 * 60,
    "microcentury": 3600,
    "longlunch": 2 * 3600,
    "workday": 8 * 3600,
    "tomorrow": 86400,
    "testmatch": 3 * 86400,
    "nextweek": 7 * 86400,
}


def _kubernetes_bytes(text: str) -> int:
    """MiB of a quantity of Kubernetes; a bare number is bytes."""
    match = re.fullmatch(r"(\d+(?:\.\d*)?(?:[eE]\d+)?)(?:([KMGTPE])(i?)|k)?", text)
    if not match:
        raise ValueError(f"{text!r} is no quantity of Kubernetes, such as 4Gi")
    power = " KMGTPE".index(match[2]) if match[2] else int(text.endswith("k"))
    return math.ceil(float(match[1]) * (1024.0 if match[3] else 1000.0) ** power / 1024**2)


def _kubernetes_cores(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", text)
    if not match:
        raise ValueError(f"{text!r} is no number of cores, such as 2 or 500m")
    return math.ceil(float(match[1]) / (1000 if match[2] else 1))


def _condor_bytes(text: str, default: str) -> int:
    """MiB of a quantity of HTCondor, whose units are powers of 1024; a bare number is in `default` units."""
    match = re.fullmatch(r"(\d+)\s*(?:([KMGT])B?)?", text.upper())
    if not match:
        raise ValueError(f"{text!r} is no quantity of HTCondor, such as 4 GB")
    return math.ceil(int(match[1]) * 1024.0 ** " KMGT".index(match[2] or default) / 1024**2)


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d+", text):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _condor_seconds(text: str) -> int:
    if text not in _FLAVOURS and not re.fullmatch(r"[0-9]+", text):
        raise ValueError(f"{text!r} is neither seconds nor a job flavour ({', '.join(_FLAVOURS)})")
    return _FLAVOURS[text] if text in _FLAVOURS else int(text)


def _slurm_seconds(text: str) -> int:
    """Seconds of minutes[:seconds], hours:minutes:seconds or days-hours[:minutes[:seconds]] (sbatch's --time)."""
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?", text)
    if not match:
        raise ValueError(f"{text!r} is no time of Slurm, such as 60, 1:30:00 or 2-12")
    parts = [int(part) for part in match.groups()[1:] if part is not None]
    if match[1] is None and len(parts) < 3:
        parts.insert(0, 0)
    hours, minutes, seconds = [*parts, 0, 0][:3]
    return ((int(match[1] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


# word -> system, field of ir.Request, how that system writes it. Of two words for one field the later counts.
_KEYS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "kerberos": ("", "kerberos", bool),
    "voms_proxy": ("", "proxy", bool),
    "rucio": ("", "rucio", bool),
    "unpacked_img": ("", "unpacked", bool),
    "unpacked_image": ("", "unpacked", bool),
    "kubernetes_cpu_limit": ("kubernetes", "cpus", _kubernetes_cores),
    "kubernetes_cpu_request": ("kubernetes", "cpus", _kubernetes_cores),
    "kubernetes_memory_request": ("kubernetes", "memory", _kubernetes_bytes),
    "kubernetes_memory_limit": ("kubernetes", "memory", _kubernetes_bytes),
    "kubernetes_job_timeout": ("kubernetes", "time", _whole),
    "c4p_cpu_cores": ("c4p", "cpus", _whole),
    "c4p_memory_limit": ("c4p", "memory", lambda text: _condor_bytes(text, "M")),
    "htcondor_request_cpus": ("htcondor", "cpus", _whole),
    "htcondor_request_memory": ("htcondor", "memory", lambda text: _condor_bytes(text, "M")),
    "htcondor_request_disk": ("htcondor", "disk", lambda text: _condor_bytes(text, "K")),
    "htcondor_max_runtime": ("htcondor", "time", _condor_seconds),
    "htcondor_accounting_group": ("htcondor", "accounting_group", str),
    "htcondor_requirements": ("htcondor", "requirements", str),
    "slurm_partition": ("slurm", "partition", str),
    "slurm_time": ("slurm", "time", _slurm_seconds),
}
_NO_EFFECT = {
    "compute_backend": "the target of the compilation is where the step runs",
    "kubernetes_uid": "the step runs as you",
    "c4p_additional_requirements": "only Compute4PUNCH reads it",
}
HINT_KEYS = (*_KEYS, *_NO_EFFECT)


def word_hints(at: Cursor, warnings: list[Diagnostic]) -> Hints:
    """Return what one of packtivity's words asks for; warns for a word that is none."""
    if isinstance(at.value, str) and at.value in _WORDS:
        return {"": {_WORDS[at.value]: True}}
    what = f"unknown resource '{at.value}', which has no effect"
    warnings.append(Diagnostic(at.loc, what, suggest(str(at.value), _WORDS)))
    return {}


def key_hints(at: Cursor, keys: Iterable[str], warnings: list[Diagnostic]) -> Hints:
    """Return what keys of a mapping ask for; raises Refused for bad values, warns for keys without effect."""
    hints: Hints = {}
    for key in keys:
        if key in _NO_EFFECT:
            warnings.append(Diagnostic(at.key_loc(key), f"'{key}' has no effect here", _NO_EFFECT[key]))
        elif key not in _KEYS:
            what = f"unknown resource '{key}', which has no effect"
            warnings.append(Diagnostic(at.key_loc(key), what, suggest(str(key), HINT_KEYS)))
    for key in (key for key in _KEYS if key in keys and at.value.get(key) is not None):
        system, name, _ = _KEYS[key]
        hints.setdefault(system, {})[name] = _value(at.child(key), key)
    if hints.get("", {}).get("rucio"):
        hints[""].setdefault("proxy", True)  # REANA's configuration of Rucio uses it
    return hints


def _value(at: Cursor, key: str) -> Any:
    """Return a value in the units of ir.Request."""
    _, name, parse = _KEYS[key]
    if parse is bool:
        if not isinstance(at.value, bool):
            raise at.refused(f"'{key}' must be true or false, not {kind(at.value)}")
        return at.value
    if not isinstance(at.value, str | int | float) or isinstance(at.value, bool):
        raise at.refused(f"'{key}' must be a string or a number, not {kind(at.value)}")
    try:
        return parse_setting(name, parse(str(at.value).strip()))
    except OverflowError:
        raise Refused(f"{key}: the number is too large", "", at.loc) from None
    except ValueError as error:
        raise Refused(f"{key}: {error}", "", at.loc) from None


def merge_hints(parts: Iterable[Hints]) -> Hints:
    """Return the union of hints; of two values for one field the later counts."""
    merged: Hints = {}
    for part in parts:
        for system, values in part.items():
            merged.setdefault(system, {}).update(values)
    return merged
