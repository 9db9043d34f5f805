"""What cwltool has no counterpart for: containers, hostile names, predictions, literals, and messages."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from wfcompile.runtime.cwl.collect import collect, evaluate_tool
from wfcompile.runtime.cwl.files import Host, contents, listing, secondary_name
from wfcompile.runtime.cwl.javascript import Javascript
from wfcompile.runtime.cwl.outputs import Copy, final
from wfcompile.runtime.cwl.place import CwlProblem, Place, Unknown
from wfcompile.runtime.cwl.predict import predict
from wfcompile.runtime.cwl.types import matches, mismatch
from wfcompile.runtime.values import JOB, RUN, Deferred, Late

NODE = "steps/one_0"
INSIDE = Place("/wfc/run", f"/wfc/run/{NODE}", "/wfc/job/tmp", "/wfc/job/stage")
BEFORE = Place(RUN, f"{RUN}/{NODE}", f"{JOB}/tmp", f"{JOB}/stage", measured=False)
JS: dict[str, Any] = {"InlineJavascriptRequirement": {}}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A node's directory in scratch, which its command saw in a container; the inputs are elsewhere."""
    for directory in ("scratch/own", "run/steps/zero_0", "inputs"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "inputs/in.txt").write_text("given")
    return Host(str(tmp_path / "run"), NODE, str(tmp_path / "scratch/own"), [str(tmp_path / "inputs")])


def given(name: str = "in.txt", **more: Any) -> dict[str, Any]:
    return {"class": "File", "location": f"{RUN}/init/{name}", "basename": name, **more}


def port(kind: Any = "File", name: str = "o", **more: Any) -> dict[str, Any]:
    """Return an output; `glob` and `outputEval` are in its binding."""
    binding = {key: more.pop(key) for key in ("glob", "outputEval", "loadContents") if key in more}
    return {"name": name, "type": kind, **({"outputBinding": binding} if binding else {}), **more}


def tool(*ports: dict[str, Any], version: str = "v1.2", **more: Any) -> dict[str, Any]:
    return {"class": "CommandLineTool", "version": version, "name": "t", "requirements": {}, "outputs": ports, **more}


def collected(host: Host, port: dict[str, Any], inputs: Any = None, **more: Any) -> Any:
    return collect(tool(port, **more), inputs or {}, INSIDE, host, 0, Javascript())["o"]


def made(host: Host, name: str, text: str = "") -> Path:
    path = Path(host.own) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ---- the command ran in a container


def test_a_file_is_at_its_place_in_the_run(host: Host) -> None:
    made(host, "d/a.txt", "abc")
    found = collected(host, port(glob="/wfc/run/steps/one_0/d/*.txt"))
    assert found == {"class": "File", "location": f"{RUN}/{NODE}/d/a.txt", "basename": "a.txt", "size": 3}


def test_links_hold_paths_as_the_command_saw_them(host: Host) -> None:
    made(host, "real/a", "abc")
    (Path(host.own) / "link").symlink_to("/wfc/run/steps/one_0/real")
    (Path(host.own) / "to_input").symlink_to("/wfc/run/init/in.txt")
    (Path(host.own) / "relative").symlink_to("../../init/in.txt")
    found = collected(host, port({"type": "array", "items": "File"}, glob=["l*/a", "to_input", "relative"]))
    assert [(file["location"], file["basename"], file["size"]) for file in found] == [
        (f"{RUN}/{NODE}/link/a", "a", 3),
        (f"{RUN}/init/in.txt", "to_input", 5),
        (f"{RUN}/init/in.txt", "relative", 5),
    ]


@pytest.mark.parametrize("target", ["/wfc/run/steps/zero_0/x", "/etc/passwd", "../zero_0/x", "/wfc/run/steps/one_0x"])
def test_a_link_that_leads_elsewhere(host: Host, target: str) -> None:
    (Path(host.own) / "a").symlink_to(target)
    with pytest.raises(CwlProblem, match=r"output 'o' of 't': .* is neither in the tool's directory nor an input"):
        collected(host, port(glob="a"))


