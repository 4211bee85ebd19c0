"""Patches that somebody else has made: each task is offered all of them, once."""

from __future__ import annotations

from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.task import RepairTask


class GivenPatches:
    """Yields them in one batch."""

    def __init__(self, *patches: Patch, name: str = "agent") -> None:
        self._patches = patches
        self._name = name

    @property
    def name(self) -> str:
        """Who made them."""
        return self._name

    def propose(self, task: RepairTask) -> Proposals:
        """Yield the patches."""
        yield self._patches
        return None
