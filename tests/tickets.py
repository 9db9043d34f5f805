"""Real credentials for tests: proxy certificates from openssl, Kerberos tickets from a key server of our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# In a directory that only administrators have on their PATH.
_PATH = f"{os.environ['PATH']}:/usr/sbin"
TOOLS = {name: shutil.which(name, path=_PATH) for name in ("krb5kdc", "kdb5_util", "kadmin.local", "kinit", "klist")}


def make_proxy(path: Path, days: int = 1) -> Path:
    """Write a proxy certificate with its key and its issuer; days = -1 makes one that ended yesterday."""
    work = path.parent / f"{path.name}.work"
    work.mkdir()
    (work / "extensions").write_text("proxyCertInfo=critical,language:id-ppl-inheritAll\nkeyUsage=digitalSignature\n")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=work, check=True, capture_output=True)

    key = ("-newkey", "rsa:2048", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "user.key", "-out", "user.pem", "-days", "30", "-subj", "/CN=alice")
    openssl("req", *key, "-keyout", "proxy.key", "-out", "request", "-subj", "/CN=alice/CN=7")
    issuer = ("-CA", "user.pem", "-CAkey", "user.key", "-set_serial", "7")
    openssl(
        "x509", "-req", "-in", "request", *issuer, "-days", str(days), "-extfile", "extensions", "-out", "proxy.pem"
    )
    path.touch(mode=0o600)
    path.write_bytes(b"".join((work / name).read_bytes() for name in ("proxy.pem", "proxy.key", "user.pem")))
    shutil.rmtree(work)
    return path


@dataclass(frozen=True)
class KeyServer:
    """A Kerberos key server on the loopback interface, and what its clients need in their environment."""

    directory: Path
    env: dict[str, str]

    def ticket(self, cache: Path, seconds: int = 3600) -> Path:
        """Get a ticket into a file."""
        words = ["kinit", "-k", "-t", str(self.directory / "keytab"), "-l", f"{seconds}s", "-c", f"FILE:{cache}"]
        subprocess.run([*words, "alice"], env={**os.environ, **self.env}, check=True, capture_output=True)
        return cache


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def key_server(directory: Path) -> Iterator[KeyServer]:
    """Run a key server with one user, alice, whose key is in `keytab`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (directory / "krb5.conf").write_text(
        "[libdefaults]\n default_realm = TEST\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
        f"[realms]\n TEST = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
    )
    (directory / "kdc.conf").write_text(
        f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n"
        f"[realms]\n TEST = {{\n  database_name = {directory}/principal\n  key_stash_file = {directory}/stash\n }}\n"
    )
    env = {"KRB5_CONFIG": str(directory / "krb5.conf"), "KRB5_KDC_PROFILE": str(directory / "kdc.conf")}

    def run(name: str, *words: str) -> None:
        subprocess.run([str(TOOLS[name]), *words], env={**os.environ, **env}, check=True, capture_output=True)

    run("kdb5_util", "create", "-s", "-r", "TEST", "-P", "master")
    run("kadmin.local", "-q", "addprinc -randkey alice")
    run("kadmin.local", "-q", f"ktadd -k {directory}/keytab alice")
    server = [str(TOOLS["krb5kdc"]), "-n"]
    with (
        open(directory / "log", "wb") as log,
        subprocess.Popen(server, env={**os.environ, **env}, stdout=log, stderr=log) as kdc,
    ):
        try:
            deadline = time.monotonic() + 20
            while not _listens(port):
                assert kdc.poll() is None and time.monotonic() < deadline, (directory / "log").read_text()
                time.sleep(0.05)
            yield KeyServer(directory, env)
        finally:
            kdc.terminate()
