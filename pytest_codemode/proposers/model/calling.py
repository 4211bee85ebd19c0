"""Tools that a model calls, also those that have patches judged while they run."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, runtime_checkable

from pytest_codemode.core.model import ToolAnswer, ToolSpec
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Toolbox
from pytest_codemode.core.trial import Trial
from pytest_codemode.proposers.model.own_tools import give_up, propose_patch

Calling = Generator[tuple[Patch, ...], tuple[Trial, ...], ToolAnswer]
"""A call under way: yields patches to judge, receives their trials, returns the answer."""


@runtime_checkable
class InteractiveToolbox(Toolbox, Protocol):
    """A toolbox with tools that try patches, as a program that calls `project.try_patch`."""

    def start(self, name: str, arguments: dict[str, Any]) -> Calling:
        """Begin a call; it stands for `call`, also for tools that yield nothing."""
        ...


def own_and(toolbox: Toolbox) -> tuple[ToolSpec, ...]:
    """Return every tool that a model is offered: the proposer's own first, which no other can take the place of."""
    own = (propose_patch(), give_up())
    names = {tool.name for tool in own}
    return (*own, *(tool for tool in toolbox.specs() if tool.name not in names))


def calling(toolbox: Toolbox, name: str, arguments: dict[str, Any]) -> Calling:
    """Call a tool that exists, in a toolbox of either kind."""
    if isinstance(toolbox, InteractiveToolbox):
        return (yield from toolbox.start(name, arguments))
    return toolbox.call(name, arguments)


class NoTools:
    """A toolbox without tools: the model can propose and give up."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return nothing."""
        return ()

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Say so."""
        return ToolAnswer("There are no tools.", is_error=True)
