"""The checkout that a project lies in: all of it may come with a change, and services count paths from its root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_TOLD_BY = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def checkout_of(rootdir: Path, environment: Mapping[str, str]) -> Path:
    """Return the root of the checkout around `rootdir`: as the runner tells it, else git's, else `rootdir` itself.

    Args:
        rootdir: the project's, symlinks resolved.
        environment: of the job.
    """
    for told in (environment.get(name, "") for name in _TOLD_BY):
        place = Path(os.path.realpath(told))
        if os.path.isabs(told) and place != Path(place.anchor) and rootdir.is_relative_to(place):  # noqa: PTH117
            return place
    # Git itself is not asked: it would take a bare repository among the files of the change for the one that is meant.
    return next((folder for folder in (rootdir, *rootdir.parents) if os.path.lexists(folder / ".git")), rootdir)


def folder_of(rootdir: Path, environment: Mapping[str, str]) -> str:
    """Return `rootdir` relative to the root of its checkout, as `report.files.write` takes it; empty if it is that."""
    relative = rootdir.relative_to(checkout_of(rootdir, environment)).as_posix()
    return "" if relative == "." else relative
