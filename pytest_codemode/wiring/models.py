"""The models of a run: opened when they are first asked, each under the run's budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.model import Price
from pytest_codemode.core.ports import EventSink
from pytest_codemode.core.request import EngineOptions
from pytest_codemode.proposers.model.batch_file import BatchFile
from pytest_codemode.proposers.model.batches import DISCOUNT, BatchModel
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.prices import price_of
from pytest_codemode.proposers.model.recording import RecordedModel
from pytest_codemode.proposers.model.side_by_side import SideBySide
from pytest_codemode.worktree.statedir import state_dir

DEFAULT_MODEL = "claude-sonnet-5-5"
"""For `--codemode-proposer claude` without `--codemode-model`."""
FREE = Price(0.0, 0.0)
"""A recording costs nothing, whatever the dialogue did cost."""


class Models:
    """Makes the models of one run.

    Args:
        resources: closed at the end of the run.
    """

    def __init__(
        self, options: EngineOptions, *, rootdir: Path, budget: Budget, emit: EventSink, resources: ExitStack
    ) -> None:
        self._options = options
        self._rootdir = rootdir
        self._budget = budget
        self._emit = emit
        self._resources = resources
        self.together: Callable[[Sequence[Callable[[], Any]]], list[Any]] | None = None
        """Runs jobs side by side where their questions are to make one batch, or to wait at the same time."""

    def chosen(self, lanes: int = 1) -> MeteredModel:
        """Return the model that the user named, else the usual one.

        Args:
            lanes: questions that may be under way at once.

        Raises:
            ConfigError: its price is unknown while dollars are limited, or its name or address cannot be right.
        """
        asked = self._options.model
        return self.named(asked.name or DEFAULT_MODEL, asked.price, lanes)

    def named(self, name: str, price: str = "", lanes: int = 1) -> MeteredModel:
        """Return a model by its name; `price` as the user gave it, empty for the known one.

        Raises:
            ConfigError: as for `chosen`.
        """
        known = price_of(name, price)
        if lanes > 1 and not self._options.model.batch:
            several = self._resources.enter_context(SideBySide([self._connected(name) for _ in range(lanes)]))
            self.together = several.run
            return MeteredModel(several, self._budget, known)
        model = self._resources.enter_context(self._connected(name))
        if not self._options.model.batch:
            return MeteredModel(model, self._budget, known)
        kept = BatchFile(state_dir(self._rootdir) / "batches.json")
        batch = self._resources.enter_context(BatchModel(model, kept, self._emit))
        self.together = batch.run
        return MeteredModel(batch, self._budget, known.scaled(DISCOUNT) if known else None)

    def _connected(self, name: str) -> ClaudeModel:
        address = self._options.model.base_url or None
        return ClaudeModel(name, base_url=address, remaining_s=self._budget.remaining_s)

    def recorded(self, path: Path) -> RecordedModel:
        """Return a recorded dialogue in a model's place.

        Raises:
            ProposerError: it cannot be read.
        """
        return RecordedModel(path, emit=self._emit)

    def free(self, recorded: RecordedModel) -> MeteredModel:
        """Return a recording as a model under the budget."""
        return MeteredModel(recorded, self._budget, FREE)
