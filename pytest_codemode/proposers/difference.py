"""A change of a file, given as its old and new bytes, in terms of edits: functions as a whole, else statements."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from pytest_codemode.core.patch import (
    DeleteDefinition,
    DeleteStatement,
    Edit,
    InsertDefinition,
    InsertStatement,
    ReplaceDefinition,
    ReplaceStatement,
)
from pytest_codemode.proposers.search.source import Definition, SourceFile

_NOT_PYTHON = "{path} is no Python that can be parsed {when} the change"


def edits_between(path: str, old: bytes, new: bytes) -> tuple[Edit, ...]:
    """Return edits that turn `old` into `new`, up to comments and blank lines outside the changed statements.

    Raises:
        ValueError: one of them does not parse, or `old` has no statement to hold on to.
    """
    before, after = SourceFile.parse(path, old), SourceFile.parse(path, new)
    if before is None or after is None:
        raise ValueError(_NOT_PYTHON.format(path=path, when="before" if before is None else "after"))
    if not before.tree.body and after.tree.body:
        raise ValueError(f"{path} has no statement to edit; delete it and create it anew")
    comparison = _Comparison(before, after)
    return comparison.neatly(tuple(comparison.blocks(before.tree.body, after.tree.body)))


class _Comparison:
    """Compares two versions of one file, block by block."""

    def __init__(self, before: SourceFile, after: SourceFile) -> None:
        self._old = before
        self._new = after
        self._names = _numbered(before.tree)

    def blocks(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Iterator[Edit]:
        """Yield the edits that turn the statements `old` into `new`."""
        matcher = SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                for one, other in zip(old[i1:i2], new[j1:j2], strict=True):
                    yield from self._definition(one, other)
            elif tag == "insert":
                yield from self._insert(old, i1, new[j1:j2])
            elif tag == "delete":
                yield from (self._delete(statement) for statement in old[i1:i2])
            else:
                yield from self._replace(old[i1:i2], new[j1:j2])

    def _definition(self, old: ast.stmt, new: ast.stmt) -> Iterator[Edit]:
        if not isinstance(old, Definition) or ast.dump(old) == ast.dump(new):
            return
        if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef) and self._same_header(old, new):
            yield from self.blocks(old.body, new.body)
        else:
            qualname, occurrence = self._names[old]
            yield ReplaceDefinition(self._old.path, qualname, _lines(self._new, [new]), occurrence)

    def _same_header(self, old: ast.ClassDef, new: ast.ClassDef) -> bool:
        """Whether only the bodies differ, and the body stands on lines of its own."""
        own_lines = self._old.first_on_line(old.body[0]) and self._new.first_on_line(new.body[0])
        return own_lines and _header(old) == _header(new)

    def _insert(self, old: Sequence[ast.stmt], at: int, new: Sequence[ast.stmt]) -> Iterator[Edit]:
        anchor, where = (old[at - 1], "after") if at else (old[0], "before")
        path = self._old.path
        defined = all(isinstance(statement, Definition) for statement in new)
        if defined and isinstance(anchor, Definition) and self._alone(anchor):
            qualname, _ = self._names[anchor]
            for statement in new:
                source = _lines(self._new, [statement])
                yield InsertDefinition(path, qualname, "after" if at else "before", source)
        else:
            line, text = self._start(anchor)
            source = _lines(self._new, new)
            yield InsertStatement(path, line, text, "after" if where == "after" else "before", source)

    def _alone(self, definition: Definition) -> bool:
        qualname, _ = self._names[definition]
        return sum(name == qualname for name, _ in self._names.values()) == 1

    def _replace(self, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> Iterator[Edit]:
        """Each old statement becomes the new one that does the same kind of thing to the same target.

        New ones without such a counterpart go with the old one before them, so that every edit stands for itself.
        """
        matcher = SequenceMatcher(None, _purposes(old), _purposes(new), autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "insert":
                yield from self._insert(old, i1, new[j1:j2])
                continue
            for offset, statement in enumerate(old[i1:i2]):
                last = offset == i2 - i1 - 1
                counterparts = new[j1 + offset : j2 if last else min(j1 + offset + 1, j2)]
                if counterparts:
                    line, text = self._start(statement)
                    yield ReplaceStatement(self._old.path, line, text, _lines(self._new, counterparts))
                else:
                    yield self._delete(statement)

    def _delete(self, statement: ast.stmt) -> DeleteStatement:
        line, text = self._start(statement)
        return DeleteStatement(self._old.path, line, text)

    def neatly(self, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
        """Return `edits`; where the only one deletes a definition, the comment and blank lines around it go too.

        Two edits side by side must not both claim the lines between them, so several are left as they are.
        """
        if len(edits) == 1 and isinstance(edits[0], DeleteStatement):
            for definition, (qualname, occurrence) in self._names.items():
                if _first_line(definition) == edits[0].line:
                    return (DeleteDefinition(self._old.path, qualname, occurrence),)
        return edits

    def _start(self, statement: ast.stmt) -> tuple[int, str]:
        """Return the line a statement starts at (its first decorator's) and the text that stands there."""
        line = _first_line(statement)
        if line != statement.lineno:
            return line, self._old.lines[line - 1].strip()
        return line, self._old.text_of(statement).split("\n", 1)[0].strip()


def _keys(statements: Sequence[ast.stmt]) -> list[object]:
    """Return what makes statements the same: the name of a definition, the code of anything else."""
    keys: list[object] = []
    for statement in statements:
        if isinstance(statement, Definition):
            kind = "class" if isinstance(statement, ast.ClassDef) else "function"
            keys.append((kind, statement.name))
        else:
            keys.append(ast.dump(statement))
    return keys


def _purposes(statements: Sequence[ast.stmt]) -> list[object]:
    """Return what a statement is about whatever its details: its kind, and what it assigns to or calls."""
    found: list[object] = []
    for statement in statements:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        value = statement.value if isinstance(statement, ast.Expr) else None
        about = [*targets, value.func if isinstance(value, ast.Call) else None]
        found.append((type(statement).__name__, *(ast.dump(node) if node else "" for node in about)))
    return found


def _header(node: ast.ClassDef) -> list[str]:
    parts = [*node.decorator_list, *node.bases, *node.keywords, *getattr(node, "type_params", [])]
    return [node.name, *(ast.dump(part) for part in parts)]


def _numbered(tree: ast.Module) -> dict[ast.stmt, tuple[str, int]]:
    """Return each definition's qualname, and which one of that name it is in the order of the file."""
    seen: Counter[str] = Counter()
    found: dict[ast.stmt, tuple[str, int]] = {}

    def visit(node: ast.AST, owner: str) -> None:
        for child in ast.iter_child_nodes(node):
            inside = owner
            if isinstance(child, Definition):
                inside = f"{owner}.{child.name}" if owner else child.name
                found[child] = inside, seen[inside]
                seen[inside] += 1
            visit(child, inside)

    visit(tree, "")
    return found


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(node.lineno for node in decorators)])


def _lines(source: SourceFile, statements: Sequence[ast.stmt]) -> str:
    """Return the text of neighbouring statements: whole lines, or the bare text where they share lines."""
    first, last = statements[0], statements[-1]
    end = last.end_lineno or last.lineno
    tail = source.lines[end - 1].encode()[last.end_col_offset or 0 :].decode(errors="replace").strip()
    whole = source.first_on_line(first) and not tail.startswith(";")
    if whole:
        return "\n".join(source.lines[_first_line(first) - 1 : end])
    start, _ = source.span(first)
    _, stop = source.span(last)
    return source.text[start:stop]
