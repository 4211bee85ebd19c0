"""One run's coverage, from before the project is imported to after its last test."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, NoReturn

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.measuring import Part
from pytest_codemode.worker.measuring.options import coverage_options
from pytest_codemode.worker.plan import Measuring, Say, Setup

if TYPE_CHECKING:
    from pytest_codemode.worker.measuring.settings import Settings

NEEDED = (7, 11)
"""Release of coverage.py that this package asks for."""
_MOST_NOTES = 20
_MOST_CHARS = 400


def begin(setup: Setup, orders: Measuring, say: Say) -> Measurement:
    """Start to measure; ends the process where that is not possible, and says why."""
    try:
        import coverage  # noqa: PLC0415  # may be missing, or the project's own
    except ImportError:
        _refuse(say, f"coverage.py is not installed for {setup.project.python}: install coverage>=7.11 there")
    if coverage.version_info[:2] < NEEDED:
        _refuse(
            say, f"coverage.py {coverage.__version__} is too old: install coverage>=7.11 for {setup.project.python}"
        )
    from coverage.exceptions import CoverageException  # noqa: PLC0415

    try:
        return Measurement(setup, orders, say)
    except CoverageException as problem:
        _refuse(say, f"coverage cannot start: {problem}")


def _refuse(say: Say, reason: str) -> NoReturn:
    failure = Failure("coverage", Phase.COLLECT, "ImportError", reason)
    say({"say": "unstarted", "errors": [encode(failure)], "status": 1})
    os._exit(0)


class Measurement:
    """Measures from the moment it is made."""

    def __init__(self, setup: Setup, orders: Measuring, say: Say) -> None:
        from pytest_codemode.worker.measuring.settings import Settings  # noqa: PLC0415  # imports coverage

        self._say = say
        self._root = os.path.realpath(setup.root)
        self._notes: list[str] = []
        self._tests: frozenset[str] = frozenset()
        self._contexts: dict[str, str] | None = {} if orders.contexts else None
        """Name of the context -> node id; None if nobody asks for them."""
        self._settings: Settings = Settings(self._root, coverage_options(setup), orders, self._note)
        self._coverage = self._settings.coverage
        with contextlib.chdir(self._settings.folder):
            self._coverage.start()

    def leave_out(self, paths: frozenset[str]) -> None:
        """Take it that `paths` (absolute) hold tests."""
        self._tests = frozenset(map(os.path.realpath, paths))

    def switch(self, nodeid: str) -> None:
        """Count for the test `nodeid` from now on; for none, if it is empty."""
        if self._contexts is None:
            return
        context = f"test {len(self._contexts)}" if nodeid else ""
        if nodeid:
            self._contexts[context] = nodeid
        self._coverage.switch_context(context)

    def tell(self) -> None:
        """Stop, and tell the supervisor what was measured, piece by piece."""
        from pytest_codemode.worker.measuring.counting import by_test, collected, counted  # noqa: PLC0415

        self._coverage.stop()
        os.chdir(self._settings.folder)
        data = collected(self._coverage, self._settings.files)
        reporters = {}
        left_out = self._tests if self._settings.own else frozenset()
        for measured, reporter in counted(self._coverage, self._root, left_out, self._note):
            self._tell(Part(file=measured))
            reporters[measured.path] = reporter
        if self._contexts is not None:
            for nodeid, arcs in by_test(data, self._root, self._contexts, reporters):
                self._tell(Part(nodeid=nodeid, arcs=arcs))
        for note in self._notes[:_MOST_NOTES]:
            self._tell(Part(note=note))

    def _tell(self, part: Part) -> None:
        self._say({"say": "measured", "part": json.dumps(encode(part), separators=(",", ":"))})

    def _note(self, text: str) -> None:
        if text[:_MOST_CHARS] not in self._notes:
            self._notes.append(text[:_MOST_CHARS])
