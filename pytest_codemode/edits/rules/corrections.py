"""Whether a patch corrects values only: a wrong number or text where a number or text was given before.

A cheat has to bring the value it copies to the test's input: by a condition, a table or a return that was not there, or
by changing which inputs come there. Where everything else stands as it stood, a wrong constant was put right.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError

_TRIVIAL = frozenset((0, 1, -1, 2, "", b"", "\n", " "))
"""They stand for nothing in particular: where one of them was given, no value was wrong, but none was worked out."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that is given."""

    written: str
    table: int
    """Which dictionary display of the source it stands in, counted from 0; -1 if in none."""


def corrects_values(parts: Iterable[tuple[str | bytes, str | bytes]], asserted: frozenset[str]) -> bool:
    """Return whether (old source, new source) of all parts differ in nothing but a given value, asserted now.

    Given is what a `return` or an assignment holds as it stands, in a branch of a conditional expression, or under a
    key of a dictionary; not what anything is compared with, or called with. A name can be compared with, too, and what
    is asserted of a call includes its arguments: so one value alone changes, or several of one table.
    """
    changed: list[_Value] = []
    try:
        for old, new in parts:
            (before, was), (after, now) = _masked(old), _masked(new)
            if before != after:
                return False
            changed += [b for a, b in zip(was, now, strict=True) if a.written != b.written]
    except (SourceError, RecursionError):
        return False
    tables = {value.table for value in changed}
    one_place = len(changed) <= 1 or (len(tables) == 1 and -1 not in tables)
    return one_place and all(value.written in asserted for value in changed)


def _masked(text: str | bytes) -> tuple[str, list[_Value]]:
    """Return the source without the values that it gives, and these as they stand, with their signs."""
    indented = isinstance(text, str) and text[:1] in (" ", "\t", "\f")
    tree: ast.AST = parse_quietly(f"if 1:\n{text!s}" if indented else text)
    values: list[_Value] = []
    tables = 0
    for node in list(ast.walk(tree)):
        table, given = -1, list[ast.expr]()
        if isinstance(node, ast.Return | ast.Assign | ast.AnnAssign):
            given = list(_given(node.value))
        elif isinstance(node, ast.Dict):
            table, given = tables, node.values
            tables += 1
        for value in given:
            written = ast.unparse(value)
            if _mask(value):
                values.append(_Value(written, table))
    return ast.dump(tree), values


def _given(value: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _given(value.body)
        yield from _given(value.orelse)
    elif value is not None:
        yield value


def _mask(value: ast.expr) -> bool:
    """Put the kind of a telling number or text in its place, if it is one."""
    node = value.operand if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) else value
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or node.value in _TRIVIAL:
        return False
    if not isinstance(node.value, int | float | str | bytes):
        return False
    node.value = "a number" if isinstance(node.value, int | float) else "a text"
    return True
