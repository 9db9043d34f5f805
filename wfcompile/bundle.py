"""The bundle: a directory that appears whole, by rename; relative paths only, same bytes for the same input."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wfcompile import __version__
from wfcompile.backends import Backend
from wfcompile.credentials import credential_lines
from wfcompile.errors import Refused
from wfcompile.ir import Request, Step, Workflow
from wfcompile.jq_program import run_jq
from wfcompile.library import File, library
from wfcompile.loc import Loc
from wfcompile.options import Options
from wfcompile.render import render
from wfcompile.runtime.cwl.files import Host, host_in
from wfcompile.runtime.expand import Known
from wfcompile.runtime.outputs import output_lines
from wfcompile.runtime.parts import by_step
from wfcompile.runtime.pointers import encode
from wfcompile.runtime.points import Published, expanded
from wfcompile.runtime.values import Problem
from wfcompile.scripts import script_files

MANIFEST = "manifest-sha256.txt"


def bundle_files(workflow: Workflow, options: Options, target: Backend) -> Iterator[File]:
    """Yield every file of the bundle but the manifest."""
    returns = target.returns(options)
    yield from target.emit(workflow, options)
    yield from script_files(workflow, options, returns)
    yield from library(workflow, options.site)
    for source in workflow.sources:
        yield File(f"spec/{source.name}", source.text.encode())
    for item in workflow.inputs:
        if item.empty_directory:
            yield File(f"inputs/{item.name}/", b"", item.mode)
        elif item.copied:
            yield File(f"inputs/{item.name}", item.path.read_bytes(), item.mode)
    yield File("lib/nodes.txt", "".join(f"{node_id}\n" for node_id in workflow.rows.ids).encode())
    yield File("lib/outputs.tsv", "".join(output_lines(workflow.rows, workflow.outputs)).encode())
    if workflow.points or any(workflow.rows.point):
        yield File("lib/points.txt", "".join(f"{point.name}\n" for point in workflow.points).encode())
    if needed := "".join(credential_lines(workflow)):
        yield File("lib/credentials.tsv", needed.encode())
    yield _json("inputs.json", inputs_record(workflow))
    yield _json("images.lock.json", images_record(workflow))
    yield _json("plan.json", plan_record(workflow, options, returns == "condor"))
    values = {
        "workflow": workflow.name,
        "nodes": len(workflow.rows),
        "next": target.NEXT,
        "target": options.target,
    }
    yield File("README.md", render("common", "README.md.j2", values).encode())


def _json(path: str, data: Any) -> File:
    return File(path, (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def inputs_record(workflow: Workflow) -> dict[str, Any]:
    """Return inputs.json: the files of the init directory; those not copied are bound at submission."""
    files = [{"name": f.name + "/" * f.empty_directory, "size": f.size, "copied": f.copied} for f in workflow.inputs]
    return {"version": 1, "files": files}


def images_record(workflow: Workflow) -> dict[str, Any]:
    """Return images.lock.json: each image as the specification names it and its file name in a cache."""
    images = []
    for _, image in sorted(workflow.images.items()):
        unpacked = {"cvmfs": image.unpacked} if image.unpacked else {}
        images.append({"image": image.reference, "file": image.key, **unpacked})
    return {"version": 1, "images": images}


def plan_record(workflow: Workflow, options: Options, transfer: bool) -> dict[str, Any]:
    """Return plan.json: what was compiled and how; with `template` and `init` the rows can be made again."""
    counts = {step: len(nodes) for step, nodes in by_step(workflow.rows, set(workflow.rows.point))}
    steps = []
    for number, (about, request) in enumerate(zip(workflow.steps, workflow.requests, strict=True)):
        steps.append(
            {
                "step": about.path,
                "source": about.source,
                "nodes": counts.get(number, 0),
                "runs": about.nodes,
                "image": about.image,
                "interpreter": about.interpreter,
                "setup": about.setup,
                "workdir": about.workdir,
                **({"workspace": True} if about.workspace else {}),
                "request": request.asked(),
            }
        )
    return {
        "version": 1,
        "wfcompile": __version__,
        "workflow": workflow.name,
        "language": workflow.language,
        "target": options.target,
        "site": options.site.name,
        "nodes": len(workflow.rows),
        "steps": steps,
        "template": workflow.template,
        "init": workflow.init,
        **({"outputs": _outputs(workflow)} if workflow.language == "cwl" and not workflow.points else {}),
        "init_scopes": workflow.init_scopes,
        "exact": workflow.exact,
        "assumed": {**workflow.exact, **(workflow.bounds if options.surplus else {})},
        "bounds": workflow.bounds,
        "points": bool(workflow.points),
        "emission": {
            "transfer": transfer,
            "inputs": {item.name: item.copied for item in workflow.inputs},
            "array_limit": options.site.max_array_size,
            "asked_keys": workflow.asked_keys,
            "asked_paths": workflow.asked,
        },
        "looked": [[*key, found] for key, found in sorted(workflow.looked.items())],
    }


def _outputs(workflow: Workflow) -> Any:
    """Return what a CWL workflow gives, nodes by their ids."""
    return encode(workflow.rows.outputs, workflow.rows.ids)


def is_bundle(path: Path) -> bool:
    """Tell whether a path is a bundle's directory."""
    return (path / "plan.json").is_file() and (path / MANIFEST).is_file()


