"""Tools that name their directory, and files anywhere, in the real containers of the testbed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.runs import on_cluster
from tests.cluster.test_wrapper_containers import MAKE_IMAGE
from tests.cluster.testbed import Cluster
from tests.cwl.test_containers import ANYWHERE, IN_OUTPUT
from wfcompile.options import Options
from wfcompile.site import Site


@pytest.fixture(scope="module")
def image(cluster: Cluster) -> Path:
    """An image file of busybox that has none of the directories that are asked for."""
    top = cluster.shared_dir()
    (top / "images").mkdir()
    (top / "images").chmod(0o777)
    cluster.run("node1", MAKE_IMAGE.format(top=top))
    return top / "images" / "squash.sqfs"


# Charliecloud can only put directories where an image has nothing; and not on Slurm here, whose files are below /srv.
@pytest.mark.parametrize(
    ("document", "target", "runtime"),
    [
        ("directory", "slurm", "apptainer"),
        ("directory", "dagman", "apptainer"),
        ("directory", "dagman", "charliecloud"),
        ("anywhere", "slurm", "apptainer"),
        ("anywhere", "dagman", "apptainer"),
    ],
)
def test_places_in_an_image(
    cluster: Cluster, image: Path, document: str, target: str, runtime: str, tmp_path: Path
) -> None:
    text = IN_OUTPUT.replace("DIRECTORY", "/var/spool/cwl") if document == "directory" else ANYWHERE
    (tmp_path / "main.cwl").write_text(text)
    (tmp_path / "f.txt").write_text("input\n")
    file = {"class": "File", "path": "f.txt"}
    (tmp_path / "job.json").write_text(json.dumps({"given": file, "file": file}))
    options = Options(
        tmp_path / "main.cwl",
        target=target,
        input_files=(tmp_path / "job.json",),
        site=Site(runtimes=(runtime,), images={"box": str(image)}, retries=0),
    )
    with on_cluster(cluster, target, options, tmp_path) as submitted:
        submitted.submit()
        assert submitted.wait() in (0, None), submitted.head("cat run/logs/*.log")
        logs = submitted.head("cat run/logs/*.log")
        if document == "directory":
            shown = submitted.head("cat run/outputs/where run/outputs/all.txt || :")
            assert shown == 3 * "/var/spool/cwl\n" + "data\ninput\n", logs
        else:
            assert submitted.head("cat run/outputs/out.txt || :") == "of f.txt\n" + 5 * "input\n" + "more\n", logs
