"""A place where something may be wrong: one statement of a suspicious line, and how to word edits of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pytest_codemode.core.patch import DeleteStatement, Edit, InsertStatement, ReplaceExpression, ReplaceStatement
from pytest_codemode.proposers.search.culprits import Culprit
from pytest_codemode.proposers.search.kinds import Kinds
from pytest_codemode.proposers.search.project import Project
from pytest_codemode.proposers.search.scope import Scope
from pytest_codemode.proposers.search.source import BODIES, Function, SourceFile, header_text, own_nodes


@dataclass(frozen=True, slots=True)
class Draft:
    """One idea of an operator at a site."""

    edits: tuple[Edit, ...]
    weight: float = 1.0
    """0 to 1: how likely among the ideas of the same operator at the same site."""
    note: str = ""
    """What it does, for the user."""


_ATOMS = (
    ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.Dict | ast.Set | ast.ListComp
)


@dataclass(frozen=True)
class Site:
    """A statement (for compound ones, its header) and what is known around it."""

    source: SourceFile
    statement: ast.stmt
    score: float
    """Suspiciousness, 0 to 1."""
    project: Project = field(repr=False)

    @property
    def path(self) -> str:
        """The file."""
        return self.source.path

    @cached_property
    def scope(self) -> Scope:
        """Names of the file."""
        return self.project.scope(self.source)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """The statement's own nodes outside in, f-string parts left out (their positions are wrong before 3.12)."""
        hidden: set[ast.AST] = set()
        found: list[ast.AST] = []
        for node in own_nodes(self.statement):
            if node in hidden or (isinstance(node, ast.JoinedStr) and not found):
                continue
            if isinstance(node, ast.JoinedStr):
                hidden.update(inner for inner in ast.walk(node) if not self._well_placed(inner))
            found.append(node)
        return tuple(found)

    def _well_placed(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp):
            return False
        try:
            return ast.dump(ast.parse(self.text(node), mode="eval").body) == ast.dump(node)
        except (SyntaxError, IndexError, ValueError):
            return False

    @cached_property
    def expressions(self) -> tuple[ast.expr, ...]:
        """The statement's own expressions that are read, annotations left out."""
        skipped = {part for note in self._annotations() for part in ast.walk(note)}
        return tuple(
            node
            for node in self.nodes
            if isinstance(node, ast.expr)
            and node not in skipped
            and not isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
        )

    def _annotations(self) -> Iterator[ast.expr]:
        for node in self.nodes:
            for name in ("annotation", "returns"):
                note = getattr(node, name, None)
                if isinstance(note, ast.expr):
                    yield note

    @cached_property
    def function(self) -> Function | None:
        """The function around the statement (the one it defines, for a `def`)."""
        return self.source.function_of(self.statement)

    @cached_property
    def kinds(self) -> Kinds:
        """Kinds of the names that are local here."""
        return self.project.kinds(self.source, self.function)

    @cached_property
    def culprits(self) -> tuple[Culprit, ...]:
        """The expressions of the statement that an exception speaks of."""
        culprits = self.project.culprits.get((self.source, self.statement), ())
        return tuple(culprit for culprit in culprits if culprit.node in self.nodes)

    def text(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.ExceptHandler) -> str:
        """Return the text of `node` as it stands."""
        return self.source.text_of(node)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node that `node` is part of."""
        return self.source.parents.get(node)

    def slot(self, node: ast.expr, source: str) -> str:
        """Return `source` in parentheses where it would be torn apart in the place of `node`."""
        parent = self.parent(node)
        if isinstance(parent, ast.stmt | ast.keyword | ast.Slice | ast.comprehension | ast.List | ast.Tuple | ast.Set):
            return source
        if isinstance(parent, ast.Call) and node in parent.args:
            return source
        if isinstance(parent, ast.Subscript) and node is parent.slice:
            return source
        start, end = self.source.span(node)
        if self.source.text[start - 1 : start] == "(" and self.source.text[end : end + 1] == ")":
            return source
        return source if is_atom(source) else f"({source})"

    def replace(self, node: ast.expr | ast.arg | ast.keyword, new: str, weight: float = 1.0, note: str = "") -> Draft:
        """Return the draft that puts `new` in the place of `node`."""
        start, end = self.source.span(node)
        if isinstance(node, ast.expr):
            new = self.slot(node, new)
        return self.splice(start, end, new, weight, note)

    def splice(self, start: int, end: int, new: str, weight: float = 1.0, note: str = "") -> Draft:
        """Return the draft that puts `new` in the place of the characters from `start` to `end`."""
        old = self.source.text[start:end]
        line, column = self.source.position(start)
        text = note or f"{_short(old)} becomes {_short(new)}"
        return Draft((ReplaceExpression(self.path, line, column, old, new),), weight, text)

    @property
    def whole(self) -> bool:
        """Whether the statement can be replaced as such: it stands alone on its lines."""
        last = self.statement.end_lineno or self.statement.lineno
        after = self.source.text[self.source.span(self.statement)[1] :].split("\n", 1)[0].strip()
        owners = self.source.statements_at(self.statement.lineno)
        alone = owners == (self.statement,) and (last == self.statement.lineno or not after.startswith(";"))
        clause = isinstance(self.statement, ast.If) and self.header.startswith("elif")
        return alone and self.source.first_on_line(self.statement) and not after.startswith(";") and not clause

    @property
    def first_line(self) -> str:
        """The first line of the statement as edits want it: without what shares its line."""
        if self.source.first_on_line(self.statement):
            return self.source.lines[self.statement.lineno - 1].strip()
        return self.header.split("\n", 1)[0].strip()

    def replace_statement(self, new: str, weight: float = 1.0, note: str = "", header_only: bool = False) -> Draft:
        """Return the draft that puts the statements `new` in the place of this one."""
        edit = ReplaceStatement(self.path, self.statement.lineno, self.first_line, new, header_only)
        return Draft((edit,), weight, note or f"{_short(self.first_line)} becomes {_short(new)}")

    def insert_before(self, new: str, weight: float = 1.0, note: str = "") -> Draft:
        """Return the draft that puts the statements `new` before this one."""
        edit = InsertStatement(self.path, self.statement.lineno, self.first_line, "before", new)
        return Draft((edit,), weight, note or f"insert {_short(new)}")

    def insert_after(self, new: str, weight: float = 1.0, note: str = "") -> Draft:
        """Return the draft that puts the statements `new` after this one."""
        edit = InsertStatement(self.path, self.statement.lineno, self.first_line, "after", new)
        return Draft((edit,), weight, note or f"insert {_short(new)}")

    def delete(self, weight: float = 1.0, note: str = "") -> Draft:
        """Return the draft that drops the statement."""
        edit = DeleteStatement(self.path, self.statement.lineno, self.first_line)
        return Draft((edit,), weight, note or f"drop {_short(self.first_line)}")

    @cached_property
    def header(self) -> str:
        """A compound statement's header with its colon, or the simple statement's text."""
        return header_text(self.source, self.statement)

    @property
    def compound(self) -> bool:
        """Whether the statement has a body."""
        return any(isinstance(getattr(self.statement, name, None), list) for name in BODIES)


def is_atom(source: str) -> bool:
    """Whether `source` binds tighter than any operator around it."""
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError):
        return True
    return isinstance(node, _ATOMS) or (source.startswith("(") and _closes_at_end(source))


def _closes_at_end(source: str) -> bool:
    depth = 0
    for index, char in enumerate(source):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0:
            return index == len(source) - 1
    return False


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"`{line}`" if len(line) <= 60 else f"`{line[:57]}...`"
