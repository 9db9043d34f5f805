"""The command line; no logic of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from wfcompile import __version__


class _DefaultCommand(click.Group):
    """`wfcompile SPEC …` is `wfcompile compile SPEC …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help", "--version"):
            args = ["compile", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wfcompile")
def cli() -> None:
    """Compile a yadage or CWL workflow into a static HTCondor DAG, a Slurm dependency chain, or a Makefile.

    `wfcompile SPEC …` is short for `wfcompile compile SPEC …`.
    """


def _compile_options(command: Any) -> Any:
    """Add the options that compile and inspect share."""
    path = click.Path(path_type=Path)
    for option in reversed(
        [
            click.argument("spec", type=path),
            click.option("-t", "--target", default="make", show_default=True, help="dagman, slurm or make"),
            click.option("-i", "--inputs", type=path, multiple=True, help="file of init data, or job order (YAML)"),
            click.option("-p", "--parameter", multiple=True, metavar="KEY=YAML", help="one init value, or input"),
            click.option("--toplevel", type=path, help="directory the specification's $ref are relative to"),
            click.option("--initdir", type=path, help="directory the init data's files are in"),
            click.option("-d", "--dataopt", multiple=True, metavar="K=V", help="as yadage-run's -d (initdir)"),
            click.option(
                "-w",
                "--wflowopt",
                multiple=True,
                metavar="K=V",
                help="as yadage-run's -w (discover, relative)",
            ),
            click.option("--site", help="site profile: a file, or a name in the user's configuration"),
            click.option("--set", "settings", multiple=True, metavar="STEP.KEY=VALUE", help="one resource request"),
            click.option("--container", help="auto, a runtime's name, or none"),
            click.option("--image", multiple=True, metavar="FROM=TO", help="file to use for an image"),
            click.option("--output", multiple=True, metavar="STEP.KEY", help="what to collect, instead of the leaves"),
            click.option("--allow-path", type=path, multiple=True, help="further directory documents may read"),
            click.option("--allow-remote", is_flag=True, help="fetch CWL documents from the web"),
            click.option("--data-edges-only", is_flag=True, help="ignore `dependencies:` that carry no data"),
            click.option(
                "--expect",
                multiple=True,
                metavar="STEP=N|STEP<=N",
                help="how many nodes a step has whose number only jobs decide",
            ),
            click.option("--debug", is_flag=True, help="show tracebacks"),
        ]
    ):
        command = option(command)
    return command


_run_option = click.option("--run", type=click.Path(path_type=Path), help="a run of the bundle SPEC in another place")


@cli.command("compile")
@_compile_options
@click.option("--resources", type=click.Path(path_type=Path), multiple=True, help="file of resource requests")
@click.option("-o", "--outdir", type=click.Path(path_type=Path), help="the bundle's directory")
@click.option("--force", is_flag=True, help="replace another bundle; its run/ becomes run.old/")
def compile_command(outdir: Path | None, force: bool, **arguments: Any) -> None:
    """Compile SPEC to a bundle."""
    from wfcompile.compile import compile_bundle

    result = compile_bundle(_options(**arguments), outdir, force)
    for warning in result.workflow.warnings:
        _say(warning)
    where = shlex.quote(str(result.directory if not str(result.directory).startswith("-") else f"./{result.directory}"))
    state = "" if result.new else " (unchanged)"
    count = len(result.workflow.rows)
    _say(f"{count} node{'s' * (count != 1)}{state}; next: cd {where} && {result.next_command}")
    click.echo(result.directory)


@cli.command()
@_compile_options
@click.option("--nodes", "what", flag_value="nodes", help="one JSON line a node")
@click.option("--resources", "what", flag_value="resources", help="print a --resources file to fill in")
@click.option("--check-with-engine", "what", flag_value="engine", help="compare with the real yadage engine")
@_run_option
@click.option(
    "--resources-file", "resources", type=click.Path(path_type=Path), multiple=True, help="compile's --resources"
)
def inspect(what: str | None, **arguments: Any) -> None:
    """Show what SPEC compiles to: a specification, a bundle, or its run/ with the nodes that jobs decided."""
    from wfcompile import inspecting

    for line in inspecting.VIEWS[what or "summary"](_options(**arguments)):
        click.echo(_shown(line.rstrip("\n")))


@cli.command()
@_compile_options
@click.option("--resources", type=click.Path(path_type=Path), multiple=True, help="file of resource requests")
@click.option("-o", "--outfile", type=click.Path(path_type=Path), help="FILE.svg, .html, .dot or .mmd; else print DOT")
@_run_option
def graph(outfile: Path | None, **arguments: Any) -> None:
    """Draw SPEC, a box a step: a specification, a bundle, or its run/ with how far each step is."""
    from wfcompile import draw

    drawn = draw.draw(_options(**arguments), outfile)
    for warning in drawn.warnings:
        _say(warning)
    click.echo(drawn.text, nl=False)


def _options(**arguments: Any) -> Any:
    from wfcompile.arguments import options_from

    return options_from(**arguments)


def _say(text: str) -> None:
    click.echo(f"wfcompile: {_shown(text)}", err=True)


def _shown(text: str) -> str:
    """Return text whose control characters are escaped: names come from strangers, and terminals obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def main() -> int:
    """Run the command line; 0 done, 1 refused, 2 usage."""
    debug = "--debug" in sys.argv
    try:
        return cli.main(standalone_mode=False) or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 130
    except Exception as error:
        from wfcompile.errors import Misused, Refused

        if debug or not isinstance(error, Refused | OSError):
            raise
        _say(str(error))
        return 2 if isinstance(error, Misused) else 1
