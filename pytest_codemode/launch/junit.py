"""pytest's own JUnit XML file, after the repair: what came of it is put in as properties."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_codemode.core.report import RunReport
from pytest_codemode.report.files import put
from pytest_codemode.report.junit import annotated

_MAX_BYTES = 256 * 2**20
"""Of a file that is read; it is held three times while it is changed."""


@dataclass(frozen=True, slots=True)
class JunitFile:
    """The file of `--junitxml`, as pytest understands the option before the first test may change folders."""

    path: Path
    prefix: str

    @classmethod
    def of(cls, config: pytest.Config) -> JunitFile | None:
        """Return the file that pytest is going to write, None if it writes none."""
        given = config.getoption("xmlpath", None)
        if not given:
            return None
        path = os.path.expanduser(os.path.expandvars(given))  # noqa: PTH111  # as pytest has it
        return cls(Path(os.path.abspath(path)), config.getoption("junitprefix", None) or "")  # noqa: PTH100

    def annotate(self, report: RunReport) -> str:
        """Put what came of the run into the file and return a warning, empty if all went well.

        It is replaced whole or not at all, and keeps its mode. It is the test run that wrote it: whatever is there in
        its place is no reason to fail.
        """
        try:
            target = self.path.resolve(strict=True)
            put(target, annotated(_read(target), report, self.prefix))
        except OSError as problem:
            return self._warning(str(problem.strerror or problem))
        except ValueError as problem:
            return self._warning(str(problem))
        return ""

    def _warning(self, why: str) -> str:
        return f"{self.path} does not say what came of the repair: {why}"


def _read(path: Path) -> bytes:
    # Not blocking: a pipe in the file's place has no end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123  # of a descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES // 2**20} MiB")
        return file.read(_MAX_BYTES)
