"""What expressions see in the tests."""

from __future__ import annotations

from typing import Any

from wfcompile.runtime.cwl.expressions import Context
from wfcompile.runtime.cwl.place import Place
from wfcompile.runtime.values import JOB, RUN

ON_NODE = Place("/r", "/r/n", "/t", "/s", cores=2, ram=100, outdir_size=7, tmpdir_size=8)
BEFORE = Place(RUN, f"{RUN}/n", f"{JOB}/tmp", f"{JOB}/stage", measured=False)
FILE = {"class": "File", "location": f"{RUN}/init/a.b.tar", "basename": "a.b.tar", "size": 12}
MADE = {"class": "File", "location": f"{RUN}/m/x.bam", "basename": "x.bam"}
VALUES = {
    "s": "text",
    "n": 3,
    "x": 1.5,
    "no": None,
    "yes": True,
    "list": [1, {"k": ["deep"]}],
    "empty": [],
    "record": {"a b": 1, "it's": 2, 'a"b': 3, "length": 4, "é": 5, "z": [], "0": "nought"},
    "file": FILE,
    "quote": "\"'\\",
}
JS: dict[str, Any] = {"InlineJavascriptRequirement": {}}


def context(
    inputs: Any = VALUES, self_: Any = None, place: Place = ON_NODE, version: str = "v1.2", **more: Any
) -> Context:
    return Context(inputs, self_, place, more.pop("requirements", JS), version, **more)
