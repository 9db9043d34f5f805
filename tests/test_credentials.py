"""Resources and credentials of a specification: what reaches each scheduler, and what submitting looks at."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.tickets import KeyServer, make_proxy
from wfcompile.amounts import parse_expression
from wfcompile.compile import compile_bundle, plan
from wfcompile.credentials import credential_lines, deadlines
from wfcompile.errors import Refused
from wfcompile.inspecting import VIEWS
from wfcompile.ir import Request
from wfcompile.options import Options
from wfcompile.passes.images import unpacked_path
from wfcompile.site import Site

SPEC = ROOT / "tests" / "specs" / "credentials" / "workflow.yml"
Settings = tuple[tuple[str, str, str], ...]


def write(directory: Path, resources: object, script: str = "true", **environment: str) -> Path:
    """Write a workflow of one step, `go`, with these resources."""
    image = {"environment_type": "docker-encapsulated", "image": "debian", "imagetag": "12", **environment}
    step = {
        "process": {"process_type": "interpolated-script-cmd", "interpreter": "bash", "script": script},
        "environment": {**image, "resources": resources},
        "publisher": {"publisher_type": "constant-pub", "publish": {}},
    }
    scheduler = {"scheduler_type": "singlestep-stage", "parameters": {}, "step": step}
    path = directory / "spec.yml"
    path.write_text(yaml.safe_dump({"stages": [{"name": "go", "dependencies": [], "scheduler": scheduler}]}))
    return path


HINTS: list[tuple[object, str, Request]] = [
    (["CVMFS", "GRIDProxy", "KRB5Auth"], "make", Request(cvmfs=True, proxy=True, kerberos=True)),
    ([{"kerberos": True}, {"voms_proxy": True}], "slurm", Request(proxy=True, kerberos=True)),
    ([{"kerberos": False}], "slurm", Request()),
    ([{"rucio": True}], "slurm", Request(proxy=True, rucio=True)),
    ([{"rucio": True, "voms_proxy": False}], "slurm", Request(rucio=True)),
    ([{"unpacked_img": True}], "slurm", Request(unpacked=True)),
    # a bare number is bytes for Kubernetes, MB for HTCondor's memory, KB for its disk, minutes for Slurm
    ([{"kubernetes_memory_limit": "2147483648"}], "make", Request(memory=2048)),
    ([{"kubernetes_memory_request": "1G", "kubernetes_memory_limit": "1.5Gi"}], "make", Request(memory=1536)),
    ([{"kubernetes_memory_limit": "1e9"}], "make", Request(memory=954)),
    ([{"kubernetes_cpu_request": "500m", "kubernetes_cpu_limit": 4}], "make", Request(cpus=1)),
    ([{"kubernetes_cpu_limit": "2.5"}], "make", Request(cpus=3)),
    ([{"kubernetes_job_timeout": 90}], "make", Request(time=90)),
    ([{"htcondor_request_memory": "4096", "htcondor_request_disk": "2048"}], "dagman", Request(memory=4096, disk=2)),
    ([{"htcondor_request_memory": "4 gb", "htcondor_request_cpus": "8"}], "dagman", Request(memory=4096, cpus=8)),
    ([{"htcondor_max_runtime": "espresso"}], "dagman", Request(time=1200)),
    ([{"htcondor_max_runtime": "86400"}], "dagman", Request(time=86400)),
    ([{"slurm_time": 90, "slurm_partition": "gpu"}], "slurm", Request(time=5400, partition="gpu")),
    ([{"slurm_time": "1:30"}], "slurm", Request(time=90)),
    ([{"slurm_time": "1:30:00"}], "slurm", Request(time=5400)),
    ([{"slurm_time": "2-12"}], "slurm", Request(time=216000)),
    ([{"slurm_time": "2-12:30"}], "slurm", Request(time=217800)),
    ([{"c4p_cpu_cores": "8", "c4p_memory_limit": "20000"}], "slurm", Request(cpus=8, memory=20000)),
]
SEVERAL = {"kubernetes_memory_limit": "1Gi", "htcondor_request_memory": "2 GB", "slurm_time": "60", "c4p_cpu_cores": 2}
HINTS += [
    ([SEVERAL], "make", Request(memory=1024, time=3600, cpus=2)),
    ([SEVERAL], "slurm", Request(memory=1024, time=3600, cpus=2)),
    ([SEVERAL], "dagman", Request(memory=2048, time=3600, cpus=2)),
]


@pytest.mark.parametrize(("resources", "target", "request_"), HINTS)
def test_hints(resources: object, target: str, request_: Request, tmp_path: Path) -> None:
    workflow = plan(Options(write(tmp_path, resources), target=target))
    assert workflow.requests == (request_,)
    assert not [warning for warning in workflow.warnings if "resource" in warning or "effect" in warning]


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"slurm_time": "soon"}, "slurm_time: 'soon' is no time of Slurm"),
        ({"slurm_time": "0"}, "slurm_time: '0' is not an amount of time"),
        ({"slurm_partition": "a --wrap=x"}, "slurm_partition: 'a --wrap=x' is no partition"),
        ({"slurm_partition": "-w"}, "slurm_partition: '-w' is no partition"),
        ({"htcondor_max_runtime": "1h"}, "htcondor_max_runtime: '1h' is neither seconds nor a job flavour"),
        ({"htcondor_request_memory": "4Gi"}, "htcondor_request_memory: '4Gi' is no quantity of HTCondor"),
        (
            {"htcondor_accounting_group": "a\nqueue 9"},
            "htcondor_accounting_group: 'a\\nqueue 9' is no accounting group",
        ),
        ({"htcondor_requirements": "a\nqueue 9"}, "htcondor_requirements: 'a\\nqueue 9' is no ClassAd expression"),
        ({"kubernetes_memory_limit": "8 GB"}, "kubernetes_memory_limit: '8 GB' is no quantity of Kubernetes"),
        ({"kubernetes_cpu_request": "many"}, "kubernetes_cpu_request: 'many' is no number of cores"),
        ({"kubernetes_job_timeout": True}, "'kubernetes_job_timeout' must be a string or a number, not true/false"),
        ({"kerberos": "yes please"}, "'kerberos' must be true or false, not a string"),
    ],
)
def test_bad_hints_are_refused_where_they_are(resources: dict[str, object], message: str, tmp_path: Path) -> None:
    spec = write(tmp_path, [resources])
    with pytest.raises(Refused) as refused:
        plan(Options(spec))
    found = refused.value.diagnostic
    assert found.what.startswith(message)
    assert found.loc is not None
    line = spec.read_text().splitlines()[found.loc.line - 1]
    assert next(iter(resources)) in line


def test_words_without_effect_are_said(tmp_path: Path) -> None:
    resources = ["cvmfs", {"compute_backend": "slurmcern", "kubernetes_memry_limit": "4Gi"}, 7]
    said = [w for w in plan(Options(write(tmp_path, resources))).warnings if "effect" in w]
    assert len(said) == 4
    assert "spec.yml:" in said[0]
    assert "unknown resource 'cvmfs', which has no effect; known: CVMFS, GRIDProxy" in said[0]
    assert "'compute_backend' has no effect here; the target of the compilation" in said[1]
    assert "did you mean 'kubernetes_memory_limit'?" in said[2]
    assert "unknown resource '7'" in said[3]


@pytest.mark.parametrize("script", [". /recast_auth/getkrb.sh", "source $KRB_SETUP_SCRIPT"])
def test_getkrb_under_the_name_of_a_proxy(script: str, tmp_path: Path) -> None:
    """What recast's documentation teaches: GRIDProxy, for a command that gets a Kerberos ticket."""
    workflow = plan(Options(write(tmp_path, ["GRIDProxy"], script)))
    assert workflow.requests == (Request(kerberos=True),)
    assert any("GRIDProxy is taken as a Kerberos ticket" in warning for warning in workflow.warnings)
    both = plan(Options(write(tmp_path, ["GRIDProxy", {"voms_proxy": True}], script)))
    assert both.requests == (Request(proxy=True),)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("cvmfs", "false", Request(proxy=True, memory=4096, time=7200)),
        ("proxy", "false", Request(cvmfs=True, memory=4096, time=7200)),
        ("kerberos", "true", Request(cvmfs=True, proxy=True, kerberos=True, memory=4096, time=7200)),
        ("partition", "long", Request(cvmfs=True, proxy=True, partition="long", memory=4096, time=7200)),
        ("requirements", "Cpus > 1", Request(cvmfs=True, proxy=True, requirements="Cpus > 1", memory=4096, time=7200)),
    ],
)
def test_every_hint_can_be_overridden(key: str, value: str, expected: Request, tmp_path: Path) -> None:
    assert plan(Options(SPEC, settings=(("fetch", key, value),))).requests[0] == expected
    (tmp_path / "r.yml").write_text(f"fetch: {{{key}: {value}}}\n")
    assert plan(Options(SPEC, resources=(tmp_path / "r.yml",))).requests[0] == expected


