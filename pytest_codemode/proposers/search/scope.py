"""Which names mean something at a place in a file, and which attributes an object is known to have."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from pytest_codemode.proposers.search.source import Definition, Function, SourceFile


def parameters(function: Function | ast.Lambda) -> list[str]:
    """Return the names of all parameters in order."""
    args = function.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    extra = [arg for arg in (args.vararg, args.kwarg) if arg]
    return [arg.arg for arg in (*named, *extra)]


def local_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body without those of functions and classes inside it."""
    stack = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, Definition | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))


def bound_names(function: ast.AST) -> dict[str, int]:
    """Return the names that a function or module binds -> the first line that does so."""
    found: dict[str, int] = {}
    if isinstance(function, Function):
        found.update(dict.fromkeys(parameters(function), function.lineno))
    for node in local_nodes(function):
        for name, line in _bindings(node):
            found[name] = min(line, found.get(name, line))
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, node.lineno
    elif isinstance(node, Definition):
        yield node.name, node.lineno
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], node.lineno
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, node.lineno


class Scope:
    """Names of one file."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._locals: dict[ast.AST, dict[str, int]] = {}
        self._unread: dict[ast.AST, frozenset[str]] = {}
        self._members: dict[ast.ClassDef, list[str]] = {}

    @cached_property
    def module_names(self) -> tuple[str, ...]:
        """Names bound at module level, in order."""
        names = bound_names(self._source.tree)
        return tuple(sorted((name for name in names if name != "*"), key=lambda name: names[name]))

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each name and attribute is used in the file."""
        found: Counter[str] = Counter()
        for node in self._source.nodes:
            if isinstance(node, ast.Name):
                found[node.id] += 1
            elif isinstance(node, ast.Attribute):
                found[node.attr] += 1
        return found

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The numbers that the file writes out, each once."""
        nodes = (node.value for node in self._source.nodes if isinstance(node, ast.Constant))
        return tuple(dict.fromkeys(value for value in nodes if type(value) in (int, float)))  # type: ignore[misc]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The short texts that the file writes out, sorted."""
        nodes = (node.value for node in self._source.nodes if isinstance(node, ast.Constant))
        return tuple(sorted({value for value in nodes if isinstance(value, str) and len(value) < 80}))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The texts by which the file looks something up in a mapping or writes one out, sorted."""
        found: set[ast.AST | None] = set()
        for node in self._source.nodes:
            if isinstance(node, ast.Dict):
                found.update(node.keys)
            elif isinstance(node, ast.Subscript):
                found.add(node.slice)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                found.update(node.args[:1] if node.func.attr in ("get", "pop", "setdefault") else ())
        values = (node.value for node in found if isinstance(node, ast.Constant))
        return tuple(sorted({value for value in values if isinstance(value, str) and 0 < len(value) < 40}))

    @cached_property
    def attributes_of_names(self) -> dict[str, tuple[str, ...]]:
        """Name -> the attributes that the file reads of it."""
        found: dict[str, dict[str, None]] = {}
        for node in self._source.nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.setdefault(node.value.id, {})[node.attr] = None
        return {name: tuple(attributes) for name, attributes in found.items()}

    @cached_property
    def attributes_read(self) -> tuple[str, ...]:
        """Attributes that the file reads without calling them, in order."""
        called = {node.func for node in self._source.nodes if isinstance(node, ast.Call)}
        found = (node.attr for node in self._source.nodes if isinstance(node, ast.Attribute) and node not in called)
        return tuple(dict.fromkeys(found))

    def locals_of(self, function: Function) -> dict[str, int]:
        """Return names bound in `function` -> line of the first binding."""
        if function not in self._locals:
            self._locals[function] = bound_names(function)
        return self._locals[function]

    def unread(self, function: Function) -> frozenset[str]:
        """Return names that `function` binds (parameters too) and nothing in it reads: often the one that was meant."""
        if function not in self._unread:
            nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
            read = {node.id for node in nodes if isinstance(node.ctx, ast.Load)}
            self._unread[function] = frozenset(self.locals_of(function)) - read - {"self", "cls", "_"}
        return self._unread[function]

    @cached_property
    def unread_attributes(self) -> frozenset[str]:
        """Attributes that the file sets on `self` and never reads."""
        nodes = [node for node in self._source.nodes if isinstance(node, ast.Attribute)]
        read = {node.attr for node in nodes if isinstance(node.ctx, ast.Load)}
        return frozenset(node.attr for node in nodes if is_self(node.value) and node.attr not in read)

    def visible_locals(self, node: ast.AST) -> tuple[str, ...]:
        """Return names of enclosing functions bound before `node`, innermost function and latest binding first."""
        line = getattr(node, "lineno", 0)
        found: dict[str, None] = {}
        function = self._source.function_of(node)
        while function is not None:
            names = self.locals_of(function)
            inside = [name for name, bound in names.items() if bound <= line or function is not node]
            found.update(dict.fromkeys(sorted(inside, key=lambda name: -names[name])))
            outer = self._source.enclosing(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            function = outer if isinstance(outer, Function) else None
        found.update(dict.fromkeys(self._comprehension_names(node)))
        return tuple(found)

    def _comprehension_names(self, node: ast.AST) -> Iterator[str]:
        current: ast.AST | None = node
        while current is not None and not isinstance(current, ast.stmt):
            if isinstance(current, ast.Lambda):
                yield from parameters(current)
            for generator in getattr(current, "generators", ()):
                yield from (part.id for part in ast.walk(generator.target) if isinstance(part, ast.Name))
            current = self._source.parents.get(current)

    def visible(self, node: ast.AST) -> tuple[str, ...]:
        """Return local names, then names of the module."""
        return tuple(dict.fromkeys((*self.visible_locals(node), *self.module_names)))

    def members(self, owner: ast.ClassDef) -> tuple[str, ...]:
        """Return attributes and methods of a class: what its body binds and what is set on `self`."""
        if owner not in self._members:
            found = dict.fromkeys(name for name in bound_names(owner) if not name.startswith("__"))
            for node in ast.walk(owner):
                if isinstance(node, ast.Attribute) and is_self(node.value) and isinstance(node.ctx, ast.Store):
                    found[node.attr] = None
            self._members[owner] = list(found)
        return tuple(self._members[owner])

    def methods(self, owner: ast.ClassDef) -> frozenset[str]:
        """Return the names of functions in the body of a class, properties left out."""
        return frozenset(
            node.name
            for node in owner.body
            if isinstance(node, Function) and not any(_is_property(item) for item in node.decorator_list)
        )


def _is_property(decorator: ast.expr) -> bool:
    name = decorator.id if isinstance(decorator, ast.Name) else getattr(decorator, "attr", "")
    return name in ("property", "cached_property", "setter")


def is_self(node: ast.AST) -> bool:
    """Whether `node` is the name `self` or `cls`."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")
