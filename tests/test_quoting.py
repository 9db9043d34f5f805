"""Values arrive at the command as the engine would render them, whatever is in them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packtivity.statecontexts.posixfs_context import LocalFSState
from packtivity.syncbackends import build_job, finalize_inputs, packconfig

from wfcompile import scripts
from wfcompile.compile import compile_bundle
from wfcompile.frontends.yadage.engine import compiled_once
from wfcompile.options import Options
from wfcompile.runtime.dagman import dagman_value
from wfcompile.runtime.emit import word
from wfcompile.runtime.values import RUN

# what the command's reader gets is written to a file: for a script by its interpreter, for a command by itself
SPEC = """\
stages:
  - name: script
    dependencies: [init]
    scheduler:
      scheduler_type: singlestep-stage
      parameters:
        text: {step: init, output: text}
        words: {step: init, output: words}
        own: '{workdir}/file'
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: cat > received
          script: "one {text} two {words} three {own} {{braces}} $x `y` \\\\ 'a' \\"b\\" %s\\n"
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: constant-pub, publish: {}}
  - name: command
    dependencies: [init]
    scheduler:
      scheduler_type: singlestep-stage
      parameters:
        text: {step: init, output: text}
        words: {step: init, output: words}
        own: '{workdir}/file'
      step:
        process:
          process_type: string-interpolated-cmd
          cmd: "cat \\"$0\\" > received; exit 0\\n{text} {words} {own}"
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: constant-pub, publish: {}}
"""

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0{}⦗⦘")
texts = st.text(letters) | st.text(st.sampled_from("\"'\\$`%\n\r\t !#&|;<>()*?[]~=,.-+aé日"))


def run_nodes(top: Path, text: str, words: list[str]) -> dict[str, str]:
    """Compile, run both nodes with real bash, and return what their readers got."""
    spec = top / "spec.yml"
    spec.write_text(SPEC, encoding="utf-8")
    options = Options(spec, target="make", parameters=(("text", text), ("words", words)))
    bundle = compile_bundle(options, top / "bundle").directory
    received = {}
    for name in ("script", "command"):
        script = bundle / "nodes" / f"{name}.sh"
        command = [str(script)] if script.exists() else [str(bundle / "steps" / f"{name}.sh"), "0"]
        environment = {**os.environ, "WFC_LOCAL": "1", "WFC_RUN": str(top / "run")}
        subprocess.run(["bash", *command], env=environment, check=True, capture_output=True)
        received[name] = (top / "run" / name / "received").read_bytes().decode()
    return received


def rendered(top: Path, text: str, words: list[str]) -> dict[str, str]:
    """Return what packtivity renders."""
    import yaml

    jobs = {}
    for stage in yaml.safe_load(SPEC)["stages"]:
        state = LocalFSState(readwrite=[str(top / "run" / stage["name"])])
        data: dict[str, Any] = {"text": text, "words": words, "own": "{workdir}/file"}
        with compiled_once():
            parameters, _ = finalize_inputs(data, state)
            job = build_job(stage["scheduler"]["step"]["process"], parameters, state, packconfig())
        jobs[stage["name"]] = job.get("script", job.get("command"))
    return jobs


@pytest.mark.parametrize("node_scripts", [1000, 0], ids=["nodes", "rows"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, words=st.lists(texts, max_size=4))
def test_commands_arrive_as_the_engine_renders_them(
    monkeypatch: pytest.MonkeyPatch, node_scripts: int, text: str, words: list[str]
) -> None:
    monkeypatch.setattr(scripts, "NODE_SCRIPTS", node_scripts)
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve()
        assert run_nodes(top, text, words) == rendered(top, text, words)


def test_a_long_argument_list(tmp_path: Path) -> None:
    words = [f"'{'word ' * 2000}{number}'" for number in range(32)]  # the engine's time is quadratic in the number
    assert sum(len(w) + 1 for w in words) > 300_000
    assert run_nodes(tmp_path, "text", words) == rendered(tmp_path, "text", words)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0⦗⦘")), max_size=5))
def test_words_for_bash(values: list[str]) -> None:
    script = "root=/r; printf '%s\\0' " + " ".join(word(value) for value in values)
    assert "\n" not in script.split("; ", 1)[1]
    said = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode()
    assert said.split("\0")[:-1] == values or (not values and said == "\0")


def test_the_run_root_in_a_word() -> None:
    text = f"--a={RUN}/x y'z {RUN}"
    said = subprocess.run(["bash", "-c", f"root=/r; printf %s {word(text)}"], capture_output=True, check=True).stdout
    assert said.decode() == "--a=/r/x y'z /r"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0")))
def test_dagman_values(text: str) -> None:
    quoted = dagman_value(text)
    assert quoted[0] == quoted[-1] == '"'
    inside = quoted[1:-1].replace("\\\\", "\0")
    assert '"' not in inside.replace('\\"', "")
    assert inside.replace('\\"', '"').replace("\0", "\\") == text