def test_an_empty_word_takes_a_hint_away() -> None:
    settings: Settings = (("fit", "requirements", ""), ("fit", "partition", ""), ("fit", "accounting_group", ""))
    request = plan(Options(SPEC, target="dagman", settings=settings)).requests[1]
    assert (request.requirements, request.partition, request.accounting_group) == ("", "", "")
    with pytest.raises(Refused, match="'maybe' is no value of 'cvmfs'; write true or false"):
        plan(Options(SPEC, settings=(("fit", "cvmfs", "maybe"),)))


def test_inspect_shows_all_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text("".join(VIEWS["resources"](Options(SPEC))))
    plain = tuple(("*", key, "false") for key in ("cvmfs", "proxy", "kerberos"))
    assert plan(Options(SPEC, resources=(tmp_path / "r.yml",))).requests == plan(Options(SPEC)).requests
    assert not any(r.credentials == ("proxy", "kerberos") for r in plan(Options(SPEC, settings=plain)).requests)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'OpSysAndVer =?= "AlmaLinux9"',
        '(Memory >= 4G && regexp("^b[0-9]+", Machine)) || TARGET.Cpus =!= undefined',
        'stringListMember("a;b)", HAS_CVMFS, ";") && {1, 2}[0] == 1 && [x = 1; y = 2].x < 3.5e2',
        '\'odd name\' != "a\\"b" ? true : !false',
    ],
)
def test_expressions(text: str) -> None:
    assert parse_expression(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a)",
        "(a",
        "(a]",
        '"open',
        "a\nqueue",
        "$(X)",
        '"$ENV(HOME)"',
        "a // b",
        "a /* b",
        "a # b",
        "a \\",
        "a\t@=b",
        "`a`",
    ],
)
def test_no_expressions(text: str) -> None:
    with pytest.raises(ValueError, match="is no ClassAd expression"):
        parse_expression(text)


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("debian:12", "unpacked.cern.ch/registry.hub.docker.com/library/debian:12"),
        ("docker.io/org/name:tag", "unpacked.cern.ch/registry.hub.docker.com/org/name:tag"),
        ("docker://org/name:tag", "unpacked.cern.ch/registry.hub.docker.com/org/name:tag"),
        ("gitlab-registry.cern.ch/a/b/c:1", "unpacked.cern.ch/gitlab-registry.cern.ch/a/b/c:1"),
        ("/cvmfs/unpacked.cern.ch/ghcr.io/a/b:1", "unpacked.cern.ch/ghcr.io/a/b:1"),
    ],
)
def test_places_of_unpacked_images(image: str, path: str) -> None:
    assert unpacked_path(image) == path