def test_a_link_to_itself(host: Host) -> None:
    (Path(host.own) / "a").symlink_to("a")
    with pytest.raises(CwlProblem, match="'a' is a link that leads to itself"):
        collected(host, port(glob="a"))


def test_an_input_of_another_node_may_be_passed_on(host: Host) -> None:
    (Path(host.run) / "steps/zero_0/x.dat").write_text("1234")
    earlier = {
        "class": "File",
        "location": f"{RUN}/steps/zero_0/x.dat",
        "basename": "x.dat",
        "path": "/wfc/job/stage/0/x",
    }
    for target in ("/wfc/job/stage/0/x", "/wfc/run/steps/zero_0/x.dat"):
        (Path(host.own) / "a").symlink_to(target)
        found = collected(host, port(glob="a"), {"f": earlier})
        assert found == {"class": "File", "location": earlier["location"], "basename": "a", "size": 4}
        (Path(host.own) / "a").unlink()


def test_a_part_of_an_input_directory(host: Host) -> None:
    directory = {"class": "Directory", "location": f"{RUN}/steps/zero_0", "basename": "d", "path": "/wfc/job/stage/0/d"}
    (Path(host.run) / "steps/zero_0/x").write_text("1234")
    (Path(host.own) / "a").symlink_to("/wfc/job/stage/0/d/x")
    assert collected(host, port(glob="a"), {"d": directory})["location"] == f"{RUN}/steps/zero_0/x"


@pytest.mark.parametrize("more", [{}, {"location": "_:0"}])
def test_a_literal_that_is_passed_on_stays_one(host: Host, more: dict[str, str]) -> None:
    literal = {"class": "File", "basename": "n", "contents": "text"}
    given = {"f": {**literal, "path": "/wfc/job/stage/1/n", **more}}
    assert collected(host, port(outputEval="$(inputs.f)"), given) == literal
    (Path(host.own) / "a").symlink_to("/wfc/job/stage/1/n")
    assert collected(host, port(glob="a"), given) == {**literal, "basename": "a"}


def test_texts_that_are_paths_get_the_token(host: Host) -> None:
    found = collected(host, port("string", outputEval="$(runtime.outdir)/x"))
    assert found == f"{RUN}/{NODE}/x"


def test_the_whole_directory_is_what_is_in_it_now(host: Host) -> None:
    made(host, "a/b", "12")
    found = collected(host, port("Directory", glob="."))
    entry = {"class": "Directory", "location": f"{RUN}/{NODE}/a", "basename": "a"}
    assert found == {"class": "Directory", "basename": "one_0", "listing": [entry]}
    made(host, "done.json")
    assert [copy.target for copy in final({"o": found}, host)[1]] == ["one_0", "one_0/a", "one_0/a/b"]


# ---- what a tool may write


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not an object of outputs"),
        ('{"o": NaN}', "NaN is no number"),
        ('{"o": {"class": "File", "basename": "../x", "contents": ""}}', "'../x' cannot be the name of a file"),
        ('{"o": {"class": "File", "path": "a", "basename": "b/c"}}', "'b/c' cannot be the name of a file"),
        ('{"o": {"class": "File", "path": 3}}', "3 is no path"),
        ('{"o": {"class": "File"}}', "a File needs a path, a location, or contents"),
        ('{"o": {"class": "Directory", "listing": []}}', "a Directory needs a path, a location, or a basename"),
        ('{"o": {"class": "File", "location": "http://x.org/a"}}', "http locations are not fetched"),
        ('{"o": {"class": "File", "path": "../zero_0/x"}}', "is neither in the tool's directory nor an input"),
        ('{"o": {"class": "File", "path": "a", "format": "⦗job⦘"}}', "holds a reserved character"),
    ],
)
def test_own_words_that_cannot_be_taken(host: Host, written: str, message: str) -> None:
    made(host, "a")
    made(host, "cwl.output.json", written)
    with pytest.raises(CwlProblem, match=message):
        collected(host, port())


def test_own_words_are_not_read_through_a_link(host: Host) -> None:
    (Path(host.own) / "cwl.output.json").symlink_to("/etc/hostname")
    with pytest.raises(CwlProblem, match="neither in the tool's directory nor an input"):
        collected(host, port())


