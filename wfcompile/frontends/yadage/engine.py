"""The real yadage engine beside ours: its own scheduling, rendering and publishing.

No command is run unless the caller runs it: `inspect --check-with-engine` does not, tests do.
Needs the extra `yadage`. Only `inspect --check-with-engine` and the tests import this module.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import jq
import packtivity.asyncbackends
import packtivity.syncbackends
import yadage.backends.packtivitybackend
import yadage.steering_api
import yaml

from wfcompile.errors import Refused
from wfcompile.frontends import find_spec
from wfcompile.ir import Workflow
from wfcompile.jq_program import run_jq
from wfcompile.options import Options
from wfcompile.runtime.expand import slots_of
from wfcompile.runtime.format_language import Field
from wfcompile.runtime.late import command, evaluate, in_command
from wfcompile.runtime.pointers import at_pointer
from wfcompile.runtime.values import RUN, has_leaf

Execute = Callable[[dict[str, Any], dict[str, Any], Path], None]  # a job, its environment, the node's directory


@dataclass(frozen=True, slots=True)
class EngineNode:
    """A node of the engine's graph; `directory` is relative to the run, None for pure publishing."""

    identifier: str
    directory: str | None
    interpreter: str
    command: str
    result: Any
    parents: tuple[str, ...]  # identifiers
    mounts: tuple[str, ...] | None = None  # the texts of parameter mounts, None where they are not recorded


class _Recorder(packtivity.asyncbackends.ForegroundBackend):  # type: ignore[misc]
    """Renders each job with packtivity's own code, runs it or makes what its globs look for, publishes for real."""

    def __init__(self, execute: Execute | None) -> None:
        super().__init__({})
        self.execute = execute
        self.jobs: dict[str, dict[str, Any]] = {}

    def submit(self, spec: Any, parameters: Any, state: Any, metadata: Any = None) -> Any:
        parameters, state = packtivity.syncbackends.finalize_inputs(parameters, state)
        job, environment = packtivity.syncbackends.acquire_job_env(spec, parameters, state, metadata, self.pack_config)
        directory = state.readwrite[0]
        if environment["environment_type"] != "noop-env":  # which only publishes
            mounts = [mount["mountcontent"] for mount in environment.get("par_mounts", ())]
            self.jobs[directory] = {**job, "mounts": tuple(mounts)}
            if self.execute is not None:
                self.execute(job, environment, Path(directory))
        if self.execute is None:
            _make_matches(spec["publisher"], parameters.typed(), Path(directory))
        result = packtivity.syncbackends.publish(spec["publisher"], parameters, state, self.pack_config)
        return packtivity.asyncbackends.ForegroundProxy(result.json(), state.datamodel, success=True)

    def successful(self, resultproxy: Any) -> bool:
        return True


def _make_matches(publisher: dict[str, Any], parameters: Any, directory: Path) -> None:
    """Make one file for every glob, so that the publisher finds something."""
    patterns = []
    if publisher["publisher_type"] == "fromglob-pub":
        patterns.append(f"{directory}/{publisher['globexpression']}")
    elif publisher.get("glob") and publisher["publisher_type"] == "interpolated-pub":
        leaves = [publisher["publish"]]
        while leaves:
            leaf = leaves.pop()
            if isinstance(leaf, dict | list):
                leaves.extend(leaf.values() if isinstance(leaf, dict) else leaf)
            elif isinstance(leaf, str):
                patterns.append(str(directory / leaf.format(workdir=directory, **parameters)))
    for pattern in patterns:
        name = re.sub(r"\[([^\]])[^\]]*\]", r"\1", pattern.replace("**/", "")).replace("*", "x").replace("?", "x")
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


@contextmanager
def compiled_once() -> Iterator[None]:
    """The engine compiles the same few jq programs about 55 times a node; results are the same when kept."""
    with mock.patch.object(jq, "jq", functools.cache(jq.jq)):
        yield


