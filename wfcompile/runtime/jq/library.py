"""All functions of the subset; those that are short in jq itself are written in it."""

from typing import Dict, Sequence, Tuple

from .control import CONTROL, function
from .evaluate import Builtin, Closure, Item, Items, Scope, apply
from .functions import FUNCTIONS
from .syntax import Node, definitions

DEFINITIONS = r"""
def select(f): if f then . else empty end;
def map(f): [.[] | f];
def map_values(f): .[] |= f;
def recurse: recurse(.[]?);
def recurse(f; condition): recurse(f | select(condition));
def while(condition; f): select(condition) | recurse(f | select(condition));
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def first: .[0];
def last: .[-1];
def nth($n): .[$n];
def isempty(f): first((f | false), true);
def any(f; condition): isempty(f | condition | select(.)) | not;
def any(f): any(.[]; f);
def any: any(.[]; .);
def all(f; condition): isempty(f | condition | select(. | not));
def all(f): all(.[]; f);
def all: all(.[]; .);
def add(f): reduce f as $x (null; . + $x);
def add: add(.[]);
def abs: if . < 0 then - . else . end;
def in($of): . as $key | $of | has($key);
def inside($of): . as $part | $of | contains($part);
def IN(f): any(f == .; .);
def IN(from; f): any(from == f; .);
def INDEX(from; key): reduce from as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def to_entries: [keys_unsorted[] as $key | {$key, value: .[$key]}];
def from_entries: reduce .[] as $x ({};
    . + {($x | .key // .Key // .name // .Name): ($x | if has("value") then .value else .Value end)});
def with_entries(f): to_entries | map(f) | from_entries;
def paths: path(..) | select(length > 0);
def paths(f): path(.. | select(f)) | select(length > 0);
def del(f): delpaths([path(f)]);
def pick(f): . as $all | reduce path(f) as $path (null; setpath($path; $all | getpath($path)));
def walk(f):
    def down: if type == "object" then map_values(down) elif type == "array" then map(down) else . end | f;
    down;
def flatten($depth):
    def down($depth): .[] | if type == "array" and $depth != 0 then down($depth - 1) else . end;
    if $depth < 0 then error("flatten depth must not be negative") else [down($depth)] end;
def flatten: flatten(1e9);
def join($separator): reduce .[] as $x (null;
    (if . == null then "" else . + $separator end)
    + ($x | if . == null then "" elif type == "boolean" or type == "number" then tojson else . end)) // "";
def reverse: [.[length - 1 - range(length)]];
def transpose: [range(map(length) | max // 0) as $i | [.[][$i]]];
def combinations: if length == 0 then [] else .[0][] as $x | .[1:] | combinations as $rest | [$x] + $rest end;
def combinations(n): . as $all | [range(n)] | map($all) | combinations;
"""


def _defined(parameters: Tuple[str, ...], body: Node) -> Builtin:
    def run(arguments: Sequence[Node], scope: Scope, item: Item) -> Items:
        # a definition knows nothing of the program that calls it
        alone = Scope({}, {}, scope.library, scope.budget)
        return apply(Closure(parameters, body, alone), arguments, scope, item)

    return run


LIBRARY: Dict[str, Builtin] = {
    **{name: function(of) for name, of in FUNCTIONS.items()},
    **CONTROL,
    **{name: _defined(parameters, body) for name, parameters, body in definitions(DEFINITIONS)},
}
