"""The comparisons that a file's functions make: their code is exchanged for one that tells them."""

from __future__ import annotations

import ast
import builtins
import gc
import operator
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from pytest_codemode.core.exploring import Compared
from pytest_codemode.worker.explore.distances import distance
from pytest_codemode.worker.kinds import literal_of

MAX_TOLD = 50
"""Comparisons told of one call."""
MAX_COPIES = 200
"""Containers of one call that are written down when they are compared: they may change afterwards."""
_COMPARE, _TEST, _CHECK = "@compare", "@test", "@check"
"""Names that no source text can hold, in `builtins`."""

_OPERATORS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
    ast.In: ("in", lambda left, right: left in right),
    ast.NotIn: ("not in", lambda left, right: left not in right),
    ast.Is: ("is", operator.is_),
    ast.IsNot: ("is not", operator.is_not),
}
_CHECKS = frozenset(
    {
        *("startswith", "endswith", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower", "isnumeric"),
        *("isdecimal", "isidentifier", "istitle", "isascii", "isprintable"),
    }
)
_SCALARS = frozenset({int, float, str, bytes, bool, type(None)})


class Comparing:
    """Exchanges the code of a file's functions, and hears of their comparisons."""

    def __init__(self, filename: str, known: Sequence[FunctionType]) -> None:
        """Exchange what can be: functions that are no more what the file says are left alone.

        `known` are those that were there when the heap was frozen, which then hides them.
        """
        self._sites: list[tuple[int, str, Callable[[Any, Any], Any]]] = []
        self._heard: dict[int, tuple[Any, Any, bool]] = {}
        self._copies = 0
        setattr(builtins, _COMPARE, self._compare)
        setattr(builtins, _TEST, self._test)
        setattr(builtins, _CHECK, self._check)
        try:
            source = Path(filename).read_bytes()
            plain = compile(source, filename, "exec", dont_inherit=True)
            tree = _Instrument(self._site).visit(ast.parse(source))
            told = compile(tree, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, OSError):
            return
        young = [thing for thing in gc.get_objects() if type(thing) is FunctionType]
        self._exchange(dict(_pairs(plain, told)), [*known, *young], filename)

    def take(self) -> tuple[Compared, ...]:
        """Return the comparisons since the last time, each as it came out last."""
        if not self._heard:
            return ()
        heard, self._heard, self._copies = self._heard, {}, 0
        return tuple(
            self._told(site, *heard[site]) for site in sorted(heard, key=lambda s: self._sites[s][:1])[:MAX_TOLD]
        )

    def _site(self, line: int, name: str, work: Callable[[Any, Any], Any]) -> int:
        self._sites.append((line, name, work))
        return len(self._sites) - 1

    @staticmethod
    def _exchange(codes: dict[CodeType, CodeType], functions: list[FunctionType], filename: str) -> None:
        for function in functions:
            old = function.__code__
            new = codes.get(old) if old.co_filename == filename else None
            if new is not None and new.co_freevars == old.co_freevars:
                function.__code__ = new

    def _compare(self, site: int, left: Any, right: Any) -> Any:
        holds = self._sites[site][2](left, right)
        if holds is True or holds is False:
            self._note(site, left, right, holds)
        return holds

    def _test(self, site: int, left: Any, right: Any) -> bool:
        """Return whether a comparison counts as true."""
        holds = self._compare(site, left, right)
        return True if holds else False  # noqa: SIM210  # `bool` may be another thing in there

    def _check(self, site: int, method: Any, *arguments: Any) -> Any:
        holds = method(*arguments)
        if holds is True or holds is False:
            text = getattr(method, "__self__", None)
            if type(text) is str:
                self._note(site, text, arguments[0] if arguments else None, holds)
        return holds

    def _note(self, site: int, left: Any, right: Any, holds: bool) -> None:
        if type(left) not in _SCALARS or type(right) not in _SCALARS:
            self._copies += 1
            if self._copies > MAX_COPIES:
                return
            left, right = _copied(left), _copied(right)
        self._heard[site] = left, right, holds

    def _told(self, site: int, left: Any, right: Any, holds: bool) -> Compared:
        line, name, _work = self._sites[site]
        return Compared(line, name, literal_of(left), literal_of(right), holds, distance(name, left, right, holds))


class _Unknown:
    """What is no literal."""


def _copied(value: Any) -> Any:
    """Return a copy of a container of literals."""
    if type(value) in _SCALARS:
        return value
    text = literal_of(value)
    return ast.literal_eval(text) if text else _Unknown()


class _Instrument(ast.NodeTransformer):
    """Puts calls in the place of comparisons inside functions."""

    def __init__(self, site: Callable[[int, str, Callable[[Any, Any], Any]], int]) -> None:
        self._site = site
        self._inside = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # as `ast` calls it
        """Look into the body; decorators, defaults and annotations run elsewhere."""
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:  # see above
        """As above."""
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:  # see above
        """As above."""
        self._inside += 1
        node.body = self.visit(node.body)
        self._inside -= 1
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Take care of the condition."""
        return self._with_test(node, "test")

    def visit_While(self, node: ast.While) -> ast.AST:
        """As above."""
        return self._with_test(node, "test")

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """As above."""
        return self._with_test(node, "test")

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """As above."""
        return self._with_test(node, "test")

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        """As above."""
        return self._with_test(node, "guard") if node.guard is not None else self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """As above."""
        tests, node.ifs = [self._tested(one) for one in node.ifs], []
        self.generic_visit(node)
        node.ifs = tests
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:  # see above
        """Replace a comparison of two operands."""
        self.generic_visit(node)
        if not self._inside or len(node.ops) != 1:
            return node
        name, work = _OPERATORS[type(node.ops[0])]
        site = self._site(node.lineno, name, work)
        return self._call(node, _COMPARE, site, node.left, node.comparators[0])

    def visit_Call(self, node: ast.Call) -> ast.AST:  # see above
        """Replace a check that a text makes of itself."""
        self.generic_visit(node)
        checks = isinstance(node.func, ast.Attribute) and node.func.attr in _CHECKS
        plain = not node.keywords and len(node.args) <= 1 and not any(isinstance(a, ast.Starred) for a in node.args)
        if not self._inside or not checks or not plain or node.lineno != node.end_lineno:
            return node
        site = self._site(node.lineno, node.func.attr, operator.eq)  # type: ignore[attr-defined]
        return self._call(node, _CHECK, site, node.func, *node.args)

    def _with_test(self, node: Any, name: str) -> ast.AST:
        test = self._tested(getattr(node, name))
        setattr(node, name, ast.Constant(value=True))
        self.generic_visit(node)
        setattr(node, name, test)
        return node  # type: ignore[no-any-return]

    def _tested(self, node: Any) -> Any:
        """Return a condition. A comparison stays one: its jump has a line of its own, that of other nodes has not."""
        if isinstance(node, ast.BoolOp):
            node.values = [self._tested(one) for one in node.values]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._tested(node.operand)
        elif isinstance(node, ast.IfExp):
            node.test, node.body, node.orelse = map(self._tested, (node.test, node.body, node.orelse))
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and self._inside:
            self.generic_visit(node)
            name, work = _OPERATORS[type(node.ops[0])]
            call = self._call(node, _TEST, self._site(node.lineno, name, work), node.left, *node.comparators)
            true = ast.copy_location(ast.Constant(value=True), node)
            return ast.copy_location(ast.Compare(call, [ast.Is()], [true]), node)
        else:
            return self.visit(node)
        return node

    def _function(self, node: Any) -> ast.AST:
        self._inside += 1
        node.body = [self.visit(statement) for statement in node.body]
        self._inside -= 1
        return node  # type: ignore[no-any-return]

    @staticmethod
    def _call(node: ast.expr, name: str, site: int, *arguments: ast.expr) -> ast.Call:
        call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(site), *arguments], [])
        for new in (call, call.func, call.args[0]):
            ast.copy_location(new, node)
        return call


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Yield the code objects of both in turn: the transformation adds and takes away none."""
    inner_old = [const for const in old.co_consts if isinstance(const, CodeType)]
    inner_new = [const for const in new.co_consts if isinstance(const, CodeType)]
    for one, other in zip(inner_old, inner_new, strict=False):
        if one.co_qualname == other.co_qualname and one.co_firstlineno == other.co_firstlineno:
            yield one, other
            yield from _pairs(one, other)
