"""Advice for misspelt names."""

import difflib
from typing import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    """Return advice that names the nearest known word, or all of them when none is near."""
    words = sorted(set(known))
    near = difflib.get_close_matches(name, words, n=1, cutoff=0.6)
    if near:
        return "did you mean '%s'?" % near[0]
    return "known: %s%s" % (", ".join(words[:12]), ", …" if len(words) > 12 else "") if words else ""
