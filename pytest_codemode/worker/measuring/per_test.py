"""pytest plugin beside `measuring`: tells it when which test runs, and which files hold tests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

import pytest


class _Measurement(Protocol):
    def switch(self, nodeid: str) -> None: ...
    def leave_out(self, paths: frozenset[str]) -> None: ...


class PerTest:
    """Outermost around each test, so that its setup and teardown belong to it."""

    def __init__(self, measurement: _Measurement) -> None:
        self._measurement = measurement

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell which files hold test functions; one that only holds doctests is code like any other."""
        modules = (item.getparent(pytest.Module) for item in session.items)
        self._measurement.leave_out(
            frozenset(str(one.path) for one in modules if one and type(one).__name__ != "DoctestModule")
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Tell whose code runs."""
        nodeid = item.nodeid  # as it was told: some plugins change it while the test runs
        self._measurement.switch(nodeid)
        try:
            return (yield)
        finally:
            self._measurement.switch("")
