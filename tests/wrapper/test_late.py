"""Values known at run time: JSON text, globs, words."""

from __future__ import annotations

import glob
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wrapper.harness import WRAPPER, MakeBundle

names = st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\0", b"0")) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20
).map(str.encode)


def bash(script: str, *arguments: bytes) -> bytes:
    library = "".join(f"source {WRAPPER}/{part}.sh; " for part in ("events", "records", "late"))
    command = [b"bash", b"-c", f"set -u; LC_ALL=C; export LC_ALL; {library}{script}".encode(), b"bash", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=20))
def test_words_round_trip(items: list[bytes]) -> None:
    """What is quoted into a record is valid JSON and is read back to the byte; UTF-8 is readable in it."""
    script = """
      list='' file=$1 root=/r; shift
      for x; do late_token "$root/$x"; list+="${list:+,}$quoted"; done
      printf '{"version":1,"node":"n","published":{"/a":["no"],"/b":[],"/c":[%s],"/d":"s"},"files":[\\n]}\\n' \\
        "$list" >"$file"
      record_published "$file" /c "/new root" ' '"""
    with tempfile.NamedTemporaryFile() as file:
        out = bash(script, os.fsencode(file.name), *items)
        record = json.loads(Path(file.name).read_text(encoding="utf-8"))
    assert out == b" ".join(b"/new root/" + item for item in items)
    for item, text in zip(items, record["published"]["/c"], strict=True):
        if "⦗run⦘".encode() not in item and b"\x7f" not in item:
            try:
                assert text == "⦗run⦘/" + item.decode()
            except UnicodeDecodeError:
                assert text.startswith("⦗run⦘/")


PUBLISHED = (
    '{"version":1,"node":"\\"published\\":{","published":{"/s":"a\\\\\\"b","/e":[],"/l":["x","⦗run⦘/y"]},"files":['
)


@pytest.mark.parametrize(
    ("pointer", "expected"), [("/s", b'a\\"b'), ("/e", b""), ("/l", b"x /R&\\/y"), ("/none", None), ("/", None)]
)
def test_published(tmp_path: Path, pointer: str, expected: bytes | None) -> None:
    (tmp_path / "done.json").write_text(PUBLISHED + "\n]}\n")
    script = 'record_published "$1" "$2" "/R&\\\\" " " || echo none'
    out = bash(script, os.fsencode(tmp_path / "done.json"), pointer.encode())
    assert out == (b"none\n" if expected is None else expected)


PATTERNS = """
    *.root *.txt ws*.root **/*.root sub/* sub/** ?.root [ab].root [!a].root a.root b.roo [[]z].root
    */*/* [^] q[^] $(touch_p) `id` {a,b}.root ~ .* x?y.root"""
TREE = [
    "a.root",
    "b.root",
    "ws_1.root",
    "sub/c.root",
    "sub/deep/d.root",
    ".hidden.root",
    "x y.root",
    "[z].root",
    "é.root",
    "q^",
]


@pytest.mark.parametrize("pattern", PATTERNS.split())
def test_globs_are_pythons(make_bundle: MakeBundle, pattern: str) -> None:
    bundle = make_bundle("shared")
    made = "".join(f"mkdir -p \"$(dirname '{f}')\"; echo >'{f}'; " for f in TREE)
    quoted = pattern.replace("'", "'\\''")
    more = f"wfc_globs() {{ globs=(/p pattern \"$root/m/a/\"'{quoted}' /l list \"$root/m/a/\"'{quoted}'); }}"
    bundle.node("m/a", made, more=more)
    bundle.done("m/a")
    published = bundle.record("m/a")["published"]
    here = bundle.run_dir / "m/a"
    found = glob.glob(pattern, root_dir=here, recursive=True)
    expected = sorted({f.rstrip("/") for f in found if f != "done.json"} - {"", "."}, key=os.fsencode)
    listed = [re.sub("^⦗run⦘/m/a/", "", p).rstrip("/") for p in published["/l"]]
    assert [p for p in listed if p] == expected
    assert published["/p"] == (published["/l"] or "⦗run⦘/m/a/" + pattern)
    assert "touch_p" not in os.listdir(here)


def test_late_words(make_bundle: MakeBundle) -> None:
    bundle = make_bundle("shared")
    bundle.node("a", "touch f1 f2", more='wfc_globs() { globs=(/w list "$root/a/f*" /none pattern "$root/a/g*"); }')
    more = "wfc_late() { wfc_late_words p_w a /w; wfc_late_words p_n a /none; }\np_w= p_n=\n"
    bundle.node("b", "", parents=["a"], more=more + "wfc_command() { printf '%s' \"echo '$p_w $p_n' >out\"; }")
    bundle.node("c", "true", parents=["a"], more="wfc_late() { wfc_late_words p_w a /nothing; }")
    bundle.done("a")
    bundle.done("b")
    words = (bundle.run_dir / "b/out").read_text().split()
    assert [w[w.index("/a/") :] for w in words] == ["/a/f1", "/a/f2", "/a/g*"]
    assert bundle.run("c").reason == "upstream.late"
