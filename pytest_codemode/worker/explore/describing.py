"""What can be called in a file: found in its source, looked up in the live module."""

from __future__ import annotations

import ast
import contextlib
import enum
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pytest_codemode.core.exploring import ANY, CallableKind, Described, Flavour, Parameter, Shape
from pytest_codemode.worker.executed import foreign
from pytest_codemode.worker.explore.shaping import Shaper, hints_of

MAX_CALLABLES = 1_000
MAX_DOC = 4_000

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Place:
    """A definition in the source."""

    qualname: str
    line: int
    is_class: bool
    decorated_from: int
    """Its first line, decorators included."""


def describe(
    module: ModuleType, path: str, filename: str, root: str, fixtures: Callable[[Iterable[str]], tuple[str, ...]]
) -> list[Described]:
    """Return the callables of a file, in its order.

    Args:
        module: as imported.
        path: of the file, relative to rootdir.
        filename: the same, absolute.
        root: absolute rootdir.
        fixtures: returns those of some names that the project has fixtures for.
    """
    describer = _Describer(module, path, filename, root, fixtures)
    tree = ast.parse(Path(filename).read_bytes())
    places = list(_places(tree.body, ""))
    found = (describer.described(place) for place in _once(places, describer))
    return [one for one in found if one is not None][:MAX_CALLABLES]


def _places(body: Iterable[ast.stmt], prefix: str) -> Iterator[_Place]:
    for node in body:
        if isinstance(node, _Function):
            yield _Place(f"{prefix}{node.name}", node.lineno, False, _first(node))
        elif isinstance(node, ast.ClassDef):
            yield _Place(f"{prefix}{node.name}", node.lineno, True, _first(node))
            yield from _places(node.body, f"{prefix}{node.name}.")
        else:
            for name in ("body", "orelse", "finalbody"):
                yield from _places(getattr(node, name, ()), prefix)
            for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _places(handler.body, prefix)