@pytest.mark.parametrize("image", ["/cvmfs/../etc", "/cvmfs/", "/cvmfs/a//b", "/cvmfs/a b", "a.b/../c:1"])
def test_no_places_of_unpacked_images(image: str) -> None:
    with pytest.raises(ValueError, match="is no image below /cvmfs"):
        unpacked_path(image)


def test_an_unpacked_image_is_not_expected_here(tmp_path: Path) -> None:
    spec = write(tmp_path, [], image="/cvmfs/unpacked.cern.ch/ghcr.io/a/b:1")
    spec.write_text(spec.read_text().replace("        imagetag: '12'\n", "").replace("imagetag: '12'", "workdir: null"))
    workflow = plan(Options(spec, target="dagman"))
    assert workflow.steps[0].image == "/cvmfs/unpacked.cern.ch/ghcr.io/a/b:1"
    assert not workflow.warnings
    site = Site(cvmfs_requirements="HAS_CVMFS_unpacked_cern_ch =?= True")
    bundle = compile_bundle(Options(spec, target="dagman", site=site), tmp_path / "b").directory
    text = (bundle / "workflow.dag").read_text()
    assert "run/.images" not in text
    assert "  requirements = (HAS_CVMFS_unpacked_cern_ch =?= True)\n" in text
    with pytest.raises(Refused, match=r"spec.yml.*'/cvmfs/../x:latest' is no image below /cvmfs"):
        plan(Options(write(tmp_path, [], image="/cvmfs/../x", imagetag="latest")))


