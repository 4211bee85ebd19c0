"""Repair step by step, for an agent that does the thinking: what fails, where may the cause be, what does a patch do?

Every answer is about the tree as it stands: when a file has changed since the last question, all is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ConfigError, SandboxError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import RunRequest
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.project import Project
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.repair.judge import Judge, Veto
from pytest_codemode.repair.tasks import TaskBuilder
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.worktree.editable import EditableSet, test_files
from pytest_codemode.worktree.snapshot import Stamp, changed, snapshot
from pytest_codemode.worktree.sources import SourceTree

UNLIMITED = Allowance(time_s=None, usd=None, candidates=None)
"""An agent's own client decides when it has asked enough; each call has its limits in the sandbox."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of one state of the tree."""

    stamps: dict[str, Stamp]
    tree: SourceTree
    editable: EditableSet
    tests: TestMap
    failures: tuple[Failure, ...]
    selected: tuple[str, ...]
    tasks: tuple[RepairTask, ...]

    def task_of(self, nodeid: str) -> RepairTask:
        """Return the task that a failing test belongs to.

        Raises:
            ConfigError: the test does not fail.
        """
        for task in self.tasks:
            if nodeid in task.nodeids:
                return task
        raise ConfigError(f"{nodeid!r} is none of the failing tests; list_failures names them")


class RepairSession:
    """Answers for one project.

    Args:
        vetoes: builds the policy for a task of the tree it is given.
        prefixes: folders of the interpreter's own, which no patch may touch.
    """

    def __init__(
        self,
        project: Project,
        sandbox: Sandbox,
        vetoes: Callable[[SourceTree, EditableSet, RepairTask], tuple[Veto, Veto]],
        prefixes: tuple[str, ...] = (),
    ) -> None:
        self._project = project
        self._sandbox = sandbox
        self._vetoes = vetoes
        self._prefixes = prefixes
        self._known: Survey | None = None

    def survey(self) -> Survey:
        """Run the whole selection, unless nothing has changed since it ran last.

        Raises:
            SandboxError: the tests cannot be run.
        """
        if self._known is not None and not changed(self._known.stamps, self._project.rootdir):
            return self._known
        stamps = snapshot(self._project.rootdir)
        self._sandbox.refresh({})
        run = self._sandbox.run_tests(RunRequest(record="functions"))
        if run.status == "failed":
            raise SandboxError(f"the tests cannot be run in the sandbox: {run.reason}")
        selected = self._sandbox.collect().nodeids
        tests = TestMap()
        tests.add(run)
        red = (one for one in run.results if not one.outcome.green)
        failures = (*run.collection_errors, *(failure for one in red for failure in one.failures))
        tree = SourceTree(Path(self._project.rootdir))
        editable = EditableSet(tree.rootdir, (), test_files(selected), self._prefixes)
        builder = TaskBuilder(self._project, self._sandbox, tree, editable)
        tasks = tuple(builder.tasks(failures, tests)) if failures else ()
        self._known = Survey(stamps, tree, editable, tests, failures, selected, tasks)
        return self._known

    def try_patches(self, nodeid: str, patches: Sequence[Patch]) -> tuple[Trial, ...]:
        """Judge patches for the task of a failing test: policy, the task's tests, the passing tests they may affect.

        Raises:
            ConfigError: the test does not fail.
            SandboxError: the sandbox died.
        """
        survey = self.survey()
        task = survey.task_of(nodeid)
        first, second = self._vetoes(survey.tree, survey.editable, task)
        judge = Judge(
            sandbox=self._sandbox,
            tree=survey.tree,
            tests=survey.tests,
            budget=Budget(UNLIMITED),
            veto=first,
            second_veto=second,
            test_timeout_s=self._project.limits.test_s,
        )
        return judge.judge(task, patches)

    def request(self) -> EngineRequest:
        """Return the repair run of what fails now, as a plain run of pytest would ask for it.

        Raises:
            ConfigError: no test fails.
        """
        survey = self.survey()
        if not survey.failures:
            raise ConfigError("no test fails; there is nothing to repair")
        request = EngineRequest(self._project, survey.failures, survey.selected, survey.tests.passing())
        return replace(request, options=replace(request.options, budget="time=none,usd=none"))
