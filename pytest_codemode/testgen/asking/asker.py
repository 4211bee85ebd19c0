"""Asks a model about one function after the other, and says once when there is no use in asking on."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Literal

from pytest_codemode.core.errors import Interrupted, ProposerError
from pytest_codemode.core.events import Notice, Progress
from pytest_codemode.core.own_code import module_name
from pytest_codemode.core.ports import EventSink
from pytest_codemode.proposers.model.metered import BudgetSpent, MeteredModel
from pytest_codemode.testgen.asking.dialogue import Dialogue, Patience
from pytest_codemode.testgen.asking.importing import Importable, taken_from_others
from pytest_codemode.testgen.asking.prompt import Prompt
from pytest_codemode.testgen.asking.rules import Rules
from pytest_codemode.testgen.asking.view import text_of, view_of
from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.subject import Subject

MOST_FILES = 8
"""Of the project, in which definitions that a function uses are looked up."""


class Asker:
    """Makes dialogues.

    Args:
        model: pays for what it is asked.
        paths: of the project's own files.
        read: returns a file's bytes, accepted tests included.
        emit: gets a `Turn` for each exchange, `Progress` and the sentences that the user must see.
        protocol: how the model is spoken to.
        begin: called with a function, as `path::qualname`, before anything is asked; whether there is anybody to ask
            about it: a recording knows some functions only.
        patience: how long a dialogue goes on.
        prompt: the texts.
    """

    def __init__(
        self,
        model: MeteredModel,
        *,
        paths: tuple[str, ...],
        read: Callable[[str], bytes | None],
        emit: EventSink,
        protocol: Literal["auto", "tools", "react"] = "auto",
        begin: Callable[[str], bool] = lambda about: True,
        patience: Patience | None = None,
        prompt: Prompt | None = None,
    ) -> None:
        self._model = model
        self._paths = paths
        self._read = read
        self._emit = emit
        self._protocol = protocol
        self._begin = begin
        self._patience = patience or Patience()
        self._prompt = prompt or Prompt()
        self._over = False

    def ask(self, subject: Subject) -> Inputs:
        """Yield calls of a function, and receive what came of them; yields nothing once there is no use in asking."""
        target = subject.target
        if target is None or self._over or not subject.open:
            return
        if not self._begin(f"{subject.path}::{subject.described.qualname}"):
            return
        view = view_of(subject, target, self._read, self._definitions(subject))
        rules = Rules(target, self._importable(subject, view.tests), [one.name for one in view.fixtures])
        try:
            dialogue = Dialogue(
                view,
                rules,
                still=lambda: subject.open,
                takes=subject.takes,
                model=self._model,
                protocol=self._protocol,
                prompt=self._prompt,
                emit=self._emit,
                say=self._say,
                patience=self._patience,
            )
            yield from dialogue.run()
        except Interrupted:
            raise
        except BudgetSpent as spent:
            self._end("info", f"{self._model.name} is not asked on: {spent}")
        except ProposerError as problem:
            self._end("warning", f"{self._model.name}: {problem}")
        else:
            if dialogue.end:
                self._emit(Notice("info", f"{self._model.name} {dialogue.end} ({subject.described.qualname})"))

    def _end(self, level: Literal["info", "warning"], text: str) -> None:
        if not self._over:  # dialogues that waited together end together, for the same reason
            self._over = True
            self._emit(Notice(level, text))

    def _importable(self, subject: Subject, tests: str) -> Importable:
        texts = (text_of(self._read(subject.path)), tests)
        foreign = frozenset(one for text in texts for one in taken_from_others(text))
        named = {subject.described.module: subject.path}
        return Importable(self._paths, lambda path: text_of(self._read(path)) or None, named, foreign)

    def _definitions(self, subject: Subject) -> Mapping[str, bytes]:
        """Return the function's file, and those of the project that it imports from."""
        listing = frozenset(self._paths)
        found = {subject.path: self._read(subject.path) or b""}
        for source in _imported(text_of(found[subject.path])):
            for path in self._paths:
                name = module_name(path, listing)
                if (name == source or name.endswith(f".{source}")) and len(found) <= MOST_FILES:
                    found.setdefault(path, self._read(path) or b"")
        return found

    def _say(self, text: str) -> None:
        spent = self._model.budget.spent
        self._emit(Progress("ask", text, spent.candidates, spent.time_s, spent.usd))


def _imported(text: str) -> list[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] if node.module else [alias.name for alias in node.names]
    return list(dict.fromkeys(found))
