"""Random CWL documents with their inputs, the same for the same seed: tools alone and workflows of a few nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.cwl.random_expressions import expression_tool
from tests.cwl.random_tools import Output, Outputs, RandomTool
from tests.cwl.random_types import (
    Document,
    Draw,
    Type,
    array_of,
    bindable,
    count_type,
    defaultable,
    family,
    holds,
    is_array,
    optional,
    pickable,
    port,
    random_type,
    value,
    with_secondary,
    write_files,
)

MOST_NODES = 6


class Source(NamedTuple):
    """What a step's input may take: a workflow's input or a step's output."""

    ref: str
    type: Type
    length: object = None
    late: bool = False


class Link(NamedTuple):
    """A step's input, the type it has for the process, and how many items."""

    port: Document
    type: Type
    length: object = None
    late: bool = False


class RandomCwl:
    """A document and its job order."""

    def __init__(self, seed: int) -> None:
        self.draw = draw = Draw(seed)
        self.files: dict[str, Document] = {}
        draw.counted(draw.version)
        if draw.chance(0.25):
            draw.counted("tool alone")
            types = {draw.name("i"): random_type(draw) for _ in range(draw.randint(1, 4))}
            self.document, _ = RandomTool(draw, types, alone=True).make()
            self.job = {name: value(draw, type_) for name, type_ in types.items()}
        else:
            workflow = RandomWorkflow(draw, 0, 1)
            self.document, _ = workflow.make()
            self.job = workflow.job
            self.arrange()
        self.document["cwlVersion"] = draw.version
        self.forms = draw.forms

    def arrange(self) -> None:
        """Leave the processes in the steps that run them, or put them beside the workflow, or into other files."""
        form = self.draw.counted(self.draw.one({"processes in place": 5, "$graph": 2, "files": 2}))
        if form == "processes in place":
            return
        main, others = self.document, list(processes(self.document))
        for number, (step, process) in enumerate(others):
            step["run"] = f"#process{number}" if form == "$graph" else f"process{number}.cwl"
            if form == "$graph":
                process["id"] = f"#process{number}"
            else:
                self.files[step["run"]] = {**process, "cwlVersion": self.draw.version}
        if form == "$graph":
            main["id"] = "#main"
            self.document = {"$graph": [process for _, process in others] + [main]}

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write the document and its inputs; return their places."""
        write_files(directory)
        for name, content in {**self.files, "main.cwl": self.document, "job.json": self.job}.items():
            (directory / name).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        return directory / "main.cwl", directory / "job.json"


def processes(workflow: Document) -> Iterator[tuple[Document, Document]]:
    """Yield the steps of a workflow, and of those within it, with the processes they run; inner ones come first."""
    for step in workflow["steps"].values():
        if step["run"]["class"] == "Workflow":
            yield from processes(step["run"])
        yield step, step["run"]


class RandomWorkflow:
    """Builds one workflow, at some depth, which is run some number of times."""

    def __init__(self, draw: Draw, depth: int, times: int, inputs: dict[str, Type] | None = None) -> None:
        self.draw, self.depth, self.times = draw, depth, times
        self.inputs: Document = {}
        self.job: Document = {}
        self.steps: Document = {}
        self.sources: list[Source] = []
        self.used: set[str] = set()
        self.requirements: Document = {}
        for name, type_ in (inputs or {}).items():
            self.inputs[name] = port(type_)
            self.sources.append(Source(name, type_, object() if is_array(type_) else None))
        draw.counted(f"workflow at depth {depth}")

    def make(self) -> tuple[Document, Outputs]:
        draw = self.draw
        wanted = draw.randint(2, 4) if self.depth == 0 else draw.randint(1, 2)
        while len(self.steps) < wanted and (not self.steps or draw.nodes + self.times <= MOST_NODES):
            self.step()
        outputs, ports = self.outputs()
        document: Document = {"class": "Workflow", "inputs": self.inputs, "outputs": ports, "steps": self.steps}
        if draw.chance(0.15):
            draw.counted("EnvVar of a workflow")
            key = draw.choice(["requirements", "hints"])
            document[key] = {"EnvVarRequirement": {"envDef": {"OWN": "of the workflow"}}}
        if self.requirements:
            document["requirements"] = {**document.get("requirements", {}), **self.requirements}
        return document, outputs

    def need(self, feature: str) -> None:
        self.draw.counted(feature)
        self.requirements[feature] = {}

    # sources

    def source(self, type_: Type | None = None, length: object = None) -> Source:
        """Return a source of a type, or any; a new input where there is none."""
        found = [one for one in self.sources if type_ is None or one.type == type_]
        found = [one for one in found if length is None or one.length == length]
        only = found and not defaultable(type_)
        fresh = [one for one in found if one.ref not in self.used]
        if only or (found and self.draw.chance(0.85 if fresh else 0.5 if type_ is None else 0.8)):
            chosen = self.draw.choice(fresh or found)
        else:
            chosen = self.new_input(self.new_type() if type_ is None else type_, length)
        self.used.add(chosen.ref)
        return chosen

    def new_type(self) -> Type:
        while not defaultable(type_ := random_type(self.draw)):
            pass
        return type_

    def new_list(self) -> Type:
        while not defaultable(type_ := array_of(random_type(self.draw, 1))):
            pass
        return type_

    def new_input(self, type_: Type, length: object = None, null: bool = False) -> Source:
        draw = self.draw
        name = draw.name("w")
        count_type(draw, type_)
        given = None if null else value(draw, type_, length if isinstance(length, int) else None)
        self.inputs[name] = port(type_)
        by_default = self.depth > 0 or (draw.chance(0.2) and given is not None)
        if by_default:
            draw.counted("default of an input")
            self.inputs[name]["default"] = with_secondary(given)
        else:
            self.job[name] = given
        made = Source(name, type_, len(given) if isinstance(given, list) else None)
        self.sources.append(made)
        return made

    # links

    def link(self, type_: Type | None = None, length: object = None) -> Link:
        draw = self.draw
        if length is not None:
            return direct(self.source(type_, length))
        form = draw.one({"direct": 6, "default": 0.6, "merge": 1.2, "pick": 2, "valueFrom": 1.5, "over null": 0.6})
        match form:
            case "default":
                type_ = draw.choice(["int", "string", "File", array_of("string"), ["null", "int"]])
                draw.counted("default of a step")
                given = value(draw, type_)
                return Link({"default": given}, type_, len(given) if isinstance(given, list) else None)
            case "over null":
                draw.counted("default over null")
                inner = draw.choice(["int", "string", "File"])
                source = self.source(optional(inner))
                return Link({"source": source.ref, "default": value(draw, inner)}, inner)
            case "merge":
                return self.merged()
            case "pick" if draw.version == "v1.2":
                return self.picked()
            case "valueFrom":
                return self.by_value_from()
        return direct(self.source(type_))

    def merged(self) -> Link:
        draw = self.draw
        self.need("MultipleInputFeatureRequirement")
        first = self.source()
        if holds(first.type, "Directory"):
            return direct(first)  # difference 17
        if draw.chance(0.2):
            draw.counted("list of one source")
            if draw.chance(0.5):
                return Link({"source": [first.ref]}, first.type, first.length, first.late)
            return Link({"source": [first.ref], "linkMerge": "merge_nested"}, array_of(first.type), 1)
        if is_array(first.type) and draw.chance(0.6):
            second = self.source(
                first.type if is_array(first.type["items"]) else draw.choice([first.type, first.type["items"]])
            )
            draw.counted("merge_flattened")
            how = {"linkMerge": "merge_flattened"}
            return Link({"source": [first.ref, second.ref], **how}, first.type, object())
        second = self.source(first.type)
        draw.counted("merge_nested")
        how = {"linkMerge": "merge_nested"} if draw.chance(0.6) else {}
        refs = [first.ref, second.ref]
        return Link({"source": refs, **how}, array_of(first.type), 2)

    def picked(self) -> Link:
        draw = self.draw
        self.need("MultipleInputFeatureRequirement")
        lists = [one for one in self.sources if is_array(one.type) and family(one.type["items"]) == "optional"]
        lists = [one for one in lists if pickable(one.type["items"][1])]
        if lists and draw.chance(0.9):
            first = draw.choice(lists)
            self.used.add(first.ref)
            draw.counted("pickValue of one list")
            return Link({"source": first.ref, "pickValue": "all_non_null"}, array_of(first.type["items"][1]), object())
        nullable = [one for one in self.sources if family(one.type) == "optional" and pickable(one.type[1])]
        first = draw.choice(nullable) if nullable and draw.chance(0.7) else self.new_input(optional("string"))
        inner = first.type[1]
        how = draw.counted(draw.choice(["first_non_null", "all_non_null", "the_only_non_null"]))
        self.used.add(first.ref)
        second = self.source(inner)
        if how == "the_only_non_null":
            null = self.new_input(first.type, null=True)
            return Link({"source": [null.ref, second.ref], "pickValue": how}, inner)
        made = {"source": [first.ref, second.ref], "pickValue": how}
        return Link(made, inner) if how == "first_non_null" else Link(made, array_of(inner), object())

    def by_value_from(self) -> Link:
        draw = self.draw
        self.need("StepInputExpressionRequirement")
        files = draw.reads and draw.chance(0.6)
        source = self.source("File" if files else None)
        made: Document = {"source": source.ref}
        kind = family(source.type)
        if kind == "File" and draw.reads and draw.chance(0.7):
            draw.counted("loadContents of a step")
            return Link({**made, "loadContents": True, "valueFrom": "$(self.contents)"}, "string")
        if kind in ("File", "Indexed", "Directory"):
            return Link({**made, "valueFrom": draw.choice(["$(self.basename)", "<$(self.basename)>"])}, "string")
        if kind in ("int", "string", "enum", "boolean"):
            return Link({**made, "valueFrom": draw.choice(["pre-$(self)", "const", "$(self) \\$(self)"])}, "string")
        self.need("InlineJavascriptRequirement")
        if kind == "array":
            text = draw.choice(["$(self.slice(1))", "${ return self.concat(self); }", "$(self)"])
            return Link({**made, "valueFrom": text}, source.type)
        return Link({**made, "valueFrom": "$(self === null ? 'null' : typeof self)"}, "string")

    def by_other(self, links: dict[str, Link], types: dict[str, Type]) -> None:
        """Add an input that has no source: it is computed from another."""
        plain = {one: types[one] for one, link in links.items() if "valueFrom" not in link.port}
        texts = [f"<$(inputs.{one})>" for one, type_ in plain.items() if type_ in ("int", "string", "boolean")]
        files = [one for one, type_ in plain.items() if type_ == "File" and "default" not in links[one].port]
        texts += [f"$(inputs.{one}.basename)" for one in files]  # not of a default: difference 24
        if texts:
            self.need("StepInputExpressionRequirement")
            name = self.draw.name("i")
            links[name] = Link({"valueFrom": self.draw.choice(texts)}, "string")
            types[name] = links[name].type
            self.draw.counted("valueFrom of another input")

    def each(self, source: Source) -> Link:
        """Return a link to a list that is scattered over, of which each item may be changed."""
        link, item = direct(source), source.type["items"]
        if item not in ("int", "long", "string", "boolean", "File") or not self.draw.chance(0.3):
            return link
        self.need("StepInputExpressionRequirement")
        self.draw.counted("valueFrom of each")
        text = "$(self.basename)" if item == "File" else "<$(self)>"
        return link._replace(port={**link.port, "valueFrom": text}, type=array_of("string"))

    # steps

    def step(self) -> None:
        draw = self.draw
        name = draw.name("s")
        scattered: dict[str, Link] = {}
        times, wrap, late = 1, "", False
        links: dict[str, Link] = {}
        if draw.chance(0.4):
            scattered, times, wrap, late = self.scattered()
        for _ in range(draw.randint(0 if scattered else 1, 2)):
            links[draw.name("i")] = self.link()
        types = {one: link.type["items"] for one, link in scattered.items()}
        types |= {one: link.type for one, link in links.items()}
        links = {**scattered, **links}
        if draw.chance(0.2):
            self.by_other(links, types)
        step: Document = {"in": {one: link.port for one, link in links.items()}}
        if draw.chance(0.15):
            draw.counted("EnvVar of a step")
            key = draw.choice(["requirements", "hints"])
            step[key] = {"EnvVarRequirement": {"envDef": {"OWN": "of the step"}}}
        if scattered:
            self.need("ScatterFeatureRequirement")
            step["scatter"] = list(scattered) if len(scattered) > 1 or draw.chance(0.3) else next(iter(scattered))
            if len(scattered) > 1:
                step["scatterMethod"] = draw.counted(wrap)
            draw.counted("scatter over a late list" if late else "scatter over a known list")
        conditional = draw.version == "v1.2" and draw.chance(0.35)
        if conditional:
            self.condition(step, types)
        step["run"], outputs = self.process(types, self.times * times)
        step["out"] = list(outputs)
        if draw.chance(0.3):
            step["in"] = [{"id": one, **about} for one, about in step["in"].items()]
        self.steps[name] = step
        for one, made in outputs.items():
            type_ = optional(made.type) if conditional else made.type
            length = None if conditional else made.length
            if scattered:
                type_ = array_of(type_)
                length = {"flat_crossproduct": object()}.get(wrap, next(iter(scattered.values())).length)
                if wrap == "nested_crossproduct":
                    type_ = array_of(type_)
            if bindable(type_):
                self.sources.append(Source(f"{name}/{one}", type_, length, True))

    def scattered(self) -> tuple[dict[str, Link], int, str, bool]:
        """Return what is scattered over, how many nodes at most, the method, and whether jobs decide the number."""
        draw = self.draw
        lists = [one for one in self.sources if is_array(one.type)]
        late = [one for one in lists if one.late]
        if late and draw.chance(0.7):
            first = draw.choice(late)
        else:
            first = draw.choice(lists) if lists and draw.chance(0.4) else self.new_input(self.new_list())
        self.used.add(first.ref)
        links = {draw.name("i"): self.each(first)}
        times = first.length if isinstance(first.length, int) else 3
        if not draw.chance(0.45):
            return links, times, "", first.late
        method = draw.choice(["dotproduct", "flat_crossproduct", "nested_crossproduct"])
        if method == "dotproduct":
            alike = [one for one in lists if one.length == first.length]
            known = isinstance(first.length, int)
            second = self.new_input(array_of("string"), first.length) if known else draw.choice([*alike, first])
        else:
            second = self.new_input(array_of(draw.choice(["int", "string", "File"])), draw.randint(0, 2))
            times *= second.length if isinstance(second.length, int) else 3
        links[draw.name("i")] = direct(second)
        if draw.chance(0.5):
            links = dict(reversed(links.items()))
        return links, times, method, first.late or second.late

    def condition(self, step: Document, types: dict[str, Type]) -> None:
        draw = self.draw
        draw.counted("when")
        flags = [one for one in self.sources if one.type == "boolean"]
        late = [one for one in flags if one.late]
        numbers = [name for name, type_ in types.items() if type_ in ("int", "string")]
        if numbers and not late and draw.chance(0.4):
            self.need("InlineJavascriptRequirement")
            step["when"] = f"$(String(inputs.{draw.choice(numbers)}).length % 2 == 1)"
            return
        flag = draw.choice(late or flags) if flags and draw.chance(0.9) else self.new_input("boolean")
        if flag.late:
            draw.counted("when, late")
        self.used.add(flag.ref)
        step["in"]["flag"] = {"source": flag.ref}
        step["when"] = "$(inputs.flag)"

    def process(self, inputs: dict[str, Type], times: int) -> tuple[Document, Outputs]:
        draw = self.draw
        form = draw.one({"tool": 6, "expression": 2, "workflow": (2.2, 3, 4.5, 0)[self.depth]})
        if form == "expression":
            return expression_tool(draw, inputs)
        if form == "workflow":
            self.need("SubworkflowFeatureRequirement")
            return RandomWorkflow(draw, self.depth + 1, times, inputs).make()
        draw.nodes += times
        return RandomTool(draw, inputs, times).make()

    # outputs

    def outputs(self) -> tuple[Outputs, Document]:
        """Return the outputs: what no step has taken, and some more."""
        draw = self.draw
        made, ports = {}, {}
        for one in self.sources:
            if "/" not in one.ref and holds(one.type, "Directory"):
                continue  # difference 16
            if ("/" in one.ref and one.ref not in self.used) or draw.chance(0.3):
                name = draw.name("out")
                made[name] = Output(one.type, one.length if self.depth else None)
                ports[name] = {**port(one.type), "outputSource": one.ref}
        if not made or draw.chance(0.2):
            link = self.merged() if draw.version != "v1.2" or draw.chance(0.5) else self.picked()
            draw.counted("several sources of an output")
            about = {**link.port, "outputSource": link.port["source"]}
            del about["source"]
            name = draw.name("out")
            made[name] = Output(link.type)
            ports[name] = {**port(link.type), **about}
        return made, ports


def direct(source: Source) -> Link:
    return Link({"source": source.ref}, source.type, source.length, source.late)
