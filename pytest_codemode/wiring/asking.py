"""Which models are asked for calls, of those that the user named as proposers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.ports import EventSink
from pytest_codemode.core.request import EngineOptions
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.recording import RecordedModel
from pytest_codemode.testgen.asking.asker import Asker
from pytest_codemode.testgen.asking.rest import Ask
from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.subject import Subject
from pytest_codemode.wiring.models import Models
from pytest_codemode.wiring.proposing import named
from pytest_codemode.worktree.sources import SourceTree

LANES = 4
"""Functions that a model is asked about at a time: a reply takes many seconds, the calls that it gives next to none."""


def asking(
    options: EngineOptions, models: Models, *, tree: SourceTree, paths: tuple[str, ...], emit: EventSink
) -> Ask | None:
    """Return what makes a dialogue about one function, None if no model is to be asked.

    Args:
        options: of the run.
        models: makes the models.
        tree: the project.
        paths: of the project's own files.
        emit: see `Asker`.

    Raises:
        ConfigError: a name is none of ours, or what it needs is not there.
        ProposerError: a recording cannot be read.
    """

    def asker(model: MeteredModel, begin: Callable[[str], bool]) -> Asker:
        protocol = options.model.protocol
        return Asker(model, paths=paths, read=tree.read, emit=emit, protocol=protocol, begin=begin)

    askers: list[Asker] = []
    for name in named(options):
        if name == "claude":
            askers.append(asker(models.chosen(LANES), lambda about: True))
        elif name.startswith("replay:") and name.endswith(".jsonl"):
            recorded = models.recorded(Path(name.removeprefix("replay:")))
            askers.append(asker(models.free(recorded), partial(_followed, recorded)))
        elif name.startswith("replay:"):
            raise ConfigError(f"--codemode-proposer {name}: patches write no tests; give the run.jsonl of a run")
        elif name != "search":  # which always comes first
            raise ConfigError(
                f"--codemode-proposer: there is no proposer {name!r}; use auto, search, claude or replay:FILE"
            )

    def ask(subject: Subject) -> Inputs:
        for asker in askers:
            if subject.open:
                yield from asker.ask(subject)

    return ask if askers else None


def _followed(recorded: RecordedModel, about: str) -> bool:
    return recorded.follow((about,))
