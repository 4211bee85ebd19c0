"""Report files: which format by which suffix, written whole or not at all."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.report import RunReport

_FORMATS = {
    ".json": "jsonreport",
    ".md": "markdown",
    ".html": "page",
    ".sarif": "sarif",
    ".codequality.json": "codequality",
}
"""Suffix -> module beside this one whose `render` makes the text; loaded when such a report is written."""
_FROM_REPOSITORY = frozenset({".sarif", ".codequality.json"})
"""Read by services that take paths from the root of the repository; their `render` is told where the rootdir lies."""
SUFFIXES = tuple(_FORMATS)
"""What a report's file name may end in."""
CHOICE = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def suffix_of(path: str) -> str | None:
    """Return the suffix that says the format of `path`, the longest that fits; None if none does."""
    name = Path(path).name
    return max((suffix for suffix in SUFFIXES if name.endswith(suffix)), key=len, default=None)


def render(report: RunReport, path: str, *, option: str = "--codemode-report", folder: str = "") -> str:
    """Return `report` in the format of the suffix of `path`.

    Args:
        report: of the run.
        path: where it is to go.
        option: by which the user named it.
        folder: the rootdir, relative to the root of the repository.

    Raises:
        ConfigError: no format has such a suffix.
    """
    suffix = suffix_of(path)
    if suffix is None:
        raise ConfigError(f"{option}: {path!r} has no known suffix; end it in {CHOICE}")
    make = importlib.import_module(f"pytest_codemode.report.{_FORMATS[suffix]}").render
    made: str = make(report, folder) if suffix in _FROM_REPOSITORY else make(report)
    return made


def write(report: RunReport, path: str, *, option: str = "--codemode-report", folder: str = "") -> None:
    """Write `report` to `path` in the format of its suffix; missing folders are made. Arguments as for `render`.

    Raises:
        ConfigError: it has no suffix of a format, or the file cannot be written.
    """
    target = Path(path)
    text = render(report, path, option=option, folder=folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        raise ConfigError(f"{option}: {path} cannot be written ({problem.strerror}); name another") from None


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target and rename: a reader never sees half a report."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        # Made anew: whatever has that name already, a link to elsewhere perhaps, is not written to.
        with temporary.open("xb") as file:
            file.write(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
