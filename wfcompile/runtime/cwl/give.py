"""What a CWL workflow gives: its output object, and the files that it names, collected into a directory."""

import json
import os.path
from typing import Any, Dict

from ..pointers import decode, encode
from ..values import Problem
from .files import host_in
from .javascript import Javascript
from .late import World, resolved
from .links import check_output
from .node import published_in
from .outputs import final


def give(bundle: str, run: str, directory: str) -> int:
    """Copy the outputs of a run into a directory, with cwl.output.json, whose locations are relative to it."""
    host = host_in(bundle, run)
    world = World(Javascript(), host)
    with open(os.path.join(bundle, "plan.json"), encoding="utf-8") as file:
        plan = json.load(file)
    values = {}
    for name, value in _outputs(plan, bundle, run).items():
        port = plan["template"]["scopes"][0]["outputs"][name]
        try:
            values[name] = resolved(value, published_in(run), world)
            check_output(port, values[name])
        except Problem as problem:
            raise Problem("the output '%s' (%s): %s" % (name, port["at"], problem.what), problem.advice)
    outputs, copies = final(values, host)
    for copy in copies:
        copy.write(os.path.join(directory, copy.target))
    with open(os.path.join(directory, "cwl.output.json"), "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(outputs, file, ensure_ascii=False, indent=1, sort_keys=True)
        file.write("\n")
    return 0


def _outputs(plan: Dict[str, Any], bundle: str, run: str) -> Any:
    """Return the outputs as far as they were known, nodes by their ids; a run with expansions tells its own."""
    if "outputs" in plan:
        return decode(plan["outputs"])
    from ..run_time import expanded_now, read_plan

    rows = expanded_now(read_plan(bundle, run), all_known=True).rows
    return decode(encode(rows.outputs, rows.ids))
