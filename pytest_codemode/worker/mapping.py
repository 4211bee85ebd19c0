"""Lines that each test executes. The only module of a worker that imports coverage."""
# ruff: noqa: PTH118  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os

import coverage


class LineMap:
    """Measures one test at a time; lines executed at import time are not attributed to a test."""

    def __init__(self, rootdir: str, paths: tuple[str, ...]) -> None:
        self._files = {os.path.join(rootdir, path): path for path in paths}
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=list(self._files), messages=False, check_preimported=False
        )

    def start(self) -> None:
        """Begin a test."""
        self._coverage.erase()
        self._coverage.start()

    def stop(self) -> dict[str, tuple[int, ...]]:
        """End the test; return path relative to rootdir -> 1-based lines executed, sorted."""
        self._coverage.stop()
        data = self._coverage.get_data()
        executed = {path: data.lines(name) for name, path in self._files.items()}
        return {path: tuple(sorted(lines)) for path, lines in executed.items() if lines}
