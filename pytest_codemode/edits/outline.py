"""Find where the definitions, statements and imports of a file stand, once per content.

Positions come from `ast`, not from libcst: on a 2,040-line module `ast.parse` takes 8 ms, libcst's parse with byte
spans 205 ms (best of 5 on one machine), and `compile` must accept the result in any case. What `ast` leaves out (the
colon of a header, decorator signs, comments) is found by scanning the few characters between two nodes.
"""

from __future__ import annotations
import __future__

import ast
import warnings
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any

from pytest_codemode.edits.spans import Block, Definition, Import, Outline, Statement
from pytest_codemode.edits.text import SourceError, SourceText, decode_source

__all__ = ["Outline", "outline", "parse_quietly"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def parse_quietly(text: str | bytes) -> ast.Module:
    """Return the tree; what the compiler would only warn of is left to the test run.

    Raises:
        SourceError: it does not parse.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except SyntaxError as error:
            raise SourceError(f"it does not parse: {error.msg} (line {error.lineno})") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise SourceError(f"it does not parse: {error}") from None


@lru_cache(maxsize=128)
def outline(raw: bytes) -> Outline:
    """Return the outline of a file's bytes; the last 128 contents are kept.

    Raises:
        SourceError: it cannot be decoded or parsed.
    """
    source = decode_source(raw)
    try:
        return _Scanner(source).scan(parse_quietly(source.text))
    except RecursionError:
        raise SourceError("it is nested too deeply, as a long chain of `elif` is") from None


class _Scanner:
    """Walks the statement lists of one module; expressions are only looked at for where they end."""

    def __init__(self, source: SourceText) -> None:
        self._source = source
        self._text = source.text
        self._statements: list[Statement] = []
        self._blocks: list[Block] = []
        self._definitions: list[Definition] = []
        self._imports: list[Import] = []
        self._occurrences: Counter[str] = Counter()
        self._flags = 0

    def scan(self, module: ast.Module) -> Outline:
        self._block(module.body, header=-1, header_end=0, owner="", kind="module")
        unit = self._unit()
        for index, block in enumerate(self._blocks):
            if block.inline:
                outer = self._blocks[self._statements[block.header].block]
                self._blocks[index] = replace(block, indent=outer.indent + unit)
        return Outline(
            self._source,
            tuple(self._statements),
            tuple(self._blocks),
            tuple(self._definitions),
            tuple(self._imports),
            unit,
            self._flags,
            self._by_line(),
        )

    def _by_line(self) -> dict[int, tuple[int, ...]]:
        lines: dict[int, tuple[int, ...]] = {}
        for item in self._statements:
            for line in {item.line, item.keyword_line}:
                lines[line] = (*lines.get(line, ()), item.index)
        return lines

    def _unit(self) -> str:
        """Return the most frequent step from a header's indentation to its block's."""
        steps: Counter[str] = Counter()
        for block in self._blocks[1:]:
            outer = self._blocks[self._statements[block.header].block].indent
            if not block.inline and block.indent.startswith(outer):
                steps[block.indent[len(outer) :]] += 1
        return steps.most_common(1)[0][0] if steps else "    "

    def _block(self, nodes: list[ast.stmt], *, header: int, header_end: int, owner: str, kind: str) -> int:
        """Record a suite and everything in it; `kind` is `module`, `class`, `function` or `other`."""
        index = len(self._blocks)
        self._blocks.append(Block((), header, False, "", False))
        numbers = [self._statement(node, index, owner, kind) for node in nodes]
        inline, indent, docstring = False, "", False
        if nodes:
            start = self._statements[numbers[0]].start
            inline = header >= 0 and not _breaks_line(self._text[header_end:start])
            indent = "" if inline else self._text[self._source.line_start(start) : start]
            docstring = kind != "other" and _is_docstring(nodes[0])
        self._blocks[index] = Block(tuple(numbers), header, inline, indent, docstring)
        return index

    def _statement(self, node: ast.stmt, block: int, owner: str, kind: str) -> int:
        """Record one statement and what is in it; return its index."""
        keyword = self._start(node)
        decorators = getattr(node, "decorator_list", [])
        start = self._text.rfind("@", 0, self._start(decorators[0])) if decorators else keyword
        body: list[ast.stmt] = getattr(node, "body", None) or []
        end = self._end(body[-1]) if body else self._end(node)
        header_end = self._colon(node, keyword) if body or isinstance(node, ast.Match) else end
        elif_ = isinstance(node, ast.If) and self._text.startswith("elif", keyword)
        name = "Elif" if elif_ else type(node).__name__
        index = self._add(name, (start, keyword, header_end, end, self._end(node)), block, owner)
        if isinstance(node, ast.Import | ast.ImportFrom) and not owner:
            self._import(node, self._statements[index], block)
        if isinstance(node, _SCOPES):
            self._definition(node, index, owner, kind)
        elif body:
            self._block(body, header=index, header_end=header_end, owner=owner, kind="other")
        self._clauses(node, block, owner, end)
        return index

    def _definition(self, node: ast.stmt, index: int, owner: str, kind: str) -> None:
        assert isinstance(node, _SCOPES)
        qualname = f"{owner}.{node.name}" if owner else node.name
        statement = self._statements[index]
        parent = kind if kind != "other" else self._parent_kind(owner)
        definition = Definition(
            qualname, self._occurrences[qualname], statement, len(self._blocks), parent, self._leading(statement)
        )
        self._occurrences[qualname] += 1
        self._definitions.append(definition)
        self._block(
            node.body,
            header=index,
            header_end=statement.header_end,
            owner=qualname,
            kind="class" if isinstance(node, ast.ClassDef) else "function",
        )

    def _parent_kind(self, owner: str) -> str:
        """Return what kind of definition the innermost one named `owner` is."""
        if not owner:
            return "module"
        nearest = next(item for item in reversed(self._definitions) if item.qualname == owner)
        return "function" if nearest.function else "class"

    def _clauses(self, node: Any, block: int, owner: str, end: int) -> None:
        """Record `except`, `case`, `else`, `elif` and `finally` of a compound statement with their blocks."""
        place = (block, owner)
        for handler in getattr(node, "handlers", []):
            end = self._clause("ExceptHandler", handler, self._start(handler), handler.body, place)
        for case in getattr(node, "cases", []):
            start = self._text.rfind("case", 0, self._start(case.pattern))
            end = self._clause("MatchCase", case, start, case.body, place)
        orelse: list[ast.stmt] = getattr(node, "orelse", [])
        if orelse:
            start = self._next_token(end)
            if isinstance(node, ast.If) and self._text.startswith("elif", start):
                self._statement(orelse[0], block, owner, "other")
            else:
                end = self._clause("Else", None, start, orelse, place)
        final: list[ast.stmt] = getattr(node, "finalbody", [])
        if final:
            self._clause("Finally", None, self._next_token(end), final, place)

    def _clause(self, kind: str, node: Any, start: int, body: list[ast.stmt], place: tuple[int, str]) -> int:
        """Record one clause; return its end."""
        header_end = self._colon(node, start)
        end = self._end(body[-1])
        index = self._add(kind, (start, start, header_end, end, end), *place)
        self._block(body, header=index, header_end=header_end, owner=place[1], kind="other")
        return end

    def _add(self, kind: str, offsets: tuple[int, int, int, int, int], block: int, owner: str) -> int:
        """Record a statement; `offsets` as in `Statement`, from `start` to `full_end`."""
        line = self._source.line_of
        start, keyword, *_, full_end = offsets
        lines = (line(start), line(keyword), line(max(start, full_end - 1)))
        self._statements.append(Statement(len(self._statements), kind, *offsets, block, *lines, owner))
        return len(self._statements) - 1

    def _import(self, node: ast.Import | ast.ImportFrom, statement: Statement, block: int) -> None:
        spans = tuple((self._start(alias), self._end(alias)) for alias in node.names)
        base = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if base == "__future__":
            for alias in node.names:
                self._flags |= getattr(__future__, alias.name).compiler_flag
        for position, alias in enumerate(node.names):
            plain = isinstance(node, ast.Import)
            bound = alias.asname or (alias.name.partition(".")[0] if plain else alias.name)
            module, name = (alias.name, "") if plain else (base, alias.name)
            self._imports.append(Import(statement, module, name, bound, spans, position, block == 0))

    def _leading(self, statement: Statement) -> int:
        """Return the offset of the first comment line that leads a definition (shebang and coding lines do not)."""
        first = self._source.line_of(statement.start)
        indent = self._text[self._source.starts[first - 1] : statement.start]
        while first > 1:
            above = self._text[self._source.starts[first - 2] : self._source.starts[first - 1]]
            if not above.startswith(indent + "#") or (first <= 3 and ("#!" in above[:2] or "coding" in above)):
                break
            first -= 1
        return self._source.starts[first - 1]

    def _start(self, node: Any) -> int:
        return self._source.offset(node.lineno, node.col_offset)

    def _end(self, node: Any) -> int:
        return self._source.offset(node.end_lineno, node.end_col_offset)

    def _colon(self, node: Any, start: int) -> int:
        """Return the offset just behind the colon that ends the header starting at `start`."""
        position = max(chain((start,), (self._end(part) for part in _header_parts(node))))
        while self._text[position] != ":":
            position = self._source.line_stop(position) if self._text[position] == "#" else position + 1
        return position + 1

    def _next_token(self, position: int) -> int:
        """Return the offset of the next character that is no space, comment, semicolon or line continuation."""
        while self._text[position] in " \t\f\r\n;\\#":
            position = self._source.line_stop(position) if self._text[position] == "#" else position + 1
        return position


def _breaks_line(between: str) -> bool:
    """Return whether the text between a colon and the first statement holds a real line end."""
    bare = between.lstrip(" \t\f")
    return bare.startswith(("#", "\n", "\r"))


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _header_parts(node: Any) -> list[Any]:
    """Return the nodes of a compound statement's header that may hold a colon or end behind one."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        parts: list[Any] = [*named, *arguments.defaults, *arguments.kw_defaults, node.returns]
    elif isinstance(node, ast.ClassDef):
        parts = [*node.bases, *node.keywords]
    elif isinstance(node, ast.With | ast.AsyncWith):
        parts = [part for item in node.items for part in (item.context_expr, item.optional_vars)]
    elif isinstance(node, ast.match_case):
        parts = [node.pattern, node.guard]
    else:
        parts = [getattr(node, name, None) for name in ("test", "iter", "subject", "type")]
    return [part for part in (*parts, *getattr(node, "type_params", [])) if part is not None]
