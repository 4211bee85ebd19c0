"""Where a CI run leaves its files. The checkout is foreign: nothing is written through a link that came with it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.report import RunReport
from pytest_codemode.report.files import put, render
from pytest_codemode.worktree.statedir import state_dir, subfolder

PATCH, SUMMARY, TESTS, STATE = "patch.diff", "summary.md", "junit.xml", "state"
_REPORTS = {
    "report.json": ".json",
    "report.md": ".md",
    "report.html": ".html",
    "report.sarif": ".sarif",
    "gl-code-quality.json": ".codequality.json",
}
"""File -> suffix of its format."""
FILES = (PATCH, SUMMARY, TESTS, STATE, *_REPORTS)
"""Everything that may be in the folder."""


class Output:
    """The folder for the patch and the reports; files of an earlier run go when it is opened.

    Args:
        rootdir: the project's.
        checkout: that it lies in.
        wanted: absolute; None for `.codemode/ci`.

    Raises:
        ConfigError: it cannot be made, or lies behind a link of the checkout's.
    """

    def __init__(self, rootdir: Path, checkout: Path, wanted: Path | None) -> None:
        try:
            self.folder = subfolder(state_dir(rootdir), "ci") if wanted is None else _made(checkout, wanted)
            for name in FILES:
                _remove(self.folder / name)
        except OSError as problem:
            raise ConfigError(f"--output: {problem.filename} cannot be used ({problem.strerror})") from problem

    def write(self, report: RunReport, texts: Mapping[str, bytes], folder: str = "") -> None:
        """Write the report in every format, and `texts` by name.

        Args:
            report: of the run.
            texts: file -> content.
            folder: the rootdir, relative to the root of the repository.

        Raises:
            ConfigError: a file cannot be written.
        """
        formats = {name: render(report, f"report{suffix}", folder=folder) for name, suffix in _REPORTS.items()}
        encoded = {name: text.encode("utf-8", "backslashreplace") for name, text in formats.items()}
        try:
            for name, data in {**encoded, **texts}.items():
                put(self.folder / name, data)
        except OSError as problem:
            raise ConfigError(f"--output: {self.folder} cannot be written ({problem.strerror})") from problem


def safe_place(checkout: Path, path: Path) -> Path:
    """Return the absolute `path`, which leads through no link inside the checkout.

    Raises:
        ConfigError: it does.
    """
    lexical = Path(os.path.normpath(path))
    place = Path(lexical.anchor)
    for part in lexical.parts[1:]:
        place /= part
        if not place.is_symlink():
            continue
        if place.is_relative_to(checkout):
            raise ConfigError(f"{place} is a symbolic link, which may have come with the change; name another place")
        place = place.resolve()
    return lexical


def _made(checkout: Path, wanted: Path) -> Path:
    folder = safe_place(checkout, wanted)
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
