"""Command lines: what cwltool runs, we run, for the conformance tools and for random ones."""

from __future__ import annotations

import copy
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from cwltool.errors import WorkflowException
from cwltool.pathmapper import PathMapper
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from schema_salad.avro.schema import SchemaParseException

from tests.conftest import SHARED, needs
from tests.cwl.commands import BEFORE
from tests.cwl.tools import described, in_run, loaded, theirs
from tests.cwl.tools import given as given_by
from wfcompile.runtime.cwl.binding import words
from wfcompile.runtime.cwl.command import environment, prepare, stream
from wfcompile.runtime.cwl.complete import complete
from wfcompile.runtime.cwl.expressions import Context
from wfcompile.runtime.cwl.files import Host
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.place import CwlProblem, Place

SUITE = SHARED / "specs" / "cwl-v1.2"


# cwltool as the oracle


def by_cwltool(job: Any) -> dict[str, Any]:
    """Return what a job of cwltool's would run; the directories of its inputs are all written `@`."""

    def short(text: Any) -> str:
        return re.sub(re.escape(job.builder.stagedir) + "/stg[0-9a-f-]{36}", "@", str(text))

    placed = set()
    for entry in PathMapper(copy.deepcopy(job.generatefiles["listing"]), "/", job.builder.outdir, False):
        assert entry.type is not None
        action = "link" if not entry.type.startswith("Writable") or job.inplace_update else "copy"
        if "Create" in entry.type or entry.resolved.startswith("_:"):
            action = "directory" if "Directory" in entry.type else "text"
        if entry.staged:
            source = {"text": entry.resolved, "directory": ""}.get(action, os.path.realpath(entry.resolved))
            placed.add((action, entry.target, source))
    return {
        "words": [short(word) for word in job.command_line],
        "environment": {key: short(value) for key, value in job.environment.items() if key != "PATH"},
        "streams": [short(job.stdin or "/dev/null"), job.stdout or "", job.stderr or ""],
        "placed": placed,
    }


def by_us(tool: dict[str, Any], inputs: Any, place: Place, javascript: Javascript) -> dict[str, Any]:
    """Return what we would run, in the same form."""
    prepared = prepare(tool, complete(inputs, tool, place, Host(place.root), javascript), place, javascript)
    context = Context(prepared.inputs, None, place, tool["requirements"], tool["version"], None, javascript)
    directories = sorted(set(directories_of(prepared.inputs, place.outdir)), key=len, reverse=True)

    def short(text: str) -> str:
        text = text.replace(f"file://{place.root}/init/", "file:///")  # where cwltool's tool has it too
        for directory in directories:
            text = text.replace(directory, "@")
        return text

    streams = [stream(tool, name, context) for name in ("stdin", "stdout", "stderr")]
    written = {str(Path(place.outdir, name).parent) for name in streams[1:]}
    return {
        "words": [short(word) for word in words(tool, context)],
        "environment": {key: short(one) for key, one in variables(tool, context).items()},
        "streams": [short(one) for one in streams],
        "placed": {
            (action, target, os.path.realpath(source) if action in ("link", "copy") else source)
            for action, target, source in prepared.stage
            if not target.startswith(place.stagedir) and (action != "directory" or target not in written)
        },
    }


def variables(tool: dict[str, Any], context: Context) -> dict[str, str]:
    split = (shlex.split(one)[0].partition("=") for one in environment(tool, context))
    return {name: value for name, _, value in split}


def directories_of(value: Any, outdir: str) -> Iterator[str]:
    """Yield the directories of the inputs that are not in the working directory."""
    if isinstance(value, dict) and "path" in value:
        if not value["path"].startswith(outdir + "/"):
            yield value["path"].rpartition("/")[0]
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from directories_of(part, outdir)


def both(process: Any, order: dict[str, Any], directory: Path, javascript: Javascript) -> tuple[Any, Any]:
    """Return what cwltool and what we would run."""
    inputs = in_run(copy.deepcopy(order))
    job = theirs(process, order, directory)
    amounts = [job.builder.resources[name] for name in ("cores", "ram", "outdirSize", "tmpdirSize")]
    (directory / "run").mkdir()
    (directory / "run" / "init").symlink_to("/")
    root = str(directory / "run")
    place = Place(root, job.builder.outdir, job.builder.tmpdir, job.builder.stagedir, *amounts)
    return by_cwltool(job), by_us(described(process), inputs, place, javascript)


