"""The spans that edits are spliced into: definitions, statements, blocks and imports of one file, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_codemode.edits.text import SourceText


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement or a clause (`elif`, `else`, `except`, `finally`, `case`); offsets count characters."""

    index: int
    """Its place in `Outline.statements`."""
    kind: str
    """Class name in `ast`, with `Elif`, `Else`, `Finally` and `MatchCase` for the clauses that have none."""
    start: int
    """First character, the first decorator's `@` included."""
    keyword: int
    """First character behind the decorators."""
    header_end: int
    """Just behind the header's colon; equals `end` for a simple statement."""
    end: int
    """Just behind the last character of its own body (later clauses excluded), without comment and line end."""
    full_end: int
    """As `end`, with the later clauses of the same `if`, `try`, `for` or `while`."""
    block: int
    """Which block it stands in, an index into `Outline.blocks`; the owner's block for a clause."""
    line: int
    keyword_line: int
    end_line: int
    """1-based line of `full_end`."""
    owner: str
    """Qualname of the definition it stands in, empty at module level; a definition's own owner is its parent."""

    @property
    def clause(self) -> bool:
        """Whether it is part of another statement, so that nothing can stand beside it."""
        return self.kind in _CLAUSES


_CLAUSES = frozenset({"Elif", "Else", "ExceptHandler", "Finally", "MatchCase"})


@dataclass(frozen=True, slots=True)
class Block:
    """The statements of one suite, in order."""

    statements: tuple[int, ...]
    header: int
    """Index of the statement or clause it belongs to, -1 for the module."""
    inline: bool
    """Whether it stands on its header's line, as in `if x: return`."""
    indent: str
    """Leading whitespace of its lines; an inline block has the one it would get."""
    docstring: bool
    """Whether its first statement is a docstring (module, class and function bodies only)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class."""

    qualname: str
    """Dotted name stack without `<locals>`."""
    occurrence: int
    """Counting from 0 among definitions of the same qualname, in the order of the file."""
    statement: Statement
    body: int
    """Index of its block."""
    parent: str
    """`module`, `class` or `function`."""
    leading: int
    """Offset of the first of the comment lines that lead it, its first line's start where there is none."""

    @property
    def function(self) -> bool:
        """Whether it is a function (async or not)."""
        return self.statement.kind != "ClassDef"


@dataclass(frozen=True, slots=True)
class Import:
    """One name bound by an import statement."""

    statement: Statement
    module: str
    """As written, with leading dots for relative ones."""
    name: str
    """Imported name of a `from` import, empty for `import module`."""
    bound: str
    """Name it binds, `*` for a star import."""
    spans: tuple[tuple[int, int], ...]
    """Offsets of every alias of the statement."""
    position: int
    """Which of the aliases it is."""
    top: bool
    """Whether the statement stands directly in the module."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A file's text and what stands where in it."""

    source: SourceText
    statements: tuple[Statement, ...]
    """In the order of their starts, outer before inner."""
    blocks: tuple[Block, ...]
    """The module's own is the first."""
    definitions: tuple[Definition, ...]
    imports: tuple[Import, ...]
    unit: str
    """One step of indentation."""
    future_flags: int
    """Compiler flags of the `from __future__` imports."""
    by_line: dict[int, tuple[int, ...]]
    """Line -> the statements and clauses that start there, by their decorators or their keyword."""

    def definition(self, qualname: str, occurrence: int = 0) -> Definition | None:
        """Return a definition, or None."""
        found = self.occurrences(qualname)
        return found[occurrence] if 0 <= occurrence < len(found) else None

    def occurrences(self, qualname: str) -> tuple[Definition, ...]:
        """Return every definition of that qualname, in the order of the file."""
        return tuple(item for item in self.definitions if item.qualname == qualname)

    def qualname_at(self, line: int) -> str:
        """Return the qualname of the innermost definition that spans `line` (decorators included), or ``""``."""
        spanning = (item for item in self.definitions if item.statement.line <= line <= item.statement.end_line)
        innermost = max(spanning, key=lambda item: item.statement.start, default=None)
        return innermost.qualname if innermost else ""

    def statement_at(self, line: int) -> Statement | None:
        """Return the innermost statement that spans `line`, or None."""
        spanning = (item for item in self.statements if not item.clause and item.line <= line <= item.end_line)
        return max(spanning, key=lambda item: item.start, default=None)

    def starting_at(self, line: int) -> tuple[Statement, ...]:
        """Return the statements and clauses that start at `line`, by their decorators or their keyword."""
        return tuple(self.statements[index] for index in self.by_line.get(line, ()))
