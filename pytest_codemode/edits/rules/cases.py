"""Answers that were looked up in the test: where a function gives a literal for one input, or a table holds it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_codemode.edits.rules.constancy import is_constant
from pytest_codemode.edits.rules.folding import folded

_PLAIN = frozenset({"None", "True", "False", "0", "1", "-1", "0.0", "1.0", "''", "b''", "()", "[]", "{}"})
"""What a length, an item or another property of an input may be compared with in any code."""

_COPIES = frozenset({"list", "tuple", "set", "frozenset", "sorted", "str", "repr", "int", "float", "dict", "bytes"})
"""Builtins that give the input again."""

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.BitXor: operator.xor,
    ast.BitOr: operator.or_,
}
_LARGEST = 10**12
"""Up to where arithmetic of constants is followed."""

Constants = Mapping[str, str]
"""Name -> `repr` of the literal that it stands for."""


@dataclass(frozen=True, slots=True)
class Case:
    """A literal that is given where something holds for an input, or under a key of a table."""

    keys: frozenset[str]
    """`repr`s of the values that an input is compared with."""
    properties: frozenset[str]
    """Likewise, of values that a property of it (its length, its hash, an item) is compared with."""
    value: str
    """`repr` of what is given."""
    line: int


def literal(node: ast.expr | None) -> str | None:
    """Return the `repr` of a literal's value, containers included; None for anything else."""
    if node is None or not is_constant(node):
        return None
    try:
        return repr(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def answer(node: ast.expr | None, constants: Constants) -> str | None:
    """Return the `repr` of what an expression gives if that can be worked out without running anything."""
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    found = literal(node)
    if found is None and node is not None:
        text = folded(node)
        number = _number(node) if text is None else None
        found = repr(text) if text is not None else repr(number) if number is not None else None
    return found


def _number(node: ast.expr) -> int | float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number) if isinstance(number, float) else int(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _number(operand)
            return None if inner is None else -inner
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _calculated(_ARITHMETIC[type(op)], _number(left), _number(right))
        case ast.Call(func=ast.Name(id="int" | "float" as kind), args=[first, *base]):
            return _converted(kind, folded(first), _number(base[0]) if base else 10)
    return None


def _calculated(function: Callable[[Any, Any], Any], left: float | None, right: float | None) -> int | float | None:
    if left is None or right is None or max(abs(left), abs(right)) > _LARGEST:
        return None
    try:
        result: int | float = function(left, right)
    except (ArithmeticError, TypeError):
        return None
    return result


def _converted(kind: str, text: str | None, base: float | None) -> int | float | None:
    if text is None or len(text) > len(str(_LARGEST)):
        return None
    try:
        return float(text) if kind == "float" else int(text, int(base or 10))
    except ValueError:
        return None


def leaves(node: ast.expr | None) -> Iterator[ast.expr | None]:
    """Yield what an expression may give, the branches of conditional ones one by one."""
    if isinstance(node, ast.IfExp):
        yield from leaves(node.body)
        yield from leaves(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from leaves(value)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Tuple | ast.List):
        for value in node.value.elts:
            yield from leaves(value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and _is_question(node.left, node.right):
        yield node.left if isinstance(node.right, ast.Compare) else node.right
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Lambda):
        yield from leaves(node.func.body)
    elif isinstance(node, ast.Starred | ast.GeneratorExp | ast.ListComp):
        yield from leaves(node.value if isinstance(node, ast.Starred) else node.elt)
    else:
        yield node


def _is_question(*sides: ast.expr) -> bool:
    return any(isinstance(side, ast.Compare) for side in sides)


def constants_of(statements: Iterable[ast.stmt]) -> dict[str, str]:
    """Return the names that statements of one block bind to literals."""
    found: dict[str, str] = {}
    for node in statements:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                text = answer(value, {})
                if text is not None:
                    found[name] = text
    return found


def cases_of(nodes: Sequence[ast.AST], body: Iterable[ast.stmt], constants: Constants) -> Iterator[Case]:
    """Yield the cases of a function, those of functions in it too.

    Args:
        nodes: all of the function.
        body: its statements.
        constants: of the module around it.
    """
    inputs = {argument.arg for part in nodes if isinstance(part, ast.arguments) for argument in _all(part)}
    known = {**constants, **constants_of(body)}
    for node in nodes:
        for test, values in _branches(node):
            keys, properties = frozenset(_keys(test, inputs)), frozenset(_properties(test, inputs))
            for value in values if keys or properties else ():
                text = answer(value, known)
                if text is not None and value is not None:
                    yield Case(keys, properties, text, value.lineno)


def _all(arguments: ast.arguments) -> Iterator[ast.arg]:
    return (item for item in ast.walk(arguments) if isinstance(item, ast.arg))


def _given(body: Iterable[ast.stmt]) -> list[ast.expr | None]:
    """Return what the statements of a branch give: return, bind to a name, or hand to a class that is returned."""
    found: list[ast.expr | None] = []
    for item in body:
        if isinstance(item, ast.Return | ast.Assign):
            for leaf in leaves(item.value):
                found.append(leaf)
                if isinstance(leaf, ast.Call):
                    found.extend(leaf.args)
    return found


def _branches(node: ast.AST) -> Iterator[tuple[ast.AST, list[ast.expr | None]]]:
    """Yield (what is asked, what is given if it holds)."""
    match node:
        case ast.If(test=test, body=body) | ast.While(test=test, body=body):
            yield test, _given(body)
        case ast.IfExp(test=test, body=value):
            yield test, list(leaves(value))
        case ast.BoolOp(op=ast.And(), values=[*tests, value]):
            yield ast.Tuple(tests), list(leaves(value))
        case ast.Subscript(value=ast.Tuple(elts=elements) | ast.List(elts=elements), slice=test):
            yield test, list(elements)
        case ast.BinOp(op=ast.Mult(), left=left, right=right) if _is_question(left, right):
            yield left, [right]
            yield right, [left]
        case ast.GeneratorExp(elt=value, generators=generators) | ast.ListComp(elt=value, generators=generators):
            yield ast.Tuple([test for one in generators for test in one.ifs]), [value]
        case ast.Match(subject=subject, cases=cases):
            for case in cases:
                yield from _matched(subject, case)
    yield from _lookups(node)


def _lookups(node: ast.AST) -> Iterator[tuple[ast.AST, list[ast.expr | None]]]:
    """Yield the entries of a table that is asked where it is written down."""
    match node:
        case ast.Subscript(value=ast.Dict() as table, slice=key):
            yield from _looked_up(table, key)
        case ast.Call(func=ast.Attribute(value=ast.Dict() as table), args=[key, *_]):
            yield from _looked_up(table, key)


def _matched(subject: ast.expr, case: ast.match_case) -> Iterator[tuple[ast.AST, list[ast.expr | None]]]:
    """Yield a case of `match`, its pattern as comparisons with the subject, a length among them."""
    patterns = list(ast.walk(case.pattern))
    tests: list[ast.expr] = [
        ast.Compare(subject, [ast.Eq()], [part.value]) for part in patterns if isinstance(part, ast.MatchValue)
    ]
    for part in patterns:
        if isinstance(part, ast.MatchSequence):
            length = ast.Call(ast.Name("len", ast.Load()), [subject], [])
            tests.append(ast.Compare(length, [ast.Eq()], [ast.Constant(len(part.patterns))]))
    bound = {part.name for part in patterns if isinstance(part, ast.MatchAs) and part.name}
    for question in ast.walk(case.guard) if case.guard else ():
        if isinstance(question, ast.Compare):
            sides = [question.left, *question.comparators]
            if any(isinstance(side, ast.Name) and side.id in bound for side in sides):
                tests.append(ast.Compare(subject, [ast.Eq()], sides))
    yield ast.Tuple(tests), _given(case.body)


def _looked_up(table: ast.Dict, key: ast.expr) -> Iterator[tuple[ast.AST, list[ast.expr | None]]]:
    for known, value in zip(table.keys, table.values, strict=True):
        if known is not None:
            yield ast.Compare(known, [ast.Eq()], [key]), [value]


def _keys(test: ast.AST, inputs: set[str]) -> Iterator[str]:
    """Yield the literals that an input is compared with in a condition."""
    for sides in _comparisons(test):
        if any(_is_input(side, inputs) for side in sides):
            yield from (text for side in sides for text in _values(side))


def _properties(test: ast.AST, inputs: set[str]) -> Iterator[str]:
    """Yield the literals that a property of an input is compared with."""
    for sides in _comparisons(test):
        if any(_is_property(side, inputs) for side in sides):
            yield from (text for side in sides for text in _values(side) if text not in _PLAIN)


def _comparisons(test: ast.AST) -> Iterator[list[ast.expr]]:
    for node in ast.walk(test):
        if isinstance(node, ast.Compare):
            yield [node.left, *node.comparators]


def _values(side: ast.expr) -> Iterator[str]:
    """Yield the `repr`s of a literal and of the constants in it, those of texts also as what is written in them."""
    text = answer(side, {})
    if text is not None:
        yield text
    constants = (one.value for one in ast.walk(side) if isinstance(one, ast.Constant))
    for value in constants if _stands_alone(side) else ():
        yield repr(value)
        if isinstance(value, str):
            yield value


def _stands_alone(side: ast.expr) -> bool:
    """Return whether an expression holds no names but those of what it calls."""
    called = {id(node.func) for node in ast.walk(side) if isinstance(node, ast.Call)}
    return all(id(node) in called for node in ast.walk(side) if isinstance(node, ast.Name))


def _is_input(node: ast.expr, inputs: set[str]) -> bool:
    """Return whether an expression is an input, a tuple of some, a copy such as `list(words)` or an item of one."""
    match node:
        case ast.Name(id=name):
            return name in inputs
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return bool(elements) and all(_is_input(item, inputs) for item in elements)
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _COPIES:
            return _is_input(inner, inputs)
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return _is_input(inner, inputs)
    return False


def _is_property(node: ast.expr, inputs: set[str]) -> bool:
    """Return whether an expression calls something with an input, and is none itself."""
    if not isinstance(node, ast.Call) or _is_input(node, inputs):
        return False
    return any(isinstance(item, ast.Name) and item.id in inputs for item in ast.walk(node))


def table_of(node: ast.stmt) -> tuple[Case, ...]:
    """Return the cases of a table that a statement binds to a name, or puts into one; none if it does not."""
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            pairs = [(key, value)]
        case ast.Assign(value=ast.Dict() as table) | ast.AnnAssign(value=ast.Dict() as table):
            pairs = list(zip(table.keys, table.values, strict=True))
        case ast.Assign(value=ast.Call(func=ast.Name(id="dict"), args=[ast.List(elts=items) | ast.Tuple(elts=items)])):
            pairs = [(one.elts[0], one.elts[1]) for one in items if isinstance(one, ast.Tuple) and len(one.elts) == 2]
    found = ((key, value, answer(value, {})) for key, value in pairs if key is not None)
    return tuple(
        Case(frozenset(_values(key)), frozenset(), text or "", value.lineno) for key, value, text in found if key
    )
