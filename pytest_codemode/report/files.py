"""Report files: which format by which suffix, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.report import RunReport
from pytest_codemode.report import jsonreport, markdown

_FORMATS = {".json": jsonreport.render, ".md": markdown.render}
SUFFIXES = tuple(_FORMATS)
"""What a report's file name may end in."""


def write(report: RunReport, path: str) -> None:
    """Write `report` to `path` in the format of its suffix; missing folders are made.

    Raises:
        ConfigError: the file cannot be written.
    """
    target = Path(path)
    text = _FORMATS[target.suffix](report)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        raise ConfigError(f"--codemode-report: {path} cannot be written ({problem.strerror}); name another") from None


def _replace(target: Path, content: bytes) -> None:
    """Write beside the target and rename: a reader never sees half a report."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
