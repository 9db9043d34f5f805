"""Random valid yadage workflows: every form of the language, as its authors combine them.

A workflow is made of one seed. It is valid: the engine runs it to its end, though perhaps without some of its
stages, as when a list is empty. Its jobs are short shell commands that make what their publishers look for.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.yadage.random_references import Dice, Reference, Scope, Stage, reference
from tests.yadage.random_shapes import ANY, NUMBER, PATH, WORD, Shape, common, listed, of_data, record
from tests.yadage.random_steps import OWN, step

WORDS = ("alpha", "beta", "x y", "é", "50%", "a-b_c", "007")
FILES = ("in_a.txt", "in_b.txt")  # of the init directory
DEPTH = 3
NODES = 11  # about, at most
ELEMENTS = 4  # of a list to scatter over


class Parameters(NamedTuple):
    """The parameters of a stage: their expressions, the shapes that its nodes see, the stages that must be ready."""

    expressions: dict[str, Any]
    shapes: dict[str, Shape]
    needs: set[str]

    def add(self, dice: Dice, key: str, value: Reference, shape: Shape | None = None) -> None:
        self.expressions[key] = value.expression
        self.shapes[key] = shape or value.shape
        self.needs.update(value.needs)
        dice.forms.update(value.forms)


class RandomWorkflow:
    """One random workflow: its documents by file name, its init data; `dice.forms` counts what it uses."""

    def __init__(self, seed: int) -> None:
        self.dice = Dice(random.Random(seed))
        self.files: dict[str, Any] = {}
        self.nodes = 0
        self.init = self.data()
        root = Scope(0, 1)
        root.stages["init"] = Stage("init", 1, resolved(self.init))
        self.scope(root)
        if self.nodes == 0:
            self.singlestep(root, "last")
        self.files["workflow.yml"] = {"stages": root.document}

    @property
    def forms(self) -> Counter[str]:
        """How often each form of the language is in it."""
        return self.dice.forms

    def write(self, directory: Path) -> Path:
        """Write all documents, the init data and the init directory; return the specification."""
        (directory / "init").mkdir(parents=True)
        for name in FILES:
            (directory / "init" / name).write_text(f"{name}\n", encoding="utf-8")
        for name, document in {**self.files, "init.yml": self.init}.items():
            text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
            (directory / name).write_text(text, encoding="utf-8")
        return directory / "workflow.yml"

    # values

    def size(self) -> int:
        size: int = self.dice.random.choices((0, 1, 2, 3), (1, 3, 5, 2))[0]
        self.dice.forms[f"list of {size}" if size < 2 else "list of more"] += 1
        return size

    def words(self) -> list[str]:
        return [self.dice.pick(WORDS) for _ in range(self.size())]

    def data(self) -> dict[str, Any]:
        """The init data of the workflow."""
        data: dict[str, Any] = {
            "word": self.dice.pick(WORDS),
            "number": self.dice.random.randrange(100),
            "file": FILES[0],
            "found": "in_*.txt",
            "flag": self.dice.pick((True, False, None)),
            "words": self.words(),
            "numbers": [self.dice.random.randrange(10) for _ in range(self.size())],
            "rows": [[self.dice.random.randrange(10) for _ in range(self.size())] for _ in range(self.size())],
            "record": {"one": self.dice.pick(WORDS), "list": [1, 2]},
        }
        kept = self.dice.random.sample(sorted(data), self.dice.random.randrange(4, len(data) + 1))
        return {key: data[key] for key in data if key in kept}

    def literal(self, own: bool) -> Reference:
        """A value as it stands; `own`: it may name the node's directory."""
        pick = self.dice.pick
        paths = [f"{{workdir}}/p_{k}" for k in range(self.size())]
        values: list[Any] = [pick(WORDS), 12, self.words(), {"one": "x", "n": 7}, "./in_a.txt"]
        value = pick([*values, paths] if own else values)
        return Reference(value, of_data(value), forms=("literal",))

    def parameters(self, scope: Scope, own: bool) -> Parameters:
        """A few parameters for a stage, with those that every step gets if it is one."""
        found = Parameters({}, {}, set())
        for k in range(self.dice.random.randrange(0 if own else 1, 4)):
            value = reference(self.dice, scope, lambda shape: True) if self.dice.chance(0.8) else None
            found.add(self.dice, f"v{k}", value or self.literal(own))
        return found

    def registrable(self, shape: Shape) -> bool:
        """Of an empty list, of false and of null the engine makes null, which the list of differences has."""
        return shape.kind not in ("flag", "any") and (shape.kind != "list" or bool(shape.size))

    def spread(self, scope: Scope, own: bool) -> Reference:
        """A list to scatter over."""

        def fits(shape: Shape) -> bool:
            return shape.kind == "list" and (shape.size is None or shape.size <= ELEMENTS)

        value = reference(self.dice, scope, fits) if self.dice.chance(0.8) else None
        if value is not None:
            return value
        words = self.words()
        if own and self.dice.chance(0.5):
            words = [f"{{workdir}}/{k}" for k in range(len(words))]
        return Reference(words, of_data(words), forms=("literal",))

    # stages

    def scope(self, scope: Scope) -> None:
        """Fill a scope with stages."""
        makers = {self.singlestep: 4, self.multistep: 5, self.jq_stage: 2, self.gated: 1.2}
        for number in range(self.dice.random.randrange(2, 5 if scope.depth else 6)):
            if self.nodes >= NODES:
                break
            make = self.dice.random.choices(list(makers), list(makers.values()))[0]
            make(scope, f"{'abcdefgh'[number]}{scope.depth}")
        chain = [stage for stage in scope.document if stage["scheduler"].get("step")]
        if len(chain) == len(scope.document):
            self.everything(scope)

    def goes_deeper(self, scope: Scope) -> bool:
        return scope.depth < DEPTH and self.nodes < NODES * 0.7 and self.dice.chance(0.35)

    def singlestep(self, scope: Scope, name: str) -> None:
        deeper = self.goes_deeper(scope)
        parameters = self.parameters(scope, own=not deeper)
        self.dice.forms["singlestep-stage"] += 1
        self.finish(scope, name, {"scheduler_type": "singlestep-stage"}, parameters, 1, deeper)

    def multistep(self, scope: Scope, name: str) -> None:
        deeper = self.goes_deeper(scope)
        parameters = self.parameters(scope, own=not deeper)
        method = self.dice.pick(("zip", "zip", "cartesian"))
        keys = ["s0", "s1"][: self.dice.pick((1, 1, 2))]
        scheduler: dict[str, Any] = {"scheduler_type": "multistep-stage"}
        scheduler["scatter"] = {"method": method, "parameters": keys}
        values = {key: self.spread(scope, own=not deeper) for key in keys}
        grouping = self.dice.random.choices(("", "batchsize", "partitionsize"), (6, 1.5, 1.5))[0]
        if grouping:
            scheduler[grouping] = self.dice.pick((1, 2, 3))
            self.dice.forms[grouping] += 1
        sizes = []
        for key, value in values.items():
            item, size = value.shape.item or ANY, value.shape.size
            if grouping:
                group = scheduler[grouping]
                if size is not None:
                    size = -(-size // group) if grouping == "batchsize" else min(size, group)
                item = listed(item, 1 if (grouping, group) == ("batchsize", 1) else None)
            sizes.append(size)
            parameters.add(self.dice, key, value, item)
            if value.shape.late:
                self.dice.forms["scatter over a published list"] += 1
        known = [size for size in sizes if size is not None]
        count = None
        if len(known) == len(sizes):
            count = min(known) if method == "zip" else known[0] * (known[1] if known[1:] else 1)
        self.dice.forms[f"multistep-stage {method}"] += 1
        self.finish(scope, name, scheduler, parameters, count, deeper)

    def jq_stage(self, scope: Scope, name: str) -> None:
        """A jq-stage: one node for each entry of a stage, one for all of them, or one for each number of a list."""
        stages = [s for s in scope.stages.values() if s.inner is None and s.alive is not False]
        if not stages:
            return
        stage = self.dice.pick(stages)
        key = self.dice.pick(sorted(stage.outputs))
        shape = stage.outputs[key]
        own = ", ".join(f'{name}: "{value}"' for name, value in OWN.items())
        scheduler: dict[str, Any] = {"scheduler_type": "jq-stage"}
        scheduler["bindings"] = {"found": {"$wflowref": [f".{stage.name}[]", f".{key}"]}, "numbers": [1, 2]}
        how = self.dice.pick(("each", "all", "numbers"))
        scheduler["stepscript"], shapes, count = {
            "each": (f'[.found[][] | {{v0: ., v1: "w", {own}}}]', {"v0": shape, "v1": WORD}, stage.count),
            "all": (f"[{{v0: [.found[][]], {own}}}]", {"v0": listed(shape, stage.count)}, 1),
            "numbers": (
                f". as $all | [.numbers[] | {{v0: ., v1: $all.found[0][0], {own}}}]",
                {"v0": NUMBER, "v1": common([shape, ANY])},
                2,
            ),
        }[how]
        if self.dice.chance(0.4):
            scheduler["postscript"] = '. + {extra: [.v0, "more"]}'
            shapes["extra"] = listed(ANY, 2)
            self.dice.forms["postscript"] += 1
        self.dice.forms[f"jq-stage {how}"] += 1
        parameters = Parameters({}, shapes, {stage.name})
        self.finish(scope, name, scheduler, parameters, count, False)

    def gated(self, scope: Scope, name: str) -> None:
        """A stage with `expressions_fulfilled`; the engine asks this safely of the stage just before, if of any."""
        before = list(scope.stages.values())[-1]
        if before.inner is not None or not before.early:
            return
        expression: dict[str, Any] = {"expression_type": "stage-output-selector", "stages": before.name}
        key = self.dice.pick(sorted(before.outputs))
        if before.outputs[key].deep:
            return
        expression |= {"output": key, "unwrap": self.dice.chance(0.5), "flatten": self.dice.chance(0.5)}
        parameters = Parameters({}, {}, set())
        parameters.add(self.dice, "v0", self.literal(True))
        self.dice.forms["expressions_fulfilled"] += 1
        self.finish(scope, name, {"scheduler_type": "singlestep-stage"}, parameters, 1, False, [expression])
        shape = before.outputs[key]
        empty = shape.size == 0 or shape.kind == "flag" or before.count == 0
        scope.stages[name].alive = None if empty or before.alive is None or before.count is None else before.alive

    def everything(self, scope: Scope) -> None:
        """`*`: all stages of a scope, in a scope whose stages come one after another."""
        names = [stage["name"] for stage in scope.document]
        stages = [scope.stages[name] for name in ("init", *names)]
        if any(stage.alive is not True for stage in stages):
            return
        if any(isinstance(stage.get("dependencies"), dict) for stage in scope.document):
            return
        counts = [stage.count for stage in stages]
        number = None if None in counts else sum(count for count in counts if count is not None)
        shape = common([record(stage.outputs) for stage in stages])
        for before, stage in zip(("init", *names), scope.document, strict=False):
            stage["dependencies"] = sorted({before, *stage.get("dependencies", ())})
        parameters = Parameters({}, {}, {"init", *names})
        parameters.add(self.dice, "v0", Reference({"stages": "*"}, listed(shape, number), forms=("query *",)))
        self.finish(scope, "every", {"scheduler_type": "singlestep-stage"}, parameters, 1, False)

    # what all stages have

    def finish(
        self,
        scope: Scope,
        name: str,
        scheduler: dict[str, Any],
        parameters: Parameters,
        count: int | None,
        deeper: bool,
        gate: list[dict[str, Any]] | None = None,
    ) -> None:
        """Give a stage its body, parameters, dependencies and registered values, and add it to its scope."""
        stage = Stage(name, count)
        scope.stages[name] = stage
        if deeper:
            self.subworkflow(scope, stage, scheduler, parameters)
        else:
            self.body(scope, stage, scheduler, parameters)
        if scheduler["scheduler_type"] != "jq-stage":
            scheduler["parameters"] = self.written(
                parameters.expressions if deeper else {**parameters.expressions, **OWN}
            )
        document: dict[str, Any] = {"name": name, "scheduler": scheduler}
        needs = set(parameters.needs)
        if gate is None:
            needs |= {other for other in scope.stages if other != name and self.dice.chance(0.05)}
            states = [scope.stages[need].alive for need in needs]
            if False in states:
                stage.alive = False
            elif None in states and stage.alive:
                stage.alive = None
            if needs:
                document["dependencies"] = self.dependencies(sorted(needs))
        else:
            document["dependencies"] = {"dependency_type": "expressions_fulfilled", "expressions": gate}
        scope.document.append(document)
        self.register(scope, stage, scheduler)

    def dependencies(self, needs: list[str]) -> Any:
        if self.dice.chance(0.8):
            return needs
        self.dice.forms["jsonpath_ready"] += 1
        return {"dependency_type": "jsonpath_ready", "expressions": needs}

    def written(self, expressions: dict[str, Any]) -> Any:
        """The parameters as a mapping, or as the list of keys and values that the engine makes of it."""
        if self.dice.chance(0.8):
            return expressions
        self.dice.forms["parameters as a list"] += 1
        return [{"key": key, "value": explicit(value)} for key, value in expressions.items()]

    def body(self, scope: Scope, stage: Stage, scheduler: dict[str, Any], parameters: Parameters) -> None:
        """A step, or cases of steps."""
        self.nodes += scope.many * (2 if stage.count is None else stage.count)
        number = next((k for k in sorted(parameters.shapes) if parameters.shapes[k] == NUMBER), None)
        if number is None or not self.dice.chance(0.5):
            made = step(self.dice, parameters.shapes)
            scheduler["step"] = self.placed(made.document, "steps.yml")
            stage.outputs, stage.early = made.outputs, made.early
        else:
            early = ("frompar", "constant", "interpolated")
            published = (self.dice.pick(early),)  # all cases publish alike
            made, other = (step(self.dice, parameters.shapes, published) for _ in range(2))
            conditions = [f".{number} > {self.dice.random.randrange(9)}", self.dice.pick(("true", "true", "null", "0"))]
            scheduler["cases"] = [
                {"if": condition, "step": self.placed(one.document, "steps.yml")}
                for condition, one in zip(conditions, (made, other), strict=True)
            ]
            keys = set(made.outputs) & set(other.outputs)
            stage.outputs = {key: common([made.outputs[key], other.outputs[key]]) for key in sorted(keys)}
            self.dice.forms["cases"] += 1
            if conditions[1] != "true":
                stage.count = stage.alive = None
        if stage.count == 0:
            stage.alive = False
        elif stage.count is None:
            stage.alive = None

    def subworkflow(self, scope: Scope, stage: Stage, scheduler: dict[str, Any], parameters: Parameters) -> None:
        many = scope.many * (2 if stage.count is None else stage.count)
        inner = Scope(scope.depth + 1, many)
        inner.stages["init"] = Stage("init", 1, dict(parameters.shapes))
        self.scope(inner)
        stage.inner = inner
        stage.alive = False if stage.count == 0 else None if stage.count is None else inner.alive
        scheduler["workflow"] = self.placed({"stages": inner.document}, f"sub{len(self.files)}.yml")
        if self.dice.chance(0.2):
            scheduler["workflow_opts"] = {"discover": self.dice.chance(0.5), "relative": self.dice.chance(0.7)}
            self.dice.forms["workflow_opts"] += 1
        self.dice.forms[f"sub-workflow of depth {inner.depth}"] += 1

    def placed(self, document: Any, file: str) -> Any:
        """A document as it stands, or a reference to it in a file."""
        if self.dice.chance(0.6):
            return document
        self.dice.forms["$ref"] += 1
        if file != "steps.yml":
            self.files[file] = document
            return {"$ref": file}
        steps = self.files.setdefault(file, {})
        steps[f"step{len(steps)}"] = document
        return {"$ref": f"{file}#/step{len(steps) - 1}"}

    def register(self, scope: Scope, stage: Stage, scheduler: dict[str, Any]) -> None:
        if stage.alive is not True or not self.dice.chance(0.25):
            return
        value = reference(self.dice, scope, self.registrable)
        if value is None or value.expression.get("expression_type") == "fromvalue":
            return
        if any(scope.stages[need].alive is not True for need in value.needs):
            return
        key = f"value{len(scope.values)}"
        scheduler["register_values"] = {key: explicit(value.expression)}
        scope.values[key] = Reference(None, value.shape, value.needs | {stage.name}, value.forms)
        self.dice.forms["register_values"] += 1


def explicit(value: Any) -> Any:
    """A reference with its expression type, as it must be written outside a mapping of parameters."""
    if isinstance(value, dict) and {"stages", "steps", "step"} & set(value):
        return {"expression_type": "stage-output-selector", **value}
    return value


def resolved(data: dict[str, Any]) -> dict[str, Shape]:
    """The shapes of init data when names of files have become paths."""
    files = {"file": PATH, "found": listed(PATH, len(FILES))}
    return {key: files.get(key, of_data(value)) for key, value in data.items()}
