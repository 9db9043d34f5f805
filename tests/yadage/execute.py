"""Jobs that the real engine rendered, really run on this machine: what its container would do, without one."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import glob2
from yadage.handlers import scheduler_handlers

_in_directory_order = glob2.glob
_process_in_place = scheduler_handlers.process_jsonlike


def execute(job: dict[str, Any], environment: dict[str, Any], directory: Path) -> None:
    """Run a job in its node's directory: a command by sh, a script on its interpreter's standard input.

    A parameter mount becomes a file in the directory, as the engine makes it; its path in the container is replaced by
    that file's. Raises CalledProcessError when the job fails.
    """
    text: str = job["script"] if "script" in job else job["command"]
    for number, mount in enumerate(environment.get("par_mounts", ())):
        file = directory / f"_yadage_parmount_{number}.txt"
        file.write_text(mount["mountcontent"], encoding="utf-8")
        text = text.replace(mount["mountpath"], str(file))
    command = ["sh", "-c", job["interpreter"] if "script" in job else text]
    given = text if "script" in job else ""
    subprocess.run(command, input=given, cwd=directory, check=True, capture_output=True, text=True)


@contextmanager
def sorted_globs() -> Iterator[None]:
    """The engine takes a glob's matches in the order of the directory; here, as ours, sorted."""
    with mock.patch.object(glob2, "glob", lambda pattern: sorted(_in_directory_order(pattern))):
        yield


@contextmanager
def own_bindings() -> Iterator[None]:
    """The engine puts what a jq-stage's bindings select into the document, for all instances; here each has its own."""

    def process(data: Any, selector: str, callback: Any) -> Any:
        return _process_in_place(copy.deepcopy(data), selector, callback)

    with mock.patch.object(scheduler_handlers, "process_jsonlike", process):
        yield
