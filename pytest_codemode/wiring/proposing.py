"""Which proposers a run has. What costs time or money is opened when it is first asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.ports import EventSink, Proposer, Toolbox
from pytest_codemode.core.request import EngineOptions
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.model.bridge import BridgedToolbox
from pytest_codemode.proposers.model.code_mode import CodeMode
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.prompt import Prompt
from pytest_codemode.proposers.model.proposer import ModelProposer
from pytest_codemode.proposers.replay import ReplayProposer
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.extensions import operators
from pytest_codemode.repair.loop import Together
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.wiring.models import Models
from pytest_codemode.workbench.api import Workbench
from pytest_codemode.workbench.files import ProjectFiles
from pytest_codemode.workbench.tools import workbench_server
from pytest_codemode.worktree.sources import SourceTree


def named(options: EngineOptions) -> tuple[str, ...]:
    """Return the names of the proposers in order, each once; `auto` stands for all that are set up."""
    auto = ("search", "claude") if options.model.name else ("search",)
    names = (name for given in options.proposers for name in (auto if given == "auto" else (given,)))
    return tuple(dict.fromkeys(names))


class Proposing:
    """Makes the proposers of one run.

    Args:
        sandbox: returns the run's sandbox; only called when a proposer is asked for patches.
        resources: closed at the end of the run.
    """

    def __init__(
        self,
        options: EngineOptions,
        *,
        tree: SourceTree,
        budget: Budget,
        emit: EventSink,
        sandbox: Callable[[], SandboxClient],
        resources: ExitStack,
    ) -> None:
        self._options = options
        self._tree = tree
        self._emit = emit
        self._sandbox = sandbox
        self._resources = resources
        self._tools: CodeMode | None = None
        self._models = Models(options, rootdir=tree.rootdir, budget=budget, emit=emit, resources=resources)

    @property
    def together(self) -> Together | None:
        """Solves tasks side by side where their questions are to make one batch."""
        return self._models.together

    def all(self) -> tuple[Proposer, ...]:
        """Return the proposers that the user named, in order, each once.

        Raises:
            ConfigError: a name is none of ours, or what it needs is not there.
            ProposerError: a recording cannot be read.
        """
        return tuple(self._made(name) for name in named(self._options))

    def _made(self, name: str) -> Proposer:
        if name == "search":
            return SearchProposer(operators=operators(self._options.operators, self._tree.rootdir))
        if name == "claude":
            return self._claude()
        if name.startswith("replay:"):
            return self._replay(Path(name.removeprefix("replay:")), name)
        raise ConfigError(
            f"--codemode-proposer: there is no proposer {name!r}; use auto, search, claude or replay:FILE"
        )

    def _claude(self) -> Proposer:
        asked = self._options.model
        stronger = self._models.named(asked.escalate) if asked.escalate else None
        return self._speaking(self._models.chosen(), "claude", stronger)

    def _replay(self, path: Path, name: str) -> Proposer:
        """Return the proposer for a list of patches, or for the dialogue in a `run.jsonl`."""
        if path.suffix != ".jsonl":
            return ReplayProposer(path, self._tree.read)
        recorded = self._models.recorded(path)
        return self._speaking(
            self._models.free(recorded),
            name,
            stronger=self._models.free(recorded) if recorded.escalates else None,
            begin=lambda task: recorded.follow(task.nodeids),
        )

    def _speaking(
        self,
        model: MeteredModel,
        name: str,
        stronger: MeteredModel | None = None,
        begin: Callable[[RepairTask], object] = lambda task: None,
    ) -> Proposer:
        asked = self._options.model
        return ModelProposer(
            model,
            Prompt(),
            self._emit,
            toolbox=self._toolbox,
            options=DialogueOptions(alternatives=asked.alternatives, protocol=asked.protocol, escalate_to=stronger),
            begin=begin,
            name=name,
        )

    def _toolbox(self, _: RepairTask) -> Toolbox:
        """Return the tools, the same for every task."""
        if self._tools is None:
            sandbox = self._sandbox()
            workbench = Workbench(ProjectFiles(self._tree.rootdir, self._tree.read), sandbox, proposer="claude")
            bridged = self._resources.enter_context(BridgedToolbox(workbench_server(workbench)))
            self._tools = CodeMode(bridged, workbench, sandbox)
        return self._tools
