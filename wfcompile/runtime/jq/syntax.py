"""Reads a jq program of the subset into a tree of tuples, (kind, parts…); every name in it is known when it is read.

    ("here",) ("constant", value) ("variable", name) ("format", name) ("text", format, strings and nodes)
    ("break", name)
    ("index", of, key, optional) ("slice", of, start, end, optional) ("each", of, optional) ("array", body)
    ("object", ((key, value or None), …))
    ("pipe", a, b) ("comma", a, b) ("or", a, b) ("and", a, b) ("else", a, b) ("operate", operator, a, b) ("negate", a)
    ("set", places, value) ("update", places, change) ("change", operator, places, value)
    ("if", condition, then, otherwise) ("try", body, handler) ("bind", source, pattern, body) ("label", name, body)
    ("reduce", source, pattern, start, update) ("foreach", source, pattern, start, update, extract)
    ("define", function, parameters, body, rest) ("call", function, arguments)

A function is named with the number of its arguments, "map/1"; a parameter that takes a value begins with "$". A pattern
is ("name", name), ("array", patterns) or ("object", ((key, name or None, pattern or None), …)).
"""

import json
import re
from decimal import Decimal
from typing import Any, Callable, Collection, List, Optional, Set, Tuple, Union

from .errors import JqSyntax

Node = Tuple[Any, ...]

HERE: Node = ("here",)
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<field>\.[a-zA-Z_][a-zA-Z0-9_]*)|(?P<variable>\$[a-zA-Z_][a-zA-Z0-9_]*)|(?P<format>@[a-zA-Z0-9_]+)"
    r"|(?P<word>[a-zA-Z_][a-zA-Z0-9_]*(?:::[a-zA-Z_][a-zA-Z0-9_]*)*)"
    r"|(?P<sign>\"|\?//|//=|\|=|[-+*/%=!<>]=|//|\.\.|[][{}().:;,|<>=+*/%?$-])"
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#(?:\\[\s\S]?|[^\\\n])*)*")  # a backslash carries a comment over the end of its line
_TEXT = re.compile(r'(?:[^"\\]|\\[^(])*')
_WORDS = {"def", "if", "then", "elif", "else", "end", "as", "reduce", "foreach", "try", "catch", "label", "break"}
_WORDS |= {"import", "include", "and", "or", "__loc__"}
_UPDATES = ("=", "|=", "+=", "-=", "*=", "/=", "%=", "//=")
_LEVELS: Tuple[Tuple[str, Tuple[str, ...]], ...] = (  # what binds weakest comes first
    ("right", ("//",)),
    ("none", _UPDATES),
    ("left", ("or",)),
    ("left", ("and",)),
    ("none", ("==", "!=", "<", "<=", ">", ">=")),
    ("left", ("+", "-")),
    ("left", ("*", "/", "%")),
)


def parse(text: str, functions: Collection[str], formats: Collection[str]) -> Node:
    """Read a program that may call the named functions and formats; raises JqSyntax."""
    reader = _Reader(text, functions, formats)
    try:
        program = reader.pipe()
    except RecursionError:
        raise JqSyntax("the jq program is nested too deeply", text, reader.at)
    if reader.token:
        raise reader.unexpected()
    return program


def definitions(text: str) -> List[Tuple[str, Tuple[str, ...], Node]]:
    """Read definitions only, each of which may call any function: (function, parameters, body)."""
    found = []
    node = parse(text + " .", _Anything(), _Anything())
    while node[0] == "define":
        found.append(node[1:4])
        node = node[4]
    return found


class _Anything(Set[str]):
    def __contains__(self, name: object) -> bool:
        return True


