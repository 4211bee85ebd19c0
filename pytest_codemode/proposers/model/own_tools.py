"""The proposer's own two tools: how they are offered, and what a call of one means."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pytest_codemode.core.model import UNPARSED, ToolSpec
from pytest_codemode.proposers.model.moves import GIVE_UP, PROPOSE, Call, GiveUp, Malformed, Move, Propose
from pytest_codemode.proposers.model.replies import clean_json
from pytest_codemode.workbench.patch_schema import closed_object, patch_schema
from pytest_codemode.workbench.patches import decode_patch

MAX_REASON = 600


@cache
def propose_patch() -> ToolSpec:
    """Return the tool by which a model proposes a patch."""
    text = (
        "Propose one patch: edits of one or several files that stand or fall together. It is applied to a copy and the "
        "tests are run; the answer says how far it got and what differs now. Every line and column refers to the files "
        "as they stand before the patch. Use the smallest edits that repair the cause."
    )
    return ToolSpec(PROPOSE, text, patch_schema(), strict=True)


@cache
def give_up() -> ToolSpec:
    """Return the tool by which a model ends its work on a task."""
    text = "Say that you see no honest repair: the tests contradict each other, or the cause is not in the code shown."
    reason = {"type": "string", "description": "One or two sentences for the user: why, and what would help."}
    return ToolSpec(GIVE_UP, text, closed_object({"reason": reason}), strict=True)


def move_of(call: str, name: str, arguments: Any, proposer: str) -> Move:
    """Return what a call means; whether another tool of that name exists is not known here."""
    arguments = clean_json(arguments)
    if not isinstance(arguments, dict):
        return Malformed(call, name, f"the input of {name} must be a JSON object, got {str(arguments)[:60]!r}")
    if arguments.keys() == {UNPARSED}:
        return Malformed(call, name, f"the input of {name} must be a JSON object; {_unread(str(arguments[UNPARSED]))}")
    if name == PROPOSE:
        try:
            return Propose(call, decode_patch(arguments, proposer))
        except ValueError as problem:
            return Malformed(call, name, str(problem))
    if name == GIVE_UP:
        return GiveUp(call, " ".join(str(arguments.get("reason", "")).split())[:MAX_REASON])
    return Call(call, name, arguments)


def _unread(text: str) -> str:
    """Return why a text that came as the input of a call is no JSON object."""
    try:
        return f"got {str(json.loads(text))[:60]!r}"
    except json.JSONDecodeError as error:
        return f"it breaks off or goes wrong at line {error.lineno} column {error.colno}: {error.msg}"
    except (ValueError, RecursionError):
        return "it is nested too deeply, or holds a number that is too long"
