"""DockerRequirement in its forms: which image, where the command works in it, and what only a site can do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cwl.running import output_object
from tests.wrapper.harness import BOX_RUNTIME
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused, Unsupported
from wfcompile.options import Options
from wfcompile.site import Site

TOOL = "cwlVersion: v1.2\nclass: CommandLineTool\n"
NOTHING = "inputs: []\noutputs: []\nbaseCommand: 'true'\n"


def options(tmp_path: Path, text: str, job: Any = None, **more: Any) -> Options:
    (tmp_path / "main.cwl").write_text(text, encoding="utf-8")
    (tmp_path / "job.json").write_text(json.dumps(job or {}), encoding="utf-8")
    return Options(tmp_path / "main.cwl", input_files=(tmp_path / "job.json",), target="make", **more)


def boxed(tmp_path: Path, text: str, job: Any = None, code: int = 0, container: str = "box") -> tuple[Path, str]:
    """Run a document in containers of mount namespaces; returns the bundle and what was said."""
    (tmp_path / "image").mkdir(exist_ok=True)
    bundle = tmp_path / "bundle"
    compile_bundle(options(tmp_path, text, job, images=(("box", str(tmp_path / "image")),)), bundle)
    (bundle / "lib/runtimes/box.sh").write_text(BOX_RUNTIME)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["WFC_CONTAINER"] = container
    done = subprocess.run(["make", "-k"], cwd=bundle, env=environment, capture_output=True, text=True)
    logs = "".join(path.read_text() for path in (bundle / "run/logs").rglob("*.log"))
    assert bool(done.returncode) == bool(code), done.stdout + done.stderr + logs
    return bundle, done.stdout + done.stderr + logs


IN_OUTPUT = """cwlVersion: v1.2
class: Workflow
requirements: {MultipleInputFeatureRequirement: {}}
inputs: {given: File}
steps:
  make:
    in: {given: given}
    out: [where, static, linked, found, said]
    run:
      class: CommandLineTool
      requirements:
        DockerRequirement: {dockerImageId: box, dockerOutputDirectory: DIRECTORY}
        InitialWorkDirRequirement: {listing: [{entryname: kept/here.txt, entry: $(inputs.given)}]}
      inputs: {given: File}
      baseCommand: [sh, -euc]
      arguments:
        - |
          pwd >where; echo "$HOME" >>where; echo "$0" >>where; echo data >data; ln -s "$0/data" link; cat kept/here.txt
        - $(runtime.outdir)
      stdout: static.txt
      outputs:
        where: {type: File, outputBinding: {glob: where}}
        static: stdout
        linked: {type: File, outputBinding: {glob: $(runtime.outdir)/link}}
        found: {type: "File[]", outputBinding: {glob: "da*"}}
        said: {type: string, outputBinding: {glob: "data", outputEval: "$(self[0].path)"}}
  use:
    in: {files: {source: [make/linked, make/static]}}
    out: [all]
    run:
      class: CommandLineTool
      requirements: {DockerRequirement: {dockerImageId: box, dockerOutputDirectory: DIRECTORY}}
      inputs: {files: {type: "File[]", inputBinding: {}}}
      baseCommand: cat
      stdout: all.txt
      outputs: {all: stdout}
outputs:
  where: {type: File, outputSource: make/where}
  linked: {type: File, outputSource: make/linked}
  found: {type: "File[]", outputSource: make/found}
  said: {type: string, outputSource: make/said}
  all: {type: File, outputSource: use/all}
"""


@pytest.mark.parametrize("directory", ["/output", "/tmp/my/place", "/var/spool/cwl/"])
def test_a_tool_works_in_the_directory_it_names(directory: str, tmp_path: Path) -> None:
    (tmp_path / "given.txt").write_text("given\n")
    job = {"given": {"class": "File", "path": "given.txt"}}
    text = IN_OUTPUT.replace("DIRECTORY", directory)
    bundle, _ = boxed(tmp_path, text, job)
    outputs, place = bundle / "run/outputs", directory.rstrip("/")
    assert (outputs / "where").read_text() == f"{place}\n{place}\n{place}\n"
    assert (outputs / "all.txt").read_text() == "data\ngiven\n"
    assert (outputs / "link").read_text() == "data\n" and not (outputs / "link").is_symlink()
    found = output_object(outputs)
    assert (found["said"], found["linked"]["size"], found["found"][0]["size"]) == (f"{place}/data", 5, 5)


def test_what_a_tool_says_itself_names_its_directory(tmp_path: Path) -> None:
    said = '{"out": {"class": "File", "path": "/output/a/x"}}'
    text = f"""{TOOL}requirements: {{DockerRequirement: {{dockerImageId: box, dockerOutputDirectory: /output}}}}
