"""A model as a proposer."""

from __future__ import annotations

from collections.abc import Callable

from pytest_codemode.core.budget import Spent
from pytest_codemode.core.events import Progress
from pytest_codemode.core.ports import EventSink, Proposals, Toolbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.model.calling import NoTools
from pytest_codemode.proposers.model.dialogue import Briefing, Dialogue, DialogueOptions
from pytest_codemode.proposers.model.metered import MeteredModel


class ModelProposer:
    """Asks a model for patches, one dialogue a task.

    Args:
        model: pays for what it is asked.
        briefing: the prompts.
        emit: gets a `Turn` for each exchange, `Progress` and the sentences that the user must see.
        toolbox: gives the tools for a task; their definitions must be the same for every task.
        begin: called with each task before anything is asked: a recording looks up what was said about it.
        name: as the user selects it; the part before a colon stands in the patches.
    """

    def __init__(
        self,
        model: MeteredModel,
        briefing: Briefing,
        emit: EventSink,
        *,
        toolbox: Callable[[RepairTask], Toolbox] = lambda task: NoTools(),
        options: DialogueOptions | None = None,
        begin: Callable[[RepairTask], object] = lambda task: None,
        name: str = "claude",
    ) -> None:
        self._model = model
        self._briefing = briefing
        self._emit = emit
        self._toolbox = toolbox
        self._options = options or DialogueOptions()
        self._begin = begin
        self._name = name

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._name

    def propose(self, task: RepairTask) -> Proposals:
        """Yield patches until one is good enough or there is nothing more to expect.

        Raises:
            ProposerError: the model cannot be reached, or what it says leads nowhere.
        """
        self._begin(task)
        dialogue = Dialogue(
            task,
            model=self._model,
            briefing=self._briefing,
            toolbox=self._toolbox(task),
            emit=self._emit,
            say=self._say,
            options=self._options,
            proposer=self._name.partition(":")[0],
        )
        return (yield from dialogue.run())

    def _say(self, text: str) -> None:
        spent: Spent = self._model.budget.spent
        self._emit(Progress("search", text, spent.candidates, spent.time_s, spent.usd))
