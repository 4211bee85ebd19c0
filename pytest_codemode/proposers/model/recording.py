"""A recorded dialogue in the place of a model: what `run.jsonl` says was answered is answered again, without a key.

The file may come from anybody (a bug report, a demo): it is read within limits, and nothing in it is more than a reply,
which is judged like any other.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.events import Event, Notice, Turn
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, Usage
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.exchange import digest

MAX_BYTES = 64 * 2**20
MAX_LINE_BYTES = 8 * 2**20
MAX_TURNS = 10_000
NAMED = 3
"""Damaged lines that are named; of the others only the number is told."""

_Dialogue = tuple[Turn, ...]


class RecordedModel:
    """Answers with the turns of one or several recordings; implements `core.ports.Model`.

    `follow` says which task is asked about; its turns are then played in order.

    Args:
        paths: `run.jsonl` files.
        emit: gets a sentence for what is damaged, and one if the questions are not those of the recording.

    Raises:
        ProposerError: a file cannot be read, or there is no turn in any.
    """

    def __init__(self, *paths: Path, emit: Callable[[Event], None]) -> None:
        self._name = "replay:" + ",".join(map(str, paths))
        self._emit = emit
        self._dialogues = _dialogues([turn for path in paths for turn in _turns(path, emit)])
        if not self._dialogues:
            raise ProposerError(
                f"{self._name}: no turn with a model is recorded there; record one with --codemode-model"
            )
        self._followed: dict[frozenset[str], int] = {}
        """Node ids -> how often they were taken up: a task can come again in a later round."""
        self._turns: _Dialogue = ()
        self._next = 0
        self._differs = False

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._name

    @property
    def escalates(self) -> bool:
        """Whether two models took part in one of the recorded dialogues."""
        return any(len({turn.model for turn in dialogue}) > 1 for dialogue in self._dialogues)

    def follow(self, nodeids: Sequence[str]) -> bool:
        """Play what was said about these failing tests from now on; return whether anything was."""
        wanted = frozenset(nodeids)
        exact = [dialogue for dialogue in self._dialogues if frozenset(dialogue[0].nodeids) == wanted]
        chosen = exact or _nearest(self._dialogues, wanted)
        number = self._followed.get(wanted, 0)
        self._followed[wanted] = number + 1
        self._turns, self._next = chosen[number] if number < len(chosen) else (), 0
        if self._turns and not exact:
            self._say_it_differs(f"the recorded task had other failing tests ({', '.join(self._turns[0].nodeids[:3])})")
        return bool(self._turns)

    def limits(self) -> ModelLimits:
        """Return limits that nothing recorded can break, and the protocol of the turn that is next."""
        turn = self._turns[self._next] if self._next < len(self._turns) else self._dialogues[0][0]
        return ModelLimits(tools=turn.protocol == "tools")

    def count(self, request: ModelRequest) -> int:
        """Return 0: nothing is billed."""
        return 0

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        """Return the next recorded reply.

        Raises:
            ProposerError: the recording has no other.
        """
        if self._next >= len(self._turns):
            known = f"it ends after {len(self._turns)} turns" if self._turns else "nothing was said about these tests"
            raise ProposerError(f"{self._name}: {known}; record the dialogue anew with --codemode-model")
        on_attempt().used(Usage())
        turn = self._turns[self._next]
        self._next += 1
        if turn.request_digest != digest(request):
            self._say_it_differs(f"turn {turn.number} answered another question")
        return turn.reply

    def _say_it_differs(self, how: str) -> None:
        if not self._differs:
            self._differs = True
            text = (
                f"{self._name}: {how}: the project, the options or codemode have changed since; replayed all the same"
            )
            self._emit(Notice("warning", text))


def _dialogues(turns: Sequence[Turn]) -> list[_Dialogue]:
    """Return the turns by dialogue, in the order they took place; each starts with number 1."""
    dialogues: list[list[Turn]] = []
    latest: dict[tuple[str, ...], list[Turn]] = {}
    for turn in turns:
        current = latest.get(turn.nodeids)
        if current is None or turn.number <= current[-1].number:
            current = latest[turn.nodeids] = []
            dialogues.append(current)
        current.append(turn)
    return [tuple(dialogue) for dialogue in dialogues]


def _nearest(dialogues: Sequence[_Dialogue], wanted: frozenset[str]) -> list[_Dialogue]:
    """Return the dialogues about the most of these tests: a cause can group its failures differently today."""
    shared = [len(wanted & frozenset(dialogue[0].nodeids)) for dialogue in dialogues]
    most = max(shared, default=0)
    return [dialogue for dialogue, count in zip(dialogues, shared, strict=True) if count == most and most]


def _turns(path: Path, emit: Callable[[Event], None]) -> Iterator[Turn]:
    """Yield the recorded turns of a file; damaged lines are skipped and named in one sentence."""
    damaged: list[str] = []
    count = 0
    for number, line in enumerate(_read(path).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            turn = _turn(line)
        except (ValueError, RecursionError) as problem:
            damaged.append(f"line {number} ({' '.join(str(problem).split())[:120]})")
            continue
        if turn is not None:
            count += 1
            if count > MAX_TURNS:
                raise ProposerError(f"{path}: more than {MAX_TURNS:,} turns; split the recording")
            yield turn
    if damaged:
        rest = f" and {len(damaged) - NAMED} more" if len(damaged) > NAMED else ""
        emit(Notice("warning", f"{path}: cannot be read and skipped: {', '.join(damaged[:NAMED])}{rest}"))


def _turn(line: bytes) -> Turn | None:
    """Return the turn in a line, None if it is another event.

    Raises:
        ValueError, RecursionError: it is damaged, or too large to be one.
    """
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"more than {MAX_LINE_BYTES >> 20} MiB")
    data: Any = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("no event")
    if data.get("kind") != Turn.KIND:
        return None
    turn: Turn = decode(Turn, data, "turn")
    if turn.number < 1 or not turn.nodeids:
        raise ValueError("a turn without number or tests")
    return turn


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ProposerError(f"{path}: is no regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ProposerError(f"{path}: cannot be read: {problem.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ProposerError(f'{path}: larger than {MAX_BYTES >> 20} MiB; keep only its lines with "kind":"turn"')
    return data
