"""Which files of the init directory go into a bundle."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.conftest import ROOT
from wfcompile.compile import compile_bundle, plan
from wfcompile.errors import Refused
from wfcompile.options import Options

SPEC = """stages:
  - name: first
    scheduler:
      scheduler_type: singlestep-stage
      parameters: {data: {step: init, output: data}}
      step:
        process: {process_type: string-interpolated-cmd, cmd: 'ls {data}'}
        environment: {environment_type: localproc-env}
        publisher: {publisher_type: constant-pub, publish: {x: 1}}
"""
KEY = "-----BEGIN {}PRIVATE KEY-----\nMIIE\n-----END {}PRIVATE KEY-----\n"


@pytest.fixture
def options(tmp_path: Path) -> Options:
    """A workflow that uses the directory data/ of its init directory."""
    (tmp_path / "workflow.yml").write_text(SPEC)
    (tmp_path / "init" / "data").mkdir(parents=True)
    (tmp_path / "init" / "data" / "plain").write_text("plain\n")
    return Options(tmp_path / "workflow.yml", initdir=tmp_path / "init", parameters=(("data", "data"),))


@pytest.mark.parametrize(
    ("name", "contents", "said"),
    [
        ("id_rsa", KEY.format("OPENSSH ", "OPENSSH ").encode(), "a private key"),
        ("a.txt", b"words\n" + KEY.format("", "").encode(), "a private key"),
        ("proxy.pem", KEY.format("RSA ", "RSA ").replace("\n", "\r\n").encode(), "a private key"),
        ("krb5cc_1000", b"any", "a cache of Kerberos tickets"),
        ("cache", b"\x05\x04\x00\x0c\x00\x01\x00\x08\xff\xff\xff\xff\x00\x00\x00\x00", "a cache of Kerberos tickets"),
        (".credentials", b"any", "a copy of credentials"),
    ],
)
def test_credentials_are_refused(options: Options, name: str, contents: bytes, said: str) -> None:
    assert options.initdir
    file = options.initdir / "data" / name
    file.write_bytes(contents)
    with pytest.raises(Refused, match=f"the input 'data/{name}' is {said}"):
        plan(options)
    allowed = Options(
        options.spec, initdir=options.initdir, parameters=options.parameters, allowed_paths=(file.absolute(),)
    )
    assert f"data/{name}" in [item.name for item in plan(allowed).inputs]


@pytest.mark.parametrize(("variable", "prefix"), [("X509_USER_PROXY", ""), ("KRB5CCNAME", "FILE:")])
def test_the_files_that_hold_ones_credentials(
    options: Options, variable: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"{prefix}{tmp_path}/init/data/plain")
    with pytest.raises(Refused, match=f"the input 'data/plain' is the file that {variable} names"):
        plan(options)


def test_a_program_that_speaks_of_keys_is_none(options: Options, tmp_path: Path) -> None:
    (tmp_path / "init/data/make.py").write_text('print("-----BEGIN RSA PRIVATE KEY-----")\n')
    assert [item.name for item in plan(options).inputs] == ["data/make.py", "data/plain"]


def test_private_files_stay_private(options: Options, tmp_path: Path) -> None:
    for name, mode in (("private", 0o600), ("tool", 0o700), ("open", 0o755)):
        (tmp_path / "init/data" / name).write_text(name)
        (tmp_path / "init/data" / name).chmod(mode)
    bundle = compile_bundle(options, tmp_path / "bundle").directory
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (bundle / "inputs/data").iterdir()}
    assert (modes["private"], modes["tool"]) == (0o600, 0o700)
    assert modes["open"] & 0o700 == 0o700
    assert modes["plain"] & 0o077


def test_another_bundle_is_no_input(options: Options, tmp_path: Path) -> None:
    compile_bundle(Options(ROOT / "tests/specs/squares/workflow.yml"), tmp_path / "init/data/old")
    workflow = plan(options)
    assert [item.name for item in workflow.inputs] == ["data/plain"]
    assert "the input directory 'data/old' is left out: it is a bundle of wfcompile" in workflow.warnings


def test_a_directory_that_is_linked_twice_is_there_twice(options: Options, tmp_path: Path) -> None:
    (tmp_path / "init/common").mkdir()
    (tmp_path / "init/common/x").touch()
    for name in ("one", "two"):
        (tmp_path / "init/data" / name).symlink_to("../common")
    assert [item.name for item in plan(options).inputs] == ["data/one/x", "data/plain", "data/two/x"]


def test_a_link_that_leads_back_is_refused(options: Options, tmp_path: Path) -> None:
    (tmp_path / "init/data/deep").mkdir()
    (tmp_path / "init/data/deep/back").symlink_to("..")
    with pytest.raises(Refused, match="the input 'data/deep/back' is a link that leads back"):
        plan(options)
