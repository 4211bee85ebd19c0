"""Calls of watched functions with arguments that can be written as source text, each different one once.

As `values`, but across tests: what many tests call a function with is told by the first that does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FrameType, FunctionType
from typing import Any

from pytest_codemode.core.calls import MAX_CALLS, CallSeen, holds_secret
from pytest_codemode.worker.executed import ProjectFunctions
from pytest_codemode.worker.expressing import Expressing, Unexpressed
from pytest_codemode.worker.values import GENERATORS, resumed

MAX_LOOKED_AT = 2_000
"""Calls of one function; of a function that is called all the time most are alike."""
_Trace = Callable[[FrameType, str, Any], Any]


class CallRecorder:
    """Records in the thread that runs the tests.

    Args:
        rootdir: of the project.
        watch: `path::qualname` of the functions.
    """

    def __init__(self, rootdir: str, watch: Iterable[str]) -> None:
        self._functions = ProjectFunctions(rootdir)
        self._watch = frozenset(watch)
        self._known: dict[int, tuple[CodeType, _Function | None]] = {}
        """By identity of the code object, which is kept so that the identity stays its own."""
        self._of_test: list[CallSeen] = []
        self._outer: Any = None

    def start(self) -> None:
        """Begin a test."""
        self._of_test = []

    def resume(self) -> None:
        """Record from now on."""
        self._outer = sys.gettrace()
        sys.settrace(self._on_call)

    def pause(self) -> None:
        """Stop recording."""
        sys.settrace(self._outer)

    def stop(self) -> tuple[CallSeen, ...]:
        """Return what this test was the first to call."""
        return tuple(self._of_test)

    def _on_call(self, frame: FrameType, event: str, _arg: object) -> _Trace | None:
        code = frame.f_code
        known = self._known.get(id(code))
        function = known[1] if known is not None else self._learn(frame)
        if event == "call" and function is not None and (call := function.seen(frame)) is not None:
            self._of_test.append(call)
        return None

    def _learn(self, frame: FrameType) -> _Function | None:
        code = frame.f_code
        name = next(iter(self._functions.names((code,))), "")
        own = name in self._watch and name.partition("::")[2] == code.co_qualname
        function = _Function(name, frame) if own else None
        self._known[id(code)] = code, function
        return function


class _Function:
    def __init__(self, name: str, frame: FrameType) -> None:
        code = frame.f_code
        self._name = name
        self._generator = bool(code.co_flags & GENERATORS)
        count = code.co_argcount + code.co_kwonlyargcount
        self._parameters = code.co_varnames[:count]
        more = list(code.co_varnames[count : count + 2])
        self._rest = more.pop(0) if code.co_flags & CO_VARARGS else ""
        self._keywords = more.pop(0) if code.co_flags & CO_VARKEYWORDS else ""
        self._owner, _, self._own_name = code.co_qualname.rpartition(".")
        self._defaults = _defaults(frame)
        self._calls: set[CallSeen] = set()
        self._looked_at = 0

    def seen(self, frame: FrameType) -> CallSeen | None:
        """Return the call if it is a new one that can be written."""
        if len(self._calls) >= MAX_CALLS or self._looked_at >= MAX_LOOKED_AT:
            return None
        if self._generator and resumed(frame):
            return None
        self._looked_at += 1
        try:
            call = self._call(frame.f_locals)
        except Exception:  # noqa: BLE001  # a class of the project's may answer anything; then there is no text
            return None
        if call in self._calls or holds_secret(call):
            return None
        self._calls.add(call)
        return call

    def _call(self, values: Any) -> CallSeen:
        making = Expressing()
        names = self._parameters
        receiver = ""
        if names and self._owner and self._is_bound(values[names[0]]):
            receiver = "" if self._own_name == "__init__" else _receiver(values[names[0]], making)
            names = names[1:]
        given = [(name, values[name]) for name in names if not self._is_default(name, values[name])]
        if self._rest:
            given += [(f"*{number}", value) for number, value in enumerate(values[self._rest])]
        if self._keywords:
            given += list(values[self._keywords].items())
        arguments = tuple((name, making.text(value)) for name, value in given)
        return CallSeen(self._name, arguments, receiver, tuple((one.module, one.name) for one in making.imports))

    def _is_bound(self, first: Any) -> bool:
        """Return whether the first argument is the object, or the class, that the method was taken from."""
        kind = first if isinstance(first, type) else type(first)
        return any(base.__qualname__ == self._owner for base in kind.__mro__)

    def _is_default(self, name: str, value: Any) -> bool:
        return name in self._defaults and self._defaults[name] is value


def _receiver(value: Any, making: Expressing) -> str:
    if isinstance(value, type):
        return ""
    own = Expressing()
    try:
        text = own.text(value)
    except Unexpressed:
        return ""
    making.imports |= own.imports
    return text


def _defaults(frame: FrameType) -> dict[str, Any]:
    """Return the defaults of the function whose frame it is, as far as it is found by its name."""
    found: Any = frame.f_globals
    for part in frame.f_code.co_qualname.split("."):
        try:
            found = found.get(part) if isinstance(found, dict) else vars(found).get(part)
        except TypeError:
            return {}
        if found is None:
            return {}
    for _ in range(8):  # decorators
        found = getattr(found, "__func__", None) or getattr(found, "fget", None) or found
        if type(found) is FunctionType and found.__code__ is frame.f_code:
            names = found.__code__.co_varnames[: found.__code__.co_argcount]
            positional = found.__defaults__ or ()
            pairs = zip(names[len(names) - len(positional) :], positional, strict=True)
            return {**dict(pairs), **(found.__kwdefaults__ or {})}
        found = getattr(found, "__wrapped__", None)
    return {}
