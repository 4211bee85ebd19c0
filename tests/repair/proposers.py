"""Proposers that play a script."""

from __future__ import annotations

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.patch import Patch, ReplaceExpression
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial

Batch = tuple[Patch, ...]


def number(new: str, *, path: str = "m.py", line: int = 2, column: int = 11, old: str = "1") -> Patch:
    """Return a patch that puts `new` where `m.py` returns 1."""
    return Patch((ReplaceExpression(path, line, column, old, new),), proposer="scripted")


class ScriptedProposer:
    """Yields its batches in order and remembers the trials it received; an exception among them is raised."""

    def __init__(self, *script: Batch | Exception, name: str = "scripted", stop: StopReason | None = None) -> None:
        self.name = name
        self.told: list[RepairTask] = []
        self._stop = stop
        self.heard: list[tuple[Trial, ...]] = []
        self.asked = 0
        self.closed = False
        self._script = script

    def propose(self, task: RepairTask) -> Proposals:
        self.asked += 1
        self.told.append(task)
        try:
            for step in self._script:
                if isinstance(step, Exception):
                    raise step
                self.heard.append((yield step))
            return self._stop
        finally:
            self.closed = True
