"""Put a patch's new code and values into a live process, where that is as good as importing the patched files."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType

from pytest_codemode.core.outcome import Swap
from pytest_codemode.worker.exchange import Exchange, Unfaithful
from pytest_codemode.worker.rebind import Names

_FUTURE_FLAGS = 0x1FF0000
"""`co_flags` bits of `from __future__ import ...`. Source: CPython's Include/cpython/code.h, CO_FUTURE_*."""

_Key = tuple[str, str, int]
"""File, qualname, first line: what tells one code object of a process from another."""


@dataclass(slots=True)
class NewCode:
    """Another code for a function."""

    function: FunctionType
    code: CodeType

    def exchange(self) -> None:
        """See `Exchange`."""
        self.function.__code__, self.code = self.code, self.function.__code__


class LiveIndex:
    """Every live function of a process by where it is defined, and its names; made once after collection."""

    def __init__(self, rootdir: str, executed: Sequence[CodeType]) -> None:
        self._rootdir = rootdir
        self._executed = {_key(code) for code in executed}
        self._names = Names(rootdir, executed)
        self._functions: dict[_Key, list[FunctionType]] = {}
        self._lines: dict[tuple[str, str], set[int]] = {}
        for thing in gc.get_objects():
            if type(thing) is FunctionType:
                key = _key(thing.__code__)
                self._functions.setdefault(key, []).append(thing)
                self._lines.setdefault(key[:2], set()).add(key[2])

    def functions_of(self, filename: str) -> list[FunctionType]:
        """Return the functions that are defined in a file."""
        return [one for key, functions in self._functions.items() if key[0] == filename for one in functions]

    def install(self, swaps: Sequence[Swap]) -> None:
        """Swap them all.

        Raises:
            Unfaithful: at least one cannot be swapped faithfully; nothing was swapped then.
        """
        for one in self._planned(swaps):
            one.exchange()

    @contextmanager
    def installed(self, swaps: Sequence[Swap]) -> Iterator[None]:
        """Swap them all for a while.

        Raises:
            Unfaithful: as `install`.
        """
        planned = self._planned(swaps)
        for one in planned:
            one.exchange()
        try:
            yield
        finally:
            for one in reversed(planned):
                one.exchange()

    def _planned(self, swaps: Sequence[Swap]) -> list[Exchange]:
        return [one for swap in swaps for one in self._plan(swap)]

    def _plan(self, swap: Swap) -> Iterator[Exchange]:
        if swap.kind == "value":
            return iter([self._names.plan(swap)])
        old = self._live_code(f"{self._rootdir}/{swap.path}", swap.qualname)
        return self._replace(old, compile_alone(swap, old))

    def _live_code(self, filename: str, qualname: str) -> CodeType:
        """Return the live code object of that name; several (a property's setter) cannot be told apart."""
        lines = self._lines.get((filename, qualname), set())
        if len(lines) != 1:
            raise Unfaithful(f"{len(lines)} live functions are called {qualname}")
        return self._functions[filename, qualname, min(lines)][0].__code__

    def _replace(self, old: CodeType, new: CodeType) -> Iterator[NewCode]:
        """Yield each live function of `old` with `new`, and those of the functions nested in it."""
        if _key(old) in self._executed and not _same_but_nested(old, new):
            raise Unfaithful(f"{old.co_qualname} ran while the tests were collected")
        # Two lambdas on one line share a key; their code tells them apart.
        functions = [function for function in self._functions.get(_key(old), []) if function.__code__ == old]
        if functions and new.co_freevars != old.co_freevars:
            raise Unfaithful(f"{old.co_qualname} uses other variables of the enclosing function")
        if _signature(new) != _signature(old):
            raise Unfaithful(f"the parameters of {old.co_qualname} change")
        for function in functions:
            yield NewCode(function, new)
        yield from self._replace_nested(old, new)

    def _replace_nested(self, old: CodeType, new: CodeType) -> Iterator[NewCode]:
        """Do the same for closures that were made while the tests were collected, as by a decorator."""
        before = [const for const in _nested(old) if self._lives(const)]
        if not before:
            return
        pairs = list(zip(_nested(old), _nested(new), strict=False))
        if len(_nested(old)) != len(_nested(new)) or any(a.co_name != b.co_name for a, b in pairs):
            raise Unfaithful(f"the functions inside {old.co_qualname} cannot be told apart")
        for inner_old, inner_new in pairs:
            if inner_old in before:
                yield from self._replace(inner_old, inner_new)

    def _lives(self, code: CodeType) -> bool:
        key = _key(code)
        return key in self._functions or key in self._executed or any(self._lives(inner) for inner in _nested(code))


def compile_alone(swap: Swap, old: CodeType) -> CodeType:
    """Return the code of the swap's function as compiling the whole patched file would give it.

    Class headers around it make name mangling and `__class__` cells come out right; the lines are those of the file.

    Raises:
        Unfaithful: the source cannot stand alone.
    """
    *classes, name = swap.qualname.split(".")
    indent = swap.source[: len(swap.source) - len(swap.source.lstrip(" \t"))]
    headers = [f"class {part}:" for part in classes] or (["if 1:"] if indent else [])
    blank = swap.line - 1 - len(headers)
    if len(headers) > len(indent) or blank < 0:
        raise Unfaithful(f"{swap.qualname} is not where its name says")
    # Any longer prefix of the indentation is a deeper level: the blocks nest without touching the function's own lines.
    above = "".join(f"{indent[:depth]}{header}\n" for depth, header in enumerate(headers))
    flags = old.co_flags & _FUTURE_FLAGS
    # Empty lines put it in its place: numbering the lines of a tree anew takes three times as long as compiling it.
    text = "\n" * blank + above + swap.source + "\n"
    try:
        module = compile(text, old.co_filename, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError) as problem:
        raise Unfaithful(f"{swap.qualname} cannot be compiled alone: {problem}") from None
    code: CodeType = module
    for part in [*classes, name]:
        code = _defined(code, part)
    return code


def _defined(code: CodeType, name: str) -> CodeType:
    found = [const for const in _nested(code) if const.co_name == name]
    if len(found) != 1:
        raise Unfaithful(f"its source does not define {name} once")
    return found[0]


def _nested(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _key(code: CodeType) -> _Key:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _same_but_nested(old: CodeType, new: CodeType) -> bool:
    """Whether running either does the same, but for what the functions it makes will do."""
    return (
        old.co_code == new.co_code
        and [_comparable(const) for const in old.co_consts] == [_comparable(const) for const in new.co_consts]
        and all(getattr(old, name) == getattr(new, name) for name in _NAMES)
    )


_NAMES = ("co_names", "co_varnames", "co_cellvars", "co_freevars", "co_flags")


def _comparable(const: object) -> object:
    if isinstance(const, CodeType):
        return const.co_name, const.co_freevars
    return type(const), repr(const)  # 1 == True == 1.0


def _signature(code: CodeType) -> tuple[object, ...]:
    star_flags = 4 | 8  # CO_VARARGS, CO_VARKEYWORDS
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)
    parameters = code.co_varnames[:count]
    return code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & star_flags, parameters
