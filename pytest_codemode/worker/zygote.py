"""A process that holds a collected pytest session and forks itself for every run: no import, no collection again."""

from __future__ import annotations

import gc
import os
import random
import socket
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any, NoReturn

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from pytest_codemode.worker.batch import Batch, BatchedTest, batched
from pytest_codemode.worker.channel import write_line
from pytest_codemode.worker.confine import prepare
from pytest_codemode.worker.enter import enter_project
from pytest_codemode.worker.exchange import Unfaithful
from pytest_codemode.worker.executed import recorder
from pytest_codemode.worker.explore.fixtures import Places
from pytest_codemode.worker.explore.loop import explore
from pytest_codemode.worker.explore.preloading import import_each
from pytest_codemode.worker.explore.surroundings import thread_count
from pytest_codemode.worker.fence import confinement
from pytest_codemode.worker.forkserver import serve_forks
from pytest_codemode.worker.inherited import OpenFile, can_be_private, make_private, open_files
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.recorder import CollectionRecorder, FailureRecorder
from pytest_codemode.worker.runner import Runner, between_tests
from pytest_codemode.worker.session import neutral_for, run_pytest, say_unstarted
from pytest_codemode.worker.slim import SlimReports
from pytest_codemode.worker.swap import LiveIndex
from pytest_codemode.worker.timelimit import TimeLimit
from pytest_codemode.worker.traces import Traces

MAX_MODULES = 3_000
"""Names of imported modules that are told, at most."""


def serve_session(setup: Setup, control: socket.socket) -> NoReturn:
    """Collect the user's selection, tell it over `control`, then fork for each plan that comes in."""
    Zygote(setup, control).collect()
    os._exit(0)


class Zygote:
    """The session's process. Everything here ran the project's import-time code: nothing it says is trusted."""

    def __init__(self, setup: Setup, control: socket.socket) -> None:
        self.setup = setup
        self.control = control
        self.errors: list[Any] = []
        self._observer = recorder()
        self._random_before: object = None

    def collect(self) -> None:
        """Run pytest up to its loop over the items; returns only if it does not get that far."""
        enter_project(self.setup)
        self._environment = dict(os.environ)
        self._modules = frozenset(sys.modules)
        self._random_before = random.getstate()
        neutral = neutral_for(self.setup, None, 0)
        self._observer.start()
        status = run_pytest(self.setup, [neutral, CollectionRecorder(self.setup.root), Places(), self])
        say_unstarted(self._say, neutral, status)

    def _say(self, message: dict[str, Any]) -> None:
        write_line(self.control.fileno(), message)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        self.errors += getattr(report, "codemode_failures", ())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Take over."""
        unseeded = random.getstate() == self._random_before
        self._preload()
        executed = self._observer.stop()
        capture = session.config.pluginmanager.getplugin("capturemanager")
        capture.stop_global_capturing()  # each fork starts its own: capture files would be shared between them
        # State that nobody set comes from the system's entropy in a plain run, and must not be the same in each fork.
        files = open_files()
        kit = Kit(session, LiveIndex(self.setup.root, executed), self.setup, files, reseed=unseeded)
        prepare(confinement(self.setup))
        self._tell(session, private=can_be_private(files))
        gc.collect()
        gc.freeze()  # a collection in a fork would otherwise copy every page that holds an object
        serve_forks(self.setup, self.control, kit.run)

    def _preload(self) -> None:
        """Import what the engine has named; runs that start from the files on disk are told nothing of it."""
        environment, modules = dict(os.environ), frozenset(sys.modules)
        import_each([f"{self.setup.root}/{path}" for path in self.setup.preload])
        self._modules |= frozenset(sys.modules) - modules
        self._environment |= {name: text for name, text in os.environ.items() if environment.get(name) != text}

    def _tell(self, session: pytest.Session, *, private: bool) -> None:
        changed = {name: text for name, text in os.environ.items() if self._environment.get(name) != text}
        new = (module for name, module in list(sys.modules.items()) if name not in self._modules)
        self._say(
            {
                "say": "collected",
                "nodeids": [item.nodeid for item in session.items],
                "errors": self.errors,
                "threads": thread_count(),
                "private": private,
                "modules": installed_modules(new, self.setup.root),
                "environ": changed,
            }
        )


class Kit:
    """What every run needs, made once: registering a plugin costs a fork 0.3 ms."""

    def __init__(
        self,
        session: pytest.Session,
        index: LiveIndex,
        setup: Setup,
        files: tuple[OpenFile, ...],
        *,
        reseed: bool,
    ) -> None:
        rootdir = setup.root
        self._setup = setup
        self._files = files
        self._session = session
        self._index = index
        self._reseed = reseed
        self._limit = TimeLimit(0.0)
        self._runner = Runner(Plan(0.0), _unheard, rootdir, self._limit)
        self._full = FailureRecorder(rootdir)
        self._slim = SlimReports(rootdir)
        for plugin in (self._limit, self._runner, self._full, self._slim):
            session.config.pluginmanager.register(plugin)

    def run(self, plan: Plan, say: Say) -> None:
        """Run `plan` on the collected items, with its functions swapped."""
        make_private(self._files, self._setup.fork_scratch)
        if plan.explore is not None:
            if self._reseed:
                random.seed()
            explore(self._session, self._index, self._setup, plan.explore, say)
            return
        try:
            self._index.install(plan.swaps)
        except Unfaithful as problem:
            say({"say": "unfaithful", "reason": str(problem)})
            return
        if self._reseed:
            random.seed()
        capture = self._session.config.pluginmanager.getplugin("capturemanager")
        capture.start_global_capturing()
        self._limit.seconds = plan.test_s
        self._full.active, self._slim.active = not plan.slim, plan.slim
        self._runner.begin(plan, say)
        if plan.batch:
            self._run_batch(plan, say)
        else:
            self._runner.run(self._runner.select(self._session.items))
        capture.stop_global_capturing()
        self._runner.finish()

    def _run_batch(self, plan: Plan, say: Say) -> None:
        item = batched(self._session.items, plan)
        if item is None:
            say({"say": "unfit", "reason": "it is no test function"})
            return
        between_tests(item.config)
        traces = Traces(self._setup, item, reseed=self._reseed)
        Batch(self._setup, self._index, plan, say).run(BatchedTest(item, traces, self._runner, self._slim))


def _unheard(_message: dict[str, Any]) -> None:
    """Nobody listens before the first plan."""


def installed_modules(modules: Iterable[ModuleType], root: str) -> list[str]:
    """Return the names of modules that are no project code, in the order of their import.

    Modules whose assertions pytest rewrites are left out: it would complain that they were imported before.
    """
    names = []
    for module in modules:
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None)
        rewritten = isinstance(getattr(spec, "loader", None), AssertionRewritingHook)
        if spec is None or rewritten or not isinstance(origin, str) or not origin.startswith("/"):
            continue
        if not _within(origin, root):
            names.append(str(spec.name))
    return names[:MAX_MODULES]


def _within(path: str, root: str) -> bool:
    """Whether a file is the project's own; an environment inside the tree is not."""
    return path.startswith(root + os.sep) and "site-packages" not in path
