"""Which names a model's calls may import, by reading alone: what the project defines, and harmless standard modules.

`from shop import os` would be a way around every rule: what a module has only because it imports it is not its own.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from pytest_codemode.core.exploring import Import
from pytest_codemode.core.own_code import module_name
from pytest_codemode.testgen.asking.standard import ANY, MODULES, is_risky

_DEPTH = 5
"""Modules through which a name may be handed on."""

Read = Callable[[str], str | None]
"""Returns the text of one of the project's files."""


class Importable:
    """What can be imported.

    Args:
        paths: of the project's own files.
        read: their texts.
        named: module -> path, where a module is known to have another name than its path says.
        foreign: (module, name) of what the project itself takes from elsewhere, name empty for the module.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        read: Read,
        named: Mapping[str, str],
        foreign: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        self._read = read
        listing = frozenset(paths)
        self._modules = {**{module_name(path, listing): path for path in paths}, **named}
        self._foreign = frozenset(one for one in foreign if one[0].partition(".")[0] not in sys.stdlib_module_names)

    def problem(self, item: Import) -> str:
        """Return why an import is not taken, as one phrase; empty if it is."""
        if item.module in self._modules:
            return "" if not item.name or self.is_own(item.module, item.name) else self._not_there(item)
        if item.module in MODULES:
            fine = not item.name or _is_public(item.module, item.name)
            return "" if fine else f"`{item.module}.{item.name}` may not be used here"
        if item.name and is_risky(item.module, item.name):
            return f"`{item.module}.{item.name}` may not be used here: it may work with files, processes or the network"
        if (item.module, item.name) in self._foreign or (not item.name and self._is_foreign_module(item.module)):
            return ""
        if self._is_foreign_module(item.module):
            return (
                f"`{item.module}.{item.name}` may not be used here: the project's own file does not take it from there"
            )
        return f"the module `{item.module}` may not be imported here"

    def is_third_party(self, module: str) -> bool:
        """Return whether a module is neither the project's nor of the standard library."""
        return module not in self._modules and module not in MODULES

    def is_function(self, module: str, qualname: str) -> bool:
        """Return whether a module of the project defines a function of that name, a method as `Cart.total`."""
        body = _parsed(self.text(module) or "").body
        *classes, name = qualname.split(".")
        for one in classes:
            found = [node for node in body if isinstance(node, ast.ClassDef) and node.name == one]
            body = found[-1].body if found else []
        functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return any(node.name == name and not _is_property(node) for node in functions)

    def follow(self, module: str, parts: tuple[str, ...]) -> str:
        """Return why `module.part.part...` may not be used, empty if it may.

        What stands behind the first name that is no module is the name's own business.
        """
        for place, part in enumerate(parts, 1):
            longer = f"{module}.{part}"
            if not self.is_module(longer):
                item = Import(module, part)
                if parts[place:] and self.is_third_party(module) and part.islower():
                    return f"`{longer}.{parts[place]}` may not be used here: `{part}` may be a module"
                return self.problem(item)
            module = longer
        return f"`{module}` is a module: use a name of it"

    def split(self, module: str, parts: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Return the last module of a chain, and what is asked of it."""
        while parts and self.is_module(longer := f"{module}.{parts[0]}"):
            module, parts = longer, parts[1:]
        return module, parts

    def is_own_module(self, module: str) -> bool:
        """Return whether a dotted name is a module of the project."""
        return module in self._modules

    def _is_foreign_module(self, module: str) -> bool:
        return any(one == module or one.startswith(f"{module}.") for one, _ in self._foreign)

    def is_module(self, module: str) -> bool:
        """Return whether a dotted name begins one of the project's modules or of those that may be used."""
        start = f"{module}."
        known = (*self._modules, *MODULES, *(name for name, _ in self._foreign))
        return any(one == module or one.startswith(start) for one in known)

    def text(self, module: str) -> str | None:
        """Return the text of a module of the project; of a relative one by the last part of its name."""
        path = self._modules.get(module) or next(
            (path for name, path in self._modules.items() if name.endswith(f".{module}")), None
        )
        return self._read(path) if path is not None else None

    def is_own(self, module: str, name: str) -> bool:
        """Return whether a module of the project defines a name, or takes it from one that does."""
        return self.origin(module, name) is not None

    def origin(self, module: str, name: str, depth: int = _DEPTH) -> tuple[str, str] | None:
        """Return the module of the project that defines a name, and its name there; None: it is not the project's.

        Of a module that is asked of its package the name is empty.
        """
        path = self._modules.get(module)
        text = self._read(path) if path is not None else None
        if path is None or text is None or depth <= 0:
            return None
        if f"{module}.{name}" in self._modules:
            return f"{module}.{name}", ""
        package = path.endswith("__init__.py")
        for bound, source, original in _bindings(text):
            if bound not in (name, "*"):
                continue
            if source is None:
                return module, name
            origin = _absolute(source, module, package)
            if bound != "*" and original and f"{origin}.{original}" in self._modules:
                return f"{origin}.{original}", ""
            if (bound == "*" or original) and (found := self.origin(origin, original or name, depth - 1)):
                return found
        return None

    def _not_there(self, item: Import) -> str:
        return f"`{item.module}` defines no `{item.name}` of its own"


def _is_public(module: str, name: str) -> bool:
    allowed = MODULES[module]
    if allowed is not ANY:
        return name in allowed
    last = module.rpartition(".")[2]
    return not name.startswith("_") and (name == last or name not in _MODULE_NAMES)


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


_MODULE_NAMES = frozenset(sys.stdlib_module_names) - {"copy", "array", "bisect", "calendar", "statistics"}


def foreign_imports(text: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of a file's absolute imports; name empty for the module itself."""
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names if alias.name != "*")


def taken_from_others(text: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of what a file takes by its imports, and by `module.name` from what they bind."""
    yield from foreign_imports(text)
    tree = _parsed(text)
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            tops = (alias.name.partition(".")[0] for alias in node.names)
            bound |= {
                alias.asname or top: alias.name if alias.asname else top
                for alias, top in zip(node.names, tops, strict=True)
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner and (root := _root(node)) in bound:
            parts = (bound[root] + ast.unparse(node).removeprefix(root)).split(".")
            # What begins with a capital is a class or a constant: what is asked of it is its own business.
            end = next((place for place, part in enumerate(parts, 1) if not part.islower()), len(parts))
            yield ".".join(parts[: end - 1]), parts[end - 1]


@lru_cache(maxsize=256)
def _bindings(text: str) -> tuple[tuple[str, str | None, str], ...]:
    """Return (name, module it comes from, its name there) of what a module binds; its own have no module."""
    tree = _parsed(text)
    found = list(_bound(tree.body))
    taken = {name for name, source, _ in found if source is not None}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _root(node.value) in taken:
            # `run = subprocess.run`: handed on under another name
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            gone = {target.id for target in targets if isinstance(target, ast.Name)}
            found = [one for one in found if one[0] not in gone]
    return tuple(found)


def _bound(body: list[ast.stmt]) -> Iterator[tuple[str, str | None, str]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, None, ""
            case ast.Assign(targets=targets):
                names = (inner for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name))
                yield from ((inner.id, None, "") for inner in names)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, None, ""
            case ast.Import(names=aliases):
                yield from ((alias.asname or alias.name.partition(".")[0], alias.name, "") for alias in aliases)
            case ast.ImportFrom(names=aliases):
                source = "." * node.level + (node.module or "")
                yield from (
                    ("*", source, "") if alias.name == "*" else (alias.asname or alias.name, source, alias.name)
                    for alias in aliases
                )
            case ast.If() | ast.Try():
                for part in ("body", "orelse", "finalbody"):
                    yield from _bound(getattr(node, part, []))
                for handler in getattr(node, "handlers", []):
                    yield from _bound(handler.body)


def _absolute(source: str, module: str, package: bool) -> str:
    level = len(source) - len(source.lstrip("."))
    if not level:
        return source
    parts = module.split(".")
    base = parts[: len(parts) - level + package]
    return ".".join((*base, source[level:])) if source[level:] else ".".join(base)


def _root(node: ast.expr | None) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
