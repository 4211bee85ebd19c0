"""One source file as text and tree, and the maps between lines, characters and nodes."""

from __future__ import annotations

import ast
import bisect
import io
import tokenize
import warnings
from collections.abc import Iterator
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of a statement that hold other statements."""

SIMPLE = ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Continue | ast.Break | ast.Delete
"""Statements that may stand elsewhere as they are."""


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring or another text that nothing reads."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def decode_source(data: bytes) -> str:
    r"""Return Python source as text with `\n` line ends.

    Raises:
        SyntaxError, UnicodeDecodeError: the declared encoding is unknown or wrong.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def parse_quietly(text: str) -> ast.Module:
    """Return the tree of `text`; what the parser would only warn of is no concern here.

    Raises:
        SyntaxError, ValueError, RecursionError: it does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


class SourceFile:
    """A file that parses. Offsets count characters of `text`; columns count characters of a line."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.lines = text.split("\n")
        self.tree = parse_quietly(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        """Every node in the order of the text, operators and contexts left out."""
        self.statements: list[ast.stmt] = []
        self._starting: dict[int, list[ast.stmt]] = {}
        self._owner: dict[int, ast.stmt] = {}
        self._index()

    @classmethod
    def parse(cls, path: str, data: bytes) -> SourceFile | None:
        """Return the file, or None where `data` is not Python that this interpreter parses."""
        try:
            return cls(path, decode_source(data))
        except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
            return None

    def _index(self) -> None:
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            self.nodes.append(node)
            if isinstance(node, ast.stmt):
                self.statements.append(node)
                self._starting.setdefault(node.lineno, []).append(node)
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self._owner[line] = node
            children = _children(node)
            self.parents.update(dict.fromkeys(children, node))
            stack.extend(reversed(children))

    @cached_property
    def _last(self) -> dict[ast.AST, int]:
        """Node -> place in `nodes` behind the last one that is part of it."""
        places = {node: at + 1 for at, node in enumerate(self.nodes)}
        for node in reversed(self.nodes):
            parent = self.parents.get(node)
            if parent is not None and places[node] > places[parent]:
                places[parent] = places[node]
        return places

    @cached_property
    def _first(self) -> dict[ast.AST, int]:
        return {node: at for at, node in enumerate(self.nodes)}

    def inside(self, node: ast.AST) -> list[ast.AST]:
        """Return `node` and all that is part of it in the order of the text; ten times as fast as `ast.walk`."""
        return self.nodes[self._first[node] : self._last[node]]

    @cached_property
    def one_liners(self) -> tuple[tuple[ast.stmt, str, Function], ...]:
        """Simple statements of functions that stand on one line, with their text and function."""
        found = []
        for statement in self.statements:
            if isinstance(statement, SIMPLE) and not is_text(statement) and statement.lineno == statement.end_lineno:
                function = self.function_of(statement)
                if function is not None:
                    found.append((statement, self.text_of(statement), function))
        return tuple(found)

    def is_part(self, node: ast.AST, whole: ast.AST) -> bool:
        """Whether `node` is `whole` or part of it."""
        return self._first[whole] <= self._first[node] < self._last[whole]

    def offset(self, line: int, byte_column: int) -> int:
        """Return the offset of a position as `ast` gives it (its columns count UTF-8 bytes)."""
        text = self.lines[line - 1]
        column = byte_column if text.isascii() else len(text.encode()[:byte_column].decode(errors="ignore"))
        return self._starts[line - 1] + column

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.ExceptHandler) -> tuple[int, int]:
        """Return start and end offset of `node`; decorators are not part of a definition here."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self.offset(node.lineno, node.col_offset), self.offset(end_line, end_column)

    def text_of(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.ExceptHandler) -> str:
        """Return the text of `node` as it stands."""
        start, end = self.span(node)
        return self.text[start:end]

    def position(self, offset: int) -> tuple[int, int]:
        """Return 1-based line and 0-based column of `offset`."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def statements_at(self, line: int) -> tuple[ast.stmt, ...]:
        """Return the statements that start at `line`, or else the innermost one that `line` is part of."""
        if line in self._starting:
            return tuple(self._starting[line])
        return (self._owner[line],) if line in self._owner else ()

    def enclosing(self, node: ast.AST, kinds: type | tuple[type, ...]) -> ast.AST | None:
        """Return the nearest ancestor of one of `kinds`, or None."""
        current = self.parents.get(node)
        while current is not None and not isinstance(current, kinds):
            current = self.parents.get(current)
        return current

    def function_of(self, node: ast.AST) -> Function | None:
        """Return the innermost function that `node` is part of (itself, if it is one)."""
        if isinstance(node, Function):
            return node
        found = self.enclosing(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        return found if isinstance(found, Function) else None

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the innermost class that `node` is part of."""
        found = self.enclosing(node, ast.ClassDef)
        return found if isinstance(found, ast.ClassDef) else None

    def loop_of(self, statement: ast.stmt) -> ast.For | ast.AsyncFor | ast.While | None:
        """Return the loop that `break` would leave here: the nearest one around, `statement` not in its `else`."""
        inner: ast.AST = statement
        outer = self.parents.get(statement)
        while outer is not None and not isinstance(outer, Definition):
            if isinstance(outer, ast.For | ast.AsyncFor | ast.While) and inner in outer.body:
                return outer
            inner, outer = outer, self.parents.get(outer)
        return None

    def first_on_line(self, statement: ast.stmt) -> bool:
        """Whether nothing but indentation stands before `statement` on its line."""
        start = self.offset(statement.lineno, statement.col_offset)
        return not self.text[self._starts[statement.lineno - 1] : start].strip()

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the list of statements that `statement` stands in."""
        parent = self.parents[statement]
        for field in BODIES:
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]


_SHARED = frozenset({"ctx", "op", "ops"})
"""Fields whose nodes may be one object in many places."""


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the children without operators and contexts; half the time of `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None) if name not in _SHARED else None
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found.extend(item for item in value if isinstance(item, ast.AST))
    return found


def own_nodes(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement outside in, without those of the statements in its body and without operators."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(
            child
            for child in reversed(_children(node))
            if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        )


def header_text(source: SourceFile, statement: ast.stmt) -> str:
    """Return a compound statement's header up to and with its colon; a simple statement's whole text."""
    body = getattr(statement, "body", None)
    if not isinstance(body, list) or not body:
        return source.text_of(statement)
    start, _ = source.span(statement)
    first = body[0]
    decorators = getattr(first, "decorator_list", [])
    line = min([first.lineno, *(node.lineno for node in decorators)])
    limit = source.offset(line, 0) if source.first_on_line(first) else source.span(first)[0]
    return _until_colon(source.text[start:limit])


def _until_colon(text: str) -> str:
    depth, end = 0, len(text)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP and token.string in "([{":
                depth += 1
            elif token.type == tokenize.OP and token.string in ")]}":
                depth -= 1
            elif token.type == tokenize.OP and token.string == ":" and depth == 0:
                before = text.split("\n")[: token.end[0] - 1]
                end = sum(len(line) + 1 for line in before) + token.end[1]
    except (tokenize.TokenError, IndentationError):
        return text[:end].rstrip()
    return text[:end]
