"""What a random workflow knows of a value before it runs: enough to use it in a way that is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Shape:
    """The kind of a value, of a list's items or of a record's fields."""

    kind: str  # word, number, path, flag (true, false or null), list, record, any
    item: Shape | None = None
    size: int | None = None  # of a list; None: it differs, or only a job knows it
    fields: Mapping[str, Shape] = field(default_factory=dict)
    late: bool = False  # the value as a whole is published by a job

    @property
    def deep(self) -> bool:
        """Whether any part of it is published by a job."""
        return self.late or any(part.deep for part in (self.item, *self.fields.values()) if part)


WORD, NUMBER, PATH, FLAG, ANY = (Shape(kind) for kind in ("word", "number", "path", "flag", "any"))


def listed(item: Shape, size: int | None) -> Shape:
    return Shape("list", item, size)


def record(fields: Mapping[str, Shape]) -> Shape:
    return Shape("record", fields=dict(fields))


def late(shape: Shape) -> Shape:
    """The same value, published by a job: it comes as a whole, and so does each part that is taken from it."""
    fields = {key: late(part) for key, part in shape.fields.items()}
    return replace(shape, item=late(shape.item) if shape.item else None, fields=fields, late=True)


def common(shapes: list[Shape]) -> Shape:
    """What is true of all of several values."""
    if all(shape == shapes[0] for shape in shapes):
        return shapes[0]
    if all(shape.kind == "list" and shape.item for shape in shapes):
        items = common([shape.item for shape in shapes if shape.item])
        return Shape("list", items, None, late=any(shape.late for shape in shapes))
    return Shape("any", late=any(shape.deep for shape in shapes))


def of_data(data: object) -> Shape:
    """The shape of JSON data."""
    if isinstance(data, dict):
        return record({key: of_data(value) for key, value in data.items()})
    if isinstance(data, list):
        return listed(common([of_data(value) for value in data]) if data else ANY, len(data))
    if data is None or isinstance(data, bool):
        return FLAG
    if isinstance(data, int):
        return NUMBER
    return PATH if "/" in str(data) else WORD


def combined(item: Shape, count: int | None, flatten: bool, unwrap: bool) -> Shape:
    """The value of a `stages:` reference to `count` values."""
    size = count
    if flatten and item.kind == "list" and item.item:
        size = None if count is None or item.size is None else count * item.size
        if item.late:  # how many there are is published
            return Shape("any" if unwrap else "list", None if unwrap else item.item, None, late=True)
        item = item.item
    if unwrap and size == 1:
        return item
    if unwrap and size is None:
        return Shape("any", late=item.deep)
    return listed(item, size)
