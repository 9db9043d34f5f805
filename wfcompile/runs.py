"""What is looked at: a specification, a bundle, or a run of a bundle with what its jobs have left behind."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wfcompile.bundle import is_bundle, read_bundle
from wfcompile.compile import plan
from wfcompile.errors import Refused
from wfcompile.ir import Workflow
from wfcompile.options import Options
from wfcompile.runtime.parts import is_expanded
from wfcompile.runtime.points import Published
from wfcompile.runtime.records import published_by

DONE, FAILED, BEGUN, WAITING = "done", "failed", "begun", "not started"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the nodes of a run are: their states by their ids, and why nodes and expansions have failed."""

    states: Mapping[str, str]
    failures: Mapping[str, str]


def located(options: Options) -> Options:
    """Return the options with the bundle and the run told apart: the directory BUNDLE/run stands for both."""
    spec, run = options.spec, options.run
    if run is None and spec.is_dir() and not is_bundle(spec):
        where = spec.resolve()
        if where.name == "run" and is_bundle(where.parent):
            # a short path stays one
            return replace(options, spec=spec.parent if spec.name == "run" else where.parent, run=spec)
        if any((spec / name).exists() for name in ("record.json", "logs", "dynamic")):
            raise Refused(f"'{spec}' is a run, and its bundle is not known", f"name it: BUNDLE --run {spec}")
    if run is not None and not is_bundle(spec):
        raise Refused(f"--run {run}: '{spec}' is no bundle", "give the directory that wfcompile made")
    if run is not None and not run.is_dir():
        raise Refused(f"--run {run}: there is no such directory", "has the bundle been submitted?")
    return options


def workflow_of(options: Options) -> Workflow:
    """Return the workflow of a specification, a bundle or a run, whose nodes are those that the run has."""
    options = located(options)
    if options.run is not None:
        return read_bundle(options.spec, published_in(options.run))
    return read_bundle(options.spec) if is_bundle(options.spec) else plan(options)


def published_in(run: Path) -> Published:
    """Return what the nodes of a run publish: None for one that is not done; raises Problem for a broken record."""

    def published(node_id: str) -> Mapping[str, Any] | None:
        done = os.path.exists(os.path.join(run, node_id, "done.json"))
        return published_by(str(run), node_id) if done else None

    return published


def progress(run: Path, ids: Sequence[str], points: Sequence[str]) -> Progress:
    """Look how far nodes are, and which points could not be expanded.

    Done is what has a record (the bundle's status.sh also compares the files).

    A node with an event log has begun; the last event says whether it failed. One without a last word has failed too
    when the run has ended since, for then it was killed.
    """
    ended = _time(run / "record.json")
    logs = _logs(run / "logs")
    states: dict[str, str] = {}
    failures: dict[str, str] = {}
    for node_id in ids:
        if os.path.exists(os.path.join(run, node_id, "done.json")):
            states[node_id] = DONE
            continue
        states[node_id] = WAITING
        if node_id in logs:
            reason = _reason(logs[node_id], ended)
            states[node_id] = FAILED if reason else BEGUN
            if reason:
                failures[node_id] = reason
    for name in points:
        if name in logs and not is_expanded(str(run), name):
            reason = _reason(logs[name], ended)
            if reason:
                failures[name] = reason
    return Progress(states, failures)


def _time(file: Path) -> float:
    return file.stat().st_mtime if file.exists() else 0.0


def _logs(directory: Path) -> dict[str, Path]:
    """Return the event logs that are not empty, by the ids of their nodes."""
    suffix = ".events.jsonl"
    return {
        os.path.relpath(os.path.join(place, name), directory)[: -len(suffix)]: Path(place, name)
        for place, _, names in os.walk(directory)
        for name in names
        if name.endswith(suffix) and os.path.getsize(os.path.join(place, name))
    }


def _reason(log: Path, ended: float) -> str:
    """Return why a node that is not done has failed; empty when it may still be at work."""
    try:
        event = json.loads(_last_line(log))
        reason = str(event["reason"]) if event["ev"] == "final" else ""
    except (ValueError, LookupError, TypeError):  # cut off in the middle of a line
        reason = ""
    if reason in ("done", "kept"):
        return "lost after it was done"
    return reason or ("killed" if _time(log) <= ended else "")


def _last_line(file: Path) -> str:
    with file.open("rb") as lines:
        lines.seek(max(0, os.path.getsize(file) - 65536))
        return lines.read().rstrip(b"\n").rpartition(b"\n")[2].decode("utf-8", "replace")
