"""`wfcompile-cwl-runner TOOL [JOB]`: compile, submit, wait, and print the output object, as every cwl-runner does.

Source: CWL v1.2, Command Line Tool Description, "Executing CWL documents as scripts"; code 33 is what cwltest takes for
a feature that the standard makes optional.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import click

from wfcompile import __version__
from wfcompile.runtime.cwl.urls import unquote

DONE, FAILED, UNSUPPORTED, INTERRUPTED = 0, 1, 33, 130
OBJECT = "cwl.output.json"  # the last job writes it into outputs/, with locations (URLs) relative to there


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wfcompile-cwl-runner")
@click.argument("tool", type=click.Path(path_type=Path))
@click.argument("job", type=click.Path(path_type=Path), required=False)
@click.option("-t", "--target", default="make", show_default=True, help="dagman, slurm or make")
@click.option("--outdir", type=click.Path(path_type=Path), default=".", help="where outputs go (default: here)")
@click.option("--bundle", type=click.Path(path_type=Path), help="keep the bundle and its run in this directory")
@click.option("--site", help="site profile: a file, or a name in the user's configuration")
@click.option("--container", help="auto, a runtime's name, or none")
@click.option("--allow-remote", is_flag=True, help="fetch documents from the web")
@click.option("--quiet", is_flag=True, help="say only what goes wrong")
def command(
    tool: Path,
    job: Path | None,
    target: str,
    outdir: Path,
    bundle: Path | None,
    site: str | None,
    container: str | None,
    allow_remote: bool,
    quiet: bool,
) -> int:
    """Run the CWL document TOOL, with the inputs of the file JOB, and print its output object.

    The bundle is made in the directory of the outputs, which the compute nodes of the target must see.
    """
    from wfcompile.arguments import known_container
    from wfcompile.options import Options
    from wfcompile.site import Site, load_site

    options = Options(
        spec=tool,
        target=target,
        site=load_site(site) if site else Site(),
        input_files=(job,) if job else (),
        container=known_container(container),
        allow_remote=allow_remote,
    )
    return run(options, outdir, sys.stdout, sys.stderr, quiet=quiet, bundle=bundle)


def main() -> int:
    """Run the command line."""
    from wfcompile.errors import Misused

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing is left running, whichever way we are stopped
    try:
        code: int = command.main(standalone_mode=False) or DONE
        return code
    except Misused as error:
        click.echo(f"wfcompile-cwl-runner: {error}", err=True)
        return 2
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED


def run(
    options: Any, outdir: Path, out: TextIO, log: TextIO, *, quiet: bool = False, bundle: Path | None = None
) -> int:
    """Run a document to its end; the output object goes to `out`, all else to `log`; return the exit code.

    Raises Misused for options that cannot be.
    """
    from wfcompile.errors import Misused, Refused, Unsupported

    try:
        outdir.mkdir(parents=True, exist_ok=True)
        # Beside the outputs: compute nodes see it where they see those, and moving is renaming.
        directory = Path(tempfile.mkdtemp(prefix=".wfcompile.", dir=outdir))
        try:
            outputs = _outputs(options, bundle or directory / "bundle", outdir, log, quiet)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    except Unsupported as refused:
        log.write(f"wfcompile-cwl-runner: {refused}\n")
        return UNSUPPORTED
    except Misused:
        raise
    except (Refused, OSError) as failed:
        log.write(f"wfcompile-cwl-runner: {failed}\n")
        return FAILED
    out.write(json.dumps(outputs, indent=4, sort_keys=True) + "\n")
    return DONE


def _outputs(options: Any, bundle: Path, outdir: Path, log: TextIO, quiet: bool) -> Any:
    from wfcompile.compile import compile_bundle
    from wfcompile.errors import Refused
    from wfcompile.submitting import run_bundle

    # What a document names is read by commands of its own at once: there is nothing to keep it from.
    compiled = compile_bundle(replace(options, allowed_paths=(Path("/"),)), bundle)
    said: list[str] = []
    for warning in compiled.workflow.warnings:
        log.write("" if quiet else f"wfcompile-cwl-runner: {warning}\n")
    run_bundle(options.target, bundle, said.append if quiet else log.write)
    problems = list(failures(bundle / "run"))
    if problems:
        log.writelines(said)
        raise Refused("the workflow failed\n" + "\n".join(problems))
    return collected(bundle / "run", outdir)


def failures(run: Path) -> Iterable[str]:
    """Say what has gone wrong in a run that has ended: nothing when all is done."""
    try:
        record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield "its last job has left no record"
        return
    yield from (f"missing output: {name}" for name in record["missing_outputs"][:3])
    if record["missing"] > 3:
        yield f"and {record['missing'] - 3} more"
    for failure in record["failures"][:3]:
        yield f"{failure['node']}: {failure['reason']}"
        text = _tail(run / "logs" / f"{failure['node']}.log")
        yield from (f"  | {line}" for line in text)
    if record["failed"] > 3:
        yield f"and {record['failed'] - 3} more"


def _tail(file: Path) -> list[str]:
    if not file.exists():
        return []
    with file.open("rb") as lines:
        lines.seek(max(0, os.path.getsize(file) - 4096))
        return lines.read().decode("utf-8", "replace").splitlines()[-20:]


def collected(run: Path, outdir: Path) -> Any:
    """Move what a run has collected to a directory; return the output object, with absolute locations."""
    source = run / "outputs"
    outputs = json.loads((source / OBJECT).read_text(encoding="utf-8"))
    for entry in source.iterdir():
        if entry.name != OBJECT:
            _move(entry, outdir / entry.name)
    return _placed(outputs, outdir.resolve())


def _move(source: Path, target: Path) -> None:
    """Move a file, or what is in a directory, over what is there."""
    if source.is_dir() and target.is_dir():
        for entry in source.iterdir():
            _move(entry, target / entry.name)
    else:
        shutil.move(source, target)


def _placed(value: Any, outdir: Path) -> Any:
    if isinstance(value, list):
        return [_placed(item, outdir) for item in value]
    if not isinstance(value, dict):
        return value
    placed = {key: _placed(item, outdir) for key, item in value.items()}
    if value.get("class") in ("File", "Directory") and "://" not in value.get("location", "://"):
        path = outdir / unquote(value["location"])
        placed |= {"location": path.as_uri(), "path": str(path)}
    return placed


if __name__ == "__main__":
    sys.exit(main())
