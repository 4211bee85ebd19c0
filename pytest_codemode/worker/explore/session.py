"""A pytest session that runs no test: for explorations that cannot be forks of the collected session."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import pytest

from pytest_codemode.core.exploring import ExploreRequest
from pytest_codemode.worker.executed import recorder
from pytest_codemode.worker.explore.loop import explore
from pytest_codemode.worker.plan import Say, Setup
from pytest_codemode.worker.swap import LiveIndex


class Instead:
    """pytest plugin: explores in the place of running tests."""

    def __init__(self, setup: Setup, request: ExploreRequest, say: Say) -> None:
        self._setup = setup
        self._request = request
        self._say = say
        self._executed = recorder() if request.swaps else None
        if self._executed is not None:
            self._executed.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Take over; the process ends here."""
        capture = session.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.stop_global_capturing()
        executed = self._executed.stop() if self._executed is not None else []
        explore(session, LiveIndex(self._setup.root, executed), self._setup, self._request, self._say)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
