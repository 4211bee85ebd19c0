"""What one run of a test could leave to the next in the same process: noted, put back, or told."""

from __future__ import annotations

import builtins
import gc
import random
import sys
import time
from collections.abc import Iterable, Iterator
from types import CodeType, ModuleType
from typing import Any

from pytest_codemode.worker.guard import is_own
from pytest_codemode.worker.imprint import Imprint
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.surroundings import DESCRIPTORS, FILES, MODULES, differences, surroundings

MOST_NEAR = 4_000
"""Pieces of state looked at after each run: what is next to the code that the test executes."""
MOST_FAR = 20_000
NEAR_SHARE = 0.5
"""Time for looking at what is near, as a part of what the test itself takes; where it is more, it is not each time."""
LATEST = 64
_JUDGES = frozenset({"_pytest", "pytest", "pluggy", "pytest_codemode"})
_IN_USE = frozenset({"sys", "linecache", "warnings", "random", "__main__"})
"""Modules that every run of a test changes: of these, `surroundings` looks at what counts."""
_LAZY = frozenset({"pytest", "cache", "hypothesis"})
"""Folders that come into being in the temporary one when they are first needed; no test finds another one's there."""


class Doubt(Exception):
    """The process is not what it was; the text says in what."""


class Traces:
    """The state of a process before a test has run in it."""

    def __init__(self, setup: Setup, item: Any, *, reseed: bool) -> None:
        """Note it; with `reseed`, the state of `random` means nothing."""
        self._setup = setup
        self._item = item
        self._folders = (setup.fork_scratch, setup.home)
        self._random = None if reseed else random.getstate()
        self._around = surroundings(self._folders)
        self._imported = set(sys.modules)
        self._own = [module for module in _modules() if self._is_own(module)]
        self._names = frozenset(module.__name__ for module in self._own)
        self._far = Imprint([*self._own, *_given(item)], self._names, MOST_FAR)
        self._near = self._foreign = Imprint()
        self._every = 1
        self._since = 0

    def begin(self, executed: Iterable[CodeType], test_s: float) -> None:
        """Start from here: the unpatched test has run once, and what is set up when it is first needed is there.

        Raises:
            Doubt: the test leaves more than that.
        """
        gc.collect()
        now = surroundings(self._folders)
        left = differences(self._around, now)
        if found := [name for name in left if name not in (MODULES, DESCRIPTORS, FILES)] or self._new_files(now):
            raise Doubt(f"unpatched, it changes: {', '.join(found)}")
        if not self._only_libraries():
            raise Doubt("unpatched, it imports modules of the project")
        if not self._far.put_back():
            raise Doubt("unpatched, it leaves something in the project's modules")
        self._around = now
        files = {code.co_filename for code in executed}
        near = [module for module in self._own if module.__file__ in files]
        self._near = Imprint([*near, *_given(self._item)], self._names, MOST_NEAR, shallow=[builtins])
        foreign = (module for module in _modules() if module.__name__ not in self._names)
        self._foreign = Imprint(shallow=(module for module in foreign if not _is_in_use(module.__name__)))
        began = time.thread_time()  # by the clock, a busy machine would make it look at less
        self._near.changed()
        took_s = time.thread_time() - began
        self._every = max(1, min(LATEST, round(took_s / (NEAR_SHARE * max(test_s, 1e-4)))))

    def learn(self) -> None:
        """The unpatched test has run once more: what it changes each time in foreign modules is no sign of anything."""
        self._foreign.forget_changed()

    def settle(self) -> None:
        """Put back what a run of the test has left near.

        Raises:
            Doubt: that cannot be put back.
        """
        if self._random is not None:
            random.setstate(self._random)
        now = surroundings(self._folders)
        left = differences(self._around, now)
        if DESCRIPTORS in left:  # those of a failed test may hang on its traceback
            gc.collect()
            now = surroundings(self._folders)
            left = differences(self._around, now)
        if left == (MODULES,) and self._only_libraries():
            self._around = now
        elif left:
            raise Doubt(f"it changes: {', '.join(left)}")
        self._since += 1
        if self._since < self._every:
            return
        self._since = 0
        if self._near.changed() and not (self._near.put_back() and self._every == 1):
            raise Doubt("it leaves something in the project's modules")

    def check(self) -> None:
        """Look at every module.

        Raises:
            Doubt: one was changed.
        """
        if self._near.changed() or self._far.changed():
            raise Doubt("something was left in a module of the project")
        if self._foreign.changed():
            raise Doubt("something was left in a module")

    def _only_libraries(self) -> bool:
        """Whether what was imported since the last look, if anything, is none of the project's: each finds that alike.

        A module of the project runs code when it is imported, which a candidate may have changed.
        """
        new = sys.modules.keys() - self._imported
        gone = len(sys.modules) != len(self._imported) + len(new)
        self._imported |= new
        return not gone and not any(self._is_own(sys.modules[name]) for name in new)

    def _is_own(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and is_own(file, self._setup)

    def _new_files(self, now: dict[str, Any]) -> list[str]:
        before: Any = self._around[FILES]
        return [FILES] if any(new - old - _LAZY for old, new in zip(before, now[FILES], strict=True)) else []


def _modules() -> list[Any]:
    return [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]


def _is_in_use(name: str) -> bool:
    return name in _IN_USE or name.partition(".")[0] in _JUDGES


def _given(item: Any) -> Iterator[object]:
    """Yield what all runs of the test are given: its parameters, and functions and parameters of its fixtures."""
    yield getattr(getattr(item, "callspec", None), "params", None)
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            yield definition.func
            yield definition.params
