"""What the user's options say of coverage: which configuration file, and the source. pytest is not imported for it."""
# ruff: noqa: PTH119, PTH123  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import argparse
import configparser
import os
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pytest_codemode.worker.enter import moved, pytest_arguments
from pytest_codemode.worker.plan import Setup


@dataclass(frozen=True, slots=True)
class CoverageOptions:
    """pytest-cov's options, as far as they say what is measured."""

    sources: tuple[str, ...] = ()
    """Of `--cov=SOURCE`; empty where the configuration file is to say it."""
    config_file: str = ""
    """Of `--cov-config`; empty for the usual places."""


class _Refused(Exception):
    """The options make no sense to this parser, which knows only a few."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Refused(message)


def coverage_options(setup: Setup) -> CoverageOptions:
    """Return what `addopts`, `PYTEST_ADDOPTS` and the command line say; later ones add sources and replace the file."""
    given = pytest_arguments(setup)
    from_environment = _words(setup.project.env.get("PYTEST_ADDOPTS", ""))
    overriding = _parsed([*from_environment, *given]).override_ini
    addopts = next((text.partition("=")[2] for text in reversed(overriding) if text.startswith("addopts=")), None)
    inifile = moved(setup, setup.project.inifile)
    from_file = _addopts(inifile) if addopts is None else _words(addopts)
    found = _parsed([*from_file, *from_environment, *given])
    # A bare `--cov` leaves it to the configuration file, whatever else is said; so does pytest-cov.
    sources = () if "" in found.cov else tuple(moved(setup, source) for source in found.cov)
    return CoverageOptions(sources, moved(setup, found.cov_config))


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--cov", action="append", nargs="?", const="", default=[])
    parser.add_argument("--cov-config", default="")
    parser.add_argument("-o", "--override-ini", action="append", default=[])
    try:
        return parser.parse_known_args(list(words))[0]
    except _Refused:
        return parser.parse_known_args([])[0]


def _addopts(inifile: str) -> list[str]:
    """Return `addopts` of pytest's configuration file."""
    try:
        with open(inifile, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError):
        return []
    return _words(_of_toml(text) if inifile.endswith(".toml") else _of_ini(text, os.path.basename(inifile)))


def _of_toml(text: str) -> Any:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ""
    tool = data.get("tool", {}).get("pytest", {})
    for table in (data.get("pytest"), tool.get("ini_options"), tool):
        if isinstance(table, dict) and "addopts" in table:
            return table["addopts"]
    return ""


def _of_ini(text: str, name: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ""
    return parser.get("tool:pytest" if name == "setup.cfg" else "pytest", "addopts", fallback="")


def _words(addopts: Any) -> list[str]:
    if isinstance(addopts, list):
        return [str(word) for word in addopts]
    try:
        return shlex.split(str(addopts))
    except ValueError:
        return []
