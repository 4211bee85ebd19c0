"""Finds the project from where the user stands, as pytest would without arguments."""

from __future__ import annotations

import configparser
import os
import stat
import tomllib
from pathlib import Path

from pytest_codemode.core.errors import ConfigError

_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
_SECTIONS = {"tox.ini": "pytest", "setup.cfg": "tool:pytest"}


def find_root(given: Path | None = None) -> Path:
    """Return the root of the project around the working directory, symlinks resolved.

    That is the nearest folder upwards in which codemode has worked before for this user or which has a configuration
    file of pytest's, else that of `setup.py` or `pyproject.toml`, else the working directory itself.

    Raises:
        ConfigError: `given` is no folder.
    """
    if given is not None:
        if not given.is_dir():
            raise ConfigError(f"--rootdir {given} is no folder")
        return given.resolve()
    here = Path.cwd().resolve()
    folders = (here, *here.parents)
    for found in (_is_root, _is_project):
        for folder in folders:
            if found(folder):
                return folder
    return here


def find_inifile(folder: Path) -> Path | None:
    """Return the file in `folder` that configures pytest, None if there is none."""
    for name in _ALWAYS:
        if (folder / name).is_file():
            return folder / name
    for name, section in (("pyproject.toml", ""), *_SECTIONS.items()):
        path = folder / name
        if path.is_file() and (_has_section(path, section) if section else _has_table(path)):
            return path
    return None


def _is_root(folder: Path) -> bool:
    return find_inifile(folder) is not None or _worked_in(folder)


def _worked_in(folder: Path) -> bool:
    """Return whether there is state of this user's: anybody can make a `.codemode` in a shared folder above."""
    try:
        found = (folder / ".codemode").lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_project(folder: Path) -> bool:
    return (folder / "setup.py").is_file() or (folder / "pyproject.toml").is_file()


def _has_table(path: Path) -> bool:
    try:
        tool = tomllib.loads(path.read_text("utf-8")).get("tool", {})
    except (ValueError, RecursionError) as problem:
        raise ConfigError(f"{path} is not TOML: {problem}") from problem
    return "pytest" in tool


def _has_section(path: Path, section: str) -> bool:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, ValueError) as problem:
        raise ConfigError(f"{path} cannot be read: {problem}") from problem
    return parser.has_section(section)
