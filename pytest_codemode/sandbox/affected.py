"""Keeps the index of which test executes what up to date, and answers from it."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread

from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    AffectedTest,
    Collection,
    Mode,
    Record,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
)
from pytest_codemode.core.patch import Files
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.facts import MODULE, checksum
from pytest_codemode.sandbox.index import Index, Recorded, Store, changed, files_behind
from pytest_codemode.sandbox.sources import Sources
from pytest_codemode.sandbox.stamps import newest_change_ns

OnResult = Callable[[TestResult], Awaitable[None]]

CLOCK_NS = 50_000_000
"""A file's time comes from a clock that lags a little behind."""


class Runs(Protocol):
    """What is needed of the sandbox."""

    @property
    def overlay(self) -> Files:
        """What stands in place of files on disk."""
        ...

    async def info(self) -> SandboxInfo:
        """See `SandboxService`, as for the others."""
        ...

    async def collect(self) -> Collection:
        """Collect the user's selection."""
        ...

    async def run_tests(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests."""
        ...

    async def refresh(self, files: Files | None = None) -> None:
        """Forget everything warm."""
        ...


class Affecting:
    """One project's index. Calls wait for each other."""

    def __init__(self, project: Project, runs: Runs) -> None:
        self._project = project
        self._runs = runs
        self.store: Store | None = None
        self._lock = anyio.Lock()
        self._index: Index | None = None
        self._fresh_ns = time.time_ns()
        """What changed on disk after this may be older in the workers' memory."""
        self._notes: list[str] = []

    async def affected(self, request: AffectedRequest, on_result: OnResult | None) -> Affected:
        """Return the tests that a change may affect."""
        async with self._lock:
            index, sources, collection = await self._begun()
            if collection.status != "finished":
                return Affected((), collection.status, collection.reason, notes=tuple(self._notes))
            stale = await anyio.to_thread.run_sync(index.stale, collection.nodeids, sources)
            run = RunResult("finished", ())
            if stale:
                run = await self._runs.run_tests(RunRequest(stale, mode=Mode.WARM, record="functions"), on_result)
                await self._take(index, run.results, sources)
            found = await anyio.to_thread.run_sync(_Answer(request, index, sources).tests, collection.nodeids)
            answer = Affected(
                tuple(found), run.status, run.reason, len(index.tests), len(run.results), tuple(self._notes)
            )
            return await self._with_lines(answer, request) if request.lines and found else answer

    async def run(self, request: RunRequest, on_result: OnResult | None) -> RunResult:
        """Run tests and tell what each executes; record only those whose code is not as it was recorded."""
        if request.files or request.mode is not Mode.WARM or request.record != "functions":
            return await self._runs.run_tests(request, on_result)
        async with self._lock:
            index, sources, collection = await self._begun()
            out_of_date = await anyio.to_thread.run_sync(index.stale, collection.nodeids, sources)
            stale = tuple(dict.fromkeys((*out_of_date, *(request.record_for or ()))))
            recorded = frozenset(stale)
            record: Record = "functions" if stale else "nothing"

            async def tell(result: TestResult) -> None:
                if on_result is not None:
                    await on_result(result if result.nodeid in recorded else _completed(result, index))

            run = await self._runs.run_tests(replace(request, record=record, record_for=stale), tell)
            if recorded:
                await self._take(index, [r for r in run.results if r.nodeid in recorded], sources, run.results)
            results = tuple(_completed(result, index) for result in run.results)
            index.check(result for result in results if result.nodeid not in recorded)
            return replace(run, results=results)

    async def _begun(self) -> tuple[Index, Sources, Collection]:
        """Return the index of the environment as it is now, the tree, and the tests in it, all of one moment."""
        self._notes = []
        if self._index is None:
            self._index = await anyio.to_thread.run_sync(self._loaded)
        before_ns = time.time_ns()
        newest_ns = await anyio.to_thread.run_sync(newest_change_ns, self._project.rootdir)
        if newest_ns > self._fresh_ns - CLOCK_NS:
            await self._runs.refresh(self._runs.overlay)
            self._fresh_ns = before_ns
        collection = await self._runs.collect()
        python = (await self._runs.info()).python
        environment = await anyio.to_thread.run_sync(environment_of, self._project, python)
        if self._index.environment != environment:
            self._index = Index(environment)
        sources = Sources(self._project, self._runs.overlay, self._index.files)
        return self._index, sources, collection

    async def _take(
        self, index: Index, recorded: Sequence[TestResult], sources: Sources, others: Sequence[TestResult] = ()
    ) -> None:
        """Take what was recorded; a fixture may also have ended after one of the `others`."""

        def work() -> None:
            for result in others:
                index.ends |= result.ends
            index.take(recorded, sources)
            problem = self.store.save(index.dump()) if self.store is not None else ""
            if problem:
                self._notes.append(problem)

        await anyio.to_thread.run_sync(work)

    def _loaded(self) -> Index:
        record, problem = self.store.load() if self.store is not None else (None, "")
        try:
            index = Index.parse(record) if record is not None else Index()
        except ValueError as damage:
            index, problem = Index(), f"the kept map of tests {damage}; it is made anew"
        if problem:
            self._notes.append(problem)
        return index

    async def _with_lines(self, answer: Affected, request: AffectedRequest) -> Affected:
        paths = {*request.paths, *request.files, *(name.partition("::")[0] for name in request.functions)}
        nodeids = tuple(test.nodeid for test in answer.tests)
        run = await self._runs.run_tests(
            RunRequest(nodeids, mode=Mode.WARM, record="lines", line_paths=tuple(sorted(paths)))
        )
        lines = {result.nodeid: result.lines for result in run.results}
        tests = tuple(replace(test, lines=lines.get(test.nodeid, {})) for test in answer.tests)
        notes = (*answer.notes, *((f"the lines are incomplete: {run.reason}",) if run.reason else ()))
        return replace(answer, tests=tests, notes=notes)


class _Answer:
    """The changed code of a request, found in the index."""

    def __init__(self, request: AffectedRequest, index: Index, sources: Sources) -> None:
        self._index = index
        self._sources = sources
        self._patched = sources.with_patch(request.files)
        self._paths = frozenset(request.paths)
        self._functions: set[str] = set()
        self._modules: set[str] = set(request.paths)
        for name in request.functions:
            self._add_function(name)
        for path in request.files:
            functions, module = changed(sources.of(path), self._patched.of(path))
            self._functions |= {f"{path}::{name}" for name in functions}
            self._modules |= {path} if module else set()

    def tests(self, nodeids: Iterable[str]) -> list[AffectedTest]:
        """Return the affected ones of `nodeids`, those that share most first, of equal ones the quickest."""
        found = (self._test(nodeid, self._index.tests.get(nodeid)) for nodeid in nodeids)
        ranks = {"executes": 0, "imports": 1, "unknown": 2}
        return sorted(filter(None, found), key=lambda test: (ranks[test.why], -test.shared, test.duration_s))

    def _add_function(self, name: str) -> None:
        path, _, qualname = name.partition("::")
        qualname = qualname.split(".<locals>", maxsplit=1)[0]
        facts = self._sources.of(path)
        methods = {f"{path}::{one}" for one in (facts.functions if facts else ()) if one.startswith(f"{qualname}.")}
        self._functions |= methods | {f"{path}::{qualname}"}
        if methods or qualname in ("", MODULE):
            self._modules.add(path)

    def _test(self, nodeid: str, known: Recorded | None) -> AffectedTest | None:
        if not (self._functions or self._modules):
            return None
        if known is None:
            return AffectedTest(nodeid, "unknown")
        functions = self._index.functions(nodeid)
        shared = sum(name in self._functions or name.partition("::")[0] in self._paths for name in functions)
        if shared:
            return AffectedTest(nodeid, "executes", shared, known.duration_s)
        if self._modules and self._imports(nodeid, functions):
            return AffectedTest(nodeid, "imports", 0, known.duration_s)
        return None

    def _imports(self, nodeid: str, functions: frozenset[str]) -> bool:
        """Whether changed code runs when what the test needs is imported, before or after the change."""
        return any(
            self._modules & files_behind(nodeid, functions, sources) for sources in (self._sources, self._patched)
        )


def _completed(result: TestResult, index: Index) -> TestResult:
    """Return the result with what the index knows of the test, the ends of shared fixtures included."""
    functions = index.functions(result.nodeid)
    return replace(result, functions=tuple(sorted(functions))) if functions else result


def environment_of(project: Project, python: str) -> str:
    """Return a checksum of what all tests depend on besides the project's Python files."""
    flags = (*project.python_flags, *project.pytest_args, str(project.cwd_on_path), project.invocation_dir)
    variables = (
        f"{name}={text}" for name, text in sorted(project.env.items()) if name.startswith(("PYTHON", "PYTEST"))
    )
    words = [python, project.python, *flags, *variables, *project.sys_path, *_installed(project.sys_path)]
    return checksum("\0".join(words).encode("utf-8", "surrogateescape") + _configuration(project))


def _configuration(project: Project) -> bytes:
    try:
        return Path(project.inifile).read_bytes() if project.inifile else b""
    except OSError:
        return b""


def _installed(entries: Iterable[str]) -> list[str]:
    """Return the installed distributions, whose folders are named after their versions."""
    found: list[str] = []
    for entry in entries:
        try:
            found += sorted(name for name in os.listdir(entry) if name.endswith((".dist-info", ".egg-info", ".pth")))  # noqa: PTH208
        except OSError:
            continue
    return found
