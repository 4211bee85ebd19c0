"""The project's own settings of coverage.py, without what makes no sense in a sandbox."""
# ruff: noqa: PTH100, PTH109, PTH110, PTH112, PTH118  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Iterable
from typing import Any

from coverage import Coverage
from coverage.config import read_coverage_config
from coverage.exceptions import CoverageException
from coverage.plugin_support import Plugins

from pytest_codemode.core.own_code import own_code
from pytest_codemode.worker.measuring.files import python_files
from pytest_codemode.worker.measuring.options import CoverageOptions
from pytest_codemode.worker.plan import Measuring

Note = Callable[[str], None]
"""Takes a sentence that the user should read."""

_CONFIG_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""Where coverage.py looks, in the folder it is started in."""
_SAID_BY_FIGURES = frozenset({"no-data-collected", "module-not-imported", "module-not-measured"})
"""Warnings of coverage.py's about what the figures show: that nothing was executed."""
_CONCURRENCY = ("thread", "greenlet", "eventlet", "gevent")


class Settings:
    """One run's `Coverage`, made ready to be started.

    Args:
        root: absolute, symlinks resolved.
        options: of the command line.
        orders: what is to be measured.
        note: hears what the user should know.
    """

    def __init__(self, root: str, options: CoverageOptions, orders: Measuring, note: Note) -> None:
        self._root = root
        self._note = note
        self._contexts = orders.contexts
        self.files: tuple[str, ...] = ()
        """Absolute; measured whether or not anything imports them. Empty where the configuration says what is."""
        self.own = False
        """Whether `files` are what is taken for the project's own code."""
        self.folder = os.getcwd()
        """What relative names in the settings are relative to."""
        sources = [os.path.abspath(name) if os.path.isdir(name) else name for name in options.sources]
        config_file = options.config_file or self._usual_file()
        with contextlib.chdir(self.folder):
            self.coverage = self._made(config_file, sources)
            self._overrule()
            self._load_plugins()
            self._overrule()  # a plugin may have set what makes no sense here
            self._choose_files(orders)

    def _made(self, config_file: str | bool, sources: list[str]) -> Coverage:
        try:
            return _quiet(self._note, config_file, sources or None)
        except CoverageException as problem:
            self._note(f"coverage's configuration cannot be read, so it is left out: {problem}")
            return _quiet(self._note, False, sources or None)

    def _usual_file(self) -> str | bool:
        """Return where to look for settings: the working directory, as plain coverage does, else rootdir."""
        if self.folder == self._root or os.environ.get("COVERAGE_RCFILE") or _has_settings(True):
            return True
        for name in _CONFIG_FILES:
            path = os.path.join(self._root, name)
            if os.path.exists(path) and _has_settings(path):
                self.folder = self._root
                return path
        return True

    def _overrule(self) -> None:
        """Switch off what writes files, follows other processes or names contexts."""
        config: Any = self.coverage.config
        config.branch = True
        config.parallel = config.sigterm = config.relative_files = config.ignore_errors = False
        config.context = config.dynamic_context = config.debug_file = config._crash = None
        config.debug, config.patch = [], []
        config.fail_under = 0.0
        if "multiprocessing" in config.concurrency:
            self._note("what tests run in other processes is not measured (concurrency = multiprocessing)")
        config.concurrency = [name for name in config.concurrency if name in _CONCURRENCY and _installed(name)]
        if self._contexts and not config.timid and config.core != "pytrace":
            config.core = "ctrace"  # the one by sys.monitoring knows no contexts

    def _load_plugins(self) -> None:
        """Load the plugins that the configuration names; go on without those that fail."""
        coverage: Any = self.coverage
        coverage.config.plugins = [name for name in coverage.config.plugins if self._works(name)]
        try:
            coverage._init()
        except Exception as problem:  # noqa: BLE001  # a plugin's own
            self._note(f"coverage's plugins failed, so they are left out: {type(problem).__name__}: {problem}")
            coverage.config.plugins = []
            coverage._inited = False
            coverage._init()

    def _works(self, name: str) -> bool:
        """Return whether a plugin can be loaded; tried on a copy of the settings."""
        config = self.coverage.config
        try:
            plugins = Plugins()
            plugins.load_from_config([name], config)
            for plugin in plugins.configurers:
                plugin.configure(config.copy())
        except Exception as problem:  # noqa: BLE001  # the plugin's own
            missing = isinstance(problem, ModuleNotFoundError) and problem.name == name.partition(".")[0]
            why = "it is not installed" if missing else f"{type(problem).__name__}: {problem}"
            self._note(f"coverage's configuration names the plugin {name}, which is left out: {why}")
            return False
        return True

    def _choose_files(self, orders: Measuring) -> None:
        config: Any = self.coverage.config
        if orders.paths:
            config.run_omit, config.report_include, config.report_omit = [], None, None
            self._measure_only(orders.paths)
        elif not (config.source or config.source_pkgs or config.source_dirs or config.run_include):
            self.own = True
            self._measure_only(own_code(python_files(self._root)))

    def _measure_only(self, paths: Iterable[str]) -> None:
        config: Any = self.coverage.config
        self.files = tuple(os.path.realpath(os.path.join(self._root, path)) for path in paths)
        config.source, config.source_pkgs, config.source_dirs = None, [], []
        # Characters that mean something in a pattern cannot be escaped in it.
        patterns = ["".join("?" if char in "*?[]{}" else char for char in file) for file in self.files]
        config.run_include = patterns or [os.path.join(self._root, "nothing")]


def _quiet(note: Note, config_file: str | bool, source: list[str] | None) -> Coverage:
    class Quiet(Coverage):
        """Takes warnings down: Python's own become errors where the project wants it so."""

        def _warn(self, msg: str, slug: str | None = None, once: bool = False) -> None:
            if slug in _SAID_BY_FIGURES:
                return
            note(f"coverage: {msg.strip().splitlines()[0]}")

    return Quiet(data_file=None, config_file=config_file, source=source, branch=True)


def _has_settings(config_file: str | bool) -> bool:
    """Return whether there is such a file that says something of coverage, even if it cannot be read."""
    try:
        return read_coverage_config(config_file, lambda _warning: None).config_file is not None
    except CoverageException:
        return True


def _installed(name: str) -> bool:
    return name == "thread" or importlib.util.find_spec(name) is not None
