"""Lines that each test executes. With `measuring` the only part of a worker that imports coverage."""
# ruff: noqa: PTH118  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os

import coverage


class LineMap:
    """Measures one test at a time; lines executed at import time are not attributed to a test.

    One measurement with a context for each test: starting afresh costs 20 ms, many times what a small test takes.
    """

    def __init__(self, rootdir: str, paths: tuple[str, ...]) -> None:
        self._files = {os.path.join(rootdir, path): path for path in paths}
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=list(self._files), messages=False, check_preimported=False
        )
        self._coverage.set_option("run:core", "ctrace")  # the one by sys.monitoring knows no contexts
        self._tests = 0

    def start(self) -> None:
        """Begin a test; nothing is measured before `resume`."""
        self._tests += 1

    def resume(self) -> None:
        """Measure from now on."""
        self._coverage.start()
        self._coverage.switch_context(self._context)

    def pause(self) -> None:
        """Leave out what runs until `resume`: to tell of a failure, values of the project's are shown by its code."""
        self._coverage.stop()

    def stop(self) -> dict[str, tuple[int, ...]]:
        """End the test; return path relative to rootdir -> 1-based lines executed, sorted."""
        data = self._coverage.get_data()
        data.set_query_context(self._context)
        executed = {path: data.lines(name) for name, path in self._files.items()}
        return {path: tuple(sorted(lines)) for path, lines in executed.items() if lines}

    @property
    def _context(self) -> str:
        return str(self._tests)
