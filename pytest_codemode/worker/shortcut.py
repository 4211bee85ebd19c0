"""Run a test again and again by the middle one of pytest's three phases, where the other two have nothing to do."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.assertion import util

from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.worker.slim import SlimReports

Comparison = Callable[[str, object, object], str | None]

_HOOKS = ("pytest_runtest_protocol", "pytest_runtest_setup", "pytest_runtest_teardown", "pytest_runtest_makereport")
_TOLD = ("pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish")
_KNOWN = frozenset(
    {"_pytest", "pytest_codemode", "xdist", "pytest_timeout", "anyio", "_hypothesis_pytestplugin", "pytest_asyncio"}
)
"""Packages whose hooks around a test do nothing to a plain function without fixtures."""
_MARKS = frozenset({"skip", "skipif", "xfail", "usefixtures", "filterwarnings", "timeout"})

_ENDS = (pytest.exit.Exception, KeyboardInterrupt)


def is_plain(item: pytest.Item) -> bool:
    """Whether setup and teardown of `item` do nothing: a function that takes no fixture, only its parameters.

    Whoever else has a hook around tests may do anything in it. What is wrong here is found out: the first, whole run
    of the test has to fail by the same.
    """
    if type(item) is not pytest.Function or not isinstance(item.parent, pytest.Module):
        return False
    if set(item.fixturenames) - set(_direct(item)):
        return False
    function = item.function
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return False
    if inspect.isgeneratorfunction(function) or hasattr(function, "is_hypothesis_test"):
        return False
    return not any(item.get_closest_marker(name) for name in _MARKS) and not set(_strangers(item.config))


class Shortcut:
    """One such test, set up once: its module and its parameters. `close` before pytest's own protocol runs."""

    def __init__(self, item: Any, slim: SlimReports, comparison: Comparison | None) -> None:
        self._item = item
        self._slim = slim
        util._reprcompare = comparison  # as pytest does around its protocol
        self._item._initrequest()
        item.ihook.pytest_runtest_setup(item=item)

    def judge(self) -> TestResult:
        """Run the test's call, with all that pytest and its plugins put around that."""
        item = self._item
        item._report_sections.clear()
        call = pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_call(item=item), "call", _ENDS)
        if call.excinfo is None:
            return TestResult(item.nodeid, Outcome.PASSED, call.duration)
        if isinstance(call.excinfo.value, pytest.skip.Exception):
            return TestResult(item.nodeid, Outcome.SKIPPED, call.duration)
        failure = self._slim.failure(item.nodeid, call)
        outcome = Outcome.TIMEOUT if failure.timed_out else Outcome.FAILED
        return TestResult(item.nodeid, outcome, call.duration, (failure,))

    def close(self) -> None:
        """Leave the item as pytest's protocol wants to find it."""
        self._item.ihook.pytest_runtest_teardown(item=self._item, nextitem=None)
        self._item._initrequest()
        util._reprcompare = None


def renew(item: pytest.Item) -> None:
    """Make `item` ready for another run of pytest's whole protocol, as if it had not run before."""
    state = vars(item)
    item._report_sections.clear()
    state.pop("_excinfo", None)
    if isinstance(item.parent, pytest.Class):  # the first instance would be used again
        state.pop("_instance", None)
        state["_obj"] = None


def may_be_quiet(config: pytest.Config) -> bool:
    """Whether nobody misses it if a test's reports are told to none but us, and pytest's own protocol is run.

    A plugin may run tests in a way of its own, as those do that run a failed test again; or it may hear when a test
    begins and what came of it, and do anything then.
    """
    protocol = config.hook.pytest_runtest_protocol.get_hookimpls()
    own = [one for one in protocol if not (one.wrapper or one.hookwrapper)]
    heard = (getattr(config.hook, name).get_hookimpls() for name in _TOLD)
    everyone = (one.function.__module__.partition(".")[0] for one in (*own, *(one for ones in heard for one in ones)))
    return all(module in _KNOWN for module in everyone)


def _direct(item: Any) -> Iterator[str]:
    """Yield the parameters that the function itself is given: pytest makes fixtures of them that run no code."""
    definitions = item._fixtureinfo.name2fixturedefs
    for name in getattr(getattr(item, "callspec", None), "params", ()):
        if name in definitions and definitions[name][-1].func.__module__ == "_pytest.python":
            yield name


def _strangers(config: pytest.Config) -> Iterator[str]:
    for name in _HOOKS:
        for implementation in getattr(config.hook, name).get_hookimpls():
            package = str(implementation.function.__module__).partition(".")[0]
            if package not in _KNOWN:
                yield package
