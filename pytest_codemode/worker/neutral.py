"""Options of the user's run that make no sense in a worker, switched off however they were given."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import Any

import pytest

from pytest_codemode.core.failure import Failure
from pytest_codemode.worker.recorder import collection_failure

OFF: dict[str, Any] = {
    # stop early, select by history
    "maxfail": 0,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "stepwise": False,
    "stepwise_skip": False,
    "stepwise_reset": False,
    "cacheclear": False,
    # talk to somebody
    "usepdb": False,
    "trace": False,
    "xmlpath": None,
    "pastebin": None,
    "log_file": None,
    "debug": None,
    # run no test
    "collectonly": False,
    "setuponly": False,
    "setupplan": False,
    # pytest-xdist
    "numprocesses": None,
    "dist": "no",
    "tx": [],
    "looponfail": False,
    # pytest-cov
    "cov_source": [],
    "no_cov": True,
    "cov_fail_under": None,
    # other reporters
    "htmlpath": None,
    "json_report": False,
    # pytest-randomly: the order is ours, the reseeding of `random` stays
    "randomly_reorganize": False,
}
"""`dest` -> value; set only where the option exists."""


class Neutral:
    """pytest plugin, to be registered first: overrule options, and note why conftest files could not be loaded."""

    def __init__(self, rootdir: str, cache_dir: str, args: tuple[str, ...] | None, seed: int) -> None:
        self.rootdir = rootdir
        self.cache_dir = cache_dir
        self.args = args
        """What to collect instead of the user's selection; None keeps it."""
        self.extra: tuple[str, ...] = ()
        """What to collect beside the user's selection; absolute."""
        self.asked: frozenset[str] = frozenset()
        """Node ids that were asked for by name: `-k`, `-m` and the like choose among the others."""
        self.seed = seed
        self.errors: list[Failure] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Generator[None, object, object]:
        """Overrule what is read before all options are parsed (pytest-cov starts here)."""
        self._overrule(early_config.known_args_namespace)
        try:
            return (yield)
        except Exception as problem:
            nodeid = getattr(problem, "path", "")
            self.errors.append(collection_failure(str(nodeid) or "conftest.py", problem, self.rootdir))
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_parse(self) -> Generator[None, pytest.Config, pytest.Config]:
        """Overrule the options before any plugin is configured with them."""
        config = yield
        self._overrule(config.option)
        if self.args is not None:
            config.args = list(self.args)
        config.args = list(dict.fromkeys([*config.args, *self.extra]))
        # Where xdist is installed, pytest-rerunfailures opens a socket and starts a thread for workers that never come.
        reruns: Any = sys.modules.get("pytest_rerunfailures")
        if reruns is not None:
            reruns.HAS_PYTEST_HANDLECRASHITEM = False
        # The cache belongs to the user: tests that use the `cache` fixture write to a private one.
        inicache = getattr(config, "_inicache", None)
        if inicache is not None:
            inicache["cache_dir"] = self.cache_dir
            inicache["log_file"] = ""  # opened for writing in the tree, where no fork may write
        return config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        """Keep what was asked for: new tests are not what the user's options choose, which were given before them."""
        before = list(items) if self.asked or self.extra else []
        result = yield
        left = {id(item) for item in items}
        items += [item for item in before if id(item) not in left and self._is_asked_for(item)]
        return result

    def _is_asked_for(self, item: pytest.Item) -> bool:
        return item.nodeid in self.asked or str(item.path) in self.extra

    def _overrule(self, options: Any) -> None:
        for name, value in OFF.items():
            if hasattr(options, name):
                setattr(options, name, value)
        if getattr(options, "randomly_seed", None) in ("default", "last"):
            options.randomly_seed = self.seed