def test_a_named_file_comes_before_the_unpacked_image(tmp_path: Path) -> None:
    (tmp_path / "mine.sif").touch()
    workflow = plan(Options(SPEC, images=(("debian:12", str(tmp_path / "mine.sif")),)))
    assert workflow.images["debian:12"].unpacked == ""


def test_deadlines() -> None:
    """When each node ends at the latest, when all take the time they ask for."""
    assert deadlines(plan(Options(SPEC, target="dagman"))) == [7200, 14400, 14400, 18000]
    settings: Settings = (("fit", "time", "10"), ("fetch", "proxy", "false"), ("plot", "kerberos", "true"))
    workflow = plan(Options(SPEC, settings=settings))
    assert credential_lines(workflow)[1:] == ["fit_1\t7210\tproxy kerberos rucio\n", "plot\t10810\tkerberos\n"]
    assert credential_lines(plan(Options(ROOT / "tests/specs/squares/workflow.yml"))) == []


def submit(bundle: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(bundle.parent), **env}
    return subprocess.run(words, cwd=bundle, env=env, capture_output=True, text=True, check=False)


SUBMIT = {"slurm": ("./submit.sh",), "dagman": ("./submit.sh",), "make": ("make", "-k")}


def compiled(tmp_path: Path, target: str, *resources: object, script: str = "true", time: str = "1h") -> Path:
    spec = write(tmp_path, list(resources), script)
    options = Options(spec, target=target, container="none", settings=(("go", "time", time),))
    return compile_bundle(options, tmp_path / "bundle").directory


@pytest.mark.parametrize("target", SUBMIT)
@pytest.mark.parametrize("state", ["missing", "expired"])
def test_submitting_without_a_valid_proxy_is_refused(state: str, target: str, tmp_path: Path) -> None:
    bundle = compiled(tmp_path, target, "GRIDProxy")
    if state == "expired":
        make_proxy(tmp_path / "proxy", days=-1)
    done = submit(bundle, *SUBMIT[target], X509_USER_PROXY=str(tmp_path / "proxy"))
    assert done.returncode != 0
    what = {"missing": "there is no valid proxy certificate at", "expired": "the proxy certificate at"}[state]
    assert done.stderr.startswith(f"wfcompile: {what} {tmp_path}/proxy")
    assert not (bundle / "run" / "go").exists() and not (bundle / "run" / ".credentials").exists()
    assert "sbatch" not in done.stderr and "condor_submit_dag" not in done.stderr


def test_a_proxy_that_is_too_short_is_a_warning(tmp_path: Path) -> None:
    proxy = make_proxy(tmp_path / "proxy")
    done = submit(compiled(tmp_path, "make", "GRIDProxy", time="3d"), "make", X509_USER_PROXY=str(proxy))
    assert done.returncode == 0, done.stderr
    assert "warning: the proxy certificate at" in done.stderr
    assert re.search(
        "ends in 2[34] hours, and the run may need it for 3 days beside the time in the queue", done.stderr
    )


def test_a_run_with_a_proxy_and_one_after_it_has_expired(tmp_path: Path) -> None:
    proxy = make_proxy(tmp_path / "proxy")
    bundle = compiled(tmp_path, "make", {"voms_proxy": True}, script='cmp "$X509_USER_PROXY" "$ORIGINAL" && touch good')
    done = submit(bundle, "make", X509_USER_PROXY=str(proxy), ORIGINAL=str(proxy))
    assert (done.returncode, done.stderr) == (0, "")
    assert (bundle / "run" / "go" / "good").exists()
    (bundle / "run" / "go" / "done.json").unlink()
    proxy.unlink()
    make_proxy(proxy, days=-1)
    # the node itself, as when it expired after the submission
    node = submit(bundle, "bash", "nodes/go.sh", X509_USER_PROXY=str(proxy))
    assert (node.returncode, "credential.expired" in node.stdout) == (65, True), node.stdout
    proxy.unlink()
    make_proxy(proxy)
    assert submit(bundle, "./resume.sh", X509_USER_PROXY=str(proxy), ORIGINAL=str(proxy)).returncode == 0


