"""What `codemode serve` offers beside the bare sandbox: repair, driven by the client's model, and what tests lack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.project import Project
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.proposers.given import GivenPatches
from pytest_codemode.repair.judge import Veto
from pytest_codemode.repair.session import RepairSession, Survey
from pytest_codemode.repair.vetting import Vetting
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.survey import CoverageGaps, survey, told
from pytest_codemode.wiring.repairing import own_prefixes, repair
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.sources import SourceTree


class Repairs:
    """One project's repair session; its sandbox is started by the first question."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sandbox: SandboxClient | None = None
        self._session: RepairSession | None = None

    def failures(self) -> tuple[Failure, ...]:
        """Run the tests and return what fails."""
        return self._opened().survey().failures

    def task(self, nodeid: str) -> RepairTask:
        """Return the failing test's task: the suspicious lines, the sources, the tests that guard them."""
        return self._opened().survey().task_of(nodeid)

    def survey(self) -> Survey:
        """Run the tests and return all that is known of them."""
        return self._opened().survey()

    def level(self) -> str:
        """Return the level of isolation in force, empty before the first question."""
        return self._sandbox.info().level if self._sandbox is not None else ""

    def try_patches(self, nodeid: str, patches: tuple[Patch, ...]) -> tuple[Trial, ...]:
        """Judge patches for a failing test; nothing is written."""
        return self._opened().try_patches(nodeid, patches)

    def accept(self, patch: Patch) -> RunReport:
        """Prove one patch as every patch is proven, and write it to the tree if the proof holds."""
        return repair(self._opened().request(), lambda event: None, proposers=(GivenPatches(patch),))

    def close(self) -> None:
        """End the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = self._session = None

    def _opened(self) -> RepairSession:
        if self._session is None:
            self._sandbox = SandboxClient(self._project)
            self._session = RepairSession(
                self._project, self._sandbox, self._vetoes, own_prefixes(self._project.python)
            )
        return self._session

    def _vetoes(self, tree: SourceTree, editable: EditableSet, task: RepairTask) -> tuple[Veto, Veto]:
        return Vetting(self._project, tree, editable, ()).vetoes(task)


class Gaps:
    """What the project's suite leaves out; its sandbox is started by the first question."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._sandbox: SandboxClient | None = None

    def gaps(self, targets: Sequence[str], since: str) -> CoverageGaps:
        """Measure the suite on the tree as it stands and return what it leaves out.

        Raises:
            ConfigError: a target matches nothing, or git cannot tell what has changed.
        """
        if self._sandbox is None:
            self._sandbox = SandboxClient(self._project)
        tree = SourceTree(Path(self._project.rootdir))
        return told(survey(self._project, self._sandbox, tree, targets, since))

    def close(self) -> None:
        """End the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
