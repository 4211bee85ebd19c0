"""A wall clock limit per test that ends it with a traceback of where it hung."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Generator
from types import FrameType

import pytest


class Timeout(BaseException):
    """A test ran longer than it may; not an `Exception`, so that `except Exception` in a test does not swallow it."""


class TimeLimit:
    """pytest plugin: interrupt each test after `seconds` of wall clock; pytest-timeout, where active, goes first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def seconds_for(self, item: pytest.Item) -> float:
        """Return what `item` may take: pytest-timeout's own limit where there is one."""
        return own_timeout(item) or self.seconds

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Arm the timer around setup, call and teardown together."""
        usable = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
        if not usable or own_timeout(item):
            return (yield)

        def interrupt(_signum: int, _frame: FrameType | None) -> None:
            # Once only: a second alarm could hit pytest's own code. A test that swallows it is killed from outside.
            raise Timeout(f"the test ran longer than {self.seconds:g} s")

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def own_timeout(item: pytest.Item) -> float:
    """Return the seconds pytest-timeout gives `item`, 0 where it is not active."""
    if not item.config.pluginmanager.hasplugin("timeout"):
        return 0.0
    marker = item.get_closest_marker("timeout")
    if marker is not None:
        given = marker.args[0] if marker.args else marker.kwargs.get("timeout")
    else:
        given = getattr(item.config, "_env_timeout", None)  # option, ini and environment as pytest-timeout joined them
    if isinstance(given, int | float) and math.isfinite(given) and given > 0:
        return float(given)
    return 0.0
