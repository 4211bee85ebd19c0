"""From reproduced failures to repair tasks: group, localise, gather the sources."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.project import Project
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.repair.grouping import group
from pytest_codemode.repair.imports import imported_paths
from pytest_codemode.repair.localise import localise
from pytest_codemode.repair.testmap import TestMap, pace
from pytest_codemode.sandbox.sources import source_roots
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.sources import SourceTree

_UNSEEN = 0.1
"""Suspicion of module-level lines that no test is known to execute, where nothing better is known."""


class TaskBuilder:
    """Makes the tasks of a round.

    Args:
        timed: whether the quickest tests of a task come first; without, in collected order, so that no
            clock decides which patch is found.
    """

    def __init__(
        self, project: Project, sandbox: Sandbox, tree: SourceTree, editable: EditableSet, *, timed: bool = True
    ) -> None:
        self._timed = timed
        self._sandbox = sandbox
        self._tree = tree
        self._editable = editable
        self._roots = source_roots(project)
        self._made = 0

    def tasks(self, failures: tuple[Failure, ...], tests: TestMap) -> list[RepairTask]:
        """Return one task for each group of failures, those with the quickest tests first."""
        if not self._timed:
            collected = {nodeid: index for index, nodeid in enumerate(tests.results)}
            failures = tuple(sorted(failures, key=lambda failure: collected.get(failure.nodeid, -1)))
        editable = frozenset(
            frame.path for failure in failures for frame in failure.frames if self._editable.allows(frame.path)
        )
        return [self._task(members, tests) for members in group(failures, editable)]

    def _task(self, failures: tuple[Failure, ...], tests: TestMap) -> RepairTask:
        functions = {f for failure in failures for f in tests.functions(failure.nodeid)}
        test_paths = {failure.nodeid.partition("::")[0] for failure in failures}
        test_sources = self._sources(path for path in test_paths if path.endswith(".py"))
        executed = {f.partition("::")[0] for f in functions}
        executed |= {frame.path for failure in failures for frame in failure.frames}
        sources = self._sources(path for path in executed if self._editable.allows(path))
        imported = self._imported({**test_sources, **sources}, deep=any(f.when is Phase.COLLECT for f in failures))
        if any(failure.exception in ("ImportError", "ModuleNotFoundError") for failure in failures):
            imported |= self._siblings(imported)  # one of them may be meant
        sources = {**sources, **imported}
        found = localise(self._sandbox, failures, tests, self._tree.read, sources.__contains__)
        self._made += 1
        return RepairTask(
            key=f"t{self._made}",
            failures=self._ordered(failures, tests),
            suspects=found.suspects or _module_lines(imported),
            sources=sources,
            test_sources=test_sources,
            functions=tuple(sorted(f for f in functions if f.partition("::")[0] in sources)),
            guards=tests.sharing(frozenset(functions)),
            durations_s={failure.nodeid: tests.duration_s(failure.nodeid) for failure in failures},
            observed=found.observed,
        )

    def _ordered(self, failures: tuple[Failure, ...], tests: TestMap) -> tuple[Failure, ...]:
        if not self._timed:
            return failures
        return tuple(sorted(failures, key=lambda failure: pace(tests.duration_s(failure.nodeid))))

    def _sources(self, paths: Iterable[str]) -> Files:
        read = {path: self._tree.read(path) for path in sorted(set(paths))}
        return {path: data for path, data in read.items() if data is not None}

    def _siblings(self, files: Files) -> Files:
        """Return the editable modules that lie beside `files`."""
        folders = {PurePosixPath(path).parent for path in files}
        names = (
            entry.relative_to(self._tree.rootdir).as_posix()
            for folder in sorted(folders)
            for entry in sorted((self._tree.rootdir / folder).glob("*.py"))
        )
        return self._sources(name for name in names if self._editable.allows(name))

    def _imported(self, files: Files, *, deep: bool) -> Files:
        """Return the editable files that `files` import: their module level runs without a function of theirs."""
        found: Files = {}
        pending = dict(files)
        while pending:
            names = {n for p, data in pending.items() for n in imported_paths(p, data, self._roots, self._tree.read)}
            new = self._sources(n for n in names - found.keys() - files.keys() if self._editable.allows(n))
            found |= new
            pending = new if deep else {}
        return found


def _module_lines(files: Files) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(path, number, _UNSEEN, "imported by the failing test")
        for path, data in files.items()
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1)
        if line[:1].isalpha() or line.startswith(("_", "@"))
    )
