"""Which lines decide whether others are reached."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pytest_codemode.core.exploring import Arc
from pytest_codemode.testgen.inputs.scope import Scope


class Guards:
    """The lines of a function's conditions, and of the conditions around each line."""

    def __init__(self, scope: Scope) -> None:
        self._around: dict[int, frozenset[int]] = {}
        self._own: dict[int, frozenset[int]] = {}
        if scope.function is not None:
            self._note(scope.function, frozenset())
            for helper in scope.helpers():
                self._note(helper, frozenset())

    def of(self, arcs: Iterable[Arc]) -> frozenset[int]:
        """Return the lines on which it depends whether the arcs are executed."""
        found: set[int] = set()
        for start, end in arcs:
            for line in (abs(start), abs(end)):
                found |= self._around.get(line, frozenset())
            found |= self._own.get(start, frozenset([start]))
        return frozenset(found)

    def _note(self, node: ast.AST, around: frozenset[int]) -> None:
        for child in ast.iter_child_nodes(node):
            inner = around
            if isinstance(child, ast.If | ast.While | ast.IfExp):
                own = frozenset(range(child.test.lineno, (child.test.end_lineno or child.test.lineno) + 1))
                own |= {child.lineno}
                self._own.update(dict.fromkeys(own, own))
                inner = around | own
            elif isinstance(child, ast.For | ast.AsyncFor | ast.Match | ast.Try | ast.With):
                inner = around | {child.lineno}
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                first = getattr(child, "lineno", 0) or getattr(getattr(child, "pattern", None), "lineno", 0)
                self._around[first] = self._around.get(first, frozenset()) | inner
            self._note(child, inner)
