"""Where a CI run leaves its files. The checkout is foreign: nothing is written through a link that came with it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.report import RunReport
from pytest_codemode.repair.statedir import state_dir, subfolder
from pytest_codemode.report.files import SUFFIXES
from pytest_codemode.report.files import write as write_report

PATCH, SUMMARY, TESTS = "patch.diff", "summary.md", "junit.xml"
_REPORTS = {
    "report.json": ".json",
    "report.md": ".md",
    "report.html": ".html",
    "report.sarif": ".sarif",
    "gl-code-quality.json": ".codequality.json",
}
"""File -> suffix of its format; what this release cannot write is left out."""
FILES = (PATCH, SUMMARY, TESTS, *_REPORTS)
"""Everything that may be in the folder."""


class Output:
    """The folder for the patch and the reports; files of an earlier run go when it is opened.

    Args:
        rootdir: the project's.
        wanted: absolute; None for `.codemode/ci`.

    Raises:
        ConfigError: it cannot be made, or lies behind a link of the checkout's.
    """

    def __init__(self, rootdir: Path, wanted: Path | None) -> None:
        try:
            self.folder = subfolder(state_dir(rootdir), "ci") if wanted is None else _made(rootdir, wanted)
            for name in FILES:
                _remove(self.folder / name)
        except OSError as problem:
            raise ConfigError(f"--output: {problem.filename} cannot be used ({problem.strerror})") from problem

    def write(self, report: RunReport, texts: Mapping[str, bytes]) -> None:
        """Write the report in every format there is, and `texts` by name.

        Raises:
            ConfigError: a file cannot be written.
        """
        with self._aside() as aside:
            for name, suffix in _REPORTS.items():
                if suffix in SUFFIXES:
                    write_report(report, str(aside / f"report{suffix}"))
                    (aside / f"report{suffix}").replace(self.folder / name)
            for name, data in texts.items():
                (aside / name).write_bytes(data)
                (aside / name).replace(self.folder / name)

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """Provide a folder that nobody knew before: a rename from there replaces a link, and never follows it."""
        try:
            with tempfile.TemporaryDirectory(prefix=".writing-", dir=self.folder) as aside:
                yield Path(aside)
        except OSError as problem:
            raise ConfigError(f"--output: {self.folder} cannot be written ({problem.strerror})") from problem


def safe_place(rootdir: Path, path: Path) -> Path:
    """Return the absolute `path`, which leads through no link inside the project.

    Raises:
        ConfigError: it does.
    """
    lexical = Path(os.path.normpath(path))
    if lexical.is_relative_to(rootdir):
        place = rootdir
        for part in lexical.relative_to(rootdir).parts:
            place /= part
            if place.is_symlink():
                raise ConfigError(
                    f"{place} is a symbolic link, which may have come with the change; name another place"
                )
    return lexical


def _made(rootdir: Path, wanted: Path) -> Path:
    folder = safe_place(rootdir, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _remove(path: Path) -> None:
    """Remove what is there, whatever it is, and nothing that it may point to."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode):
        shutil.rmtree(path)
    else:
        path.unlink()
