"""Function calling: tools are defined in the request, calls and their results are blocks of the messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pytest_codemode.core.model import Block, ModelReply, ToolSpec
from pytest_codemode.proposers.model.moves import GIVE_UP, PATCHES, Answer, Malformed, Move, Reading, Wording
from pytest_codemode.proposers.model.own_tools import move_of
from pytest_codemode.proposers.model.replies import is_call, returnable

_MANNER = """\
# How to answer

Work by calling tools; several independent calls in one reply are welcome. Call `{tool}` {when}. \
A reply without a call does nothing. {stuck}, call `{give_up}`."""

_NO_CALL = "Your reply holds no tool call, so that nothing was done. Call `{tool}` with {found}, or `{give_up}`."


class FunctionCalling:
    """Speaks to a model that takes tool definitions.

    Args:
        proposer: stands in the patches.
        wording: of the work at hand.
    """

    name: Literal["tools", "react"] = "tools"
    stop_sequences: tuple[str, ...] = ()

    def __init__(self, proposer: str, wording: Wording = PATCHES) -> None:
        self._proposer = proposer
        self._wording = wording

    def manner(self, tools: Sequence[ToolSpec]) -> str:
        """Return how to answer; the tools describe themselves."""
        return self._worded(_MANNER)

    def offered(self, tools: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
        """Return the tools to define in the request."""
        return tuple(tools)

    def read(self, reply: ModelReply, taken: frozenset[str]) -> Reading:
        """Read a sound reply. In one that was cut, the last call is not trusted, even if it looks complete."""
        kept: list[Block] = []
        moves: list[Move] = []
        nameless = False
        for block in reply.content:
            if block.get("type") != "tool_use":
                kept.append(block)
            elif is_call(block, taken | {move.call for move in moves}):
                arguments = block.get("input")
                moves.append(move_of(block["id"], block["name"], arguments, self._proposer))
                kept.append(block if isinstance(arguments, dict) else {**block, "input": {}})
            else:
                nameless = True
        if moves and kept[-1].get("type") == "tool_use" and reply.ending in _CUTS:
            moves[-1] = Malformed(moves[-1].call, kept[-1]["name"], self._wording.cut)
        problem = "" if moves else self._worded(_NAMELESS if nameless else _NO_CALL)
        return Reading(returnable(kept), tuple(moves), problem)

    def _worded(self, text: str) -> str:
        said = self._wording
        return text.format(tool=said.tool, found=said.found, when=said.when, stuck=said.stuck, give_up=GIVE_UP)

    def answer(self, answers: Iterable[Answer], note: str) -> tuple[Block, ...]:
        """Return the results of all calls of one reply, in one message, and the note behind them."""
        results = tuple(_result(answer) for answer in answers)
        return (*results, {"type": "text", "text": note}) if note else results


_CUTS = ("max_tokens", "model_context_window_exceeded")
_NAMELESS = "A tool call of your reply has no valid id or name. Call `{tool}` or `{give_up}` again."


def _result(answer: Answer) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": answer.move.call, "content": answer.text or "(nothing)"}
    return {**block, "is_error": True} if answer.is_error else block
