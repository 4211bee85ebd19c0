"""One source file as localisation looks at it: statements instead of lines, functions, what a line mentions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While

_KINDS: tuple[tuple[tuple[type[ast.stmt], ...], float], ...] = (
    ((ast.If, ast.While, ast.Return), 1.0),
    ((ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor, ast.Delete), 0.8),
    ((ast.Expr, ast.With, ast.AsyncWith, ast.Match), 0.6),
    ((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assert, ast.Raise), 0.3),
)
"""How often repairs touch a kind of statement, roughly: conditions and results first, then assignments, then calls;
declarations, imports and jumps seldom.

Source: Campos and Maia, "Common bug-fix patterns", 2017; Soto et al., "A deeper look into bug fixes", 2016."""


class Code:
    """A parsed file; one that is no Python has no statements, and every line of it stands for itself."""

    def __init__(self, data: bytes | None) -> None:
        try:
            self.tree = ast.parse(data or b"")
        except (SyntaxError, ValueError, RecursionError):
            self.tree = ast.Module([], [])

    def first_line(self, line: int) -> int:
        """Return the first line of the statement (of a compound one, its header) that `line` is part of."""
        statement = self.at(line)
        return statement.lineno if statement is not None else line

    def at(self, line: int) -> ast.stmt | None:
        """Return the statement that `line` is part of; within a compound one only its header counts."""
        return self._statements.get(line)

    def kind_weight(self, line: int) -> float:
        """Return how often repairs touch such a statement, 0 to 1."""
        if self.is_text(line):
            return 0.0
        statement = self.at(line)
        return next((weight for kinds, weight in _KINDS if isinstance(statement, kinds)), 0.0)

    def is_text(self, line: int) -> bool:
        """Return whether a docstring or another literal that does nothing stands there."""
        statement = self.at(line)
        return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)

    def function_at(self, line: int) -> str:
        """Return the qualname of the outermost function around `line`, empty outside any."""
        return next((name for name, node in self.outermost if _first(node) <= line <= (node.end_lineno or 0)), "")

    @cached_property
    def outermost(self) -> tuple[tuple[str, Function], ...]:
        """(qualname, node) of the functions that are in no other, as `Cart.total`."""
        return tuple(_functions(self.tree, "", nested=False))

    @cached_property
    def functions(self) -> tuple[tuple[str, Function], ...]:
        """(qualname without `<locals>`, node) of all functions."""
        return tuple(_functions(self.tree, "", nested=True))

    def function(self, qualname: str) -> Function | None:
        """Return the function of that qualname, the last one where there are several: it is the one that is live."""
        return next((node for name, node in reversed(self.functions) if name == qualname), None)

    def loops_around(self, line: int) -> Iterator[Loop]:
        """Yield the loops that `line` is in."""
        for node in self._loops:
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                yield node

    @cached_property
    def level_assignments(self) -> dict[str, tuple[tuple[int, str], ...]]:
        """Name -> (first line, name of the class, empty at module level) of the statements that assign it there.

        Those that change it count too: `TABLE.append(...)`, and `register(...)` where `register` uses TABLE.
        """
        found: dict[str, list[tuple[int, str]]] = {}
        classes = (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))
        bodies = [("", self.tree.body), *((node.name, node.body) for node in classes)]
        for owner, body in bodies:
            for statement in body:
                for target in _targets(statement):
                    found.setdefault(target, []).append((statement.lineno, owner))
        for owner, body in bodies:
            for statement in body:
                for name in self._changed_by_call(statement) & found.keys():
                    found[name].append((statement.lineno, owner))
        return {name: tuple(places) for name, places in found.items()}

    def _changed_by_call(self, statement: ast.stmt) -> set[str]:
        """Return the names that a statement which is a call may change."""
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
            return set()
        called = statement.value.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            return {called.value.id}
        function = self.function(called.id) if isinstance(called, ast.Name) else None
        return names_in(function) if function is not None else set()

    @cached_property
    def branches(self) -> tuple[tuple[int, int, int], ...]:
        """(line of a condition, first line of its body, first line of its `else`, 0 if there is none)."""
        return tuple(
            (node.lineno, node.body[0].lineno, node.orelse[0].lineno if node.orelse else 0)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.If | ast.While) and node.body[0].lineno > node.lineno
        )

    @cached_property
    def _loops(self) -> tuple[Loop, ...]:
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, Loop))

    @cached_property
    def _statements(self) -> dict[int, ast.stmt]:
        found: dict[int, ast.stmt] = {}
        for node in ast.walk(self.tree):  # the outer ones first: of two on one line the outer one stays
            if isinstance(node, ast.stmt):
                for line in range(node.lineno, _header_end(node) + 1):
                    found.setdefault(line, node)
        return found


def names_in(node: ast.AST) -> set[str]:
    """Return the names and attributes that occur in `node`."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names | {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def own_statements(function: Function) -> Iterator[ast.stmt]:
    """Yield the statements of a function in the order of the text, without those of functions and classes in it."""
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def header(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement without those of the statements in it."""
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt))


def _functions(tree: ast.AST, prefix: str, *, nested: bool) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield f"{prefix}{node.name}", node
            if nested:
                yield from _functions(node, f"{prefix}{node.name}.", nested=True)
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.", nested=nested)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _functions(node, prefix, nested=nested)


def _targets(statement: ast.stmt) -> Iterator[str]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _first(node: Function) -> int:
    return min((one.lineno for one in node.decorator_list), default=node.lineno)


def _header_end(statement: ast.stmt) -> int:
    """Return the last line of a simple statement or of a compound one's header."""
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not body:
        return statement.end_lineno or statement.lineno
    first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
    lines: list[int] = [first.lineno, *(one.lineno for one in getattr(first, "decorator_list", ()))]
    return max(statement.lineno, min(lines) - 1)
