"""ReAct: a text protocol for models and gateways without tool use.

Thought, Action and Action Input are lines of the reply; what came of the action goes back as an Observation. Models
write them in many ways, and often invent the observation: it is cut, and so is everything behind it.

Source: Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", 2023; the lines are LangChain's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_codemode.core.model import Block, ModelReply, ToolSpec
from pytest_codemode.proposers.model.moves import (
    GIVE_UP,
    MAX_MOVES,
    PATCHES,
    PROPOSE,
    Answer,
    Call,
    GiveUp,
    Malformed,
    Move,
    Propose,
    Reading,
    Wording,
)
from pytest_codemode.proposers.model.own_tools import move_of
from pytest_codemode.proposers.model.replies import returnable

_MARKER = re.compile(
    r"^[ \t>*#`_-]*(?P<what>Action(?:[ \t]*\d+)?|Observation(?:[ \t]*\d+)?(?:[ \t]*\([^)\n]*\))?)[ \t*_`]*:",
    re.M | re.I,
)
_INPUT = re.compile(
    r"\s*(?:[>*#`_-]+[ \t]*)?Action[ \t]*Input(?:[ \t]*\d+)?[ \t*_`]*:[ \t*_]*(?:\s*```[A-Za-z0-9]*[ \t]*\n)?\s*", re.I
)
_NAME = re.compile(r"[ \t*`_\"'\[(]*(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>[^\n]*)")
_JSON = json.JSONDecoder(strict=False)
"""Not strict: models write line ends and tabs into strings as they are."""

MAX_NAME = 64
"""Characters of an action's name: it is told back."""
_HEAD = """\
# How to answer

Write each step in exactly this form, nothing behind it, and wait for the observation:

Thought: what you know and what you do next
Action: the name of one action
Action Input: one JSON object, as the action's schema says

The observation is written by the tools, never by you. Call `{tool}` {when}. \
A reply without an action does nothing. {stuck}, use `{give_up}`.

# Actions
"""
_NO_ACTION = (
    "Your reply holds no action, so that nothing was done. Write a line `Action: {tool}` and below it a line "
    "`Action Input:` with one JSON object; or use `{give_up}`."
)


class ReAct:
    """Speaks to a model in text.

    Args:
        proposer: stands in the patches.
        wording: of the work at hand.
    """

    name: Literal["tools", "react"] = "react"
    stop_sequences: tuple[str, ...] = ("\nObservation:",)

    def __init__(self, proposer: str, wording: Wording = PATCHES) -> None:
        self._proposer = proposer
        self._wording = wording

    def manner(self, tools: Sequence[ToolSpec]) -> str:
        """Return the form of a step and what each action takes."""
        return self._worded(_HEAD) + "\n".join(_action_text(tool) for tool in tools)

    def offered(self, tools: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
        """Return nothing: the tools are described in `manner`."""
        return ()

    def read(self, reply: ModelReply, taken: frozenset[str]) -> Reading:
        """Read a sound reply: every action up to the first observation."""
        texts = [block["text"] for block in reply.content if block.get("type") == "text"]
        cut = reply.ending in ("max_tokens", "model_context_window_exceeded")
        actions, stop = _actions("\n".join(texts))
        moves = tuple(self._move(f"a{len(taken) + number}", one, cut) for number, one in enumerate(actions, 1))
        return Reading(returnable(_up_to(stop, reply.content)), moves, "" if moves else self._worded(_NO_ACTION))

    def _move(self, call: str, action: _Action, cut: bool) -> Move:
        if action.problem:
            return Malformed(call, action.name, self._wording.cut if cut and action.last else action.problem)
        return move_of(call, action.name, action.arguments, self._proposer)

    def _worded(self, text: str) -> str:
        said = self._wording
        return text.format(tool=said.tool, when=said.when, stuck=said.stuck, give_up=GIVE_UP)

    def answer(self, answers: Iterable[Answer], note: str) -> tuple[Block, ...]:
        """Return the observations of one reply's actions, in one message, and the note behind them."""
        told = list(answers)
        many = len(told) > 1
        blocks = [
            {"type": "text", "text": f"Observation{f' {number} ({_named(one)})' if many else ''}: {one.text}"}
            for number, one in enumerate(told, 1)
        ]
        return (*blocks, {"type": "text", "text": note}) if note else tuple(blocks)


@dataclass(frozen=True, slots=True)
class _Action:
    name: str
    arguments: Any = None
    problem: str = ""
    last: bool = False
    """Whether nothing follows it."""


def _action_text(tool: ToolSpec) -> str:
    schema = json.dumps(tool.input_schema, ensure_ascii=False, separators=(",", ":"))
    return f"\n## {tool.name}\n\n{tool.description}\n\nSchema of its input: {schema}"


def _named(answer: Answer) -> str:
    match answer.move:
        case Propose():
            return PROPOSE
        case GiveUp():
            return GIVE_UP
        case Call() | Malformed():
            return answer.move.name


def _up_to(stop: int, content: Sequence[Block]) -> list[Block]:
    """Return text and thinking up to an offset in the joined texts; other blocks need tool definitions."""
    kept: list[Block] = []
    position = 0
    for block in content:
        if position > stop:
            break
        if block.get("type") in ("thinking", "redacted_thinking"):
            kept.append(block)
        if block.get("type") == "text":
            text = block["text"][: stop - position]
            position += len(block["text"]) + 1
            if text.strip():
                kept.append({**block, "text": text})
    return kept


def _actions(text: str) -> tuple[list[_Action], int]:
    """Return the actions up to the first observation, and where that begins; no more than one too many.

    A marker inside an action's JSON is none: reading goes on behind the JSON.
    """
    found: list[_Action] = []
    position = 0
    while (marker := _MARKER.search(text, position)) is not None:
        if marker["what"].lower().startswith("observation") or len(found) > MAX_MOVES:
            return found, marker.start()
        action, position = _action(text, marker.end())
        found.append(action)
    return found, len(text)


def _action(text: str, start: int) -> tuple[_Action, int]:
    named = _NAME.match(text, start)
    if named is None:
        return _Action("", problem="the line `Action:` names no action"), start
    name = named["name"][:MAX_NAME]
    given = _INPUT.match(text, named.end())
    if given is None:
        problem = f"action {name} has no line `Action Input:` with one JSON object below it"
        return _Action(name, problem=problem, last=not text[named.end() :].strip()), named.end()
    behind = text[given.end() :]
    try:
        arguments, length = _JSON.raw_decode(behind)
    except (ValueError, RecursionError) as error:
        following = _MARKER.search(behind)
        length = following.start() if following else len(behind)
        problem = _json_problem(name, behind[:length], error)
        return _Action(name, problem=problem, last=following is None), given.end() + length
    return _Action(name, arguments), given.end() + length


def _json_problem(name: str, given: str, error: Exception) -> str:
    if not given.strip(" \n\t`"):
        return f"the Action Input of {name} is empty: one JSON object expected"
    place = f"line {error.lineno} column {error.colno}: " if isinstance(error, json.JSONDecodeError) else ""
    why = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number that is too long"
    return f"the Action Input of {name} is not one JSON object ({place}{why})"