# the commands do not run: what their programs say is of no use
STAND_INS = ("Hello.java", "args.py", "hello.py", "index.py", "search.py", "updateval.py", "subdirsecondaries/hello.py")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The conformance suite, with something in place of the programs that its tools name."""
    copied = tmp_path_factory.mktemp("suite") / "suite"
    shutil.copytree(SUITE, copied)
    for name in STAND_INS:
        (copied / "tests" / name).touch()
    return copied


def cases() -> list[Any]:
    """Return the conformance tests that run one command, without a container."""
    if not SUITE.is_dir() and "CI" not in os.environ:
        return []
    found = []
    tests = yaml.safe_load((SUITE / "conformance_tests.yaml").read_text(encoding="utf-8"))
    for number, test in enumerate(tests):
        path = SUITE / test.get("tool", "")
        text = path.read_text("utf-8") if path.is_file() else ""
        included = re.findall(r"\$include: (\S+)", text)  # the suite is kept without its libraries
        one_command = "class: CommandLineTool" in text and not re.search(
            "^class: (Workflow|ExpressionTool)", text, re.M
        )
        if one_command and not test.get("should_fail") and all((path.parent / name).exists() for name in included):
            found.append(pytest.param(test, id=test.get("id", str(number))))
    return found


@needs(SUITE)
@pytest.mark.parametrize("test", cases())
def test_conformance_tools_run_what_cwltool_runs(
    test: dict[str, Any], suite: Path, tmp_path: Path, javascript: Javascript
) -> None:
    job = suite / test["job"] if test.get("job") else None
    process, order = given_by(suite / test["tool"].partition("#")[0], job)
    if process.get_requirement("DockerRequirement")[1]:
        return  # the paths of a container
    expected, ours = both(process, order, tmp_path, javascript)
    assert ours == expected


# random tools


PRIMITIVES = ["boolean", "int", "long", "float", "string", "Any"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0⦗⦘", exclude_categories=["Cs"]), max_size=5)


def bindings() -> st.SearchStrategy[dict[str, Any]]:
    """inputBinding in all its forms, without expressions."""
    fields = {
        "position": st.integers(-2, 3),
        "prefix": st.sampled_from(["-x", "--long=", "", "it's"]),
        "separate": st.booleans(),
        "itemSeparator": st.sampled_from([",", " ", ""]),
        "shellQuote": st.booleans(),
        "valueFrom": st.sampled_from(["text", "$(self)", "$(inputs.other)", "a $(inputs.other) b"]),
    }
    made = st.fixed_dictionaries({}, optional=fields)
    return made.map(lambda one: one if "prefix" in one else {k: v for k, v in one.items() if k != "separate"})


def perhaps_bound(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just(schema), bindings().map(lambda binding: {**schema, "inputBinding": binding}))


def kinds() -> st.SearchStrategy[Any]:
    """Types, nested."""
    enums = st.just({"type": "enum", "symbols": ["red", "green"]}).flatmap(perhaps_bound)

    def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        arrays = inner.map(lambda kind: {"type": "array", "items": kind}).flatmap(perhaps_bound)
        fields = st.lists(inner.map(lambda kind: {"type": kind}).flatmap(perhaps_bound), min_size=1, max_size=3)
        records = fields.map(
            lambda made: {"type": "record", "fields": [{**one, "name": f"f{n}"} for n, one in enumerate(made)]}
        ).flatmap(perhaps_bound)
        return st.one_of(arrays, records, inner.map(lambda kind: kind if isinstance(kind, list) else ["null", kind]))

    return st.recursive(st.one_of(st.sampled_from(PRIMITIVES), enums), nested, max_leaves=4)


def of_kind(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type."""
    if isinstance(kind, list):
        return st.one_of(*map(of_kind, kind))
    if isinstance(kind, dict):
        if kind["type"] == "array":
            return st.lists(of_kind(kind["items"]), max_size=3)
        if kind["type"] == "record":
            return st.fixed_dictionaries({one["name"]: of_kind(one["type"]) for one in kind["fields"]})
        return st.sampled_from(kind["symbols"])
    simple = {
        "boolean": st.booleans(),
        "int": st.integers(-9, 9),
        "long": st.integers(-(2**40), 2**40),
        "string": TEXTS,
    }
    floats = st.sampled_from([0.5, -2.25, 3.0, 12345.125])
    several = st.one_of(st.integers(0, 9), TEXTS, st.booleans(), st.lists(st.integers(0, 3), max_size=2))
    return {**simple, "string": TEXTS, "null": st.none(), "float": floats, "Any": several}[kind]


@st.composite
def tools_with_inputs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tool and inputs for it."""
    made = [
        draw(kinds().map(lambda kind: {"type": kind}).flatmap(perhaps_bound)) for _ in range(draw(st.integers(1, 3)))
    ]
    names = ["b", "a", "10"]
    ports = [{**one, "id": name} for one, name in zip(made, names, strict=False)] + [{"id": "other", "type": "string"}]
    order = {one["id"]: draw(of_kind(one["type"])) for one in ports}
    arguments = draw(st.lists(st.one_of(TEXTS, bindings().map(lambda one: {"valueFrom": "v", **one})), max_size=3))
    plain = [one for one in arguments if not isinstance(one, str) or ("$" not in one and "\\" not in one)]
    document = {"baseCommand": ["echo", "it's"], "arguments": plain, "inputs": ports, "requirements": []}
    if draw(st.booleans()):
        document["requirements"] = [{"class": "ShellCommandRequirement"}]
    return document, order


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tools_with_inputs())
def test_random_tools_run_what_cwltool_runs(made: tuple[dict[str, Any], dict[str, Any]]) -> None:
    document, order = made
    process = loaded(copy.deepcopy(document))
    tool = described(process)
    with TemporaryDirectory() as directory:
        try:
            expected = theirs(process, copy.deepcopy(order), Path(directory)).command_line
        except (SchemaParseException, TypeError):  # cwltool trips over names that it gave to enums, and over Any
            reject()
        except WorkflowException:
            with pytest.raises(CwlProblem):
                words(tool, Context(order, None, BEFORE, tool["requirements"], "v1.2"))
            return
    values = prepare(tool, order, BEFORE).inputs
    assert words(tool, Context(values, None, BEFORE, tool["requirements"], "v1.2")) == [str(one) for one in expected]