def read_bundle(directory: Path, published: Published | None = None) -> Workflow:
    """Return the workflow of a bundle, its rows made again from plan.json; raises Refused when that cannot be read.

    With what the nodes of a run have `published`, the rows are those that the run has.
    """
    try:
        plan = json.loads((directory / "plan.json").read_text(encoding="utf-8"))
        if plan["version"] != 1:
            raise Refused(f"'{directory}' was made by another version of wfcompile ({plan['wfcompile']})")
        host = host_in(str(directory), str(directory / "run")) if plan["language"] == "cwl" else None
        return _from_plan(plan, Loc(str(directory / "plan.json"), 1, 1), published, host)
    except Problem as problem:
        if published:  # what the jobs have left behind is at fault
            raise Refused(problem.what, problem.advice) from None
        raise _unreadable(directory, problem.what) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _unreadable(directory, f"{type(error).__name__}: {error}") from None


def _unreadable(directory: Path, why: str) -> Refused:
    what = f"'{directory / 'plan.json'}' cannot be used: {why}"
    return Refused(what, f"compare the bundle with {MANIFEST}, or compile it again")


def _from_plan(plan: dict[str, Any], place: Loc, published: Published | None, host: Host | None) -> Workflow:
    if len(plan["steps"]) != len(plan["template"]["steps"]):
        raise ValueError("its two lists of steps differ in length")
    looked = {(where, text, discover): found for where, text, discover, found in plan["looked"]}
    expected = plan["exact"] if published else plan["assumed"]
    known = Known(plan["init"], plan["init_scopes"], lambda *key: looked.get(key), run_jq, expected=expected, host=host)
    nothing = published is None
    expansion = expanded(plan["template"], known, lambda point: not nothing, published or (lambda node_id: None))
    steps = [
        Step(
            s["step"],
            place,
            s["source"],
            s["image"],
            s["interpreter"],
            s["setup"],
            s["workdir"],
            nodes=s["runs"],
            workspace=s.get("workspace", False),
        )
        for s in plan["steps"]
    ]
    return Workflow(
        name=plan["workflow"],
        language=plan["language"],
        template=plan["template"],
        steps=tuple(steps),
        locs={},
        sources=(),
        init=plan["init"],
        init_scopes=plan["init_scopes"],
        looked=looked,
        host=host,
        rows=expansion.rows,
        points=expansion.points,
        exact=plan["exact"],
        bounds=plan["bounds"],
        requests=tuple(Request(**s["request"]) for s in plan["steps"]),
        warnings=tuple(f"{steps[one.step].source}: {one.what}" for one in expansion.rows.skipped),
    )


def write_bundle(files: Iterable[File], directory: Path, force: bool) -> bool:
    """Write a bundle; False when the same one is there already, whose run/ then stays in place.

    Raises Refused when something else is there (unless `force` says to replace a bundle: its run/ becomes run.old/),
    and when it cannot be written.
    """
    try:
        return _write(files, directory.resolve(), force, str(directory))
    except (OSError, RuntimeError) as error:  # RuntimeError: a symlink loop
        raise Refused(f"'{directory}' cannot be written: {error}", "choose another directory with -o") from None


def _write(files: Iterable[File], directory: Path, force: bool, name: str) -> bool:
    if directory.exists() and not (directory / MANIFEST).is_file() and not _is_empty(directory):
        raise Refused(f"'{name}' exists and is no bundle", "choose another directory with -o")
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name[:50]}.", dir=directory.parent))
    try:
        manifest = "".join(f"{digest}  {path}\n" for path, digest in sorted(_write_all(files, temporary)))
        (temporary / MANIFEST).write_text(manifest, encoding="utf-8")
        temporary.chmod(0o777 & ~_umask())
        if not directory.exists():
            temporary.rename(directory)
            return True
        if (directory / MANIFEST).is_file() and (directory / MANIFEST).read_text(encoding="utf-8") == manifest:
            return False
        _replace(directory, temporary, force, name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True


def _replace(directory: Path, temporary: Path, force: bool, name: str) -> None:
    """Put a new bundle in the place of an old one, whose results (they belong to other commands) are kept aside."""
    run = directory / "run"
    # .images and .inputs are only links that compiling made
    has_run = run.is_dir() and any(not path.name.startswith(".") for path in run.iterdir())
    if has_run and not force:
        raise Refused(
            f"'{name}' holds another bundle with a run in it",
            "choose another directory with -o, or use --force: the run is kept as run.old",
        )
    aside = Path(tempfile.mkdtemp(prefix=f".{directory.name[:50]}.old.", dir=directory.parent))
    directory.rename(aside / "bundle")
    temporary.rename(directory)
    if has_run:
        (aside / "bundle" / "run").rename(directory / "run.old")
    for kept in (aside / "bundle").glob("run.old*"):
        kept.rename(directory / (kept.name if has_run is False else f"{kept.name}.old"))
    shutil.rmtree(aside, ignore_errors=True)  # what a network file system still holds open may stay


def _write_all(files: Iterable[File], top: Path) -> Iterator[tuple[str, str]]:
    made: set[Path] = set()
    for path, data, mode in files:
        target = top / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        if path.endswith("/"):
            target.mkdir(exist_ok=True)
            continue
        target.write_bytes(data)
        if mode != 0o644:
            target.chmod(mode & ~_umask())
        yield path, hashlib.sha256(data).hexdigest()


def _is_empty(directory: Path) -> bool:
    return directory.is_dir() and not any(directory.iterdir())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
