"""Lines of a Slurm submission: the arrays and points of one part, read by the functions of backends/slurm/chain.sh.

array NUMBER STEP FIRST ELEMENTS ELEMENTWISE WHOLE OPTION...  how many, or COUNT:LIST of some; numbers of arrays, or `-`
point NAME ARRAYS POINTS OPTION...                           an expansion point
"""

from typing import Dict, Iterator, List, Sequence, Union

from .chain import arrays
from .parts import Part, needed_nodes, needed_points


def slurm_lines(part: Part) -> Iterator[str]:
    """Yield the line of every array and point, each after those it needs."""
    number_of: Dict[int, int] = {}  # node -> array
    for number, array in enumerate(arrays(part)):
        request = dict(part.requests[array.step], **dict(array.asks))
        asks = [
            "--cpus-per-task=%d" % request["cpus"],
            "--mem=%dM" % request["memory"],
            "--time=%d" % -(-request["time"] // 60),
        ]
        if request["gpus"]:
            asks.append("--gpus=%d" % request["gpus"])
        if request.get("partition"):
            asks.append("--partition=%s" % request["partition"])
        fields = (number, part.paths[array.step], array.first, _elements(array.elements))
        needs = (_list(array.elementwise), _list(array.whole))
        yield "array %d %s %d %s %s %s %s\n" % (fields + needs + (" ".join(asks),))
        for node in array.nodes:
            number_of[node] = number
    waiting = list(part.points)
    written = set()  # type: ignore[var-annotated] # of names
    while waiting:
        point = next(p for p in waiting if written.issuperset(needed_points(part, p)))
        waiting.remove(point)
        written.add(point.name)
        whole = _list(sorted({number_of[node] for node in needed_nodes(part, point)}))
        yield "point %s %s %s\n" % (point.name, whole, _list(needed_points(part, point)))


def _elements(numbers: List[int]) -> str:
    """Return how many elements there are, and a list of them as --array takes it when there are gaps."""
    count = numbers[-1] + 1
    if len(numbers) == count:
        return str(count)
    ranges: List[List[int]] = []
    for number in numbers:
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return "%d:%s" % (count, ",".join(["-".join([str(n) for n in ends]) for ends in ranges]))


def _list(items: Sequence[Union[int, str]]) -> str:
    return ",".join([str(item) for item in items]) or "-"
