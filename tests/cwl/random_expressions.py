"""Random ExpressionTools for inputs of given types."""

from __future__ import annotations

import json

from tests.cwl.random_tools import Output, Outputs
from tests.cwl.random_types import Document, Draw, Type, array_of, family, holds, is_array, port


def expression_tool(draw: Draw, inputs: dict[str, Type]) -> tuple[Document, Outputs]:
    """Return a tool of one to three outputs, each computed from one input."""
    draw.counted("ExpressionTool")
    ports = {name: port(type_) for name, type_ in inputs.items()}
    outputs, parts = {}, []
    for _ in range(draw.randint(1, 3)):
        files = [name for name, one in inputs.items() if one == "File"]
        source = draw.choice(files if files and draw.reads else list(inputs))
        type_, text = _computed(draw, source, inputs[source], ports)
        name = draw.name("e")
        outputs[name] = Output(type_, object() if is_array(type_) else None)
        parts.append(f"{json.dumps(name)}: {text}")
    body = "{" + ", ".join(parts) + "}"
    document = {
        "class": "ExpressionTool",
        "requirements": {"InlineJavascriptRequirement": {}},
        "inputs": ports,
        "outputs": {name: port(made.type) for name, made in outputs.items()},
        "expression": draw.choice(["${ return %s; }", "$(%s)"]) % body,
    }
    return document, outputs


def _computed(draw: Draw, name: str, type_: Type, ports: Document) -> tuple[Type, str]:
    """Return the type and the text of something computed from an input."""
    given, kind = f"inputs.{name}", family(type_)
    choices: list[tuple[Type, str]] = [(type_, given), (array_of(type_), f"[{given}, {given}]")]
    if holds(type_, "Indexed", "Directory"):
        choices = []
    if kind == "array":
        choices += [("int", f"{given}.length"), (type_, f"{given}.slice(1)"), (type_, f"{given}.slice().reverse()")]
    elif kind == "int":
        choices += [("boolean", f"{given} % 2 == 0"), (array_of("int"), f"[{given}, {given} + 1, -1]")]
    elif kind in ("File", "Directory", "Indexed"):
        choices += [("string", f"{given}.basename"), ("boolean", f"{given}.class == 'File'")]
    if kind == "File":
        choices += [("int", f"{given}.size")] if draw.reads else []  # difference 22
        choices.append((array_of("string"), f"[{given}.nameroot, {given}.nameext]"))
        if draw.reads and draw.chance(0.95):
            draw.counted("loadContents of an ExpressionTool")
            ports[name]["loadContents"] = True
            return "string", f"{given}.contents + '.'"
    if not draw.reads and not holds(type_, "File", "Indexed", "Directory", "Any"):
        draw.counted("File made by an ExpressionTool")
        choices.append(("File", f"{{'class': 'File', 'basename': 'e.txt', 'contents': JSON.stringify({given})}}"))
    choices.append(("boolean", f"{given} === null"))
    return draw.choice(choices)