def _first(node: _Function | ast.ClassDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _once(places: list[_Place], describer: _Describer) -> Iterator[_Place]:
    """Yield of several definitions of one name the one that is live: none is a property's setter or an overload."""
    by_name: dict[str, list[_Place]] = {}
    for place in places:
        by_name.setdefault(place.qualname, []).append(place)
    for name, same in by_name.items():
        line = describer.first_line(name)
        live = [place for place in same if place.decorated_from == line]
        yield (live or same[-1:])[0]


class _Describer:
    def __init__(
        self,
        module: ModuleType,
        path: str,
        filename: str,
        root: str,
        fixtures: Callable[[Iterable[str]], tuple[str, ...]],
    ) -> None:
        self._module = module
        self._path = path
        self._filename = filename
        self._root = root
        self._fixtures = fixtures
        self._owners: dict[type, Shape] = {}
        self._lines = Path(filename).read_text("utf-8", "replace").splitlines()

    def first_line(self, qualname: str) -> int:
        """Return the first line of the live function of that name; 0 if there is none."""
        _owner, thing = self._looked_up(qualname)
        code = _code_of(_function_of(thing))
        return code.co_firstlineno if code is not None else 0

    def described(self, place: _Place) -> Described | None:
        """Describe what is live under the name of a definition; None if that cannot be called."""
        owner, thing = self._looked_up(place.qualname)
        try:
            if place.is_class:
                return self._constructor(place, thing) if isinstance(thing, type) else None
            if place.qualname.endswith((".__init__", ".__new__")):
                return None  # told with its class
            return self._callable(place, owner, thing)
        except Exception:  # noqa: BLE001  # of objects of the project's that answer in their own way
            return None

    def _looked_up(self, qualname: str) -> tuple[type | None, Any]:
        """Return (class, what its dictionary has under that name)."""
        *classes, name = qualname.split(".")
        space: Any = self._module
        for part in classes:
            space = vars(space).get(part)
            if not isinstance(space, type):
                return None, None
        mangled = f"_{classes[-1].lstrip('_')}{name}" if classes and name[:2] == "__" and name[-2:] != "__" else name
        return (space if classes else None), vars(space).get(mangled)

    def _constructor(self, place: _Place, kind: type) -> Described | None:
        if kind.__module__ != self._module.__name__ or kind.__qualname__ != place.qualname:
            return None
        uncallable = issubclass(kind, enum.Enum) or typing.is_typeddict(kind) or getattr(kind, "_is_protocol", False)
        if uncallable or inspect.isabstract(kind):
            return None
        shaper = Shaper(self._is_own, kind)
        maker = vars(kind).get("__init__") or vars(kind).get("__new__")
        code = _code_of(_function_of(maker))
        line = self._line_of(code) if code is not None and code.co_filename == self._filename else 0
        parameters = shaper.parameters(kind)
        return Described(
            path=self._path,
            module=self._module.__name__,
            qualname=f"{place.qualname}.__init__",
            line=line,
            kind="constructor",
            parameters=parameters,
            returns=Shape("none"),
            doc=_doc(maker) or _doc(kind),
            owner=self._owner_of(kind),
            fixtures=self._fixtures(one.name for one in parameters),
        )

    def _owner_of(self, kind: type) -> Shape:
        if kind not in self._owners:
            self._owners[kind] = Shaper(self._is_own).of_class(kind)
        return self._owners[kind]

    def _line_of(self, code: CodeType) -> int:
        """Return the line of the `def`, which comes after its decorators."""
        below = range(code.co_firstlineno, len(self._lines) + 1)
        defs = (line for line in below if self._lines[line - 1].lstrip().startswith(("def ", "async ")))
        return next(defs, code.co_firstlineno)

    def _callable(self, place: _Place, owner: type | None, thing: Any) -> Described | None:
        kind = _kind_of(thing, owner)
        function = _function_of(thing)
        if kind is None or function is None:
            return None
        innermost = inspect.unwrap(function)
        shaper = Shaper(self._is_own, owner)
        hints = hints_of(innermost, owner)
        parameters = self._parameters(function, kind, shaper, hints)
        return Described(
            path=self._path,
            module=self._module.__name__,
            qualname=place.qualname,
            line=place.line,
            kind=kind,
            flavour=_flavour(function, innermost),
            parameters=parameters,
            returns=shaper.shape(hints["return"]) if "return" in hints else ANY,
            doc=_doc(function),
            owner=self._owner_of(owner) if owner is not None else None,
            fixtures=self._fixtures(one.name for one in parameters),
        )

    def _parameters(
        self, function: Any, kind: CallableKind, shaper: Shaper, hints: dict[str, Any]
    ) -> tuple[Parameter, ...]:
        given = list(inspect.signature(function).parameters.values())
        bound = kind in ("method", "classmethod", "property")
        if bound and given and given[0].kind in (given[0].POSITIONAL_ONLY, given[0].POSITIONAL_OR_KEYWORD):
            given = given[1:]
        return () if kind == "property" else shaper.of_signature(given, hints)

    def _is_own(self, kind: type) -> bool:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        return type(file) is str and file.startswith(f"{self._root}/") and not foreign(file)


def _kind_of(thing: Any, owner: type | None) -> CallableKind | None:
    if owner is None:
        return "function" if callable(thing) and not isinstance(thing, type) else None
    if isinstance(thing, property | functools.cached_property):
        return "property"
    if isinstance(thing, classmethod):
        return "classmethod"
    if isinstance(thing, staticmethod):
        return "staticmethod"
    return "method" if callable(thing) and not isinstance(thing, type) else None


def _function_of(thing: Any) -> Any:
    """Return the function behind a descriptor, however it is wrapped; None if there is none."""
    if isinstance(thing, property):
        thing = thing.fget
    elif isinstance(thing, functools.cached_property):
        thing = thing.func
    elif isinstance(thing, classmethod | staticmethod):
        thing = thing.__func__
    return thing if _code_of(thing) is not None else None


def _code_of(thing: Any) -> CodeType | None:
    try:
        found = inspect.unwrap(thing) if thing is not None else None
    except ValueError:  # it wraps itself
        return None
    return found.__code__ if type(found) is FunctionType else None


def _flavour(function: Any, innermost: Any) -> Flavour:
    manages = function is not innermost and _is_managed(function)
    if inspect.isasyncgenfunction(innermost):
        return "async context manager" if manages else "async generator"
    if inspect.isgeneratorfunction(innermost):
        return "context manager" if manages else "generator"
    return "coroutine" if inspect.iscoroutinefunction(innermost) else "plain"


def _is_managed(function: Any) -> bool:
    """Whether one of the wrappers makes a context manager of the generator."""
    while function is not None:
        code = getattr(function, "__code__", None)
        if code is not None and code.co_filename == contextlib.__file__:
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def _doc(thing: Any) -> str:
    doc = getattr(thing, "__doc__", None)
    return inspect.cleandoc(doc)[:MAX_DOC] if type(doc) is str else ""
