"""cwltool as the oracle: every time it collects the outputs of a command, so do we, from the same directory."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from tests.cwl.tools import described
from wfcompile.frontends.cwl.plain import plain
from wfcompile.runtime.cwl.collect import collect
from wfcompile.runtime.cwl.files import Host
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.outputs import final
from wfcompile.runtime.cwl.place import CwlProblem, Place
from wfcompile.runtime.values import RUN

NOT_OURS = ("checksum", "nameroot", "nameext", "dirname", "http://commonwl.org/cwltool#generation")


def in_run(data: Any) -> Any:
    """Return cwltool's values in the run's form, with the paths that they have for the command."""
    if isinstance(data, list):
        return [in_run(one) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: in_run(one) for key, one in data.items()}
    if made.get("class") not in ("File", "Directory"):
        return made
    location = made.pop("location")
    if not location.startswith("_:"):
        made["location"] = RUN + "/init" + path_of(location)
    return {key: one for key, one in made.items() if key not in NOT_OURS}


def path_of(location: str) -> str:
    """Return the path of a location, which cwltool gives as an address or as a path."""
    return unquote(location[len("file://") :]) if location.startswith("file://") else location


@dataclass
class Case:
    """One command whose outputs were collected twice."""

    tool: dict[str, Any]
    place: Place
    inputs: dict[str, Any]
    theirs: Any  # the outputs, or the text of an error
    ours: Any
    host: Host
    printed: Any = None
    different: list[str] = field(default_factory=list)  # looked at while the files are there

    def differences(self) -> list[str]:
        """Return where the two differ."""
        name = self.tool["name"]
        if isinstance(self.theirs, str) or isinstance(self.ours, str):
            same = isinstance(self.theirs, str) and isinstance(self.ours, str)
            return [] if same else [f"{name}: theirs {self.theirs!r:.300}, ours {self.ours!r:.300}"]
        theirs = {key: one for key, one in self.theirs.items() if key in self.ours}
        return [f"{name}: {line}" for line in compare(theirs, self.ours, self.host, "")]


def compare(theirs: Any, ours: Any, host: Host, at: str) -> list[str]:
    """Return where two values differ."""
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [
            line
            for n, (a, b) in enumerate(zip(theirs, ours, strict=True))
            for line in compare(a, b, host, f"{at}[{n}]")
        ]
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return [] if theirs == ours else [f"{at}: theirs {theirs!r:.300}, ours {ours!r:.300}"]
    theirs, ours = dict(theirs), dict(ours)
    if theirs.get("class") in ("File", "Directory"):
        for key in NOT_OURS:
            theirs.pop(key, None)
        location = theirs.pop("location")
        there = Path(path_of(location))
        for files in (theirs, ours):
            if not files.get("secondaryFiles"):
                files.pop("secondaryFiles", None)
        if location.startswith("_:"):
            ours.pop("location", None)
            if theirs["basename"] == location[2:]:
                theirs["basename"] = ours["basename"]  # invented
            if theirs["class"] == "File":
                theirs.pop("size", None)
                ours.pop("size", None)
        elif "location" in ours:
            mine = Path(host.path(ours.pop("location"))).resolve()
            if mine != there.resolve():
                return [f"{at}: theirs at {location}, ours at {mine}"]
        elif theirs["class"] == "Directory":
            ours.pop("listing", None)
            theirs.pop("listing", None)
        else:
            # An input that was a literal: there it is the staged file.
            if there.read_text() != ours.pop("contents", None):
                return [f"{at}: the literal at {location} has other contents"]
            theirs.pop("contents", None)
            theirs.pop("size", None)
    lines = []
    for key in sorted(theirs.keys() | ours.keys()):
        lines += compare(theirs.get(key), ours.get(key), host, f"{at}.{key}")
    return lines


@dataclass
class Oracle:
    """Collects beside cwltool as long as it is installed in it, and prints the outputs into a directory of its own."""

    javascript: Javascript
    printed_in: Path
    cases: list[Case] = field(default_factory=list)

    def run(self, document: Path, *job: str) -> tuple[Any, Any]:
        """Return what cwltool prints for a tool, and what we print; None where it fails."""
        from cwltool.main import main

        self.cases.clear()
        scratch = document.parent / "oracle"
        stdout = io.StringIO()
        options = ["--no-container", "--relax-path-checks", "--quiet", "--outdir", str(scratch / "outputs")]
        options += ["--tmpdir-prefix", f"{scratch}/tmp/", "--tmp-outdir-prefix", f"{scratch}/made/"]
        with (document.parent / "oracle.log").open("w") as log:
            code = main([*options, str(document), *job], stdout=stdout, stderr=log)
        return (json.loads(stdout.getvalue()) if code == 0 else None), self.cases[-1].printed

    def collect_beside(self, process: Any, builder: Any, outdir: str, code: int, theirs: Any) -> None:
        parent, _, node = outdir.rpartition("/")
        seen_root = builder.outdir.rpartition("/")[0]
        place = Place(seen_root, builder.outdir, builder.tmpdir, builder.stagedir, **sizes(builder.resources))
        host = Host(parent, node, outdir, ("/",))
        tool = described(process)
        try:
            ours: Any = collect(tool, in_run(plain(builder.job)), place, host, code, self.javascript)
        except CwlProblem as problem:
            ours = str(problem)
        case = Case(tool, place, in_run(plain(builder.job)), theirs, ours, host)
        if not isinstance(ours, str):
            case.printed = self.print_outputs(ours, host)
        case.different = case.differences()
        self.cases.append(case)

    def print_outputs(self, outputs: dict[str, Any], host: Host) -> Any:
        """Return the output object, its files copied."""
        printed, copies = final(outputs, host)
        self.printed_in.mkdir(exist_ok=True)
        for copy_ in copies:
            copy_.write(str(self.printed_in / copy_.target))
        return printed

    def install(self, monkeypatch: Any) -> None:
        from cwltool.command_line_tool import CommandLineTool

        theirs = CommandLineTool.collect_output_ports
        oracle = self

        def both(process: Any, ports: Any, builder: Any, outdir: str, rcode: int, *rest: Any, **more: Any) -> Any:
            try:
                outputs = theirs(process, ports, builder, outdir, rcode, *rest, **more)
            except Exception as error:
                oracle.collect_beside(process, builder, outdir, rcode, str(error))
                raise
            oracle.collect_beside(process, builder, outdir, rcode, plain(copy.deepcopy(outputs)))
            return outputs

        monkeypatch.setattr(CommandLineTool, "collect_output_ports", both)


def sizes(resources: dict[str, Any]) -> dict[str, Any]:
    names = {"cores": "cores", "ram": "ram", "outdirSize": "outdir_size", "tmpdirSize": "tmpdir_size"}
    return {names[key]: value for key, value in resources.items() if key in names}


@contextmanager
def separate_outputs() -> Iterator[None]:
    """Let cwltool give the same file as several outputs: it fails where they are one object (difference 17)."""
    from cwltool import executors, process

    theirs = process.relocateOutputs

    def separated(outputs: Any, *rest: Any, **more: Any) -> Any:
        return theirs(_copied(outputs), *rest, **more)

    with patch.object(executors, "relocateOutputs", separated):
        yield


def _copied(data: Any) -> Any:
    if isinstance(data, list):
        return [_copied(one) for one in data]
    return {key: _copied(one) for key, one in data.items()} if isinstance(data, dict) else data
