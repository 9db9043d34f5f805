"""The documentation: its site builds, its links lead somewhere, its commands do what it says, its tables are whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import ROOT
from wfcompile import cli, cwl_runner
from wfcompile.amounts import SETTINGS
from wfcompile.frontends import hints
from wfcompile.frontends.cwl import requirements
from wfcompile.frontends.yadage import load, tasks
from wfcompile.runtime import jq
from wfcompile.runtime.scatter import METHODS

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


# ---- the site and its links


class _Page(HTMLParser):
    """What a page refers to, and what can be referred to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []  # by the browser, with the page
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value for key, value in attrs if value is not None}
        self.ids.update(given[key] for key in ("id", "name") if key in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        else:
            self.loaded += [given[key] for key in ("src", "href") if key in given]


def faults(site: Path) -> list[str]:
    """Return the links of a site's pages that lead nowhere, and what its pages would load from elsewhere."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for link in [*page.links, *page.loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded:
                    found.append(f"{path.name} loads {link}")
                continue
            # a server shows 404.html at any address, so its links begin at the site's root
            base, rest = (site, parts.path.lstrip("/")) if path.name == "404.html" else (path.parent, parts.path)
            target = (base / unquote(rest)).resolve() if parts.path else path
            there = target.is_file() and target.is_relative_to(site.resolve())
            if not there or (parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids):
                found.append(f"{path.name} -> {link}")
    return found


def build(configuration: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "-f", str(configuration), "-d", str(site)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_site_has_no_dead_link(tmp_path: Path) -> None:
    built = build(ROOT / "mkdocs.yml", tmp_path / "site")
    assert built.returncode == 0, built.stdout + built.stderr
    assert {path.stem for path in PAGES} <= {path.stem for path in (tmp_path / "site").glob("*.html")}
    assert faults(tmp_path / "site") == []


@pytest.mark.parametrize("link", ["nothing.md", "index.md#nothing", "#nothing", "/index.md", "../README.md"])
def test_a_dead_link_is_an_error(link: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs")
    with (tmp_path / "docs" / "index.md").open("a", encoding="utf-8") as file:
        file.write(f"\n[dead]({link})\n")
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert built.returncode != 0
    assert link.rpartition("/")[2].strip("#") in built.stdout + built.stderr


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="other.html">', "a.html -> other.html"),
        ('<a href="#there">', "a.html -> #there"),
        ('<a href="../x.html">', "a.html -> ../x.html"),
        ('<img src="x.png">', "a.html -> x.png"),
        ('<script src="https://example.org/x.js">', "a.html loads https://example.org/x.js"),
        ('<p id="here"><a href="a.html#here">', None),
        ('<a href="https://example.org/">', None),
    ],
)
def test_faults_of_a_site(html: str, fault: str | None, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(html, encoding="utf-8")
    assert faults(tmp_path) == ([fault] if fault else [])


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("examples/*/*.md"))], ids=str)
def test_links_of_the_other_texts(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    files = [link for link in links if not urlsplit(link).scheme]
    assert [link for link in files if not (path.parent / link).exists()] == []


# ---- commands and what they print


@dataclass
class Command:
    """A command of a `console` block, and the lines that stand below it."""

    text: str
    line: int
    output: list[str] = field(default_factory=list)

    def matches(self, said: str) -> bool:
        """Tell whether the command said this; `…` stands for anything, on a line of its own for any lines too."""
        pattern = "".join(
            r"(.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"\s*?\n"
            for line in self.output
        )
        return re.fullmatch(pattern, said) is not None


def commands(page: Path) -> list[Command]:
    """Return the commands of a page's `console` blocks: after `$`, further lines of one after `>`."""
    found: list[Command] = []
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            found.append(Command(line[2:], number))
        elif inside and line.startswith("> ") and not found[-1].output:
            found[-1].text += f"\n{line[2:]}"
        elif inside:
            found[-1].output.append(line)
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem)
def test_commands(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a page's commands from top to bottom in one shell; one that fails must be followed by `echo $?`."""
    home, work = tmp_path / "home", tmp_path / "work"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "wfcompile").write_text(f'#!/bin/sh\nexec {sys.executable} -m wfcompile "$@"\n', encoding="utf-8")
    (home / "bin" / "wfcompile").chmod(0o755)
    shutil.copytree(ROOT / "examples", work / "examples", ignore=shutil.ignore_patterns("run", "__pycache__"))
    monkeypatch.setenv("PATH", f"{home}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME")
    for variable in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # of the make that runs the tests
        monkeypatch.delenv(variable, raising=False)
    todo = commands(page)
    ended = "\x1e"
    script = "".join(f"{one.text}\nstatus=$?; printf '{ended}%s{ended}' $status; (exit $status)\n" for one in todo)
    shell = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    pieces = shell.stdout.split(ended)
    assert len(pieces) == 2 * len(todo) + 1, shell.stdout
    followers = [one.text for one in todo[1:]] + [""]
    for one, said, status, follower in zip(todo, pieces[::2], pieces[1::2], followers, strict=False):
        where = f"{page.name}:{one.line}: {one.text}"
        assert one.matches(said), f"{where}\nsays\n{said}"
        assert status == "0" or follower == "echo $?", f"{where}\nends with {status}\n{said}"


