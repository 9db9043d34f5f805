"""What a node asks of its host: /cvmfs, and credentials, of which its command alone gets private copies."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.tickets import KeyServer, make_proxy
from tests.wrapper.harness import Bundle, MakeBundle

LOOK = """
stat -c %a "$X509_USER_PROXY" "${X509_USER_PROXY%/*}" >mode
cmp "$X509_USER_PROXY" "$ORIGINAL" && echo "$X509_USER_PROXY" >place
. "$KRB_SETUP_SCRIPT" && "$KRB_SETUP_SCRIPT"
"""


def test_a_proxy_is_a_private_copy(bundle: Bundle, tmp_path: Path) -> None:
    proxy = make_proxy(tmp_path / "x509up")
    bundle.node("a", LOOK, more="wfc_needs=proxy")
    result = bundle.done("a", X509_USER_PROXY=str(proxy), ORIGINAL=str(proxy))
    assert (bundle.run_dir / "a" / "mode").read_text() == "600\n700\n"
    place = Path((bundle.run_dir / "a" / "place").read_text().strip())
    assert place != proxy and not place.exists()
    assert bundle.leftovers() == []
    key = proxy.read_text().split("PRIVATE KEY-----")[1]
    assert key not in result.log + str(result.events)


def test_a_copy_of_the_run_comes_first(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle("shared")
    (bundle.run_dir / ".credentials").mkdir(mode=0o700)
    proxy = make_proxy(bundle.run_dir / ".credentials" / "proxy")
    bundle.node("a", LOOK, more="wfc_needs=proxy")
    bundle.done("a", X509_USER_PROXY=str(tmp_path / "elsewhere"), ORIGINAL=str(proxy))
    assert (bundle.run_dir / "a" / "place").exists()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("expired", "credential.expired"), ("missing", "credential.missing"), ("other", "credential.missing")],
)
def test_a_bad_proxy_fails_the_node_until_it_is_renewed(bundle: Bundle, tmp_path: Path, kind: str, reason: str) -> None:
    proxy = tmp_path / "x509up"
    if kind == "expired":
        make_proxy(proxy, days=-1)
    elif kind == "other":
        proxy.write_text("no certificate\n")
    bundle.node("a", "echo ran >ran", more="wfc_needs=proxy")
    result = bundle.run("a", X509_USER_PROXY=str(proxy))
    assert (result.code, result.reason) == (65, reason)  # not tried again: that would not help
    assert "resume the run" in result.final["advice"]
    assert "payload.start" not in result.names() and bundle.leftovers() == []
    proxy.unlink(missing_ok=True)
    make_proxy(proxy)
    assert bundle.done("a", X509_USER_PROXY=str(proxy)).reason == "done"


def test_a_node_that_asks_for_nothing_gets_nothing(bundle: Bundle, tmp_path: Path) -> None:
    bundle.node("a", 'echo "${KRB_SETUP_SCRIPT-none} ${RUCIO_CONFIG-none}" >seen')
    result = bundle.done("a")
    assert (bundle.run_dir / "a" / "seen").read_text() == "none none\n"
    assert "credentials" not in str(result.events)


@pytest.mark.parametrize("needs", ["", "rucio"])
def test_the_submitters_own_credentials_are_not_seen(bundle: Bundle, tmp_path: Path, needs: str) -> None:
    (tmp_path / "rucio.cfg").write_text("[client]\n")
    names = ["X509_USER_PROXY", "KRB5CCNAME", "RUCIO_CONFIG"]
    bundle.node("a", "env >seen", more=f"wfc_needs={needs}")
    bundle.done("a", **dict.fromkeys(names, str(tmp_path / "rucio.cfg")))
    seen = dict(line.split("=", 1) for line in (bundle.run_dir / "a/seen").read_text().splitlines() if "=" in line)
    assert [name for name in names if name in seen] == (["RUCIO_CONFIG"] if needs else [])
    assert str(tmp_path / "rucio.cfg") not in seen.values()


def test_a_kerberos_ticket(bundle: Bundle, tmp_path: Path, kerberos: KeyServer) -> None:
    cache = kerberos.ticket(tmp_path / "cache")
    bundle.node(
        "a",
        "klist >ticket; klist -s && stat -c %a ${{KRB5CCNAME#FILE:}} >mode".replace("{{", "{").replace("}}", "}"),
        more="wfc_needs=kerberos",
    )
    bundle.done("a", KRB5CCNAME=f"FILE:{cache}", **kerberos.env)
    assert (bundle.run_dir / "a" / "mode").read_text() == "600\n"
    ticket = (bundle.run_dir / "a" / "ticket").read_text()
    assert "alice@TEST" in ticket and str(cache) not in ticket


def test_an_expired_ticket(bundle: Bundle, tmp_path: Path, kerberos: KeyServer) -> None:
    cache = kerberos.ticket(tmp_path / "cache", seconds=1)
    bundle.node("a", "true", more="wfc_needs=kerberos")
    time.sleep(2.1)
    result = bundle.run("a", KRB5CCNAME=f"FILE:{cache}", **kerberos.env)
    assert (result.code, result.reason) == (65, "credential.expired"), result.log
    kerberos.ticket(cache)
    bundle.done("a", KRB5CCNAME=str(cache), **kerberos.env)


def test_a_configuration_of_rucio(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "rucio.cfg").write_text("[client]\naccount = alice\n")
    bundle.node("a", "cat $RUCIO_CONFIG >seen; stat -c %a $RUCIO_CONFIG >>seen", more="wfc_needs=rucio")
    bundle.done("a", RUCIO_HOME=str(tmp_path))
    assert (bundle.run_dir / "a" / "seen").read_text() == "[client]\naccount = alice\n600\n"


def test_cvmfs_is_there_or_the_node_is_tried_elsewhere(bundle: Bundle, tmp_path: Path) -> None:
    bundle.node("a", "echo ran >ran", more="wfc_needs=cvmfs")
    for place in (tmp_path / "nowhere", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        result = bundle.run("a", WFC_CVMFS=str(place))
        assert (result.code, result.reason) == (75, "cvmfs.missing")
    (tmp_path / "cvmfs" / "sft.cern.ch").mkdir(parents=True)
    bundle.done("a", WFC_CVMFS=str(tmp_path / "cvmfs"))


def test_a_mount_point_counts_as_cvmfs(make_bundle: MakeBundle) -> None:
    bundle = make_bundle()
    bundle.node("a", "true", more="wfc_needs=cvmfs")
    bundle.done("a", WFC_CVMFS="/proc")
