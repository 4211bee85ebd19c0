"""What the names of watched functions hold while a test runs, and which line of the test called what.

No code of the project's runs for it: types are told by identity, values only of exact built-in types, nothing is
hashed, compared, shown or asked for an attribute.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

import pytest

from pytest_codemode.core.credentials import is_secret_name
from pytest_codemode.core.observed import (
    MAX_CALLED,
    MAX_FUNCTIONS,
    MAX_KINDS,
    MAX_LITERALS,
    MAX_NAMES,
    RESULT,
    CalledUnder,
    FunctionSeen,
    Held,
    NameSeen,
    Role,
    Values,
)
from pytest_codemode.worker.executed import ProjectFunctions
from pytest_codemode.worker.kinds import items_of, kind_of, literal_of, name_of

MAX_CALLS = 2_000
"""Calls of one function that are looked into; of the rest only those that an exception ends."""

GENERATORS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_LEAVING = frozenset(
    dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST", "RETURN_GENERATOR", "YIELD_VALUE") if name in dis.opmap
)
_SHOWING = (
    "/_pytest/_io/saferepr.py",
    "/_pytest/assertion/util.py",
    "/_pytest/assertion/rewrite.py",
    "/reprlib.py",
    "/unittest/util.py",
)
"""Files whose calls of `repr` and `==` explain an assertion that has failed already."""
_Trace = Callable[[FrameType, str, Any], Any]


class ValueRecorder:
    """Records one test at a time, in the thread that runs it.

    Args:
        rootdir: of the project.
        watch: `path::qualname` of the functions whose values are wanted; what is defined in them belongs to them.
    """

    def __init__(self, rootdir: str, watch: Iterable[str]) -> None:
        self._functions = ProjectFunctions(rootdir)
        self._watch = frozenset(watch)
        self._known: dict[int, tuple[CodeType, str, str]] = {}
        """By identity: the code object, `path::qualname` of its outermost function, its own if it is watched."""
        self._outer: Any = None
        self._begin("", "")

    def _begin(self, path: str, name: str) -> None:
        self._test = (path, name)
        self._test_frame: FrameType | None = None
        self._seen: dict[str, _Function] = {}
        self._called: set[tuple[int, str]] = set()

    def start(self, item: pytest.Item) -> None:
        """Forget everything; `item` is to be recorded."""
        self._begin(str(item.path), str(getattr(item, "originalname", None) or item.name))

    def resume(self) -> None:
        """Record from now on."""
        self._outer = sys.gettrace()
        sys.settrace(self._on_call)

    def pause(self) -> None:
        """Stop recording."""
        sys.settrace(self._outer)

    def stop(self) -> Values:
        """Return what was seen of the test."""
        called: dict[int, list[str]] = {}
        for line, function in sorted(self._called):
            called.setdefault(line, []).append(function)
        seen = tuple(function.seen(name) for name, function in sorted(self._seen.items()))
        self._begin("", "")
        return Values(seen, tuple(CalledUnder(line, tuple(names)) for line, names in called.items()))

    def _on_call(self, frame: FrameType, event: str, _arg: object) -> _Trace | None:
        code = frame.f_code
        _, outer, own = self._known.get(id(code)) or self._learn(code)
        if event != "call" or not outer:
            return None
        if self._test_frame is None and (code.co_filename, code.co_name) == self._test:
            self._test_frame = frame
            return None
        line = self._test_frame.f_lineno if self._test_frame is not None else 0
        if (line, outer) not in self._called and len(self._called) < MAX_CALLED and not _shows(frame.f_back):
            self._called.add((line, outer))
        if not own:
            return None
        function = self._seen.get(own)
        if function is None:
            if len(self._seen) >= MAX_FUNCTIONS:
                return None
            function = self._seen[own] = _Function(code)
        frame.f_trace_lines = False
        return function.on_call(frame)

    def _learn(self, code: CodeType) -> tuple[CodeType, str, str]:
        outer = next(iter(self._functions.names((code,))), "")
        inner = code.co_qualname.replace(".<locals>", "")
        own = f"{outer.partition('::')[0]}::{inner}" if outer in self._watch and "<" not in inner else ""
        known = self._known[id(code)] = code, outer, own
        return known


def resumed(frame: FrameType) -> bool:
    """Whether a generator goes on: a call of it begins at the one RESUME that has no reason in its argument."""
    bytecode, at = frame.f_code.co_code, frame.f_lasti
    return bytecode[at] != dis.opmap["RESUME"] or bool(bytecode[at + 1] & 3)


def _shows(frame: FrameType | None) -> bool:
    """Whether a call serves to show a value in the explanation of a failed assertion."""
    while frame is not None:
        if frame.f_code.co_filename.endswith(_SHOWING):
            return True
        frame = frame.f_back
    return False


class _Function:
    """What was seen of one function during the running test."""

    def __init__(self, code: CodeType) -> None:
        self._bytecode = code.co_code
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)  # *args, **kwargs
        self._arguments = code.co_varnames[:count][:MAX_NAMES]
        self._locals = tuple(dict.fromkeys((*code.co_varnames, *code.co_cellvars)))[:MAX_NAMES]
        self._generator = bool(code.co_flags & GENERATORS)
        self._names: dict[tuple[str, Role], _Held] = {}
        self._calls = 0
        self._raised: dict[str, int] = {}
        self._left_at: set[int] = set()
        self._raising: dict[int, str] = {}
        """By the frame's identity: the exception last seen in it."""

    def seen(self, name: str) -> FunctionSeen:
        """Return it as plain data."""
        names = tuple(NameSeen(name, role, held.held()) for (name, role), held in self._names.items())
        return FunctionSeen(name, self._calls, names, dict(self._raised), tuple(sorted(self._left_at)[:MAX_NAMES]))

    def on_call(self, frame: FrameType) -> _Trace:
        """Note the arguments; what is returned traces the rest of the call."""
        if not (self._generator and resumed(frame)):
            self._calls += 1
            if self._calls <= MAX_CALLS:
                values = frame.f_locals
                for name in self._arguments:
                    self._note(name, "argument", values)
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, arg: Any) -> _Trace:
        if event == "exception":
            self._raising[id(frame)] = name_of(arg[0])
        elif event == "return":
            raised = self._raising.pop(id(frame), "")
            last = self._bytecode[frame.f_lasti]
            # From 3.13 on a generator that yields stands where it will go on; so does one that is thrown into.
            ended = last in _LEAVING or (last == dis.opmap["RESUME"] and not raised)
            if not ended:
                self._left(frame, raised)
            elif self._calls <= MAX_CALLS:
                self._note_all(frame)
                if not self._generator:
                    self._note(RESULT, "result", {RESULT: arg})
        return self._on_event

    def _left(self, frame: FrameType, raised: str) -> None:
        """An exception left the function."""
        if raised in self._raised or len(self._raised) < MAX_KINDS:
            self._raised[raised] = self._raised.get(raised, 0) + 1
        self._left_at.add(frame.f_lineno)
        self._note_all(frame)

    def _note_all(self, frame: FrameType) -> None:
        values = frame.f_locals
        for name in self._locals:
            self._note(name, "local", values)

    def _note(self, name: str, role: Role, values: Any) -> None:
        if name not in values or name.startswith("@"):
            return
        value = values[name]
        self._held(name, role).add(value)
        for item in items_of(value) if role != "argument" else ():
            self._held(name, "item").add(item)

    def _held(self, name: str, role: Role) -> _Held:
        held = self._names.get((name, role))
        if held is None:
            held = self._names[name, role] = _Held(secret=is_secret_name(name))
        return held


class _Held:
    """What one name held; if it is called like a secret, nothing is told that may be one."""

    def __init__(self, *, secret: bool) -> None:
        self._secret = secret
        self._kinds: dict[str, int] = {}
        self._literals: dict[str, None] = {}

    def held(self) -> Held:
        """Return it as plain data."""
        return Held(dict(self._kinds), tuple(self._literals))

    def add(self, value: object) -> None:
        """Note a value."""
        kind = kind_of(value)
        if kind in self._kinds or len(self._kinds) < MAX_KINDS:
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if len(self._literals) < MAX_LITERALS:
            text = literal_of(value, secret=self._secret)
            if text:
                self._literals[text] = None
