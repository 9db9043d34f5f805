"""Random types of CWL, and values for them.

A type is as a document has it, but "Indexed" is a File that has a secondary file `.idx`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

Type = Any
Document = dict[str, Any]

TEXTS = ["x", "two words", "$(inputs.x)", "a'b\"c", "tab\tback\\slash", "#é", "${HOME}`id`", "-n", "*", "Zz9", "a=b"]
FILES = {
    "a.txt": "alpha\n",
    "b c.txt": "one\ntwo\n",
    "sub/a.txt": "another a\n",
    "data.tar.gz": "not really\n",
    "empty": "",
    "sub/n.7": "7\n",
}
INDEXED = ["x.bam", "sub/y.bam"]
DIRECTORIES = {"dir": ["one.txt", "in/two.txt"], "sub/other": ["three"]}
PRIMITIVES = ["boolean", "int", "long", "float", "double", "string"]


class Draw(random.Random):
    """A seeded source of choices, which counts the forms it has made."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.forms: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.version = "v1.2" if self.chance(0.75) else self.choice(["v1.0", "v1.1"])
        self.reads = self.version != "v1.0" and self.chance(0.6)  # either loadContents or literals (difference 16)
        self.nodes = 0

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def one(self, choices: dict[Any, float]) -> Any:
        """Choose by weight."""
        return self.choices(list(choices), list(choices.values()))[0]

    def name(self, stem: str) -> str:
        self.names[stem] += 1
        return f"{stem}{self.names[stem]}"

    def counted(self, form: str) -> str:
        self.forms[form] += 1
        return form


def write_files(directory: Path) -> None:
    """Write the files that values name."""
    listed = {f"{name}/{inner}": f"{inner} of {name}\n" for name, inners in DIRECTORIES.items() for inner in inners}
    indexed = {name + end: f"{name}{end}\n" for name in INDEXED for end in ("", ".idx")}
    for name, text in {**FILES, **indexed, **listed}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")


def random_type(draw: Draw, depth: int = 0) -> Type:
    deep = 0.5**depth
    form = draw.one(
        {
            "primitive": 4,
            "File": 2.5,
            "Indexed": 0.7,
            "Directory": 1.4,
            "enum": 0.9,
            "Any": 0.8 if not depth else 0,
            "optional": 1.5 * deep,
            "union": 1 * deep,
            "array": 4 * deep,
            "record": 1.3 * deep,
        }
    )
    if form == "primitive":
        return draw.choice(PRIMITIVES)
    if form == "Indexed" and draw.version == "v1.0":
        return "File"  # fields of records have no secondaryFiles there
    return MAKERS[form](draw, depth + 1) if form in MAKERS else form


def _enum(draw: Draw, depth: int) -> Type:
    return {"type": "enum", "symbols": ["red", "green", "blue"][: draw.randint(1, 3)]}


def _optional(draw: Draw, depth: int) -> Type:
    inner = draw.choice(
        [
            *PRIMITIVES,
            "File",
            "Directory",
            {"type": "array", "items": draw.choice([*PRIMITIVES, "File"])},
            _enum(draw, depth),
        ]
    )
    return ["null", inner]


def _union(draw: Draw, depth: int) -> Type:
    return draw.choice(
        [
            ["int", "string"],
            ["File", "string"],
            ["boolean", "string"],
            ["null", "int", "string"],
            ["string", {"type": "array", "items": "string"}],
            ["int", {"type": "array", "items": "File"}],
            ["File", "Directory"],
            ["float", _record(draw, 2)],
        ]
    )


def _array(draw: Draw, depth: int) -> Type:
    return {"type": "array", "items": random_type(draw, depth)}


def _record(draw: Draw, depth: int) -> Type:
    names = [draw.name("f") for _ in range(draw.randint(1, 3))]
    return {"type": "record", "fields": [{"name": name, "type": random_type(draw, depth)} for name in names]}


MAKERS: dict[str, Callable[[Draw, int], Type]] = {
    "enum": _enum,
    "optional": _optional,
    "union": _union,
    "array": _array,
    "record": _record,
}


def family(type_: Type) -> str:
    """Return the form of a type."""
    if isinstance(type_, list):
        return "optional" if len(type_) == 2 and type_[0] == "null" else "union"
    return str(type_["type"] if isinstance(type_, dict) else type_)


def is_array(type_: Type) -> bool:
    return family(type_) == "array"


def array_of(type_: Type) -> Type:
    return {"type": "array", "items": type_}


def optional(type_: Type) -> Type:
    if isinstance(type_, list):
        return type_ if "null" in type_ else ["null", *type_]
    return type_ if type_ in ("null", "Any") else ["null", type_]


