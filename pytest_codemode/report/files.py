"""Report files: which format by which suffix, written whole or not at all."""

from __future__ import annotations

import importlib
import os
import secrets
import stat
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
        put(target, text.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        raise ConfigError(f"{option}: {path} cannot be written ({problem.strerror}); name another") from None


def put(target: Path, content: bytes) -> None:
    """Write beside `target` and rename: a reader sees the old file or the new one, never half of one.

    The new file has the mode of the one that it replaces. A link in the target's place is replaced, not followed.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    # Made anew, under a name that nobody can know: whatever stands there is neither written to nor removed.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    with temporary.open("xb") as file:
        try:
            if (mode := _mode(target)) is not None:
                os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            temporary.replace(target)
        except BaseException:  # an interruption too
            temporary.unlink()
            raise


def _mode(target: Path) -> int | None:
    """Return the permissions of a regular file, None where there is none."""
    try:
        found = target.lstat().st_mode
    except FileNotFoundError:
        return None
    return found & 0o777 if stat.S_ISREG(found) else None
