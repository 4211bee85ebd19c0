"""What may be called and never held: modules, functions, `monkeypatch`, methods of paths.

A value can be put away under another name, in a list, in an argument, where no rule finds it again. So all that gives
access to more than a value stands in the place of what is called, and nowhere else.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pytest_codemode.core.exploring import Described, Import
from pytest_codemode.testgen.asking.harm import Harm, root_of
from pytest_codemode.testgen.asking.importing import Importable
from pytest_codemode.testgen.asking.standard import FIXTURES

_ONE_OBJECT = {"setattr": 3, "delattr": 2, "setitem": 3, "delitem": 2}
"""Methods of `monkeypatch` that change something -> how many arguments they have."""


@dataclass(frozen=True, slots=True)
class Held:
    """A name of the project's that a call uses: where it is defined."""

    module: str
    name: str
    """As there; empty for a module."""


class Handles:
    """Judges the expressions of one call, in their order.

    Args:
        described: the function that is to be reached.
        importable: what may be imported.
        harm: which of the project's functions do harm.
        imports: of the call.
        fixtures: of the call.
        files: whether the function works with files.
    """

    def __init__(
        self,
        described: Described,
        importable: Importable,
        harm: Harm,
        imports: Sequence[Import],
        fixtures: Collection[str],
        *,
        files: bool,
    ) -> None:
        self._described = described
        self._own = described.qualname.rpartition(".")[2]
        self._target = described.module, described.qualname
        self._files = files
        self._importable = importable
        self._harm = harm
        self._imports = {one.bound: one for one in imports}
        self._fixtures = frozenset(fixtures)
        self._from_fixtures = set(fixtures)
        self._bound: set[str] = set()
        self._modules = {one.bound: one.bound for one in imports if not one.name}
        self._modules |= {
            one.bound: longer
            for one in imports
            if one.name and importable.is_module(longer := f"{one.module}.{one.name}")
        }
        self._objects = {name for name in fixtures if name not in FIXTURES}
        origins = (importable.origin(one.module, one.name) for one in imports if one.name)
        modules = (one.module for one in imports if importable.is_own_module(one.module))
        self._sources = harm.sources(
            [described.module, *modules, *(found[0] for found in origins if found is not None)]
        )

    def bind(self, name: str, value: ast.expr) -> None:
        """Note what a name of the setup stands for."""
        made = isinstance(value, ast.Dict) or (isinstance(value, ast.Call) and self._held(value.func) is not None)
        (self._objects.add if made else self._objects.discard)(name)
        self._bound.add(name)
        if _names(value) & self._from_fixtures:
            self._from_fixtures.add(name)

    def problems(self, tree: ast.expr) -> Iterator[str]:
        """Yield what an expression holds that it may only call, or calls that it may not."""
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        patched = {id(one) for node in ast.walk(tree) for one in self._patched(node)}
        yield from self._shadows(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from self._patches(node)
            if isinstance(node, ast.Name) and self._is_closed(node.id) and id(node) not in inner:
                yield f"`{node.id}` is no value: call a method of it"
            if isinstance(node, ast.Attribute):
                yield from self._of_fixture(node, id(node) in called)
            if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner and id(node) not in patched:
                yield from self._reference(node, id(node) in called)

    def _is_closed(self, name: str) -> bool:
        """Return whether a name is a fixture that is not handed on; a path is."""
        return name in FIXTURES and name in self._fixtures and name != "tmp_path"

    def _shadows(self, tree: ast.expr) -> Iterator[str]:
        """Yield names that stand for something else in a part of an expression: no rule could tell which is meant."""
        bound = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        bound |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        for name in sorted(bound & {*vars(builtins), *self._imports, *self._fixtures, *self._bound}):
            yield f"`{name}` is something else already: give it another name"

    def _of_fixture(self, node: ast.Attribute, called: bool) -> Iterator[str]:
        if node.attr.startswith("_") and node.attr != self._own and _names(node.value) & self._from_fixtures:
            yield f"`.{node.attr[:60]}` of a fixture may not be used here"
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        allowed = FIXTURES.get(name) if name in self._fixtures else None
        if allowed is not None and node.attr not in allowed:
            yield f"`{name}.{node.attr[:60]}` may not be used here; there are {', '.join(sorted(allowed))}"
        elif name == "monkeypatch" and not called:
            yield f"`monkeypatch.{node.attr}` is no value: call it"

    def _reference(self, node: ast.Name | ast.Attribute, called: bool) -> Iterator[str]:
        """Yield what is wrong with a name, or with a chain that begins with one."""
        root = root_of(node)
        parts = tuple(ast.unparse(node).split(".")[1:]) if root else ()
        if root in self._modules:
            if problem := self._importable.follow(self._modules[root], parts):
                yield problem
                return
        elif (
            root in self._imports
            and self._importable.is_third_party(self._imports[root].module)
            and root.islower()
            and parts
        ):
            yield f"`{root}.{parts[0]}` may not be used here: `{root}` may be a module"
        if self._is_loose(root, parts) and not called:
            yield f"`{ast.unparse(node)[:60]}` is no value here: call it"
        held = self._held(node)
        if held is not None:
            yield from self._own_name(held, node, called)
        if isinstance(node, ast.Attribute):
            yield from self._methods(node, called)

    def _is_loose(self, root: str, parts: tuple[str, ...]) -> bool:
        """Return whether a name or chain may be a module or a function of another package."""
        if root in self._modules:
            module, rest = self._importable.split(self._modules[root], parts)
            return bool(rest) and self._importable.is_third_party(module) and rest[0].islower()
        return self._may_be_module(root)

    def _may_be_module(self, name: str) -> bool:
        one = self._imports.get(name)
        return one is not None and bool(one.name) and self._importable.is_third_party(one.module) and name.islower()

    def _own_name(self, held: Held, node: ast.expr, called: bool) -> Iterator[str]:
        target = self._is_target(held)
        is_function = self._importable.is_function(held.module, held.name)
        if is_function and not called:
            yield f"`{ast.unparse(node)[:60]}` is no value here: call it, or write a lambda that does"
        elif not target and self._harm.of(held.module, held.name):
            yield f"`{ast.unparse(node)[:60]}` may not be used here: it works with files, processes or the network"

    def _is_target(self, held: Held) -> bool:
        made = self._own in ("__init__", "__new__", "__post_init__")
        wanted = self._described.qualname.rpartition(".")[0] if made else self._described.qualname
        return held.name == wanted and held.module in (self._described.module, "")

    def _methods(self, node: ast.Attribute, called: bool) -> Iterator[str]:
        """Yield what is wrong with a chain, if it may end with a method of the project's."""
        own = node.attr == self._own
        if own and not called and self._files and self._importable.is_function(*self._target):
            yield f"`.{node.attr}` is no value here: call it"
        names = tuple(ast.unparse(node).split(".")) if root_of(node) else (node.attr,)
        for name in names[1:] if root_of(node) else names:
            if name != self._own and self._harm.methods(self._sources, name):
                yield f"`.{name}` may not be used here: it works with files, processes or the network"

    def _held(self, node: ast.expr) -> Held | None:
        """Return what of the project's a name or chain stands for; without what is asked of it."""
        root = root_of(node)
        parts = tuple(ast.unparse(node).split(".")[1:]) if root else ()
        if root in self._modules:
            module, rest = self._importable.split(self._modules[root], parts)
        elif root in self._imports:
            module, rest = self._imports[root].module, (self._imports[root].name, *parts)
        else:
            return None
        if not rest:
            return Held(module, "") if self._importable.is_own_module(module) else None
        found = self._importable.origin(module, rest[0])
        return Held(found[0], ".".join((found[1], *rest[1:]))) if found is not None else None

    def _patched(self, node: ast.AST) -> Iterator[ast.expr]:
        """Yield the module that `monkeypatch.setattr` is given: it may be there, where `_patches` looks at it."""
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name(id="monkeypatch"), attr="setattr" | "delattr" | "setitem" | "delitem"
                ),
                args=[first, *_],
            ) if (held := self._held(first)) is not None:
                if not self._importable.is_function(held.module, held.name):
                    yield first

    def _patches(self, call: ast.Call) -> Iterator[str]:
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="monkeypatch"), attr=method), args=args):
                if method in _ONE_OBJECT:
                    yield from self._patch(method, args, _ONE_OBJECT[method])
                elif any(isinstance(one, ast.Starred) for one in args) or any(not one.arg for one in call.keywords):
                    yield f"`monkeypatch.{method}` is given its arguments one by one"

    def _patch(self, method: str, args: list[ast.expr], count: int) -> Iterator[str]:
        if len(args) != count or any(isinstance(one, ast.Starred) for one in args):
            yield f"`monkeypatch.{method}` is given an object or module of the project, a name, and what that needs"
            return
        first, name = args[0], args[1]
        held = self._held(first)
        if held is None and root_of(first) not in self._objects:
            yield f"`monkeypatch.{method}` may only change a module or an object of the project"
        if not isinstance(name, ast.Constant):
            yield f"`monkeypatch.{method}`: the name is written out"
        elif method.endswith("attr"):
            yield from self._patched_name(held, name.value)

    def _patched_name(self, held: Held | None, name: object) -> Iterator[str]:
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            yield "`monkeypatch` may only change public names"
        elif name in self._described.qualname.split("."):
            yield f"`{name}` is what is tested: it is not changed"
        elif held is not None and not held.name:
            origin = self._importable.origin(held.module, name)
            if origin is None or not origin[1]:
                yield f"`{held.module}.{name}` is not the project's own: it is not changed"


def _names(tree: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
