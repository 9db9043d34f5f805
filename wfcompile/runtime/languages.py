"""Templates of all languages: who expands which."""

from typing import Any, Dict

from . import expand as yadage
from .references import Rows


def expand(template: Dict[str, Any], known: yadage.Known) -> Rows:
    """Make the rows and edges of a workflow; raises Problem with the step and the part of it at fault."""
    if template.get("language") == "cwl":
        from .cwl import expand as cwl  # who needs none of it does not wait for it

        return cwl.expand(template, known)
    return yadage.expand(template, known)
