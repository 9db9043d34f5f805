"""Random steps for given parameters: processes, environments and publishers, with jobs that really make files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.yadage.random_references import Dice
from tests.yadage.random_shapes import ANY, NUMBER, PATH, WORD, Shape, late, listed, of_data, record

IMAGE = {"environment_type": "docker-encapsulated", "image": "docker.io/library/debian", "imagetag": "12"}
OWN = {"out": "{workdir}/out.txt", "dir": "{workdir}"}  # every step gets these
YAML = {"items": ["y0", "y1"], "name": "seen", "rows": [[1], [2, 3]], "none": [], "number": 5}


@dataclass(frozen=True)
class Made:
    """A step of the document, what it publishes, and whether that is known before it runs."""

    document: dict[str, Any]
    outputs: dict[str, Shape]
    early: bool


def step(dice: Dice, parameters: dict[str, Shape], publishers: tuple[str, ...] = ()) -> Made:
    """A step for these parameters (beside `out` and `dir`)."""
    process = dice.random.choices(("cmd", "script", "noop", "none"), (5, 4, 0.6, 0.8))[0]
    runs = process in ("cmd", "script")
    published = dice.pick(publishers or (_EARLY + LATE if runs else _EARLY))
    publisher, outputs, effect = _PUBLISHERS[published](dice, parameters)
    dice.forms[f"publisher {published}"] += 1
    dice.forms[f"process {process}"] += 1
    document = {"process": _process(dice, process, parameters, effect), "environment": None, "publisher": publisher}
    if process == "noop":
        document["environment"] = {"environment_type": "noop-env"}
    elif process == "script" or (runs and dice.chance(0.5)):
        document["environment"] = _container(dice, document["process"], parameters)
    elif runs:
        document["environment"] = {"environment_type": "localproc-env"}
    return Made(document, outputs, published not in LATE)


_EARLY = ("frompar", "frompar", "constant", "interpolated", "fromparjq")
LATE = ("interpolated with glob", "fromglob", "fromyaml")  # what a command has made


def _process(dice: Dice, process: str, parameters: dict[str, Shape], effect: str) -> dict[str, Any] | None:
    if process == "none":
        return None
    fields = [_field(dice, key, shape) for key, shape in parameters.items()]
    text = f"echo {' '.join(fields)} {{{{}}}} > {{out}}\n{effect}".rstrip()
    if process == "script":
        interpreter = dice.pick(("bash", "sh"))
        return {"process_type": "interpolated-script-cmd", "interpreter": interpreter, "script": f"set -e\n{text}\n"}
    return {"process_type": "string-interpolated-cmd", "cmd": text.replace("\n", " && ")}


def _field(dice: Dice, key: str, shape: Shape) -> str:
    """A quoted replacement field for a parameter, in the form that its kind allows."""
    more = {"word": ["!r", ":>9", "[0]"], "path": ["!r"], "number": [":05d", ":>4"], "flag": ["!r"]}
    forms = ["", "", *more.get(shape.kind, [])]
    if shape.kind == "record":
        forms += [f"[{key}]" for key in sorted(shape.fields)]
    if shape.kind == "list" and shape.item == WORD and shape.size:
        forms += ["[0]", ":>20"]
    form = dice.pick(forms)
    dice.forms["field with format" if form else "plain field"] += 1
    return f'"{{{key}{form}}}"'


def _container(dice: Dice, process: dict[str, Any] | None, parameters: dict[str, Shape]) -> dict[str, Any]:
    environment: dict[str, Any] = dict(IMAGE)
    if dice.chance(0.3):
        environment["workdir"] = "{workdir}"
    if process and parameters and dice.chance(0.3):
        key = dice.pick(sorted(parameters))
        script = dice.pick((f".{key}", f"{{k: .{key}}}", f"[.{key}, 1]", f"(.{key}, 2)"))
        environment["par_mounts"] = [{"mountpath": "/wfc-mount/parameters.json", "jqscript": script}]
        text = next(key for key in ("script", "cmd") if key in process)
        process[text] = process[text].rstrip() + (" && " if text == "cmd" else "\n") + "cat /wfc-mount/parameters.json"
        dice.forms["par_mounts"] += 1
    return environment


# publishers: each returns its document, the shapes of what it publishes, and the command that makes its files

Published = tuple[dict[str, Any], dict[str, Shape], str]


def _frompar(dice: Dice, parameters: dict[str, Shape]) -> Published:
    outputs: dict[str, Any] = {"out": "out"}
    shapes = {"out": PATH}
    keys = sorted(parameters)
    for key in keys:
        if dice.chance(0.6):
            outputs[key], shapes[key] = key, parameters[key]
    if keys and dice.chance(0.4):
        first, last = dice.pick(keys), dice.pick(keys)
        outputs["nested"] = {"one": first, "pair": [last, "out"]}
        pair = listed(ANY if not parameters[last].deep else Shape("any", late=True), 2)
        shapes["nested"] = record({"one": parameters[first], "pair": pair})
    return {"publisher_type": "frompar-pub", "outputmap": outputs}, shapes, ""


def _constant(dice: Dice, parameters: dict[str, Shape]) -> Published:
    data: dict[str, Any] = {
        "word": "constant",
        "number": dice.random.randrange(9),
        "list": [f"c{k}" for k in range(dice.random.randrange(4))],
        "nested": {"one": 1, "pair": ["x", "y"]},
    }
    return {"publisher_type": "constant-pub", "publish": data}, {k: of_data(v) for k, v in data.items()}, ""


def _interpolated(dice: Dice, parameters: dict[str, Shape]) -> Published:
    data: dict[str, Any] = {"out": "{workdir}/out.txt", "list": ["{workdir}/p_0", "{dir}/p_1"], "number": 3}
    shapes = {"out": PATH, "list": listed(PATH, 2), "number": NUMBER, "tag": WORD}
    known = [key for key, shape in sorted(parameters.items()) if not shape.deep and shape.kind in ("word", "number")]
    data["tag"] = "tag-" + "-".join(f"{{{key}}}" for key in known)
    publisher: dict[str, Any] = {"publisher_type": "interpolated-pub", "publish": data}
    if dice.chance(0.3):
        publisher["relative_paths"] = True
        data["near"], shapes["near"], shapes["tag"] = "p_2", PATH, PATH
        dice.forms["relative_paths"] += 1
    return publisher, shapes, ""


def _made(dice: Dice) -> tuple[int, str]:
    """A number of files f_0.dat …, and the command that makes them."""
    number = dice.random.choices((0, 1, 2, 3), (1, 3, 2, 1))[0]
    dice.forms[f"glob of {number}" if number < 2 else "glob of more"] += 1
    return number, f"touch {' '.join(f'{{dir}}/f_{k}.dat' for k in range(number))}" if number else ""


def _interpolated_glob(dice: Dice, parameters: dict[str, Shape]) -> Published:
    number, command = _made(dice)
    publisher: dict[str, Any] = {"publisher_type": "interpolated-pub", "glob": True}
    if dice.chance(0.5):
        publisher["publish"] = {"files": "{workdir}/f_*.dat", "none": "{dir}/absent_*"}
    else:
        publisher |= {"relative_paths": True, "publish": {"files": "f_*.dat", "none": "absent_*"}}
    files = late(listed(PATH, None)) if number else late(PATH)
    return publisher, {"files": files, "none": late(PATH)}, command


def _fromglob(dice: Dice, parameters: dict[str, Shape]) -> Published:
    _, command = _made(dice)
    pattern = dice.pick(("f_*.dat", "f_?.dat", "f_[0-9].dat", "**/f_*.dat"))
    publisher = {"publisher_type": "fromglob-pub", "globexpression": pattern, "outputkey": "files"}
    return publisher, {"files": late(listed(PATH, None))}, command


def _fromyaml(dice: Dice, parameters: dict[str, Shape]) -> Published:
    data = {key: YAML[key] for key in sorted(dice.random.sample(sorted(YAML), 3))}
    text = json.dumps(data).replace("{", "{{").replace("}", "}}")
    shapes = {key: late(of_data(value)) for key, value in data.items()}
    return {"publisher_type": "fromyaml-pub", "yamlfile": "data.yml"}, shapes, f"echo '{text}' > {{dir}}/data.yml"


def _fromparjq(dice: Dice, parameters: dict[str, Shape]) -> Published:
    publisher = {"publisher_type": "fromparjq-pub"}
    if dice.chance(0.3):
        return publisher, {**parameters, "out": PATH}, ""
    pairs = "".join(f", {key}: .{key}" for key in sorted(parameters))
    publisher["script"] = f"{{out: .out, both: [.out, 1]{pairs}}}"
    return publisher, {**parameters, "out": PATH, "both": listed(ANY, 2)}, ""


_PUBLISHERS = {
    "frompar": _frompar,
    "constant": _constant,
    "interpolated": _interpolated,
    "interpolated with glob": _interpolated_glob,
    "fromglob": _fromglob,
    "fromyaml": _fromyaml,
    "fromparjq": _fromparjq,
}
