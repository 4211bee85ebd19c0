"""The proposer's own two tools, as moves."""

from __future__ import annotations

from typing import Any

from pytest_codemode.proposers.model.edit_schema import decode_patch
from pytest_codemode.proposers.model.moves import GIVE_UP, PROPOSE, Call, GiveUp, Malformed, Move, Propose
from pytest_codemode.proposers.model.replies import clean_json

MAX_REASON = 600


def move_of(call: str, name: str, arguments: Any, proposer: str) -> Move:
    """Return what a call means; whether another tool of that name exists is not known here."""
    arguments = clean_json(arguments)
    if not isinstance(arguments, dict):
        return Malformed(call, name, f"the input of {name} must be a JSON object, got {str(arguments)[:60]!r}")
    if name == PROPOSE:
        patch = decode_patch(arguments, proposer)
        return Malformed(call, name, patch) if isinstance(patch, str) else Propose(call, patch)
    if name == GIVE_UP:
        return GiveUp(call, " ".join(str(arguments.get("reason", "")).split())[:MAX_REASON])
    return Call(call, name, arguments)
