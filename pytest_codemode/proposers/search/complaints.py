"""What the text of an exception complains of: from each known message to the expressions of the line it may mean."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeGuard

Trouble = Literal["none", "key", "index", "zero", "empty", "type"]
"""What is wrong with the value: it is None, lacks the key, is too short, is zero, is empty, has the wrong type."""


class Finding(NamedTuple):
    """An expression that may be meant."""

    node: ast.expr
    use: ast.AST
    other: str = ""
    """What the use wants instead: the other operand's type, an attribute."""
    actual: str = ""
    """The type of the value, where the pattern has no group `type`."""


_ITERATED = "list tuple set sorted sum min max any all enumerate zip map filter dict reversed iter extend update join"
_ITERATING = frozenset(_ITERATED.split())
"""Functions and methods that iterate over an argument."""
_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "|": ast.BitOr,
    "&": ast.BitAnd,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
}
_ORDERINGS: dict[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE}


def _receivers(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == groups["name"]:
            yield Finding(node.value, node, node.attr)


def _subscripted(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    yield from (Finding(node.value, node) for node in nodes if isinstance(node, ast.Subscript))


def _iterated(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield Finding(node.iter, node)
        elif isinstance(node, ast.Starred | ast.YieldFrom) or _unpacks(node):
            yield Finding(node.value, node)
        elif isinstance(node, ast.Call) and _name(node) in _ITERATING:
            yield from (Finding(arg, node) for arg in node.args if not isinstance(arg, ast.Starred))


def _unpacks(node: ast.AST) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List)


def _searched(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Compare):
            pairs = zip(node.ops, node.comparators, strict=True)
            yield from (Finding(right, node) for op, right in pairs if isinstance(op, ast.In | ast.NotIn))


def _called(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    yield from (Finding(node.func, node) for node in nodes if isinstance(node, ast.Call))


def _measured(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node) == "len" and node.args:
            yield Finding(node.args[0], node)


def _arguments(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    name = groups.get("callee") or ""
    for node in nodes:
        if isinstance(node, ast.Call) and (not name or _name(node) == name):
            yield from (Finding(arg, node) for arg in node.args if not isinstance(arg, ast.Starred))
            yield from (Finding(word.value, node) for word in node.keywords)


def _operated(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    """Operands of the operation whose type is `NoneType`; else both, each with the other's type."""
    symbol, left, right = groups["op"].split(" ")[0].rstrip("="), groups["left"], groups["right"]
    for node in nodes:
        for sides in _sides(node, _OPERATORS.get(symbol)):
            for side, mine, other in ((sides[0], left, right), (sides[1], right, left)):
                if mine == "NoneType" or "NoneType" not in (left, right):
                    yield Finding(side, node, other, mine)


def _sides(node: ast.AST, wanted: type[ast.operator] | None) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.BinOp) and (wanted is None or isinstance(node.op, wanted)):
        yield node.left, node.right
    elif isinstance(node, ast.AugAssign) and (wanted is None or isinstance(node.op, wanted)):
        yield node.target, node.value


def _concatenated(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    for node in nodes:
        for _, right in _sides(node, ast.Add):
            yield Finding(right, node, groups["wanted"])


def _ordered(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    left, right = groups["left"], groups["right"]
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node) in ("max", "min") and len(node.args) > 1:
            yield from (Finding(arg, node, "int", "str") for arg in node.args if "str" in (left, right))
        if not isinstance(node, ast.Compare):
            continue
        terms = [node.left, *node.comparators]
        for index, op in enumerate(node.ops):
            if isinstance(op, _ORDERINGS[groups["op"]]):
                for side, mine, other in ((terms[index], left, right), (terms[index + 1], right, left)):
                    if mine == "NoneType" or "NoneType" not in (left, right):
                        yield Finding(side, node, other, mine)


def _keyed(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    """Subscripts, those whose written key is another one left out."""
    wanted = groups["key"]
    for node in nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            constant = node.slice
            if not isinstance(constant, ast.Constant) or repr(constant.value) == wanted:
                yield Finding(node.value, node)


def _indexed(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            yield Finding(node.value, node)


def _divisors(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        for operator in (ast.Div, ast.FloorDiv, ast.Mod):
            yield from (Finding(right, node) for _, right in _sides(node, operator))
        if isinstance(node, ast.Call) and _name(node) == "divmod" and len(node.args) == 2:
            yield Finding(node.args[1], node)


def _emptied(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node) == groups["callee"]:
            if isinstance(node.func, ast.Attribute):
                yield Finding(node.func.value, node)
            elif len(node.args) == 1:
                yield Finding(node.args[0], node)


def _positions(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Constant):
            yield Finding(node.slice, node, "int")


def _hashed(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Subscript):
            yield Finding(node.slice, node, "hash")
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            yield Finding(node.left, node, "hash")
        elif isinstance(node, ast.Call) and _name(node) in ("add", "get", "setdefault", "pop", "discard", "hash"):
            yield from (Finding(arg, node, "hash") for arg in node.args[:1])
        elif isinstance(node, ast.Call) and _name(node) in ("set", "frozenset", "Counter"):
            yield from (Finding(arg, node, "hash items") for arg in node.args[:1])


def _joined(nodes: Iterable[ast.AST], groups: Mapping[str, str]) -> Iterator[Finding]:
    del groups
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node) == "join" and len(node.args) == 1:
            yield Finding(node.args[0], node, "str items")


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


Find = Callable[[Sequence[ast.AST], Mapping[str, str]], Iterable[Finding]]
_TYPES = r"'(?P<left>[\w.]+)' and '(?P<right>[\w.]+)'"
RULES: tuple[tuple[str, str, Find, Trouble], ...] = (
    ("AttributeError", r"'(?P<type>[\w.]+)' object has no attribute '(?P<name>\w+)'", _receivers, "type"),
    ("TypeError", r"'(?P<type>[\w.]+)' object is not subscriptable", _subscripted, "type"),
    ("TypeError", r"'(?P<type>[\w.]+)' object does(?:n't| not) support item", _subscripted, "type"),
    ("TypeError", r"argument of type '(?P<type>[\w.]+)' is not", _searched, "type"),
    ("TypeError", r"cannot unpack non-iterable (?P<type>[\w.]+) object", _iterated, "type"),
    ("TypeError", r"'(?P<type>[\w.]+)' object is not iterable", _iterated, "type"),
    ("TypeError", r"must be an iterable, not (?P<type>\w+)", _iterated, "type"),
    ("TypeError", r"'(?P<type>[\w.]+)' object is not callable", _called, "type"),
    ("TypeError", r"object of type '(?P<type>[\w.]+)' has no len", _measured, "type"),
    ("TypeError", rf"unsupported operand type\(s\) for (?P<op>.+?): {_TYPES}", _operated, "type"),
    ("TypeError", rf"'(?P<op>[<>]=?)' not supported between instances of {_TYPES}", _ordered, "type"),
    ("TypeError", r"can only concatenate (?P<wanted>\w+) \(not \"(?P<type>[\w.]+)\"\)", _concatenated, "type"),
    ("TypeError", r"sequence item \d+: expected str instance, (?P<type>[\w.]+) found", _joined, "type"),
    ("TypeError", r"indices must be integers(?: or slices)?, not '?(?P<type>[\w.]+)", _positions, "type"),
    ("TypeError", r"unhashable type: '(?P<type>[\w.]+)'", _hashed, "type"),
    ("TypeError", r"'(?P<type>[\w.]+)' object cannot be interpreted as an integer", _arguments, "type"),
    ("TypeError", r"(?P<callee>\w+)\(\) argument.* not '?(?P<type>NoneType)'?", _arguments, "type"),
    ("TypeError", r"not '?(?P<type>NoneType)'?", _arguments, "type"),
    ("KeyError", r"^(?P<key>.+)$", _keyed, "key"),
    ("IndexError", r"(?P<callee>pop) from (?:an )?empty", _emptied, "empty"),
    ("IndexError", r"index out of range", _indexed, "index"),
    ("ZeroDivisionError", r"", _divisors, "zero"),
    ("ValueError", r"(?P<callee>max|min)\(\) (?:arg|iterable argument) is (?:an )?empty", _emptied, "empty"),
)
"""Exception, pattern of its message, who is meant, and the trouble where the type is not `NoneType`."""
