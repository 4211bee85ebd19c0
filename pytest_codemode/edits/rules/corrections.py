"""Whether a patch corrects values only: a wrong number or text where a number or text was given before.

A cheat has to bring the value it copies to the test's input: by a condition, a table or a return that was not there, or
by changing which inputs come there. Where everything else stands as it stood, a wrong constant was put right.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError

_TRIVIAL = frozenset((0, 1, -1, 2, "", b"", "\n", " "))
"""They stand for nothing in particular: where one of them was given, no value was wrong, but none was worked out."""


def corrects_values(parts: Iterable[tuple[str | bytes, str | bytes]], asserted: frozenset[str]) -> bool:
    """Return whether each (old source, new source) differs in nothing but values that are given, and asserted now.

    Given is what a `return` or an assignment holds as it stands, in a branch of a conditional expression, or under a
    key of a dictionary; not what anything is compared with, or called with. A name can be compared with, too: so no
    value changes but to one of the assertion's.
    """
    try:
        return all(_corrects(_masked(old), _masked(new), asserted) for old, new in parts)
    except (SourceError, RecursionError):
        return False


def _corrects(old: tuple[str, list[str]], new: tuple[str, list[str]], asserted: frozenset[str]) -> bool:
    return old[0] == new[0] and all(a == b or b in asserted for a, b in zip(old[1], new[1], strict=True))


def _masked(text: str | bytes) -> tuple[str, list[str]]:
    """Return the source without the values that it gives, and these as they stand, with their signs."""
    indented = isinstance(text, str) and text[:1] in (" ", "\t", "\f")
    tree: ast.AST = parse_quietly(f"if 1:\n{text!s}" if indented else text)
    values: list[str] = []
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.Return | ast.Assign | ast.AnnAssign):
            given = list(_given(node.value))
        else:
            given = node.values if isinstance(node, ast.Dict) else []
        for value in given:
            written = ast.unparse(value)
            if _mask(value):
                values.append(written)
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