class _Reader:
    """The place in the text, and the names that are known there."""

    def __init__(self, text: str, functions: Collection[str], formats: Collection[str]) -> None:
        self.text = text
        self.known = functions
        self.formats = formats
        self.functions: Tuple[str, ...] = ()  # those that the program defines
        self.variables: Tuple[str, ...] = ()  # "*name" is a label
        self.end = 0
        self.advance()

    # tokens

    def advance(self) -> None:
        """Read the next token: its kind and text, where it begins and ends."""
        self.at = _BLANK.match(self.text, self.end).end()  # type: ignore[union-attr]
        match = _TOKEN.match(self.text, self.at)
        self.kind = str(match.lastgroup) if match else ""
        self.token = match.group() if match else self.text[self.at : self.at + 1]
        self.end = self.at + len(self.token)

    def accept(self, *tokens: str) -> str:
        """Take the next token if it is one of these."""
        token = self.token
        if token not in tokens or not token:
            return ""
        self.advance()
        return token

    def expect(self, token: str) -> None:
        if not self.accept(token):
            raise self.unexpected("'%s' is missing" % token)

    def expect_kind(self, kind: str, what: str) -> str:
        """Take the next token, which must be of a kind."""
        if self.kind != kind or (kind == "word" and self.token in _WORDS):
            raise self.unexpected("%s is missing" % what)
        token = self.token
        self.advance()
        return token

    def error(self, what: str, at: Optional[int] = None) -> JqSyntax:
        return JqSyntax(what, self.text, self.at if at is None else at)

    def unexpected(self, what: str = "it cannot be read") -> JqSyntax:
        return self.error(
            "%s %s" % (what, "before '%s'" % self.token if self.token else "at the end of the jq program")
        )

    def outside(self, what: str, at: Optional[int] = None) -> JqSyntax:
        return self.error("%s is not in the subset of jq that runs without jq" % what, at)

    # what binds operands

    def pipe(self) -> Node:
        """A whole program, or what stands in parentheses."""
        left = self.clause()
        while self.accept(","):
            left = ("comma", left, self.clause())
        if self.accept("|"):
            return ("pipe", left, self.pipe())
        return left

    def clause(self) -> Node:
        """What stands between commas; a definition, a label or `as` reaches to the end of the pipe."""
        if self.accept("def"):
            return self.define()
        if self.accept("label"):
            name = "*" + self.expect_kind("variable", "the $name of the label")
            self.expect("|")
            return ("label", name, self.within(self.pipe, (name,)))
        value = self.binary(0)
        if self.accept("as"):
            pattern = self.pattern()
            self.expect("|")
            return ("bind", value, pattern, self.within(self.pipe, _names(pattern)))
        return value

    def binary(self, level: int) -> Node:
        """Operands and operators of a level and all that bind more tightly."""
        if level == len(_LEVELS):
            return self.operand()
        side, operators = _LEVELS[level]
        left = self.binary(level + 1)
        while True:
            operator = self.accept(*operators)
            if not operator:
                return left
            left = _joined(operator, left, self.binary(level if side == "right" else level + 1))
            if side == "none" and self.token in operators:
                raise self.unexpected("parentheses are missing")

    def operand(self) -> Node:
        return ("negate", self.operand()) if self.accept("-") else self.term()

    def within(self, read: Callable[[], Any], variables: Tuple[str, ...] = (), functions: Tuple[str, ...] = ()) -> Any:
        """Read on with more names known."""
        kept = self.variables, self.functions
        self.variables += variables
        self.functions += functions
        found = read()
        self.variables, self.functions = kept
        return found

    def define(self) -> Node:
        name = self.expect_kind("word", "the function's name")
        parameters: Tuple[str, ...] = ()
        if self.accept("("):
            while True:
                kind = "variable" if self.kind == "variable" else "word"
                parameters += (self.expect_kind(kind, "a parameter"),)
                if not self.accept(";"):
                    break
            self.expect(")")
        self.expect(":")
        function = "%s/%d" % (name, len(parameters))
        own = (function,) + tuple(p.lstrip("$") + "/0" for p in parameters)
        body = self.within(self.pipe, tuple(p for p in parameters if p[0] == "$"), own)
        self.expect(";")
        return ("define", function, parameters, body, self.within(self.pipe, functions=(function,)))

    # operands

    def term(self) -> Node:
        """A value, and what follows it: fields, indices, slices, `?`."""
        node = self.primary()
        while True:
            if self.kind == "field":
                key = ("constant", self.token[1:])
                self.advance()
                node = ("index", node, key, self.optional())
            elif self.accept("?"):
                node = ("try", node, None)
            elif self.accept("["):
                node = self.bracket(node)
            elif self.accept("."):
                if self.accept("["):
                    node = self.bracket(node)
                elif self.token == '"' or self.kind == "format":
                    node = ("index", node, self.text_node(), self.optional())
                else:
                    raise self.unexpected("a key is missing")
            else:
                return node

    def bracket(self, of: Node) -> Node:
        if self.accept("]"):
            return ("each", of, self.optional())
        start = None if self.token == ":" else self.pipe()
        if not self.accept(":"):
            self.expect("]")
            return ("index", of, start, self.optional())
        end = None if start and self.token == "]" else self.pipe()
        self.expect("]")
        return ("slice", of, start, end, self.optional())

    def optional(self) -> bool:
        """Take a `?` that follows an index: it is about this index, not about what is indexed."""
        return bool(self.accept("?"))

    def primary(self) -> Node:
        if self.kind == "number":
            number = self.token
            self.advance()
            return ("constant", Decimal(number))
        if self.kind == "field":
            return HERE
        if self.kind == "variable":
            return self.variable()
        if self.kind == "format" or self.token == '"':
            return self.text_node()
        if self.kind == "word":
            return self.word()
        if self.accept("."):
            if self.token == '"' or self.kind == "format":
                return ("index", HERE, self.text_node(), self.optional())
            return HERE
        if self.accept(".."):
            return ("call", "recurse/0", ())
        if self.accept("("):
            node = self.pipe()
            self.expect(")")
            return node
        if self.accept("["):
            if self.accept("]"):
                return ("array", None)
            node = self.pipe()
            self.expect("]")
            return ("array", node)
        if self.accept("{"):
            return self.object()
        raise self.unexpected()

    def variable(self) -> Node:
        at, name = self.at, self.token
        self.advance()
        if name not in self.variables:
            if name in ("$ENV", "$__loc__", "$__prog_args"):
                raise self.outside("'%s'" % name, at)
            raise self.error("the variable '%s' is not defined" % name, at)
        return ("variable", name)

    def word(self) -> Node:
        at = self.at
        if self.accept("if"):
            return self.condition()
        if self.accept("try"):
            body = self.operand()
            return ("try", body, self.operand() if self.accept("catch") else None)
        fold = self.accept("reduce", "foreach")
        if fold:
            return self.fold(fold)
        if self.accept("break"):
            name = "*" + self.expect_kind("variable", "the $name of the label")
            if name not in self.variables:
                raise self.error("the label '%s' is not defined" % name[1:], at)
            return ("break", name)
        if self.token in ("import", "include"):
            raise self.outside("'%s'" % self.token)
        name = self.expect_kind("word", "a value")
        return self.call(name, at)

    def call(self, name: str, at: int) -> Node:
        arguments: Tuple[Node, ...] = ()
        if self.accept("("):
            arguments = (self.pipe(),)
            while self.accept(";"):
                arguments += (self.pipe(),)
            self.expect(")")
        function = "%s/%d" % (name, len(arguments))
        if function not in self.functions:
            if function in ("null/0", "true/0", "false/0"):
                return ("constant", json.loads(name))
            if function not in self.known:
                raise self.outside("the jq function '%s'" % function, at)
        return ("call", function, arguments)

    def condition(self) -> Node:
        """What follows `if` or `elif`."""
        condition = self.pipe()
        self.expect("then")
        then = self.pipe()
        if self.accept("elif"):
            return ("if", condition, then, self.condition())
        otherwise = self.pipe() if self.accept("else") else HERE
        self.expect("end")
        return ("if", condition, then, otherwise)

    def fold(self, word: str) -> Node:
        source = self.binary(0)
        self.expect("as")
        pattern = self.pattern()
        names = _names(pattern)
        self.expect("(")
        parts = [self.pipe()]
        self.expect(";")
        parts.append(self.within(self.pipe, names))
        if word == "foreach":
            parts.append(self.within(self.pipe, names) if self.accept(";") else HERE)
        self.expect(")")
        return (word, source, pattern) + tuple(parts)

    def object(self) -> Node:
        entries = []
        while not self.accept("}"):
            entries.append(self.variable_entry() if self.kind == "variable" else self.entry())
            if not self.accept(","):
                self.expect("}")
                break
        return ("object", tuple(entries))

    def variable_entry(self) -> Tuple[Node, Node]:
        variable = self.variable()
        if self.accept(":"):
            return variable, self.object_value()
        return ("constant", variable[1][1:]), variable

    def entry(self) -> Tuple[Node, Optional[Node]]:
        at = self.at
        key, needs_value = self.key()
        if key[0] == "constant" and not isinstance(key[1], str):
            raise self.error("the key of an object must be a text", at)
        if self.accept(":"):
            return key, self.object_value()
        if needs_value:
            raise self.unexpected("':' is missing")
        return key, None

    def object_value(self) -> Node:
        left = self.binary(0)
        return ("pipe", left, self.object_value()) if self.accept("|") else left

    def key(self) -> Tuple[Node, bool]:
        """A key of an object or of a pattern, and whether a value must follow."""
        if self.kind == "word":
            name = self.token
            self.advance()
            return ("constant", name), False
        if self.token == '"' or self.kind == "format":
            node = self.text_node()
            if node[0] == "format":
                raise self.unexpected("a text is missing")
            return node, False
        if self.accept("("):
            node = self.pipe()
            self.expect(")")
            return node, True
        raise self.unexpected("a key is missing")

    def pattern(self) -> Node:
        """What `as` takes a value apart with."""
        pattern = self.one_pattern()
        if self.token == "?//":
            raise self.outside("'?//'")
        return pattern

    def one_pattern(self) -> Node:
        if self.kind == "variable":
            name = self.token
            self.advance()
            return ("name", name)
        if self.accept("["):
            items = [self.one_pattern()]
            while self.accept(","):
                items.append(self.one_pattern())
            self.expect("]")
            return ("array", tuple(items))
        self.expect("{")
        entries = [self.pattern_entry()]
        while self.accept(","):
            entries.append(self.pattern_entry())
        self.expect("}")
        return ("object", tuple(entries))

    def pattern_entry(self) -> Tuple[Node, Optional[str], Optional[Node]]:
        if self.kind == "variable":
            name = self.token
            self.advance()
            return ("constant", name[1:]), name, self.one_pattern() if self.accept(":") else None
        key, _ = self.key()
        self.expect(":")
        return key, None, self.one_pattern()

    def text_node(self) -> Node:
        """A text with what stands in \\( ), or a format with or without such a text."""
        name = "text"
        if self.kind == "format":
            name = self.token[1:]
            if name not in self.formats:
                raise self.outside("the format '@%s'" % name)
            self.advance()
            if self.token != '"':
                return ("format", name)
        pieces: List[Union[str, Node]] = []
        while True:
            start = self.end  # the quotation mark, or the closing parenthesis, has been read and nothing after it
            self.end = _TEXT.match(self.text, start).end()  # type: ignore[union-attr]
            literal = self.unescaped(start)
            if literal:
                pieces.append(literal)
            if self.text[self.end : self.end + 1] == '"':
                self.end += 1
                self.advance()
                break
            if not self.text.startswith("\\(", self.end):
                raise self.error("the text does not end", start - 1)
            self.end += 2
            self.advance()
            pieces.append(self.pipe())
            if self.token != ")":
                raise self.unexpected("')' is missing")
        if all(isinstance(piece, str) for piece in pieces):
            return ("constant", "".join(map(str, pieces)))
        return ("text", name, tuple(pieces))

    def unescaped(self, start: int) -> str:
        try:
            literal = str(json.loads('"%s"' % self.text[start : self.end], strict=False))
            literal.encode()
        except ValueError:  # of which half a surrogate pair is one
            raise self.error("the text has an escape that jq does not know", start)
        return literal


def _joined(operator: str, left: Node, right: Node) -> Node:
    if operator == "//":
        return ("else", left, right)
    if operator in ("or", "and"):
        return (operator, left, right)
    if operator == "=":
        return ("set", left, right)
    if operator == "|=":
        return ("update", left, right)
    if operator in _UPDATES:
        return ("change", operator[:-1], left, right)
    return ("operate", operator, left, right)


def _names(pattern: Node) -> Tuple[str, ...]:
    """Return the variables that a pattern gives."""
    if pattern[0] == "name":
        return (pattern[1],)
    if pattern[0] == "array":
        return tuple(name for item in pattern[1] for name in _names(item))
    found: Tuple[str, ...] = ()
    for _, name, item in pattern[1]:
        found += ((name,) if name else ()) + (_names(item) if item else ())
    return found
