"""What a CWL workflow gives: its output object, and the files that it names, collected into a directory."""

import json
import os.path
from typing import Any

from ..late import decode, encode
from .javascript import Javascript
from .late import World, resolved
from .node import host_of_run, published_in
from .outputs import final


def give(bundle: str, run: str, directory: str) -> int:
    """Copy the outputs of a run into a directory, with cwl.output.json, whose locations are names below it."""
    host = host_of_run(bundle, run)
    value = resolved(_outputs(bundle, run), published_in(run), World(Javascript(), host))
    outputs, copies = final(value, host)
    for copy in copies:
        copy.write(os.path.join(directory, copy.target))
    with open(os.path.join(directory, "cwl.output.json"), "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(outputs, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
    return 0


def _outputs(bundle: str, run: str) -> Any:
    """Return the outputs as far as they were known, nodes by their ids; a run with expansions tells its own."""
    with open(os.path.join(bundle, "plan.json"), encoding="utf-8") as file:
        plan = json.load(file)
    if "outputs" in plan:
        return decode(plan["outputs"])
    from ..run_time import expanded_now, read_plan

    rows = expanded_now(read_plan(bundle, run), all_known=True).rows
    return decode(encode(rows.outputs, rows.ids))