@pytest.mark.parametrize("pattern", ["../zero_0/x", "d/../../x", "/wfc/run/steps/one_0/../x"])
def test_a_glob_stays_in_the_directory(host: Host, pattern: str) -> None:
    with pytest.raises(CwlProblem, match="leads out of the working directory"):
        collected(host, port(glob=pattern))


def test_what_was_found_instead(host: Host) -> None:
    for name in "abcdefghij":
        made(host, name)
    with pytest.raises(CwlProblem) as caught:
        collected(host, port(glob=["x", "y"]))
    assert str(caught.value) == "output 'o' of 't': the command left nothing that matches 'x', 'y'"
    assert caught.value.advice == "it left: 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', and 2 more"
    with pytest.raises(CwlProblem, match="it is one file, and 2 match: 'a', 'b'"):
        collected(host, port(glob="[ab]"))


# ---- types


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("int", 3, None),
        ("int", True, "true is not an int"),
        ("int", 2**31, "2147483648 is not an int"),
        ("long", 2**31, None),
        ("double", 3, None),
        ("Any", None, "null is not Any"),
        (["null", "string"], None, None),
        (["null", "string"], 3, "3 is not null or a string"),
        ({"type": "array", "items": "int"}, [1, "x"], 'item 1: "x" is not an int'),
        (["null", {"type": "array", "items": "int"}], ["x"], 'item 0: "x" is not an int'),
        ({"type": "enum", "symbols": ["a", "b"]}, "c", "\"c\" is not one of 'a', 'b'"),
        ({"type": "record", "fields": [{"name": "n", "type": "int"}]}, {}, "field 'n': null is not an int"),
        ({"type": "record", "fields": [{"name": "n", "type": ["null", "int"]}]}, {"more": 1}, None),
        ({"type": "array", "items": "int"}, 3, "3 is not an array of [an int]"),
        ("File", {"class": "Directory", "basename": "d"}, "the Directory 'd' is not a File"),
        ("File", "x", '"x" is not a File'),
        ("string", "x" * 200, None),
        ("int", "x" * 200, '"' + "x" * 76 + "... is not an int"),
    ],
)
def test_types(kind: Any, value: Any, reason: str | None) -> None:
    assert mismatch(kind, value) == reason
    assert matches(kind, value) == (reason is None)


@pytest.mark.parametrize("late", [Late(0, "/x"), Deferred("number", [], 3)])
def test_the_type_of_what_is_to_come(late: Any) -> None:
    with pytest.raises(Unknown):
        matches({"type": "array", "items": "int"}, [1, late])


# ---- before the command has run


def test_what_is_certain() -> None:
    ports = [
        port(glob="a.txt"),
        port("Directory", "d", glob="$(runtime.outdir)/x/$(inputs.name)"),
        port("File", "f", glob=["b"], format="$(inputs.f.format)"),
    ]
    inputs = {"name": "n", "f": given(format="http://x.org/f"), "unused": Late(0, "/x")}
    assert predict(tool(*ports), inputs, BEFORE, None) == {
        "o": {"class": "File", "location": f"{RUN}/{NODE}/a.txt", "basename": "a.txt"},
        "d": {"class": "Directory", "location": f"{RUN}/{NODE}/x/n", "basename": "n"},
        "f": {"class": "File", "location": f"{RUN}/{NODE}/b", "basename": "b", "format": "http://x.org/f"},
    }
    assert predict(tool(*ports), inputs, INSIDE, None) == predict(tool(*ports), inputs, BEFORE, None)


@pytest.mark.parametrize(
    "uncertain",
    [
        port(glob="*.txt"),
        port(glob=["a", "b"]),
        port(glob="."),
        port(["null", "File"], glob="a"),
        port({"type": "array", "items": "File"}, glob="a"),
        port(glob="a", outputEval="$(self[0])"),
        port(glob="a", loadContents=True),
        port(glob="a", secondaryFiles=[{"pattern": ".i"}]),
        port(glob="$(inputs.late)"),
        port("string"),
        port(),
    ],
)
def test_what_is_uncertain(uncertain: dict[str, Any]) -> None:
    with pytest.raises(Unknown):
        predict(tool(port(name="certain", glob="c"), uncertain), {"late": Late(0, "/x")}, BEFORE, None)


