"""Give a name of a live module or class another value, where that is as good as importing the patched file."""

from __future__ import annotations

import ast
import dis
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from pytest_codemode.core.outcome import Swap
from pytest_codemode.worker.exchange import Unfaithful
from pytest_codemode.worker.executed import foreign

_MISSING = object()
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...), re.Pattern})
"""Who else holds such an object says nothing: it never changes, and Python gives the same one to many."""
_LONG = 100_000
"""Bytes of code, as of a large table, that are not looked through: that would take a second."""
_OPTIMIZED = 1
"""Of `co_flags`: a function's code. Source: CPython's Include/cpython/code.h, CO_OPTIMIZED."""
_DEPTH = 8


@dataclass(slots=True)
class InModule:
    """Another value for a name of a module."""

    names: dict[str, Any]
    name: str
    value: object

    def exchange(self) -> None:
        """See `Exchange`."""
        before = self.names.get(self.name, _MISSING)
        if self.value is _MISSING:  # a test had deleted it
            self.names.pop(self.name, None)
        else:
            self.names[self.name] = self.value
        self.value = before


@dataclass(slots=True)
class InClass:
    """Another value for an attribute of a class."""

    owner: type
    name: str
    value: object

    def exchange(self) -> None:
        """See `Exchange`."""
        before = vars(self.owner).get(self.name, _MISSING)
        if self.value is not _MISSING:
            type.__setattr__(self.owner, self.name, self.value)
        elif before is not _MISSING:
            type.__delattr__(self.owner, self.name)
        self.value = before


class Names:
    """The names of a process's modules, and what read them while the tests were collected."""

    def __init__(self, rootdir: str, executed: Iterable[CodeType]) -> None:
        self._rootdir = rootdir
        self._mentions: dict[str, list[CodeType]] = {}
        """Name or attribute -> code of the project that ran and reads or stores it."""
        self._readers: dict[str, frozenset[tuple[str, str]]] = {}
        """The same, of names that were asked for -> (file, qualname) of what may have read it."""
        for code in executed:
            if code.co_filename.startswith(rootdir + os.sep) and not foreign(code.co_filename):
                for name in code.co_names:
                    self._mentions.setdefault(name, []).append(code)
        self._shared = frozenset(_shared(rootdir))

    def plan(self, swap: Swap) -> InModule | InClass:
        """Return the exchange that `swap` asks for.

        Raises:
            Unfaithful: it would not be the same; nothing was changed.
        """
        filename = f"{self._rootdir}/{swap.path}"
        *classes, name = swap.qualname.split(".")
        module = _module(filename)
        owner = _class(module, classes) if classes else None
        names = vars(owner) if owner else vars(module)
        before = names.get(name, _MISSING)
        if before is _MISSING or hasattr(type(before), "__get__"):
            raise Unfaithful(f"{swap.qualname} is no plain value")
        scope = ".".join(classes) or "<module>"
        for reader in self._read_by(name) - {(filename, scope)}:
            raise Unfaithful(f"{reader[1]} may have read {swap.qualname} while the tests were collected")
        if (filename, swap.qualname) in self._shared:
            raise Unfaithful(f"something else holds the value of {swap.qualname}")
        value = _evaluated(swap, filename, vars(module), dict(names) if owner else {})
        return InClass(owner, name, value) if owner else InModule(vars(module), name, value)

    def _read_by(self, name: str) -> frozenset[tuple[str, str]]:
        """Return (file, qualname) of what may have read `name`; looked up once, and only for what is swapped."""
        if name not in self._readers:
            readers = (code for code in self._mentions.get(name, ()) if _reads(code, name))
            self._readers[name] = frozenset((code.co_filename, code.co_qualname) for code in readers)
        return self._readers[name]


def _reads(code: CodeType, name: str) -> bool:
    """Whether `code` may read a name or attribute; the body of a class or module stores most of those it mentions."""
    if code.co_flags & _OPTIMIZED or len(code.co_code) > _LONG:
        return True
    named = (one for one in dis.get_instructions(code) if one.opcode in dis.hasname and one.argval == name)
    return any(not one.opname.startswith("STORE_") for one in named)


def _module(filename: str) -> ModuleType:
    found = [
        module
        for module in list(sys.modules.values())
        if type(module) is ModuleType and vars(module).get("__file__") == filename
    ]
    if len({id(vars(module)) for module in found}) != 1:
        raise Unfaithful(f"{len(found)} modules were made from the file")
    return found[0]


def _class(module: ModuleType, classes: list[str]) -> type:
    """Return the class of that name, which nothing but `class` has made."""
    names: Any = vars(module)
    for depth, part in enumerate(classes, 1):
        found = names.get(part)
        if type(found) is not type or found.__qualname__ != ".".join(classes[:depth]):
            raise Unfaithful(f"{part} is no plain class")
        names = vars(found)
    assert isinstance(found, type)
    return found


def _shared(rootdir: str) -> Iterator[tuple[str, str]]:
    """Yield (file, qualname) of every value in the project's modules and classes that something else refers to.

    Told by the number of references, and before anything of ours holds some: the collector does not show who refers to
    what once everything is frozen.
    """
    for module in list(sys.modules.values()):
        filename = vars(module).get("__file__") if type(module) is ModuleType else None
        if isinstance(filename, str) and filename.startswith(rootdir + os.sep) and not foreign(filename):
            names = vars(module)
            yield from ((filename, name) for name in _held_elsewhere(names))
            classes = [one for one in names.values() if type(one) is type and one.__module__ == module.__name__]
            while classes:
                owner = classes.pop()
                yield from ((filename, f"{owner.__qualname__}.{name}") for name in _held_elsewhere(vars(owner)))
                inner = (one for one in vars(owner).values() if type(one) is type)
                classes += (one for one in inner if one.__qualname__.startswith(f"{owner.__qualname__}."))


def _held_elsewhere(names: Mapping[str, object]) -> list[str]:
    alone = _references({"x": []}, "x")
    return [name for name in list(names) if _references(names, name) > alone and not _is_atom(names[name])]


def _references(names: Mapping[str, object], name: str) -> int:
    return sys.getrefcount(names[name])


def _is_atom(value: object, depth: int = 0) -> bool:
    if type(value) in (tuple, frozenset) and depth < _DEPTH:
        return all(_is_atom(part, depth + 1) for part in value)  # type: ignore[attr-defined]
    return type(value) in _ATOMS


def _evaluated(swap: Swap, filename: str, module: dict[str, Any], around: dict[str, Any]) -> object:
    text = f"if 1:\n{swap.source}" if swap.source[:1] in " \t" else swap.source
    try:
        statement = ast.parse(text).body[0]
        bound = statement.body[0] if isinstance(statement, ast.If) else statement
        code = compile(ast.Expression(bound.value), filename, "eval", dont_inherit=True)  # type: ignore[attr-defined]
        return eval(code, module, around)  # what a worker is for
    except Exception as problem:  # noqa: BLE001  # importing the file would fail, perhaps in another way
        raise Unfaithful(f"{swap.qualname} cannot be evaluated: {type(problem).__name__}: {problem}") from None