@pytest.mark.parametrize("script", ["submit", "resume"])
@pytest.mark.parametrize("target", ["slurm", "dagman"])
def test_a_relative_proxy_is_where_the_command_was_typed(target: str, script: str, tmp_path: Path) -> None:
    """The scripts go to the bundle's directory."""
    bundle = compiled(tmp_path, target, "GRIDProxy")
    make_proxy(tmp_path / "proxy")
    done = submit(tmp_path, str(bundle / f"{script}.sh"), X509_USER_PROXY="proxy")
    assert done.returncode != 0 and {"slurm": "sbatch", "dagman": "condor_"}[target] in done.stderr, done.stderr
    assert "proxy certificate" not in done.stderr


def test_a_relative_proxy_with_make(tmp_path: Path) -> None:
    """The nodes work in other directories than make."""
    bundle = compiled(tmp_path, "make", "GRIDProxy", script='cmp "$X509_USER_PROXY" "$ORIGINAL" && touch good')
    make_proxy(bundle / "proxy")
    done = submit(bundle, "make", X509_USER_PROXY="proxy", ORIGINAL=str(bundle / "proxy"))
    assert done.returncode == 0, done.stdout + done.stderr
    (bundle / "run/go/good").unlink()
    done = submit(tmp_path, "bundle/resume.sh", X509_USER_PROXY="bundle/proxy", ORIGINAL=str(bundle / "proxy"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_slurm_gets_private_copies_which_the_last_job_removes(tmp_path: Path, kerberos: KeyServer) -> None:
    proxy, cache = make_proxy(tmp_path / "proxy"), kerberos.ticket(tmp_path / "cache", 60)
    bundle = compiled(tmp_path, "slurm", "GRIDProxy", {"kerberos": True})
    env = {"X509_USER_PROXY": str(proxy), "KRB5CCNAME": f"FILE:{cache}", **kerberos.env}
    line = next(x for x in (bundle / "submit.sh").read_text().splitlines() if x.startswith("bash lib/credentials.sh"))
    copying = ("bash", "-c", f"run=$PWD/run; {line}")
    done = submit(bundle, *copying, **env)
    assert done.returncode == 0 and "warning: the Kerberos ticket at" in done.stderr and "proxy" not in done.stderr
    copies = bundle / "run" / ".credentials"
    assert copies.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in copies.iterdir()} == {"proxy": 0o600, "kerberos": 0o600}
    assert (copies / "proxy").read_bytes() == proxy.read_bytes()
    kerberos.ticket(cache, 7200)  # renewed
    assert submit(bundle, *copying, **env).stderr == ""
    assert (copies / "kerberos").read_bytes() == cache.read_bytes()
    collected = submit(bundle, "bash", "collect.sh", str(bundle), str(bundle / "run"))
    assert "0 of 1 nodes are done" in collected.stdout
    assert not copies.exists() and (bundle / "run" / "record.json").exists()


def test_a_submission_that_fails_leaves_no_copies(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "slurm", "GRIDProxy")
    done = submit(bundle, "./submit.sh", X509_USER_PROXY=str(make_proxy(tmp_path / "proxy")))
    assert done.returncode == 1 and "sbatch" in done.stderr
    assert not (bundle / "run" / ".credentials").exists()


def test_what_is_done_needs_no_credentials(tmp_path: Path) -> None:
    """A resume is refused only for what its nodes need."""
    proxy = make_proxy(tmp_path / "proxy")
    bundle = compiled(tmp_path, "make", "GRIDProxy")
    assert submit(bundle, "make", X509_USER_PROXY=str(proxy)).returncode == 0
    assert submit(bundle, "make", X509_USER_PROXY=str(tmp_path / "none")).returncode == 0
    (bundle / "run" / "go" / "done.json").unlink()
    assert submit(bundle, "make", X509_USER_PROXY=str(tmp_path / "none")).returncode != 0


DYNAMIC = """\
stages:
  - name: make
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {}
      step:
        process: {process_type: interpolated-script-cmd, interpreter: bash, script: 'touch 1.txt 2.txt'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: fromglob-pub, globexpression: '*.txt', outputkey: files}
  - name: use
    dependencies: [make]
    scheduler:
      scheduler_type: multistep-stage
      parameters: {file: {step: make, output: files}, out: '{workdir}/out'}
      scatter: {method: zip, parameters: [file]}
      step:
        process:
          process_type: interpolated-script-cmd
          interpreter: bash
          script: 'stat -c %a "$X509_USER_PROXY" > {out}'
        environment: {environment_type: docker-encapsulated, image: debian, resources: [GRIDProxy]}
        publisher: {publisher_type: frompar-pub, outputmap: {out: out}}
"""


def test_nodes_that_an_expansion_adds(tmp_path: Path) -> None:
    """How many there are is not known yet, but the credential is looked at before the first job begins."""
    (tmp_path / "dynamic.yml").write_text(DYNAMIC)
    options = Options(tmp_path / "dynamic.yml", target="make", container="none")
    bundle = compile_bundle(options, tmp_path / "bundle").directory
    assert (bundle / "lib" / "credentials.tsv").read_text() == "*\t7200\tproxy\n"
    refused = submit(bundle, "make", X509_USER_PROXY=str(tmp_path / "proxy"))
    assert refused.returncode != 0 and "there is no valid proxy certificate" in refused.stderr
    assert not (bundle / "run" / "make").exists()
    proxy = make_proxy(tmp_path / "proxy")
    done = submit(bundle, "make", X509_USER_PROXY=str(proxy))
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(bundle / "run" / f"use_{k}" / "out").read_text() for k in (0, 1)] == ["600\n", "600\n"]
    proxy.unlink()
    assert submit(bundle, "make", X509_USER_PROXY=str(proxy)).returncode == 0
    for target in ("dagman", "slurm"):
        other = compile_bundle(Options(tmp_path / "dynamic.yml", target=target), tmp_path / target).directory
        assert "lib/credentials.sh" in (other / "submit.sh").read_text()
    text = (tmp_path / "dagman" / "dynamic.dag").read_text()
    assert "ENV GET X509_USER_PROXY KRB5CCNAME\n" in text and "  use_x509userproxy = true\n" in text