@pytest.mark.parametrize(
    ("entry", "certain"),
    [
        ("$(inputs.f)", False),
        ("$(inputs.g)", True),
        ({"entry": "$(inputs.f)", "writable": True}, True),
        ({"entry": "$(inputs.f)", "entryname": "other"}, True),
        ({"entry": "$(inputs.g)", "entryname": "in.txt"}, False),
        ({"entry": "text $(inputs.late)", "entryname": "in.txt"}, True),
        ({"entry": "text", "entryname": "in.txt"}, True),
        ("$(inputs.late)", False),
    ],
)
def test_a_staged_input_may_be_the_output(entry: Any, certain: bool) -> None:
    one = tool(port(glob="in.txt"), requirements={"InitialWorkDirRequirement": {"listing": [entry]}})
    inputs = {"f": given(), "g": given("g.txt"), "late": Late(0, "/x")}
    if certain:
        assert predict(one, inputs, BEFORE, None)["o"]["location"] == f"{RUN}/{NODE}/in.txt"
    else:
        with pytest.raises(Unknown):
            predict(one, inputs, BEFORE, None)


# ---- expression tools


def expression(text: str, *ports: dict[str, Any]) -> dict[str, Any]:
    return tool(*ports, expression=text, requirements=JS)


def test_an_expression_tool_before_the_run() -> None:
    text = '${ return {"n": inputs.f.basename.length, "more": 1} }'
    one = expression(text, port("int", "n"), port(["null", "int"], "x"))
    assert evaluate_tool(one, {"f": given()}, BEFORE, Javascript()) == {"n": 6, "x": None}
    assert evaluate_tool(expression("$({'o': inputs.f})", port()), {"f": given()}, INSIDE, Javascript()) == {
        "o": given()
    }


def test_an_expression_tool_makes_literals() -> None:
    literal = {"class": "File", "basename": "n", "contents": "é"}
    listed = f'{{"class": "Directory", "basename": "d", "listing": [inputs.f, {json.dumps(literal)}]}}'
    text = f'${{ return {{"o": {listed}}} }}'
    found = evaluate_tool(expression(text, port("Directory")), {"f": given()}, INSIDE, Javascript())["o"]
    assert found == {"class": "Directory", "basename": "d", "listing": [given(), literal]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$(3)", "must make an object of outputs"),
        ("$({})", "makes no output 'o'"),
        ('$({"o": {"class": "File", "path": "/etc/passwd"}})', "is neither in the tool's directory nor an input"),
        ('$({"o": {"class": "File", "path": "x"}})', "is neither in the tool's directory nor an input"),
    ],
)
def test_an_expression_tool_that_errs(text: str, message: str) -> None:
    with pytest.raises(CwlProblem, match=message):
        evaluate_tool(expression(text, port()), {}, INSIDE, Javascript())


def test_an_expression_tool_that_must_wait() -> None:
    with pytest.raises(Unknown):
        evaluate_tool(expression('${ return {"o": inputs.f} }', port()), {"f": Late(0, "/x")}, BEFORE, Javascript())


# ---- what a runner prints


def test_literals_are_written_and_names_told_apart(host: Host, tmp_path: Path) -> None:
    made(host, "a/x", "1")
    made(host, "b/x", "22")
    here = {"class": "File", "location": f"{RUN}/{NODE}/a/x", "basename": "x"}
    there = {"class": "File", "location": f"{RUN}/{NODE}/b/x", "basename": "x"}
    directory = {
        "class": "Directory",
        "basename": "d",
        "listing": [here, {"class": "Directory", "basename": "e", "listing": []}],
    }
    text = {"class": "File", "basename": "x", "contents": "é"}
    outputs = {"one": [there, text], "d": directory, "two": {"r": [here, there]}, "path": f"see {RUN}/a"}
    printed, copies = final(outputs, host)
    assert copies == [
        Copy("directory", "d", ""),
        Copy("copy", "d/x", f"{host.own}/a/x"),
        Copy("directory", "d/e", ""),
        Copy("copy", "x", f"{host.own}/b/x"),
        Copy("text", "x_2", "é"),
    ]
    assert printed["one"][1] == {
        "class": "File",
        "basename": "x",
        "location": "x_2",
        "size": 2,
        "checksum": "sha1$bf15be717ac1b080b4f1c456692825891ff5073d",
    }
    assert [file["location"] for file in printed["two"]["r"]] == ["d/x", "x"]
    assert [entry["basename"] for entry in printed["d"]["listing"]] == ["x", "e"]
    assert printed["path"] == f"see {host.run}/a"
    json.dumps(printed)


