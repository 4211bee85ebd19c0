"""What a value is compared with, looked up in, matched against."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from itertools import pairwise

from pytest_codemode.testgen.inputs.expressions import unparsed
from pytest_codemode.testgen.inputs.scope import Scope
from pytest_codemode.testgen.inputs.uses import Uses

_TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))


class Comparisons:
    """Takes in what comparisons say about one value."""

    def __init__(self, uses: Uses, scope: Scope) -> None:
        self._uses, self._scope = uses, scope

    def compared(self, node: ast.expr, comparison: ast.Compare) -> None:
        """Take in a comparison that the value is an operand of."""
        operands = [comparison.left, *comparison.comparators]
        for (left, right), operator in zip(pairwise(operands), comparison.ops, strict=True):
            if node not in (left, right):
                continue
            other = self.resolved(right if left is node else left)
            if isinstance(operator, ast.In | ast.NotIn) and right is node:
                self._searched(other)
            else:
                self._against(other, inside=isinstance(operator, ast.In | ast.NotIn))

    def _against(self, other: ast.expr, *, inside: bool) -> None:
        """Take in what the value is compared with, or looked up in."""
        match other:
            case ast.Constant() | ast.UnaryOp():
                self.constant(other)
            case ast.Name(id=name) if name in _TYPES or (name[:1].isupper() and not name.isupper()):
                self.is_class(other)
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements) if inside:
                for element in elements:
                    self.constant(self.resolved(element))
            case ast.Dict() if inside:
                self.looked_up(other)

    def looked_up(self, table: ast.expr) -> None:
        """Take in a table that the value is a key of."""
        for key in _keys(self.resolved(table)):
            self.constant(key)

    def is_class(self, other: ast.expr) -> None:
        """Take in that the value is a class, or compared with some."""
        self._uses.votes["type"] += 2
        for node in ast.walk(other):
            if isinstance(node, ast.Name):
                self._uses.classes.setdefault(node.id)

    def _searched(self, wanted: ast.expr) -> None:
        if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
            self._uses.votes["str"] += 1.5
            self._uses.votes["dict"] += 1
            self._uses.keys.setdefault(wanted.value)
        else:
            self._uses.votes["dict"] += 1
            self._uses.votes["list"] += 1

    def constant(self, node: ast.expr) -> None:
        """Take in a literal that the value is compared with."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            self._uses.constants.setdefault(unparsed(node))
            self._uses.votes[type(node.operand.value).__name__] += 2
        elif isinstance(node, ast.Constant):
            if node.value is None:
                self._uses.may_be_none = True
                return
            self._uses.constants.setdefault(unparsed(node))
            kind = type(node.value).__name__
            if kind in ("str", "int", "float", "bytes", "bool"):
                self._uses.votes[kind] += 2

    def resolved(self, node: ast.expr) -> ast.expr:
        """Return what the module binds to a name; all else as it is."""
        return self._scope.assigned.get(node.id, node) if isinstance(node, ast.Name) else node

    def matched(self, match: ast.AST) -> None:
        """Take in the cases of a match statement."""
        for node in ast.walk(match):
            if isinstance(node, ast.MatchValue):
                self.constant(node.value)
            elif isinstance(node, ast.MatchMapping):
                self._uses.votes["dict"] += 3
                for key in node.keys:
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        self._uses.keys.setdefault(key.value)
            elif isinstance(node, ast.MatchSequence):
                self._uses.votes["list"] += 2


def _keys(table: ast.expr, most: int = 12) -> Iterator[ast.expr]:
    if isinstance(table, ast.Dict):
        yield from (key for key in table.keys[:most] if key is not None)


def caught_around(node: ast.AST, parents: dict[int, ast.AST]) -> Iterator[str]:
    """Yield the names of exceptions that are caught where a node stands; `Exception` for a bare `except`."""
    inner = node
    while (outer := parents.get(id(inner))) is not None:
        if isinstance(outer, ast.Try) and inner in outer.body:
            for handler in outer.handlers:
                kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                for kind in kinds:
                    yield getattr(kind, "attr", getattr(kind, "id", "Exception"))
        inner = outer


def is_tested(call: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """Whether it is asked of the result of a call if it is true."""
    outer = parents.get(id(call))
    match outer:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return test is call
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.comprehension(ifs=tests):
            return call in tests
    return False