def test_kerberos_caches_that_are_no_files(tmp_path: Path, kerberos: KeyServer) -> None:
    (tmp_path / "caches").mkdir()
    kerberos.ticket(tmp_path / "caches" / "tkt")
    (tmp_path / "caches" / "primary").write_text("tkt\n")
    env = {"KRB5CCNAME": f"DIR:{tmp_path}/caches", **kerberos.env}
    done = submit(compiled(tmp_path, "slurm", "KRB5Auth"), "./submit.sh", **env)
    assert done.returncode == 1
    assert f"the Kerberos cache DIR:{tmp_path}/caches is no file that can be copied; get one in a file" in done.stderr
    env["KRB5CCNAME"] = f"DIR:{tmp_path}/nowhere"
    done = submit(tmp_path / "bundle", "./submit.sh", **env)
    assert "there is no valid Kerberos ticket at" in done.stderr


def test_htcondor_sends_them_itself(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, "dagman", "GRIDProxy", {"kerberos": True, "rucio": True})
    text = (bundle / "workflow.dag").read_text()
    for line in ("  use_x509userproxy = true", "  MY.SendCredential = True", "ENV GET X509_USER_PROXY KRB5CCNAME"):
        assert text.count(f"{line}\n") == 1
    assert "lib/credentials.sh, run/.credentials/rucio, $(files)\n" in text


@pytest.mark.parametrize("target", SUBMIT)
def test_no_credential_and_no_home_in_a_bundle(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = make_proxy(tmp_path / "x509up_secret")
    (tmp_path / "home").mkdir()
    (tmp_path / "rucio.cfg").write_text("[client]\npassword = hunter2\n")
    monkeypatch.setenv("X509_USER_PROXY", str(proxy))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path}/krb5cc_secret")
    monkeypatch.setenv("RUCIO_CONFIG", str(tmp_path / "rucio.cfg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    bundle = compile_bundle(Options(SPEC, target=target), tmp_path / "bundle").directory
    key = proxy.read_bytes().split(b"PRIVATE KEY-----")[1].split()[0]
    for path in (p for p in bundle.rglob("*") if p.is_file()):
        for secret in (key, b"x509up_secret", b"krb5cc_secret", b"hunter2", str(tmp_path).encode()):
            assert secret not in path.read_bytes(), path
    assert not (bundle / "run" / ".credentials").exists()
