"""Settings of a step as people write them: amounts (4Gi, 500 MB, 1h, 01:30:00), choices, words, expressions."""

from __future__ import annotations

import math
import re

KEYS = ("cpus", "memory", "disk", "time", "gpus")
FLAGS = ("cvmfs", "unpacked", "proxy", "kerberos", "rucio")
CHOICES = {"parents": ("read-only", "copy"), **dict.fromkeys(FLAGS, ("true", "false"))}
WORDS = {"partition": r"[A-Za-z0-9_][A-Za-z0-9_.,+-]*", "accounting_group": r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*"}
SETTINGS = (*KEYS, *CHOICES, *WORDS, "requirements")
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_UNITS |= {"ki": 1024, "mi": 1024**2, "gi": 1024**3, "ti": 1024**4}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def parse_setting(key: str, value: object) -> int | str | bool:
    """Return the value of a setting for ir.Request, an empty word or expression for none; raises ValueError."""
    text = "" if value is None else str(value).strip()
    if key in CHOICES:
        text = text.lower()  # of YAML's True
        if text not in CHOICES[key]:
            raise ValueError(f"{str(value)!r} is no value of '{key}'")
        return text == "true" if key in FLAGS else text
    if key == "requirements":
        return parse_expression(text)
    if key not in WORDS:
        return parse_amount(key, value)
    if text and not re.fullmatch(WORDS[key], text):
        raise ValueError(f"{text!r} is no {key.replace('_', ' ')}")
    return text


def how_to_write(key: str) -> str:
    """Return advice on the values of a setting."""
    if key in CHOICES:
        return f"write {' or '.join(CHOICES[key])}"
    return "write for example 4 GiB, 2, 1h" if key in KEYS else ""


def parse_amount(key: str, value: object) -> int:
    """Return an amount in the units of ir.Request: MiB for memory and disk (a bare number is MiB), seconds for time.

    Raises ValueError for anything that is not a positive amount (gpus may be 0).
    """
    text = str(value).strip()
    if key in ("memory", "disk"):
        amount = _bytes(text) / 1024**2
    elif key == "time":
        amount = _seconds(text)
    elif key in KEYS:
        amount = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else math.nan
    else:
        raise ValueError(f"'{key}' is no resource; known: {', '.join(KEYS)}")
    if not 0 <= amount < 1e15 or (amount == 0 and key != "gpus"):  # not NaN either
        raise ValueError(f"{text!r} is not an amount of {key}")
    return math.ceil(amount)


_EXPRESSION = re.compile(
    r"""\s*(?:
    (?P<open>[(\[{]) | (?P<close>[)\]}])
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*'
    | [A-Za-z_][A-Za-z0-9_]* | \d+(?:\.\d*)?(?:[eE][+-]?\d+)?[KMGTkmgt]?
    | =\?= | =!= | [=!<>]= | && | \|\| | >>>? | << | /(?![/*]) | [-+*%<>!?:.,;~&|^=]
    )\s*""",
    re.VERBOSE,
)


def parse_expression(text: str) -> str:
    """Return a ClassAd expression when it is one line of its tokens, its brackets closed; raises ValueError.

    Whoever puts it in brackets of his own can then add to it. HTCondor expands `$(…)` even in strings, so no `$`; and
    no comments, which would hide what comes after.
    Source: HTCondor manual, ClassAd syntax, and submit description files.
    """
    if not text.isprintable() or "$" in text:
        raise ValueError(f"{text!r} is no ClassAd expression: it holds a '$' or a control character")
    closing: list[str] = []
    at = 0
    while at < len(text):
        token = _EXPRESSION.match(text, at)
        if not token or (token["close"] and (not closing or closing.pop() != token["close"])):
            raise ValueError(f"{text!r} is no ClassAd expression: look at {text[at:][:20]!r}")
        if token["open"]:
            closing.append({"(": ")", "[": "]", "{": "}"}[token["open"]])
        at = token.end()
    if closing:
        raise ValueError(f"{text!r} is no ClassAd expression: a '{closing[-1]}' is missing")
    return text


def _bytes(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?", text.lower())
    if not match or match[2] == "i":
        return math.nan
    if not match[2] and not text.lower().endswith("b"):
        return float(match[1]) * 1024**2
    return float(match[1]) * _UNITS[match[2]]


def _seconds(text: str) -> float:
    clock = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?", text)  # [days-]hours:minutes[:seconds]
    if clock:
        days, hours, minutes, seconds = (int(x or 0) for x in clock.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)?", text.lower())
    return float(match[1]) * _SECONDS[match[2] or ""] if match else math.nan
