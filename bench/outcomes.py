"""A pytest plugin that writes how each test ended; `bench.replay` copies this file beside a case, it imports nothing.

The file named by CODEMODE_BENCH_OUTCOMES gets one JSON object: node id -> passed, failed, skipped, xfailed or xpassed.
"""

import json
import os
from pathlib import Path

import pytest

VARIABLE = "CODEMODE_BENCH_OUTCOMES"
_WORST_LAST = ("passed", "xpassed", "xfailed", "skipped", "failed")


class Outcomes:
    """Keeps the worst phase of each test, collection errors included."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one phase in."""
        expected_failure = hasattr(report, "wasxfail") and report.outcome != "failed"
        words = {"skipped": "xfailed", "passed": "xpassed"} if expected_failure else {}
        self._add(report.nodeid, words.get(report.outcome, report.outcome))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take a file that cannot be collected in."""
        if report.failed:
            self._add(report.nodeid, "failed")

    def pytest_sessionfinish(self) -> None:
        """Write what was found."""
        self._path.write_text(json.dumps(self._found), encoding="utf-8")

    def _add(self, nodeid: str, outcome: str) -> None:
        before = self._found.get(nodeid, outcome)
        self._found[nodeid] = max(before, outcome, key=_WORST_LAST.index)


def pytest_configure(config: pytest.Config) -> None:
    """Register where a file is named."""
    if path := os.environ.get(VARIABLE):
        config.pluginmanager.register(Outcomes(Path(path)))