def test_two_directories_of_one_name(host: Host) -> None:
    made(host, "a/d/x", "1")
    made(host, "b/d/x", "2")
    outputs = [{"class": "Directory", "location": f"{RUN}/{NODE}/{name}/d", "basename": "d"} for name in "ab"]
    printed, copies = final({"o": outputs}, host)
    assert [copy.target for copy in copies] == ["d", "d/x", "d_2", "d_2/x"]
    assert printed["o"][1]["listing"][0]["location"] == "d_2/x"


# ---- files


def test_a_directory_may_have_parts_in_several_places(tmp_path: Path) -> None:
    for place, name in (("one", "a"), ("two", "b"), ("two", "a")):
        (tmp_path / place / "d").mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "d" / name).write_text(place)
    (tmp_path / "one/d/e").mkdir()
    (tmp_path / "one/d/e/f").write_text("")
    (tmp_path / "one/d/gone").symlink_to("nothing")
    host = Host("/nowhere", inputs=[str(tmp_path / "one"), str(tmp_path / "two")])
    found = listing(host, f"{RUN}/init/d", True)
    assert [(entry["basename"], entry.get("size")) for entry in found] == [("a", 3), ("b", 3), ("e", None)]
    assert found[2]["listing"][0]["location"] == f"{RUN}/init/d/e/f"
    assert "listing" not in listing(host, f"{RUN}/init/d", False)[2]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [(".i", "a.b.c.i"), ("^.i", "a.b.i"), ("^^.i", "a.i"), ("^^^.i", "a.i"), ("^^^^.i", "a.i"), ("_x", "a.b.c_x")],
)
def test_names_beside(pattern: str, name: str) -> None:
    assert secondary_name("a.b.c", pattern) == name


def test_contents_have_a_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("é" * 32768)
    assert contents(str(tmp_path / "x")) == "é" * 32768
    (tmp_path / "x").write_text("é" * 32768 + "x")
    with pytest.raises(CwlProblem, match="'x' is too large: loadContents reads at most 64 KiB"):
        contents(str(tmp_path / "x"))
    (tmp_path / "x").write_bytes(b"ab\xff")
    with pytest.raises(CwlProblem, match=r"'x' is not UTF-8 text \(byte 2\)"):
        contents(str(tmp_path / "x"))


def test_names_that_are_no_text(host: Host) -> None:
    name = os.fsdecode(b"a\xff")
    made(host, name, "1")
    found = collected(host, port(glob="a*"))
    assert found["location"] == f"{RUN}/{NODE}/{name}"
    printed, copies = final({"o": found}, host)
    assert (printed["o"]["location"], copies[0].source) == ("a%FF", f"{host.own}/{name}")


def test_locations_are_urls(host: Host) -> None:
    made(host, "d/per%20 cent#", "1")
    printed, copies = final({"o": collected(host, port("Directory", glob="d"))}, host)
    (inside,) = printed["o"]["listing"]
    assert (inside["location"], inside["basename"]) == ("d/per%2520%20cent%23", "per%20 cent#")
    assert copies[-1].target == "d/per%20 cent#"


def test_the_output_object_keeps_its_place(host: Host, tmp_path: Path) -> None:
    made(host, "d/cwl.output.json", "1")
    found = collected(host, port(glob="d/*"))
    (copy,) = final({"o": found}, host)[1]
    assert copy.target == "cwl.output.json_2"
    copy.write(str(tmp_path / copy.target))
    assert (tmp_path / copy.target).read_text() == "1"