def rendered(type_: Type) -> Type:
    """Return a type as a document has it."""
    if isinstance(type_, list):
        return [rendered(one) for one in type_]
    if isinstance(type_, str):
        return "File" if type_ == "Indexed" else type_
    made = dict(type_)
    if "items" in made:
        made["items"] = rendered(made["items"])
    if "fields" in made:
        made["fields"] = [{**one, **port(one["type"])} for one in made["fields"]]
    return made


def port(type_: Type) -> Document:
    """Return the type of an input, an output or a field, and the secondary files that its files have."""
    return {"type": rendered(type_), **({"secondaryFiles": [".idx"]} if has_indexed(type_) else {})}


def has_indexed(type_: Type) -> bool:
    """Tell whether files of a type have secondary files; those of a record's fields are the fields'."""
    if isinstance(type_, list):
        return any(has_indexed(one) for one in type_)
    return type_ == "Indexed" or (isinstance(type_, dict) and has_indexed(type_.get("items")))


def holds(type_: Type, *kinds: str) -> bool:
    """Tell whether a type, or one within it, is one of some kinds."""
    if isinstance(type_, list):
        return any(holds(one, *kinds) for one in type_)
    if isinstance(type_, dict):
        inner = [type_.get("items", ()), *(one["type"] for one in type_.get("fields", ()))]
        return family(type_) in kinds or any(one != () and holds(one, *kinds) for one in inner)
    return type_ in kinds


def bindable(type_: Type) -> bool:
    """Tell whether cwltool can bind a value of a type: not where a union has arrays of named types (difference 15)."""
    if isinstance(type_, list):
        return not any(is_array(one) and holds(one, "record", "enum") for one in type_) and all(map(bindable, type_))
    if isinstance(type_, dict):
        return bindable(type_.get("items", "int")) and all(bindable(one["type"]) for one in type_.get("fields", ()))
    return True


def defaultable(type_: Type) -> bool:
    """Tell whether an input of a type may have a default: cwltool makes a union of it."""
    return bindable(type_) and not (is_array(type_) and holds(type_, "record", "enum"))


def pickable(type_: Type) -> bool:
    """Tell whether pickValue may choose among values of a type.

    cwltool's check takes an array's items for what is chosen from, and refuses the link where they may be null.
    """
    return not holds(type_, "Directory") and not (is_array(type_) and isinstance(type_["items"], list))


def count_type(draw: Draw, type_: Type) -> None:
    """Count the forms of a type."""
    draw.counted(f"type {family(type_)}")
    for inner in type_ if isinstance(type_, list) else []:
        if not isinstance(inner, str):
            count_type(draw, inner)
    if isinstance(type_, dict):
        for inner in [one for one in [type_.get("items")] if one] + [one["type"] for one in type_.get("fields", [])]:
            count_type(draw, inner)


def value(draw: Draw, type_: Type, length: int | None = None) -> Any:
    """Return a value of a type; an array has the length."""
    if isinstance(type_, list):
        return value(draw, draw.choice(type_))
    match family(type_):
        case "null":
            return None
        case "boolean":
            return draw.chance(0.5)
        case "int":
            return draw.choice([0, 1, -7, 42, 2147483647])
        case "long":
            return draw.choice([0, 5, 12345678901])
        case "float" | "double":
            return draw.choice([0.5, -1.25, 0.0001, 3.0, 123456.789])  # difference 19
        case "string":
            return draw.choice(TEXTS)
        case "Any":
            return value(draw, draw.choice(["int", "string", "File", {"type": "array", "items": "string"}]))
        case "File":
            return _file(draw)
        case "Indexed":
            return {"class": "File", "location": draw.choice(INDEXED)}
        case "Directory":
            return _directory(draw)
        case "enum":
            return draw.choice(type_["symbols"])
        case "record":
            return {one["name"]: value(draw, one["type"]) for one in type_["fields"]}
    length = draw.one({0: 1, 1: 2, 2: 4, 3: 2}) if length is None else length
    return [value(draw, type_["items"]) for _ in range(length)]


def _file(draw: Draw) -> Document:
    if not draw.reads and draw.chance(0.25):
        draw.counted("literal File")
        return {"class": "File", "basename": "literal.txt", "contents": draw.choice(TEXTS)}
    return {"class": "File", "location": draw.choice(list(FILES))}


def _directory(draw: Draw) -> Document:
    if not draw.reads and draw.chance(0.6):
        draw.counted("literal Directory")
        return {"class": "Directory", "basename": "made", "listing": [_file(draw)]}
    return {"class": "Directory", "location": draw.choice(list(DIRECTORIES))}


def with_secondary(data: Any) -> Any:
    """Return a value whose files name their secondary files, which are found in a job order only."""
    if isinstance(data, list):
        return [with_secondary(one) for one in data]
    if not isinstance(data, dict):
        return data
    made = {key: with_secondary(one) for key, one in data.items()}
    if data.get("location") in INDEXED:
        made["secondaryFiles"] = [{"class": "File", "location": data["location"] + ".idx"}]
    return made
