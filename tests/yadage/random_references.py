"""Random references to what a random workflow has so far: every form of query, output and registered value."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.yadage.random_shapes import Shape, combined, common, record


@dataclass
class Dice:
    """Chance, and which forms of the language it has chosen."""

    random: random.Random
    forms: Counter[str] = field(default_factory=Counter)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, values: Any) -> Any:
        return self.random.choice(values)


@dataclass
class Stage:
    """A stage that has been made: its entries are nodes, or instances of `inner`."""

    name: str
    count: int | None  # None: it differs, or only a job knows it
    outputs: dict[str, Shape] = field(default_factory=dict)
    inner: Scope | None = None
    alive: bool | None = True  # whether a stage that depends on it runs; None: not known here
    early: bool = True  # its results are known before it runs


@dataclass
class Scope:
    """A workflow on its way: its stages so far, and what it has registered; there are `many` instances of it."""

    depth: int
    many: int
    stages: dict[str, Stage] = field(default_factory=dict)
    values: dict[str, Reference] = field(default_factory=dict)
    document: list[dict[str, Any]] = field(default_factory=list)

    @property
    def alive(self) -> bool | None:
        states = [stage.alive for stage in self.stages.values()]
        return False if False in states else None if None in states else True


@dataclass(frozen=True)
class Reference:
    """An expression (or a literal), the shape of its value, the stages that must be ready, the forms it uses."""

    expression: Any
    shape: Shape
    needs: frozenset[str] = frozenset()
    forms: tuple[str, ...] = ()


def reference(dice: Dice, scope: Scope, wanted: Callable[[Shape], bool]) -> Reference | None:
    """A random reference whose value is wanted; None when none is found."""
    names = sorted(scope.stages)
    living = [name for name in names if scope.stages[name].alive is not False]
    makers = {_of_stage: 5, _of_union: 1, _of_registered: 3, _of_value: 1}
    for _ in range(12):
        among = living if living and not dice.chance(0.03) else names
        make = dice.random.choices(list(makers), list(makers.values()))[0]
        found = make(dice, scope, among)
        if found is not None and wanted(found.shape):
            return found
    return None


def selected(
    dice: Dice, query: str, output: str | None, shape: Shape, number: int | None, needs: set[str], form: str = ""
) -> Reference:
    """A stage-output-selector for `number` matches of a query."""
    form = form or ("step" if number == 1 and dice.chance(0.4) else "stages")
    forms = [f"{form}:"]
    expression: dict[str, Any] = {form: query}
    if output is not None:
        expression["output"] = output
    if form == "stages":
        if dice.chance(0.1):
            expression["steps"] = expression.pop("stages")
            forms.append("steps:")
        flatten, unwrap = dice.chance(0.3), dice.chance(0.4)
        given = [key for key, value in (("flatten", flatten), ("unwrap", unwrap)) if value]
        expression |= dict.fromkeys(given, True)
        forms += given
        shape = combined(shape, number, flatten, unwrap)
    return Reference(expression, shape, frozenset(needs), tuple(forms))


def _with(found: Reference, *forms: str) -> Reference:
    return Reference(found.expression, found.shape, found.needs, found.forms + forms)


def _of_stage(dice: Dice, scope: Scope, names: list[str]) -> Reference:
    """A stage of the scope, or one inside its sub-workflows."""
    name = first = dice.pick(names)
    query = ""
    matches: int | None = 1
    forms: list[str] = []
    while True:
        stage = scope.stages[name]
        index, shown, number = _index(dice, stage)
        matches = None if matches is None or number is None else matches * number
        query += name + index
        if stage.inner is None:
            break
        scope, query = stage.inner, query + "."
        name = dice.pick(sorted(scope.stages))
    forms.append("query sub[*].inner" if "." in query else f"query a{shown}")
    key, shape, output_forms = _output(dice, stage)
    return _with(selected(dice, query, key, shape, matches, {first}), *forms, *output_forms)


def _index(dice: Dice, stage: Stage) -> tuple[str, str, int | None]:
    """What comes after a stage's name, the form of it, and how many entries it picks."""
    forms = ["[*]"] if stage.inner is not None else ["", "", "[*]"]
    forms += ["[1]", "[0:2]"] if stage.count else []
    form = dice.pick(forms)
    if form == "[1]":
        return f"[{dice.random.randrange(stage.count or 1)}]", form, 1
    if form == "[0:2]":
        return form, form, min(2, stage.count or 0)
    if form == "[*]" and stage.inner is not None and dice.chance(0.2):
        return ".[*]", form, stage.count
    return form, form, stage.count


def _output(dice: Dice, stage: Stage) -> tuple[str | None, Shape, list[str]]:
    """An output of a stage: a key, a path into it, or all of them."""
    if dice.chance(0.08):
        return None, record(stage.outputs), ["output: all"]
    key = dice.pick(sorted(stage.outputs))
    shape = stage.outputs[key]
    if shape.kind != "record" or not shape.fields or dice.chance(0.3):
        return key, shape, []
    inner = dice.pick(sorted(shape.fields))
    key, shape = f"{key}.{inner}", shape.fields[inner]
    if shape.kind == "list" and shape.size and shape.item and dice.chance(0.5):
        key, shape = f"{key}[{dice.random.randrange(shape.size)}]", shape.item
    return key, shape, ["output: path"]


def _of_union(dice: Dice, scope: Scope, names: list[str]) -> Reference | None:
    """`a,b`: two stages that publish something of the same name."""
    steps = [scope.stages[name] for name in names if scope.stages[name].inner is None]
    if len(steps) < 2:
        return None
    first, second = dice.random.sample(steps, 2)
    keys = sorted(set(first.outputs) & set(second.outputs))
    if not keys:
        return None
    key = dice.pick(keys)
    number = None if first.count is None or second.count is None else first.count + second.count
    shape = common([first.outputs[key], second.outputs[key]])
    query, needs = f"{first.name},{second.name}", {first.name, second.name}
    return _with(selected(dice, query, key, shape, number, needs, "stages"), "query a,b")


def _of_registered(dice: Dice, scope: Scope, names: list[str]) -> Reference | None:
    """A value that a sub-workflow has registered, picked as an output or with `fromvalue`."""
    stages = [scope.stages[name] for name in names]
    pairs = [(stage, stage.inner) for stage in stages if stage.inner is not None and stage.inner.values]
    if not pairs:
        return None
    stage, inner = dice.pick(pairs)
    key = dice.pick(sorted(inner.values))
    shape = inner.values[key].shape
    if stage.count == 1 and dice.chance(0.5):
        query = dice.pick((stage.name, f"{stage.name}[0]"))
        expression = {"expression_type": "fromvalue", "key": key, "scope": query}
        return Reference(expression, shape, frozenset({stage.name}), ("fromvalue with scope",))
    query = dice.pick((stage.name, f"{stage.name}[*]"))
    return _with(selected(dice, query, key, shape, stage.count, {stage.name}), "output: registered value")


def _of_value(dice: Dice, scope: Scope, names: list[str]) -> Reference | None:
    """A value registered in the scope itself."""
    if not scope.values:
        return None
    key = dice.pick(sorted(scope.values))
    found = scope.values[key]
    if not found.needs <= set(names):
        return None
    return Reference({"expression_type": "fromvalue", "key": key}, found.shape, found.needs, ("fromvalue",))
