"""Files that are credentials: they do not go into a bundle, which is copied, kept and shown to others."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_LOOK = 1024 * 1024  # bytes
_PEM = re.compile(rb"^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s*$", re.MULTILINE)
# Source: MIT Kerberos, credential cache file format, version 4 with its one header field
_KRB5 = b"\x05\x04\x00\x0c\x00\x01\x00\x08"


def what_secret(path: Path, name: str, environment: Mapping[str, str]) -> str:
    """Return what kind of credential a file is, by its name in the init directory and its contents; "" for none."""
    parts = name.split("/")
    if ".credentials" in parts:
        return "a copy of credentials that a run made"
    for variable in ("X509_USER_PROXY", "KRB5CCNAME"):
        named = environment.get(variable, "").removeprefix("FILE:")
        if named and os.path.exists(named) and os.path.samefile(named, path):
            return f"the file that {variable} names"
    with path.open("rb") as stream:
        data = stream.read(_LOOK)
    if _PEM.search(data):
        return "a private key"
    if data.startswith(_KRB5) or re.fullmatch(r"krb5cc(_\w+)?", parts[-1]):
        return "a cache of Kerberos tickets"
    return ""
