"""What a function can see in its file: its own tree, the module's constants, the helpers it calls."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeGuard

from pytest_codemode.core.exploring import Described
from pytest_codemode.testgen.inputs.uses import Uses

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
STILL = frozenset(["lower", "upper", "strip", "casefold", "lstrip", "rstrip", "title", "replace", "copy"])
"""Methods that give nearly the same again: what is asked of their result is asked of the value."""
_DEPTH = 2
"""How far helpers of helpers are looked into."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A file, parsed, as one of its functions sees it."""

    module: ast.Module
    function: FunctionNode | None
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    """By qualname."""
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    """By qualname."""
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    """What the module binds to plain names."""
    imports: tuple[ast.Import | ast.ImportFrom, ...] = ()
    """All of the file, wherever they stand."""
    uses: dict[tuple[str, int], Uses] = field(default_factory=dict)
    """What was found out about parameters, by name and function: all targets of a file share it."""

    def helpers(self) -> tuple[FunctionNode, ...]:
        """Return the functions and methods of this file that the function reaches by name, itself left out."""
        return self.reached(self.function) if self.function is not None else ()

    def reached(self, start: FunctionNode, depth: int = _DEPTH) -> tuple[FunctionNode, ...]:
        """Return the functions of this file that are called from `start`, nearest first."""
        found: dict[int, FunctionNode] = {}
        edge: list[FunctionNode] = [start]
        for _ in range(depth):
            names = {name for node in edge for name in called(node)}
            edge = [
                node
                for qualname, node in self.functions.items()
                if qualname.rpartition(".")[2] in names and id(node) not in found and node is not start
            ]
            found.update((id(node), node) for node in edge)
        return tuple(found.values())

    def callee(self, call: ast.Call) -> tuple[FunctionNode, list[str]] | None:
        """Return the function of this file that is called by its name, and its parameters without the object."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        found = next((node for node in self.functions.values() if node.name == name), None)
        if found is None:
            return None
        parameters = [argument.arg for argument in (*found.args.posonlyargs, *found.args.args)]
        return found, parameters[1:] if parameters[:1] in (["self"], ["cls"]) else parameters


@lru_cache(maxsize=1_000)
def walked(node: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes of a function's tree, as `ast.walk` gives them."""
    return tuple(ast.walk(node))


@lru_cache(maxsize=1_000)
def parents_in(node: ast.AST) -> dict[int, ast.AST]:
    """Return what each node of a function's tree is part of, by the node's identity."""
    return {id(child): parent for parent in walked(node) for child in ast.iter_child_nodes(parent)}


def called(node: ast.AST) -> Iterator[str]:
    """Yield the names of all that is called, of methods the last part."""
    for inner in walked(node):
        if isinstance(inner, ast.Call):
            if isinstance(inner.func, ast.Name):
                yield inner.func.id
            elif isinstance(inner.func, ast.Attribute):
                yield inner.func.attr


def scope_of(described: Described, source: str) -> Scope:
    """Return the scope of a function; without a tree where the source does not parse or does not have it."""
    whole = _file(source)
    at_line = (node for node in whole.functions.values() if node.lineno == described.line)
    function = next(at_line, whole.functions.get(described.qualname))
    return Scope(whole.module, function, whole.classes, whole.functions, whole.assigned, whole.imports, whole.uses)


@lru_cache(maxsize=8)
def _file(source: str) -> Scope:
    """Return a file, parsed once for all its functions; nothing changes these trees."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Scope(ast.Module([], []), None)
    scope = Scope(
        module, None, imports=tuple(n for n in ast.walk(module) if isinstance(n, ast.Import | ast.ImportFrom))
    )
    _collect(module.body, "", scope)
    for node in module.body:
        for name, value in _bound(node):
            scope.assigned.setdefault(name, value)
    return scope


def _collect(body: list[ast.stmt], prefix: str, scope: Scope) -> None:
    for node in body:
        if isinstance(node, FunctionNode):
            name = prefix + node.name
            while name in scope.functions:  # a setter has the name of its property
                name += "'"
            scope.functions[name] = node
        elif isinstance(node, ast.ClassDef):
            scope.classes.setdefault(prefix + node.name, node)
            _collect(node.body, f"{prefix}{node.name}.", scope)
        elif isinstance(node, ast.If | ast.Try):
            _collect(node.body, prefix, scope)
            _collect(node.orelse, prefix, scope)


def _bound(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def reads(node: ast.AST, names: set[str], attributes: Collection[str]) -> TypeGuard[ast.expr]:
    """Whether a node reads one of the names, or one of the attributes of `self`."""
    if isinstance(node, ast.Name):
        return node.id in names and isinstance(node.ctx, ast.Load)
    return (
        isinstance(node, ast.Attribute)
        and node.attr in attributes
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and isinstance(node.ctx, ast.Load)
    )


def aliases(names: set[str], function: ast.AST) -> set[str]:
    """Return other names for the same value: `x = value`, `x = value or ""`."""
    found: set[str] = set()
    for node in walked(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for target, value in _assignments(node.targets[0], node.value):
                if isinstance(target, ast.Name) and isinstance(value, ast.Name) and value.id in names:
                    found.add(target.id)
    return found


def _assignments(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what gets which value, or nearly: of tuples each part, of `or` and `value.strip()` the first operand."""
    match target, value:
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from _assignments(one, other)
        case _, ast.BoolOp():
            yield from _assignments(target, value.values[0])
        case _, ast.Call(func=ast.Attribute(attr=name, value=inner)) if name in STILL:
            yield target, inner
        case _:
            yield target, value
