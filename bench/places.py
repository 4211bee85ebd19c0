"""A folder on disk as the project that a sandbox takes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_codemode.core.project import Project


def described(root: Path, level: str, workers: int = 1) -> Project:
    """Return the project in `root`, run by this interpreter with this environment."""
    return Project(
        rootdir=str(root),
        invocation_dir=str(root),
        python=sys.executable,
        pytest_args=("-p", "no:randomly"),
        cwd_on_path=True,
        env=dict(os.environ),
        sys_path=tuple(entry for entry in sys.path if Path(entry).is_absolute() and Path(entry).exists()),
        level=level,
        workers=workers,
        inifile=str(root / "pyproject.toml"),
    )