inputs: []
baseCommand: [sh, -c, 'mkdir a; echo x >a/x; echo "$0" >cwl.output.json', '{said}']
outputs: {{out: File}}
"""
    bundle, _ = boxed(tmp_path, text)
    assert output_object(bundle / "run/outputs")["out"]["basename"] == "x"
    assert (bundle / "run/outputs/x").read_text() == "x\n"


ANYWHERE = f"""{TOOL}requirements:
  DockerRequirement: {{dockerImageId: box}}
  InitialWorkDirRequirement:
    listing:
      - {{entryname: /etc-of-mine/config, entry: "of $(inputs.file.basename)\\n", writable: true}}
      - {{entryname: /data/in.txt, entry: $(inputs.file)}}
      - {{entryname: /data/more/own.txt, entry: $(inputs.file), writable: true}}
      - {{entryname: /tmp/x/in.txt, entry: $(inputs.file)}}
      - {{entryname: here.txt, entry: $(inputs.file)}}
inputs: {{file: File}}
baseCommand: [sh, -euc]
arguments:
  - |
    cat /etc-of-mine/config "$0" /data/more/own.txt /tmp/x/in.txt here.txt
    echo more >>/data/more/own.txt; cat /data/more/own.txt
  - /data/in.txt
stdout: out.txt
outputs: {{out: stdout}}
"""


def test_files_anywhere_in_the_container(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("input\n")
    bundle, _ = boxed(tmp_path, ANYWHERE, {"file": {"class": "File", "path": "f.txt"}})
    expected = "of f.txt\n" + 5 * "input\n" + "more\n"
    assert (bundle / "run/outputs/out.txt").read_text() == expected
    assert (tmp_path / "f.txt").read_text() == "input\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{TOOL}hints: {{DockerRequirement: {{dockerImageId: box, dockerOutputDirectory: /output}}}}\n{NOTHING}",
            "the tool works in /output (dockerOutputDirectory), which only a container has",
        ),
        (
            f"{TOOL}requirements:\n  DockerRequirement: {{dockerImageId: box}}\n  InitialWorkDirRequirement:\n"
            f"    listing: [{{entryname: /data/x, entry: x}}]\n{NOTHING}",
            "/data/x, where the tool wants a file, is no place of this node",
        ),
    ],
)
def test_a_node_without_a_container_says_what_is_missing(text: str, said: str, tmp_path: Path) -> None:
    _, log = boxed(tmp_path, text, code=1, container="none")
    assert said in log


@pytest.mark.parametrize("directory", ["output", "/", "/proc/x", "/wfc/run/main", "/x/../dev"])
def test_directories_that_a_container_needs_itself(directory: str, tmp_path: Path) -> None:
    docker = f"requirements:\n  DockerRequirement:\n    dockerPull: a\n    dockerOutputDirectory: {directory}\n"
    with pytest.raises(Refused, match=r"main\.cwl:6:5: '.*' cannot be the directory that a command works in"):
        plan(options(tmp_path, TOOL + docker + NOTHING))


FORMS = [
    ("dockerFile: FROM debian", "main", "its dockerFile"),
    ("dockerFile: FROM debian\n    dockerImageId: lab/mine:1", "lab/mine:1", "its dockerFile"),
    ("dockerLoad: image.tar", "main", "the archive image.tar"),
    ("dockerImport: http://a.b/root.tgz\n    dockerImageId: mine", "mine", "the files of http://a.b/root.tgz"),
]


@pytest.mark.parametrize(("form", "name", "source"), FORMS)
@pytest.mark.parametrize("kind", ["requirements", "hints"])
def test_an_image_that_somebody_must_make(kind: str, form: str, name: str, source: str, tmp_path: Path) -> None:
    chosen = options(tmp_path, f"{TOOL}{kind}:\n  DockerRequirement:\n    {form}\n{NOTHING}", site=Site(name="tor"))
    said = [warning for warning in plan(chosen).warnings if "image" in warning]
    assert len(said) == 1 and f"{tmp_path}/main.cwl:5:5: the image {name} must be made from {source}" in said[0]
    assert "no job of the site 'tor' does" in said[0] and f"--image {name}=FILE" in said[0]
    (tmp_path / "made.sif").touch()
    workflow = plan(replace(chosen, images=((name, str(tmp_path / "made.sif")),)))
    assert workflow.images[name].file == tmp_path / "made.sif"
    assert not [warning for warning in workflow.warnings if "image" in warning]


def test_without_containers_nobody_asks_for_the_image_of_a_hint(tmp_path: Path) -> None:
    text = f"{TOOL}hints: {{DockerRequirement: {{dockerFile: FROM debian}}}}\n{NOTHING}"
    assert plan(options(tmp_path, text, container="none")).warnings == ()


def test_an_image_file_beside_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFCOMPILE_IMAGE_CACHE", str(tmp_path / "cache"))
    text = f"{TOOL}requirements: {{DockerRequirement: {{dockerImageId: images/mine.sif}}}}\n{NOTHING}"
    assert "put it there as images_mine.sif" in plan(options(tmp_path, text)).warnings[0]
    (tmp_path / "images").mkdir()
    (tmp_path / "images/mine.sif").touch()
    bundle = tmp_path / "bundle"
    assert compile_bundle(options(tmp_path, text), bundle).workflow.warnings == ()
    assert (bundle / "run/.images/images_mine.sif").resolve() == tmp_path / "images/mine.sif"
    shutil.rmtree(bundle / "run")
    assert not [path for path in bundle.rglob("*") if path.is_file() and str(tmp_path).encode() in path.read_bytes()]


def test_another_image_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFCOMPILE_IMAGE_CACHE", str(tmp_path))
    text = f"{TOOL}requirements: {{DockerRequirement: {{dockerFile: FROM debian}}}}\n{NOTHING}"
    chosen = options(tmp_path, text, images=(("main", "docker://debian:12"),))
    assert plan(chosen).warnings == (
        f"the image debian:12 is not in {tmp_path}; put it there as debian_12.sif, or name its file with --image, "
        "before you submit",
    )
    (tmp_path / "debian_12.sif").touch()
    image = plan(chosen).images["main"]
    assert (image.key, image.file) == ("debian_12", tmp_path / "debian_12.sif")


@pytest.mark.parametrize("form", ["baseCommand: [-c, x]", "baseCommand: -c", "arguments: [-c, x]"])
def test_the_entry_point_of_an_image_is_not_run(form: str, tmp_path: Path) -> None:
    text = f"{TOOL}hints: {{DockerRequirement: {{dockerPull: bash}}}}\ninputs: []\noutputs: []\n{form}\n"
    with pytest.raises(Unsupported, match=r"main\.cwl:6:1: the command begins with '-c', for the image's ENTRYPOINT"):
        plan(options(tmp_path, text))
    plan(options(tmp_path, text, container="none"))


def network(tmp_path: Path, kind: str, wanted: bool, site: Site) -> tuple[str, ...]:
    text = f"{TOOL}{kind}:\n  NetworkAccess:\n    networkAccess: {json.dumps(wanted)}\n{NOTHING}"
    return plan(options(tmp_path, text, site=site)).warnings


def test_the_network_is_a_matter_of_the_site(tmp_path: Path) -> None:
    there, none = Site(name="open"), Site(name="closed", network=False)
    for kind in ("requirements", "hints"):
        assert network(tmp_path, kind, True, there) == network(tmp_path, kind, False, none) == ()
        (said,) = network(tmp_path, kind, False, there)
        assert (
            "main.cwl:5:5: networkAccess is not enforced: jobs have the network of the nodes of the site 'ope" in said
        )
    (said,) = network(tmp_path, "hints", True, none)
    assert "main.cwl:5:5: the tool asks for the network (NetworkAccess), and nodes of the site 'closed' have" in said
    with pytest.raises(Unsupported, match="nodes of the site 'closed' have none; bring what it fetches as an input"):
        network(tmp_path, "requirements", True, none)


def test_graphics_processors_are_bound_into_the_container(tmp_path: Path) -> None:
    text = f"{TOOL}$namespaces: {{cwltool: 'http://commonwl.org/cwltool#'}}\nrequirements:\n  cwltool:CUDARequirement: "
    text += "{cudaVersionMin: '11', cudaComputeCapability: '3.0', cudaDeviceCountMin: 2}\n" + NOTHING
    bundle = tmp_path / "bundle"
    compile_bundle(options(tmp_path, text), bundle)
    assert "\nwfc_gpus=yes\n" in (bundle / "nodes/main.sh").read_text()
    show = "source runtimes/apptainer.sh; binds=() runtime_path=apptainer image=i; apptainer_exec; echo ${argv[*]}"
    for more, expected in (("", False), ("wfc_gpus=yes; ", True)):
        said = subprocess.run(
            ["bash", "-uc", more + show], cwd=bundle / "lib", capture_output=True, text=True, check=True
        )
        assert (" --nv " in said.stdout or " --rocm " in said.stdout) == expected
