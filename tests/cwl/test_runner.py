"""`wfcompile-cwl-runner` runs a bundle to its end; any workflow that collects an output object will do here."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from wfcompile.cwl_runner import DONE, FAILED, UNSUPPORTED, run
from wfcompile.errors import Unsupported
from wfcompile.options import Options
from wfcompile.site import Site

SPEC = """\
stages:
  - name: write
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {object: '{workdir}/cwl.output.json', text: '{workdir}/a #1.txt', dir: '{workdir}/d'}
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: bash
          script: |
            COMMAND
            echo '{{"f": {{"class": "File", "location": "a%20%231.txt", "secondaryFiles": [
              {{"class": "Directory", "location": "d", "listing": [{{"class": "File", "location": "d/x"}}]}}]}},
              "l": {{"class": "File", "location": "http://example.com/x"}}, "n": [1, null]}}' > {object}
            echo new > '{text}'
            mkdir {dir}; echo x > {dir}/x
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: frompar-pub, outputmap: {object: object, text: text, dir: dir}}
"""


def spec(directory: Path, line: str = "echo said") -> Path:
    (directory / "workflow.yml").write_text(SPEC.replace("COMMAND", line), encoding="utf-8")
    return directory / "workflow.yml"


def runner(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wfcompile.cwl_runner", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_outputs_are_moved_and_the_object_says_where(tmp_path: Path) -> None:
    outdir = tmp_path / "some where"
    (outdir / "d").mkdir(parents=True)
    (outdir / "d" / "other").touch()
    (outdir / "a #1.txt").write_text("old\n", encoding="utf-8")
    done = runner("--target", "make", "--container=none", f"--outdir={outdir}", spec(tmp_path))
    assert done.returncode == DONE, done.stderr
    uri = outdir.as_uri()
    assert json.loads(done.stdout) == {
        "f": {
            "class": "File",
            "location": f"{uri}/a%20%231.txt",
            "path": f"{outdir}/a #1.txt",
            "secondaryFiles": [
                {
                    "class": "Directory",
                    "location": f"{uri}/d",
                    "path": f"{outdir}/d",
                    "listing": [{"class": "File", "location": f"{uri}/d/x", "path": f"{outdir}/d/x"}],
                }
            ],
        },
        "l": {"class": "File", "location": "http://example.com/x"},
        "n": [1, None],
    }
    assert (outdir / "a #1.txt").read_text(encoding="utf-8") == "new\n"
    assert sorted(os.listdir(outdir)) == ["a #1.txt", "d"]  # nothing else is left
    assert sorted(os.listdir(outdir / "d")) == ["other", "x"]
    assert "1 of 1 nodes are done" in done.stderr


def test_quiet_says_nothing_when_all_goes_well(tmp_path: Path) -> None:
    assert runner("--quiet", "--container", "none", "--outdir", tmp_path / "out", spec(tmp_path)).stderr == ""


@pytest.mark.parametrize("quiet", [True, False])
def test_a_failure_is_told_with_what_the_command_said(tmp_path: Path, quiet: bool) -> None:
    out, log = io.StringIO(), io.StringIO()
    options = Options(spec(tmp_path, "echo it is broken >&2; exit 3"), container="none", site=Site(retries=0))
    assert run(options, tmp_path / "out", out, log, quiet=quiet) == FAILED
    assert out.getvalue() == ""
    assert "write: payload.exit\n" in log.getvalue() and "  | it is broken\n" in log.getvalue()
    assert os.listdir(tmp_path / "out") == []


def test_a_refusal_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "workflow.yml").write_text("stages:\n  - nam: write\n", encoding="utf-8")
    refused = runner("--outdir", tmp_path / "out", tmp_path / "workflow.yml")
    assert refused.returncode == FAILED
    assert f"wfcompile-cwl-runner: {tmp_path / 'workflow.yml'}:2:" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize("words", [("x.cwl", "--container", "docker"), ("--target", "moon", "x.cwl"), ()])
def test_a_wrong_command_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = runner("--outdir", tmp_path, *words)
    assert done.returncode == 2 and done.stdout == "", done.stderr


def test_a_missing_document(tmp_path: Path) -> None:
    done = runner("--outdir", tmp_path, tmp_path / "no.cwl")
    assert done.returncode == FAILED and "no.cwl" in done.stderr


def test_the_bundle_can_be_kept_and_is_resumed(tmp_path: Path) -> None:
    words = ("--bundle", tmp_path / "bundle", "--container", "none", "--outdir", tmp_path / "out")
    assert runner(*words, spec(tmp_path)).returncode == DONE
    record = (tmp_path / "bundle" / "run" / "write" / "done.json").read_text(encoding="utf-8")
    shutil.rmtree(tmp_path / "out")
    assert runner(*words, spec(tmp_path)).returncode == DONE
    assert (tmp_path / "bundle" / "run" / "write" / "done.json").read_text(encoding="utf-8") == record
    assert (tmp_path / "out" / "a #1.txt").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    """^C (or an end asked for otherwise, which reaches nobody but us) ends the jobs, too, and nothing is left."""
    begun = tmp_path / "begun"
    words = [
        "--container",
        "none",
        "--outdir",
        str(tmp_path / "out"),
        str(spec(tmp_path, f"echo $$ >{begun}; sleep 300")),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "wfcompile.cwl_runner", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 60
        while not begun.exists() or not begun.read_text(encoding="utf-8").strip():
            assert time.monotonic() < end
            time.sleep(0.1)
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        assert process.wait(30) == 130
    while Path("/proc", begun.read_text(encoding="utf-8").strip()).exists():  # whoever adopted it takes its time
        assert time.monotonic() < end + 30
        time.sleep(0.1)
    assert os.listdir(tmp_path / "out") == []


def test_what_the_standard_makes_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Unsupported("no network here", "use another site")

    monkeypatch.setattr("wfcompile.compile.plan", refuse)
    log = io.StringIO()
    assert run(Options(spec(tmp_path)), tmp_path / "out", io.StringIO(), log) == UNSUPPORTED
    assert log.getvalue() == "wfcompile-cwl-runner: no network here; use another site\n"


PICKED = """\
cwlVersion: v1.2
class: Workflow
requirements: {MultipleInputFeatureRequirement: {}}
inputs: {yes: boolean}
steps:
  number: {run: DYNAMIC/number.cwl, in: {value: {default: 3}}, out: [large]}
  one: {run: DYNAMIC/say.cwl, when: $(inputs.yes), in: {yes: number/large, a: {default: a}}, out: [said]}
  two: {run: DYNAMIC/say.cwl, in: {a: {default: b}}, out: [said]}
outputs:
  out: {type: File, outputSource: [one/said, two/said], pickValue: the_only_non_null}
"""


def test_why_there_are_no_outputs_is_in_the_record(tmp_path: Path) -> None:
    text = PICKED.replace("DYNAMIC", str(Path(__file__).parent / "dynamic"))
    (tmp_path / "workflow.cwl").write_text(text, encoding="utf-8")
    (tmp_path / "job.json").write_text('{"yes": true}', encoding="utf-8")
    options = Options(tmp_path / "workflow.cwl", "make", input_files=(tmp_path / "job.json",), container="none")
    log = io.StringIO()
    assert run(options, tmp_path / "out", io.StringIO(), log, quiet=True, bundle=tmp_path / "bundle") == FAILED
    record = json.loads((tmp_path / "bundle/run/record.json").read_text(encoding="utf-8"))
    (why,) = record["missing_outputs"]
    assert "2 sources of 'out' are not null" in why
    assert f"missing output: {why}" in log.getvalue()