def run_engine(
    options: Options, init_directory: Path | None, execute: Execute | None = None, work: Path | None = None
) -> list[EngineNode]:
    """Run the engine on a specification in WORK/run (default: a temporary directory); raises Refused with its error.

    `execute` runs a job; without it no command runs, and every glob finds one file.
    """
    if work is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run_engine(options, init_directory, execute, Path(temporary))
    from wfcompile.frontends.yadage.inputs import find_input_file

    spec = find_spec(options.spec, options.toplevel)
    files = list(options.input_files)
    if not files and not options.parameters:
        files = [file for file in [find_input_file(spec)] if file]
    data: dict[str, Any] = {}
    for file in files:
        data.update(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    data.update(options.parameters)
    toplevel = options.toplevel or spec.parent
    recorder = _Recorder(execute)
    backend = yadage.backends.packtivitybackend.PacktivityBackend(packtivity_backend=recorder, backendopts={})
    logging.disable(logging.CRITICAL)
    try:
        with (
            compiled_once(),
            yadage.steering_api.steering_ctx(
                dataarg=f"{work}/run",
                workflow=os.path.relpath(spec.resolve(), toplevel.resolve()),
                toplevel=str(toplevel.resolve()),
                initdata=data,
                dataopts={"initdir": str(init_directory.resolve())} if init_directory else {},
                wflowopts=dict(options.workflow_options),
                backend=backend,
                updateinterval=0.0001,
                visualize=False,
            ) as workflow,
        ):
            pass  # it runs at the end of the block
    except Exception as error:
        raise Refused(f"the engine fails: {type(error).__name__}: {error}") from None
    finally:
        logging.disable(logging.NOTSET)
    root = str((work / "run").resolve())
    init = str(init_directory.resolve()) if init_directory else None
    return [_node(node, workflow.workflow.dag, recorder.jobs, root, init) for node in _nodes(workflow)]


def _nodes(steering: Any) -> list[Any]:
    dag = steering.workflow.dag
    return [dag.getNode(identifier) for identifier in dag.nodes()]


def _node(node: Any, dag: Any, jobs: dict[str, Any], root: str, init: str | None) -> EngineNode:
    state = node.task.state
    directory = state.readwrite[0] if state is not None and state.readwrite else None
    job = jobs.get(directory or "", {})

    def here(text: str) -> str:
        if init:
            text = text.replace(init, f"{RUN}/init")
        return text.replace(root, RUN)

    return EngineNode(
        identifier=node.identifier,
        directory=directory[len(root) + 1 :] if directory and job else None,
        interpreter=job.get("interpreter", ""),
        command=here(job.get("script", job.get("command", ""))),
        result=_mapped(node.result.json() if node.has_result() else None, here),
        parents=tuple(dag.predecessors(node.identifier)),
        mounts=tuple(here(text) for text in job["mounts"]) if job else None,
    )


def _mapped(data: Any, change: Any) -> Any:
    if isinstance(data, dict):
        return {key: _mapped(value, change) for key, value in sorted(data.items())}  # as it is passed on
    if isinstance(data, list):
        return [_mapped(value, change) for value in data]
    return change(data) if isinstance(data, str) else data


def compare(workflow: Workflow, engine_nodes: list[EngineNode]) -> list[str]:
    """Return what differs between our nodes and the engine's: ids, commands, results, parents."""
    rows = workflow.rows
    theirs = {node.directory: node for node in engine_nodes if node.directory is not None}
    waiting = "|".join(re.escape(step.key) for step in rows.pending)  # what the run decides cannot be compared
    unknown = [name for name in theirs if not (waiting and re.fullmatch(f"({waiting})(_[0-9]+)?(/.*)?", name))]
    differences = [f"{name}: only the engine has it" for name in sorted(set(unknown) - set(rows.ids))]
    ancestors = _ancestors(engine_nodes)
    directories = {node.identifier: node.directory for node in engine_nodes}
    # the engine makes no edge for a value that turns out to be empty; ours was there before anybody knew
    with_empty = {node.directory for node in engine_nodes if node.directory and _has_empty(node.result)}

    def published(late: int, pointer: str) -> Any:
        return at_pointer(theirs[rows.ids[late]].result, pointer)

    def filled(slot: Any, field: Field) -> str:
        return in_command(slot, field, published, run_jq)

    for number, node_id in enumerate(rows.ids):
        if node_id not in theirs:
            differences.append(f"{node_id}: the engine does not have it")
            continue
        node = theirs[node_id]
        step = workflow.steps[rows.step[number]]
        task = workflow.template["steps"][rows.step[number]]["task"]

        ours = command(rows, number, task["text"], slots_of(task), filled)
        if ours != node.command:
            differences.append(f"{node_id}: command\n  engine: {node.command!r}\n  ours:   {ours!r}")
        if step.interpreter != node.interpreter:
            differences.append(f"{node_id}: interpreter {node.interpreter!r}, ours {step.interpreter!r}")
        mounts = tuple(evaluate(text, published, run_jq) for _, text in rows.mounts[number])
        if node.mounts not in (None, mounts):
            differences.append(f"{node_id}: mounts\n  engine: {node.mounts!r}\n  ours:   {mounts!r}")
        result = evaluate(rows.results[number], published, run_jq)
        if result != node.result:
            differences.append(f"{node_id}: result\n  engine: {node.result!r}\n  ours:   {result!r}")
        parents = {rows.ids[parent] for parent in rows.parents[number]}
        spared = parents & with_empty
        spared |= {before for parent in spared for before in ancestors[theirs[parent].identifier]}
        extra = sorted(parents - ancestors[node.identifier] - spared)
        if extra:
            differences.append(f"{node_id}: parents that the engine does not know: {extra}")
        direct = {directories[parent] or "" for parent in node.parents}
        missing = sorted(direct & set(theirs) - parents)
        if missing:
            differences.append(f"{node_id}: not its parents, but the engine's: {missing}")
        for named in re.findall(re.escape(RUN) + r"/([^\s'\",;:]+)", ours):
            places = {named[:end] for end in [*(slash.start() for slash in re.finditer("/", named)), len(named)]}
            if places & set(theirs) and not places & {node_id, *parents}:
                differences.append(
                    f"{node_id}: its command names {named}, which is not in its own or a parent's directory"
                )
    return differences


def _has_empty(data: Any) -> bool:
    if isinstance(data, dict | list) and data:
        return any(_has_empty(part) for part in (data.values() if isinstance(data, dict) else data))
    return not has_leaf(data)


def _ancestors(nodes: list[EngineNode]) -> dict[str, set[str]]:
    """Return for each identifier the directories of all nodes before it."""
    by_identifier = {node.identifier: node for node in nodes}
    done: dict[str, set[str]] = {}

    def before(identifier: str) -> set[str]:
        if identifier not in done:
            found: set[str] = set()
            for parent in by_identifier[identifier].parents:
                directory = by_identifier[parent].directory
                found |= before(parent) | ({directory} if directory else set())
            done[identifier] = found
        return done[identifier]

    for node in nodes:
        before(node.identifier)
    return done