@pytest.mark.parametrize(
    ("output", "said", "matches"),
    [
        ([], "", True),
        ([], "a\n", False),
        (["a"], "a\n", True),
        (["a"], "ab\n", False),
        (["a"], "a\nb\n", False),
        (["a … c"], "a b c\n", True),
        (["a … c"], "a\nc\n", False),
        (["a", "…", "c"], "a\nb\nb\nc\n", True),
        (["a", "…"], "b\n", False),
    ],
)
def test_what_output_matches(output: list[str], said: str, matches: bool) -> None:
    assert Command("", 1, output).matches(said) == matches


# ---- tables that the code decides


def jq_table() -> str:
    """List the functions and formats of the subset of jq."""
    functions: dict[str, list[str]] = {}
    for name, _, arguments in (name.partition("/") for name in jq.names() if not name.startswith("@")):
        functions.setdefault(name, []).append(arguments)
    lines = ["| function | arguments |", "| --- | --- |"]
    lines += [f"| `{name}` | {' or '.join(counts)} |" for name, counts in functions.items()]
    formats = ", ".join(f"`{name}`" for name in jq.names() if name.startswith("@"))
    return "\n".join([*lines, "", f"Formats: {formats}."])


def site_table() -> str:
    """List the keys of a site profile."""
    schema = json.loads((ROOT / "schemas" / "site.schema.json").read_text(encoding="utf-8"))
    lines = ["| key | value | what it says |", "| --- | --- | --- |"]

    def add(about: dict[str, Any], prefix: str) -> None:
        for key, one in about["properties"].items():
            if "properties" in one:
                add(one, f"{prefix}{key}.")
            else:
                lines.append(f"| `{prefix}{key}` | {_values(one)} | {one['description']} |")

    add(schema, "")
    return "\n".join(lines)


def _values(one: dict[str, Any]) -> str:
    """Return the type of a schema in words, or its values."""
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if one["type"] == "array":
        return f"list of {_values(one['items'])}"
    kinds = one["type"] if isinstance(one["type"], list) else [one["type"]]
    words = {"boolean": "true or false", "integer": "number", "object": "mapping", "string": "text"}
    return " or ".join(words[kind] for kind in kinds)


@pytest.mark.parametrize(("page", "table"), [("jq", jq_table), ("sites", site_table)])
def test_tables(page: str, table: Callable[[], str], update_golden: bool) -> None:
    """The part of the page between its marks is what the code says; --update-golden writes it."""
    path = DOCS / f"{page}.md"
    begin, end = "<!-- table -->\n", "\n<!-- end of the table -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    written, _, after = rest.partition(end)
    if update_golden:
        path.write_text(f"{before}{begin}\n{table()}\n{end}{after}", encoding="utf-8")
    else:
        assert written.strip() == table()


def words(page: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", (DOCS / page).read_text(encoding="utf-8")))


def test_every_option_is_described() -> None:
    known = {option.opts[-1] for command in cli.cli.commands.values() for option in command.params}
    options = {name for name in known if name.startswith("--")}
    described = {word for text in words("options.md") for word in re.split(r"[\s=]", text) if word.startswith("--")}
    assert described - {"--version"} == options | {"--help"}


def test_every_word_of_yadage_is_described() -> None:
    known = {*load._SCHEDULERS, *tasks._PROCESSES, *tasks._ENVIRONMENTS, *tasks._PUBLISHERS, *tasks._LATER, *METHODS}
    for keys in (load._SCHEDULERS, tasks._PROCESSES, tasks._ENVIRONMENTS, tasks._PUBLISHERS):
        known.update(key for names in keys.values() for key in names)
    known.update([*load._SELECTOR, *hints.HINT_KEYS, *hints._WORDS])
    assert known - words("yadage.md") == set()


def test_every_requirement_has_a_row() -> None:
    text = (DOCS / "cwl.md").read_text(encoding="utf-8")
    table = text.partition("<!-- requirements -->")[2].partition("<!-- end of the requirements -->")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert sorted(rows) == sorted([*requirements._OF_TOOLS, *requirements._OTHERS])


def test_every_option_of_the_runner_is_described() -> None:
    page = (DOCS / "cwl.md").read_text(encoding="utf-8").partition("## wfcompile-cwl-runner")[2]
    options = {option.opts[-1] for option in cwl_runner.command.params if option.opts[-1].startswith("--")}
    assert {option for option in options if not re.search(rf"{option}\b", page)} == {"--version"}


def test_every_setting_is_described() -> None:
    assert set(SETTINGS) - words("options.md") == set()
