"""What the names of a module stand for: imports under any alias, builtins where nothing shadows them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_codemode.edits.rules.tables import BUILTINS

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Names:
    """What is bound in a module."""

    aliases: dict[str, str]
    """Name -> dotted name it was imported as; relative imports keep their dots."""
    modules: frozenset[str]
    """Those of the aliases that `import x` made: surely modules."""
    bound: frozenset[str]
    """Names that the module itself assigns or defines at its top level."""

    def dotted(self, node: ast.expr, local: frozenset[str]) -> str:
        """Return the dotted name an expression stands for, ``""`` if it is no name of an import or a builtin."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in local:
            return ""
        root = self.aliases.get(node.id, "")
        if not root and node.id in BUILTINS and node.id not in self.bound:
            root = f"builtins.{node.id}"
        return ".".join((root, *reversed(parts))) if root else ""


def module_names(tree: ast.AST) -> Names:
    """Return what a module binds; imports anywhere in it count."""
    aliases: dict[str, str] = {}
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                aliases[bound] = alias.name if alias.asname else bound
                modules.add(bound)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            aliases |= {alias.asname or alias.name: member(base, alias.name) for alias in node.names}
    bound_here = frozenset(_stored(tree)) - aliases.keys()
    return Names(aliases, frozenset(modules), bound_here)


def member(base: str, name: str) -> str:
    """Return the dotted name of what `from base import name` imports."""
    return base + name if base.endswith(".") else f"{base}.{name}"


def merged(first: Names, second: Names) -> Names:
    """Return the names of a module of which `second` is a new part."""
    return Names(first.aliases | second.aliases, first.modules | second.modules, first.bound | second.bound)


def locals_of(node: ast.AST) -> frozenset[str]:
    """Return the names a function binds itself: parameters and assignments, imports and `global` names excluded."""
    if not isinstance(node, _FUNCTIONS):
        return frozenset()
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = {item.arg for item in (*named, arguments.vararg, arguments.kwarg) if item is not None}
    body = node.body if isinstance(node.body, list) else []
    for statement in body:
        names.update(_stored(statement, itself=True))
    return frozenset(names)


def stored(tree: ast.AST) -> frozenset[str]:
    """Return the names that the outermost scope of a tree assigns or defines."""
    return frozenset(_stored(tree))


def _stored(tree: ast.AST, *, itself: bool = False) -> Iterator[str]:
    """Yield the names stored in a scope, without those of the scopes in it."""
    waiting = [tree] if itself else list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
