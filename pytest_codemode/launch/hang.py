"""A hanging test must not keep the repair from starting: a time limit on each phase of the plain run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from pytest_codemode.worker.timelimit import Timeout, own_timeout


class HangGuard:
    """pytest plugin: end collection, setup, call and teardown by `Timeout` after `seconds` each.

    The timer runs only inside a phase, where pytest catches whatever is raised and reports it as that phase's failure;
    a limit around the whole test could strike pytest's own code and end the session.
    Works in the main thread on Unix; defers to pytest-timeout and to a project that uses the timer itself.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Limit the fixtures."""
        with self._limit(item):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Limit the test itself."""
        with self._limit(item):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Limit the fixtures' ends."""
        with self._limit(item):
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makemodule(self) -> Generator[None, pytest.Module | None, pytest.Module | None]:
        """Limit the import of a test module, which is where collection runs the project's code."""
        module = yield
        if module is not None and not isinstance(module.collect, _LimitedCollect):
            module.collect = _LimitedCollect(module.collect, self)  # type: ignore[method-assign]
        return module

    @contextmanager
    def _limit(self, item: pytest.Item) -> Iterator[None]:
        if own_timeout(item):
            yield
        else:
            with alarm(self.seconds):
                yield


class _LimitedCollect:
    """`Module.collect` under a time limit; it is called by pytest where failures are caught."""

    def __init__(self, collect: Callable[[], Any], guard: HangGuard) -> None:
        self._collect = collect
        self._guard = guard

    def __call__(self) -> list[Any]:
        """Return the collected nodes."""
        with alarm(self._guard.seconds):
            return list(self._collect())


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `Timeout` in the block after `seconds`, and again after as long if the block swallowed it.

    Does nothing where it cannot work, or where the real-time timer is in use already.
    """
    if not _usable():
        yield
        return

    def strike(_signum: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        raise Timeout(f"took longer than {seconds:g} s (--codemode-test-timeout)")

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        # Whoever took the timer over in the block keeps it.
        if signal.getsignal(signal.SIGALRM) is strike:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before if before is not None else signal.SIG_DFL)


def _usable() -> bool:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return False
    return signal.getitimer(signal.ITIMER_REAL)[0] == 0
