"""A pytest plugin that writes how each test of a plain run ended, and the run as a sandbox is told of it.

`bench.suites` copies this file beside a suite under a name of its own. The file named by CODEMODE_BENCH_OBSERVED gets
one JSON object: `outcomes` (node id -> [outcome, one line of why]), `collected` (node ids in their order), `imported`
(files of the tree that are no tests, relative to rootdir) and `project`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "CODEMODE_BENCH_OBSERVED"
ONLY = "CODEMODE_BENCH_ONLY"
"""Node id of the one test to run; everything is collected all the same."""
_WORST_LAST = ("passed", "xpassed", "skipped", "xfailed", "failed", "timeout")


class Observed:
    """Keeps the worst phase of each test; of subtests only failures, as the test is more than one of them."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        from pytest_codemode.launch.project import environment_before_tests  # noqa: PLC0415

        self._config = config
        self._path = path
        self._environment = environment_before_tests()
        self._collected: list[str] = []
        self._outcomes: dict[str, tuple[str, str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the selection, and narrow it down if asked to."""
        self._collected = [item.nodeid for item in session.items]
        if only := os.environ.get(ONLY):
            session.items[:] = [item for item in session.items if item.nodeid == only]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one phase in."""
        if report.failed or getattr(report, "context", None) is None:
            reason = _reason(report)
            self._add(report.nodeid, _outcome(report, reason), reason)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take a file that cannot be collected in."""
        if report.failed:
            self._add(report.nodeid, "failed", _reason(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write what was found."""
        from pytest_codemode.core.codec import encode  # noqa: PLC0415  # only what pytest imports, while tests run
        from pytest_codemode.launch.project import describe  # noqa: PLC0415
        from pytest_codemode.options.reading import Options  # noqa: PLC0415

        project = encode(describe(self._config, Options(), self._environment))
        found = {
            "outcomes": self._outcomes,
            "collected": self._collected,
            "imported": self._imported(),
            "project": project,
        }
        self._path.write_text(json.dumps(found), encoding="utf-8")

    def _imported(self) -> list[str]:
        tests = {nodeid.partition("::")[0] for nodeid in self._collected}
        files = [Path(getattr(module, "__file__", None) or "/") for module in list(sys.modules.values())]
        inside = [file.relative_to(self._config.rootpath) for file in files if self._config.rootpath in file.parents]
        names = {file.as_posix() for file in inside if file.name not in ("conftest.py", "__init__.py")}
        return sorted(names - tests)

    def _add(self, nodeid: str, outcome: str, reason: str) -> None:
        before = self._outcomes.get(nodeid, (outcome, reason))
        self._outcomes[nodeid] = max(before, (outcome, reason), key=lambda pair: _WORST_LAST.index(pair[0]))


def _outcome(report: pytest.TestReport, reason: str) -> str:
    if report.failed:
        return "timeout" if "Timeout (" in reason else "failed"
    words = {"skipped": "xfailed", "passed": "xpassed"} if hasattr(report, "wasxfail") else {}
    return words.get(report.outcome, report.outcome)


def _reason(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    lines = str(crash.message if crash else report.longrepr or "").strip().splitlines()
    return lines[0] if lines else ""


def pytest_configure(config: pytest.Config) -> None:
    """Register where a file is named."""
    if path := os.environ.get(VARIABLE):
        config.pluginmanager.register(Observed(config, Path(path)))
