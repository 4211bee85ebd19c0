"""Which of the project's own functions work with files, processes or the network, by reading alone.

A call may use them only where it is about them, and there its paths are looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pytest_codemode.core.exploring import Described
from pytest_codemode.edits.rules.relations import binding
from pytest_codemode.testgen.asking.importing import Importable
from pytest_codemode.testgen.asking.standard import FILE_MODULES
from pytest_codemode.testgen.inputs.scope import FunctionNode, Scope, called, scope_of, walked
from pytest_codemode.testgen.inputs.unfit import is_path_name, unfit

_DEPTH = 3
"""Modules through which calls are followed."""
_MOST_MODULES = 40
_MADE = ("__init__", "__new__", "__post_init__")
"""What runs when an object is made."""
PATH_METHODS = frozenset(
    {
        *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "rglob", "unlink", "rmdir", "mkdir"),
        *("symlink_to", "hardlink_to", "link_to", "is_file", "is_dir", "is_symlink", "lstat", "chmod", "lchmod"),
    }
)
"""Methods that only paths have."""
_ALSO_OF_PATHS = frozenset({"open", "exists", "stat", "touch", "rename", "replace", "glob", "walk"})
"""Methods that other things have too: they count where the receiver is called like a path."""
_TAKE_PATHS = frozenset({"rename", "symlink_to", "hardlink_to", "link_to", "joinpath", "with_name", "relative_to"})
_CONNECTS = frozenset({"subprocess", "socket", "requests", "httpx", "urllib", "smtplib", "ftplib", "multiprocessing"})


class Harm:
    """Answers for all own functions of a project, each looked at once.

    Args:
        importable: knows the project's modules.
    """

    def __init__(self, importable: Importable) -> None:
        self._importable = importable
        self._known: dict[tuple[str, str], bool] = {}
        self._scopes: dict[str, Scope] = {}
        self._sources: dict[frozenset[str], frozenset[str]] = {}

    def of(self, module: str, qualname: str, depth: int = _DEPTH) -> bool:
        """Return whether a function or class does harm outside a sandbox, if it is called with any arguments."""
        key = module, qualname
        if key not in self._known:
            self._known[key] = False  # of a circle the rest decides
            self._known[key] = self._found(module, qualname, depth)
        return self._known[key]

    def methods(self, modules: Iterable[str], name: str) -> bool:
        """Return whether what has that name does harm, in any class of one of the modules."""
        return any(self.of(module, f"{one}.{name}") for module in modules for one in self._scope(module).classes)

    def sources(self, modules: Iterable[str]) -> frozenset[str]:
        """Return modules, and those of the project that they take names from: whose methods their objects have."""
        asked = frozenset(modules)
        if asked not in self._sources:
            self._sources[asked] = self._reached(asked)
        return self._sources[asked]

    def _reached(self, modules: frozenset[str]) -> frozenset[str]:
        found = dict.fromkeys(sorted(modules))
        edge = list(found)
        for _ in range(_DEPTH):
            named = ((module, name) for module in edge for name in bound_by_imports(self._scope(module)))
            origins = (self._importable.origin(*one) for one in named)
            new = dict.fromkeys(one[0] for one in origins if one is not None and one[0] not in found)
            edge = list(new)[: max(_MOST_MODULES - len(found), 0)]
            found.update(dict.fromkeys(edge))
        return frozenset(found)

    def _scope(self, module: str) -> Scope:
        if module not in self._scopes:
            self._scopes[module] = scope_of(Described("", module, "", 0), self._importable.text(module) or "")
        return self._scopes[module]

    def _found(self, module: str, qualname: str, depth: int) -> bool:
        if depth <= 0:
            return True
        scope = self._scope(module)
        if qualname in scope.classes:
            made = [f"{qualname}.{name}" for name in _MADE if f"{qualname}.{name}" in scope.functions]
            bases = scope.classes[qualname].bases
            return any(self.of(module, one, depth) for one in made) or self._any_in(bases, module, scope, depth)
        function = scope.functions.get(qualname)
        if function is None:
            return self._any_in(_values(qualname, scope), module, scope, depth)
        text = self._importable.text(module) or ""
        nodes = (function, *scope.reached(function, depth=3))
        imported = bound_by_imports(scope)
        if unfit(Described("", module, qualname, 0), text) or any(touches(node, imported) for node in nodes):
            return True
        body = [part for node in nodes for part in node.body]  # what an annotation names is not called
        return any(self.of(*origin, depth - 1) for origin in self._origins(body, module, scope))

    def _origins(self, nodes: Iterable[ast.AST], module: str, scope: Scope) -> Iterator[tuple[str, str]]:
        """Yield (module, qualname) of what code names of other modules of the project."""
        imported = bound_by_imports(scope)
        for node in (inner for one in nodes for inner in ast.walk(one)):
            if not isinstance(node, ast.Name | ast.Attribute) or (root := root_of(node)) not in imported:
                continue
            parts = tuple(ast.unparse(node).split(".")[1:])
            origin = self._importable.origin(module, root)
            if origin is None:
                origin = imported[root] if self._importable.is_module(imported[root]) else root, ""
            if not origin[1]:
                inside, parts = self._importable.split(origin[0], parts)
                origin = self._importable.origin(inside, parts[0]) if parts else None
                parts = parts[1:]
            if origin is not None and origin != (module, root):
                yield origin[0], ".".join((origin[1], *parts))

    def _any_in(self, nodes: Iterable[ast.expr], module: str, scope: Scope, depth: int) -> bool:
        """Return whether something that does harm is named in expressions: handed on, or the base of a class."""
        known = tuple(nodes)
        imported = bound_by_imports(scope)
        names = {inner.id for node in known for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        bad = (FILE_MODULES | _CONNECTS) - {"io"}
        if "open" in names or any(imported.get(name, "").partition(".")[0] in bad for name in names):
            return True
        local = ((module, name) for name in names - imported.keys() if name in scope.functions or name in scope.classes)
        return any(self.of(*one, depth - 1) for one in (*local, *self._origins(known, module, scope)))


def _values(qualname: str, scope: Scope) -> Iterator[ast.expr]:
    """Yield what a module, or a class in it, binds to a name."""
    owner, _, name = qualname.rpartition(".")
    if not owner or owner not in scope.classes:
        first = qualname.partition(".")[0]  # what is asked of an object is found in what it was made of
        yield from (scope.assigned[one] for one in (first,) if one in scope.assigned)
        return
    for node in ast.walk(scope.classes[owner]):
        targets, value = binding(node)
        if value is not None and any(_named(one) == name for one in targets):
            yield value


def _named(target: ast.expr) -> str:
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def bound_by_imports(scope: Scope) -> dict[str, str]:
    """Return the names that imports of a file bind, wherever they stand -> where they come from, as `os.path`."""
    names: dict[str, str] = {}
    for node in scope.imports:
        if isinstance(node, ast.Import):
            names.update((one.asname or one.name.partition(".")[0], one.name) for one in node.names)
        else:
            names.update((one.asname or one.name, f"{node.module or '.'}.{one.name}") for one in node.names)
    return names


def touches(function: ast.AST, imported: dict[str, str]) -> bool:
    """Return whether a function itself opens, lists, writes or deletes files, starts processes or connects."""
    return any(isinstance(node, ast.Call) and _is_of_files(node, imported) for node in walked(function))


def _is_of_files(call: ast.Call, imported: dict[str, str]) -> bool:
    root = root_of(call.func)
    if root in imported and imported[root].partition(".")[0] in FILE_MODULES | _CONNECTS:
        return not imported[root].startswith("pathlib")  # a path alone is none
    if isinstance(call.func, ast.Name):
        return call.func.id == "open" and "open" not in imported
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method in PATH_METHODS:
        return True
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return method in _ALSO_OF_PATHS and _like_a_path(receiver)


def _like_a_path(node: ast.expr) -> bool:
    last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    inside = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return is_path_name(last) or bool(inside & {"Path", "pathlib"})


def is_path(parameter: str, function: FunctionNode, scope: Scope) -> bool:
    """Return whether what a function gets for a parameter may come to name a file; in doubt it does."""
    if is_path_name(parameter):
        return True
    names = _derived(parameter, function)
    imported = bound_by_imports(scope)
    return any(_holds(part, names) for node in walked(function) for part in _places(node, imported, scope))


def _derived(name: str, function: FunctionNode) -> frozenset[str]:
    """Return the names that are made of a name."""
    names = {name}
    for _ in range(5):
        before = len(names)
        for node in walked(function):
            targets, value = binding(node)
            if value is not None and _holds(value, names):
                names |= {inner.id for one in targets for inner in ast.walk(one) if isinstance(inner, ast.Name)}
        names.discard("self")
        if name == "self":
            names.add(name)
        if len(names) == before:
            break
    return frozenset(names)


def _places(node: ast.AST, imported: dict[str, str], scope: Scope) -> Iterator[ast.expr]:
    """Yield what stands where a path may be expected."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from (node.left, node.right)
    if isinstance(node, ast.Assign) and any(isinstance(target, ast.Attribute) for target in node.targets):
        yield node.value  # kept by an object: who knows what for
    if not isinstance(node, ast.Call):
        return
    root = root_of(node.func)
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    module = imported.get(root, "").partition(".")[0]
    last = node.func.attr if isinstance(node.func, ast.Attribute) else root
    own = any(name.rpartition(".")[2] == last and _works(one, imported, scope) for name, one in scope.functions.items())
    if own or last == "open" or last in _TAKE_PATHS or (root in imported and not _is_harmless(module)):
        yield from given
    if isinstance(node.func, ast.Attribute) and last in PATH_METHODS | _ALSO_OF_PATHS:
        yield node.func.value


def _works(function: FunctionNode, imported: dict[str, str], scope: Scope) -> bool:
    nodes = (function, *scope.reached(function, depth=3))
    return any(touches(node, imported) for node in nodes) or any(
        imported[name].startswith(".") or imported[name].partition(".")[0] not in _ONLY_VALUES
        for node in nodes
        for name in called(node)
        if name in imported
    )


def _is_harmless(module: str) -> bool:
    return module in _ONLY_VALUES


_ONLY_VALUES = frozenset(
    {
        *("json", "re", "math", "datetime", "time", "decimal", "hashlib", "logging", "string", "textwrap", "base64"),
        *("collections", "itertools", "functools", "operator", "typing", "dataclasses", "enum", "warnings", "html"),
    }
)


def _holds(node: ast.expr, names: frozenset[str] | set[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def root_of(node: ast.expr) -> str:
    """Return the name that a chain of attributes begins with, empty if it begins with none."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
