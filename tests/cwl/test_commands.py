"""Commands, staging, working directories and inputs made complete: the commands really run."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cwl.commands import BEFORE, bound, execute, file, tool, write
from wfcompile.runtime.cwl.command import prepare
from wfcompile.runtime.cwl.complete import complete
from wfcompile.runtime.cwl.files import Host
from wfcompile.runtime.cwl.place import CwlProblem, Place, Unknown
from wfcompile.runtime.values import JOB, RUN, Late

# commands that run


HOSTILE = ["a b", "it's", "$(touch bad)", "`touch bad`", "-n", "*", "x;y", "new\nline", '"', "\\", "é", "<in>", "=", ""]


def test_hostile_words_arrive_as_they_are(place: Place) -> None:
    program = ["python3", "-c", "import sys; print(ascii(sys.argv[1:]))"]
    made = tool(bound("all", {"type": "array", "items": "string"}), baseCommand=program)
    assert execute(prepare(made, {"all": HOSTILE}, place), place) == ascii(HOSTILE) + "\n"
    assert not os.listdir(place.outdir)


@pytest.mark.parametrize("name", ["a=b", "-x"])
def test_a_program_may_have_any_name(place: Place, name: str) -> None:
    program = Path(place.tmpdir, name)
    program.write_text("#!/bin/sh\necho ran $1\n")
    program.chmod(0o755)
    path = {"EnvVarRequirement": {"envDef": [{"envName": "PATH", "envValue": f"{place.tmpdir}:/usr/bin:/bin"}]}}
    assert execute(prepare(tool(baseCommand=[name, "1"], requirements=path), {}, place), place) == "ran 1\n"


def test_variables_of_the_environment(place: Place) -> None:
    given = {"HOME": "elsewhere", "UID": "7", "my.var": "it's $HOME", "É": "é", "EMPTY": ""}
    variables = {"envDef": [{"envName": name, "envValue": value} for name, value in given.items()]}
    made = tool(baseCommand=["env", "-0"], requirements={"EnvVarRequirement": variables})
    printed = dict(line.split("=", 1) for line in execute(prepare(made, {}, place), place).split("\0") if line)
    assert {name: printed[name] for name in given} == {**given, "HOME": place.outdir}
    assert printed["TMPDIR"] == place.tmpdir


def test_streams_are_files(place: Place) -> None:
    text = write(place, "init/it's.txt", "text")
    made = tool(
        {"name": "f", "type": "File"},
        baseCommand=["sh", "-c", "cat; echo bad >&2"],
        stdin="$(inputs.f.path)",
        stdout="deep/-out",
        stderr="$(inputs.f.nameroot) $(inputs.f.nameext)",
    )
    assert execute(prepare(made, {"f": text}, place), place) == ""
    assert Path(place.outdir, "deep/-out").read_text() == "text"
    assert Path(place.outdir, "it's .txt").read_text() == "bad\n"


def test_without_stdin_there_is_nothing_to_read(place: Place) -> None:
    assert execute(prepare(tool(baseCommand=["cat"]), {}, place), place) == ""


def test_a_shell_command(place: Place) -> None:
    arguments = [{"valueFrom": "echo"}, "a b;", {"valueFrom": "| tr a-z A-Z", "shellQuote": False}]
    made = tool(baseCommand=[], arguments=arguments, requirements={"ShellCommandRequirement": {}})
    assert execute(prepare(made, {}, place), place) == "A B;\n"


def test_numbers_have_no_exponent(place: Place) -> None:
    made = tool(bound("n", {"type": "array", "items": "double"}, itemSeparator=" "))
    values = {"n": [1e-05, 1.5e20, 10**42, -2.5]}
    expected = f"0.00001 150000000000000000000 {10**42} -2.5\n"
    assert execute(prepare(made, values, place), place) == expected


# staging


def test_inputs_stay_where_they_are(place: Place) -> None:
    index = write(place, "init/a.bam.bai")
    bam = {**write(place, "init/a.bam"), "secondaryFiles": [index]}
    prepared = prepare(tool(bound("bam", "File")), {"bam": bam}, place)
    assert prepared.stage == []
    assert prepared.inputs["bam"]["path"] == f"{place.root}/init/a.bam"
    assert prepared.inputs["bam"]["secondaryFiles"][0]["path"] == f"{place.root}/init/a.bam.bai"


def test_other_names_other_places_and_literals_are_staged(place: Place) -> None:
    there = write(place, "init/one/a.bam", "A")
    beside = write(place, "init/two/a.bai", "B")
    made = tool(
        {"name": "named", "type": "File"},
        {"name": "apart", "type": "File"},
        {"name": "text", "type": "File"},
        {"name": "tree", "type": "Directory"},
        baseCommand=["sh", "-c", 'for f; do echo "${f##*/}: $(cat "$f")"; done', "sh"],
        arguments=[
            "$(inputs.named.path)",
            "$(inputs.apart.path)",
            "$(inputs.apart.secondaryFiles[0].path)",
            "$(inputs.text.path)",
            "$(inputs.tree.path)/sub/it's",
        ],
    )
    literal = {"class": "File", "basename": "t.txt", "contents": "it's $HOME"}
    tree = {"class": "Directory", "basename": "sub", "listing": [{**there, "basename": "it's"}]}
    values = {
        "named": {**there, "basename": "b.bam"},
        "apart": {**there, "secondaryFiles": [beside]},
        "text": literal,
        "tree": {"class": "Directory", "basename": "tree", "listing": [tree]},
    }
    prepared = prepare(made, values, place)
    assert execute(prepared, place) == "b.bam: A\na.bam: A\na.bai: B\nt.txt: it's $HOME\nit's: A\n"
    assert prepared.inputs["text"]["contents"] == "it's $HOME"
    assert "location" not in prepared.inputs["text"] and "location" not in prepared.inputs["tree"]


@pytest.mark.parametrize("name", ["../up", "/etc/x", "..", "."])
def test_a_basename_is_a_name(place: Place, name: str) -> None:
    with pytest.raises(CwlProblem, match="is no name of a file"):
        prepare(tool({"name": "f", "type": "File"}), {"f": {"class": "File", "basename": name, "contents": ""}}, place)


# the working directory


def workdir(listing: Any, *inputs: dict[str, Any], **given: Any) -> dict[str, Any]:
    requirements = {"InitialWorkDirRequirement": {"listing": listing}, **given.pop("requirements", {})}
    return tool(*inputs, baseCommand=["sh", "-c", "find . | sort"], requirements=requirements, **given)


def test_entries_of_the_working_directory(place: Place) -> None:
    one, two = write(place, "init/one.txt", "1"), write(place, "init/two.txt", "2")
    write(place, "init/dir/inner", "3")
    directory = {"class": "Directory", "location": f"{RUN}/init/dir", "basename": "dir"}
    made = workdir(
        [
            {"entry": "$(inputs.f)", "entryname": "sub/$(inputs.f.nameroot).copy", "writable": True},
            {"entry": "text of $(inputs.f.basename)\n", "entryname": "note"},
            {"entry": "$(inputs.d)", "writable": True},
            "$(inputs.g)",
        ],
        {"name": "f", "type": "File"},
        {"name": "g", "type": "File"},
        {"name": "d", "type": "Directory"},
    )
    prepared = prepare(made, {"f": one, "g": two, "d": directory}, place)
    execute(prepared, place)
    inside = Path(place.outdir)
    assert (inside / "note").read_text() == "text of one.txt\n"
    assert os.readlink(inside / "two.txt") == f"{place.root}/init/two.txt"
    for own in (inside / "sub/one.copy", inside / "dir/inner"):
        assert own.is_file() and not own.is_symlink()
        own.write_text("changed")
    assert Path(place.root, "init/one.txt").read_text() == "1"
    assert Path(place.root, "init/dir/inner").read_text() == "3"
    paths = {name: value["path"] for name, value in prepared.inputs.items()}
    assert paths == {"f": f"{inside}/sub/one.copy", "g": f"{inside}/two.txt", "d": f"{inside}/dir"}


def test_what_may_be_updated_in_place_is_a_copy(place: Place) -> None:
    """Later steps read the copy; a run that is resumed finds results as they were recorded."""
    one = write(place, "init/one.txt", "1")
    made = workdir(
        [{"entry": "$(inputs.f)", "writable": True}],
        {"name": "f", "type": "File"},
        requirements={"InplaceUpdateRequirement": {"inplaceUpdate": True}},
    )
    execute(prepare(made, {"f": one}, place), place)
    Path(place.outdir, "one.txt").write_text("2")
    assert Path(place.root, "init/one.txt").read_text() == "1"


def test_nothing_is_put_into_an_input(place: Place) -> None:
    write(place, "init/dir/inner", "3")
    directory = {"class": "Directory", "location": f"{RUN}/init/dir", "basename": "dir"}
    for writable in (False, True):
        listing = [{"entry": "x", "entryname": "dir/new"}, {"entry": "$(inputs.d)", "writable": writable}]
        made = workdir(listing, {"name": "d", "type": "Directory"})
        if writable:
            execute(prepare(made, {"d": directory}, place), place)
            assert sorted(os.listdir(Path(place.outdir, "dir"))) == ["inner", "new"]
        else:
            with pytest.raises(CwlProblem, match="would be put into"):
                prepare(made, {"d": directory}, place)
    assert os.listdir(Path(place.root, "init/dir")) == ["inner"]


DOCKER = {"DockerRequirement": {"dockerPull": "debian"}}


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("../x", {}, "no name within"),
        ("a/../../x", {}, "no name within"),
        ("..", {}, "no name within"),
        ("/data/x", {}, "absolute"),
        ("/data/x", {"requirements": DOCKER, "hinted": ["DockerRequirement"]}, "absolute"),
        ("/data/x", {"requirements": DOCKER, "version": "v1.1"}, "absolute"),
    ],
)
def test_entries_stay_in_the_working_directory(place: Place, name: str, given: Any, message: str) -> None:
    with pytest.raises(CwlProblem, match=message):
        prepare(workdir([{"entry": "x", "entryname": name}], **given), {}, place)


def test_a_required_container_may_have_entries_anywhere(place: Place) -> None:
    made = workdir([{"entry": "x", "entryname": "/data/x"}], requirements=DOCKER)
    assert prepare(made, {}, place).stage == [("text", "/data/x", "x")]


@pytest.mark.parametrize("version", ["v1.1", "v1.2"])
def test_entries_that_are_other_values_are_json(place: Place, version: str) -> None:
    made = workdir([{"entry": "$(inputs.r)", "entryname": "r"}], {"name": "r", "type": "Any"}, version=version)
    if version == "v1.1":
        with pytest.raises(CwlProblem, match="neither text nor a File"):
            prepare(made, {"r": {"b": [1], "a": "é"}}, place)
    else:
        stage = prepare(made, {"r": {"b": [1], "a": "é"}}, place).stage
        assert [source for _, _, source in stage] == ['{"a": "\\u00e9", "b": [1]}']


# before the node runs


def test_what_is_known_before_is_what_the_node_makes(place: Place) -> None:
    one = write(place, "init/one.txt", "1")
    made = workdir(
        [{"entry": "$(inputs.g)", "entryname": "x"}],
        bound("f", "File", prefix="-f", separate=False),
        bound("g", "File"),
        bound("l", "File"),
        stdin="$(inputs.f.path)",
        stdout="out",
        arguments=["$(runtime.outdir)/x", "$(runtime.tmpdir)"],
    )
    literal = {"class": "File", "basename": "t", "contents": "c"}
    values = {"f": {**one, "basename": "other"}, "g": file("m/made.txt"), "l": literal}
    before = prepare(made, values, BEFORE)
    now = prepare(made, values, place)

    def real(text: str) -> str:
        return text.replace(RUN, place.root).replace(JOB, os.path.dirname(place.tmpdir))

    assert shlex.split(real(before.command)) == shlex.split(now.command)
    assert [tuple(map(real, one)) for one in before.stage] == now.stage


@pytest.mark.parametrize(
    ("made", "values"),
    [
        (tool(bound("s", "string")), {"s": Late(0, "/x")}),
        (tool(bound("s", {"type": "array", "items": "string"})), {"s": ["a", Late(0, "/x")]}),
        (tool({"name": "f", "type": "File"}), {"f": Late(0, "/x")}),
        (tool({"name": "f", "type": ["null", "Any"]}), {"f": [Late(0, "/x")]}),
        (tool({"name": "f", "type": "File"}, arguments=["$(inputs.f.size)"]), {"f": file("m/x")}),
        (tool({"name": "f", "type": "File"}, stdout="$(inputs.f.contents)"), {"f": file("m/x")}),
        (tool({"name": "f", "type": "File", "secondaryFiles": [{"pattern": ".i"}]}), {"f": file("m/x")}),
    ],
)
def test_what_only_the_node_knows_is_not_guessed(made: Any, values: Any) -> None:
    with pytest.raises(Unknown):
        prepare(made, values, BEFORE)


def test_what_the_command_does_not_need_may_be_unknown() -> None:
    values = {"s": Late(0, "/x"), "b": "word"}
    assert prepare(tool({"name": "s", "type": "string"}, bound("b", "string")), values, BEFORE).command.count("word")


# errors


@pytest.mark.parametrize(
    ("made", "values", "message"),
    [
        (tool(bound("n", "int")), {}, "the input 'n' has no value: it must be an int"),
        (tool(bound("n", "int")), {"n": "x"}, "the input 'n': \"x\" is not an int"),
        (tool(baseCommand=[]), {}, "the command line is empty"),
        (tool(arguments=[{"valueFrom": "x", "separate": False}]), {}, "needs a prefix"),
        (tool(arguments=[{"valueFrom": "x", "position": "$(inputs.s)"}], baseCommand=[]), {}, "position"),
        (tool(stdout="/x"), {}, "stdout must be a name within"),
        (tool(stderr="../x"), {}, "stderr must be a name within"),
        (
            tool(requirements={"EnvVarRequirement": {"envDef": [{"envName": "A=B", "envValue": ""}]}}),
            {},
            "no name of an",
        ),
        (tool({"name": "f", "type": "File"}), {"f": {"class": "File"}}, "must have its contents"),
        (tool({"name": "f", "type": "File", "format": "x:bam"}), {"f": file("init/f")}, "has no format"),
        (tool(bound("f", "File", valueFrom="$(inputs.g)"), {"name": "g", "type": "Any"}), {}, "has no value"),
    ],
)
def test_errors(made: Any, values: Any, message: str, place: Place) -> None:
    made["inputs"] = [*made["inputs"], {"name": "s", "type": ["null", "string"], "default": "text"}]
    with pytest.raises(CwlProblem, match=re.escape(message)):
        prepare(made, values, place)


# completing inputs on the node


def host(place: Place) -> Host:
    return Host(place.root, "n", place.outdir)


def test_files_and_directories_are_completed(place: Place) -> None:
    text = write(place, "m/a.txt", "é")
    write(place, "m/d/sub/x", "12")
    directory = {"class": "Directory", "location": f"{RUN}/m/d", "basename": "d"}
    made = tool(
        {"name": "f", "type": ["null", "File"], "loadContents": True},
        {"name": "old", "type": {"type": "array", "items": "File"}, "inputBinding": {"loadContents": True}},
        {"name": "d", "type": "Directory", "loadListing": "shallow_listing"},
        {"name": "deep", "type": {"type": "array", "items": "Directory"}, "loadListing": "deep_listing"},
        {"name": "none", "type": "Directory"},
        {"name": "n", "type": "int", "default": 3},
    )
    del text["size"]
    values = {"f": text, "old": [text], "d": directory, "deep": [directory], "none": directory, "n": None}
    done = complete(values, made, place, host(place))
    assert done["f"] == {**text, "size": 2, "contents": "é"} == done["old"][0]
    sub = {"class": "Directory", "location": f"{RUN}/m/d/sub", "basename": "sub"}
    assert done["d"]["listing"] == [sub]
    inner = {"class": "File", "location": f"{RUN}/m/d/sub/x", "basename": "x", "size": 2}
    assert done["deep"][0]["listing"] == [{**sub, "listing": [inner]}]
    assert done["none"] == directory and done["n"] == 3


def test_secondary_files_are_found_beside(place: Place) -> None:
    bam = write(place, "m/a.bam")
    index, other = write(place, "m/a.bam.bai"), write(place, "m/a.txt")
    write(place, "m/a.bam.more")
    patterns = [{"pattern": ".bai"}, {"pattern": "^.txt", "required": True}, {"pattern": ".more", "required": False}]
    made = tool({"name": "f", "type": {"type": "array", "items": "File"}, "secondaryFiles": patterns})
    done = complete({"f": [bam]}, made, place, host(place))
    assert done["f"][0]["secondaryFiles"] == [index, other]
    os.unlink(Path(place.root, "m/a.txt"))
    with pytest.raises(CwlProblem, match="comes without its secondary file"):
        complete({"f": [bam]}, made, place, host(place))
    known = {**bam, "secondaryFiles": [index]}
    assert complete({"f": [known]}, made, place, host(place))["f"] == [known]


def test_contents_have_a_limit(place: Place) -> None:
    made = tool({"name": "f", "type": "File", "loadContents": True})
    exact = write(place, "m/a", "x" * 65536)
    assert len(complete({"f": exact}, made, place, host(place))["f"]["contents"]) == 65536
    with pytest.raises(CwlProblem, match="64 KiB"):
        complete({"f": write(place, "m/b", "x" * 65537)}, made, place, host(place))


@pytest.mark.parametrize("kind", ["File", "Directory"])
def test_inputs_that_are_not_there(place: Place, kind: str) -> None:
    with pytest.raises(CwlProblem, match="m/gone is not there"):
        missing = {"class": kind, "location": f"{RUN}/m/gone", "basename": "gone"}
        complete({"f": missing}, tool({"name": "f", "type": kind}), place, host(place))
