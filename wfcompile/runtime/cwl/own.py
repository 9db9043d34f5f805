"""Outputs that are files of others: where only a node's own directory reaches the next one, it gets copies of them."""

import os
from typing import Any

from ..values import RUN
from . import staging
from .files import Host, Value, listing

PASSED = ".passed"  # below the node's directory: a directory for each such file, so that no names collide


def owned(outputs: Any, host: Host) -> Any:
    """Return outputs all of whose files are in the node's directory, or literals."""
    count = [0]

    def own(value: Value) -> Value:
        value = staging.inner(value, own)
        location = value.get("location")
        if location is None or (location + "/").startswith("%s/%s/" % (RUN, host.node)):
            return value
        inside = "%s/%d/%s" % (PASSED, count[0], value["basename"])
        count[0] += 1
        _copy(host, location, os.path.join(host.own, inside))
        return dict(value, location="%s/%s/%s" % (RUN, host.node, inside))

    return staging.mapped(outputs, own)


def _copy(host: Host, location: str, target: str) -> None:
    """Copy a file, or a directory, which may have parts in several places."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    source = host.path(location)
    if not os.path.isdir(source):
        import shutil  # with compression, which few nodes have to wait for

        shutil.copy(source, target)
        return
    os.mkdir(target)
    for entry in listing(host, location, False):
        _copy(host, entry["location"], target + "/" + entry["basename"])
