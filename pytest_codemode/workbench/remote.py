"""Calls of the `project` object that come out of a sandbox: untrusted, so decoded strictly, bounded and counted."""

from __future__ import annotations

import inspect
import typing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.remote import RemoteCall
from pytest_codemode.workbench.api import LOOKING, TRYING, Workbench, WorkbenchError

MAX_CALLS = 200
"""Of one program: a loop over everything ends."""
MAX_PATCHES = 50
"""Patches that one program may try."""
MAX_ANSWER_BYTES = 4 << 20
"""Answers of one program altogether."""
MAX_ONE_ANSWER_BYTES = 150_000
"""Of one answer: it must fit the buffer of a socket at once."""


@dataclass(slots=True)
class Allowed:
    """What one program may still ask for."""

    calls: int = MAX_CALLS
    patches: int = MAX_PATCHES
    answer_bytes: int = MAX_ANSWER_BYTES
    spent: str = field(default="")
    """The limit that was reached, as a sentence; every further call gets it as its answer."""

    def take(self, method: str) -> None:
        """Count one call.

        Raises:
            WorkbenchError: there are none left.
        """
        self.calls -= 1
        self.patches -= method == TRYING
        if self.calls < 0:
            self.spent = f"this program has made {MAX_CALLS} calls, which is all it may"
        elif self.patches < 0:
            self.spent = f"this program has tried {MAX_PATCHES} patches, which is all it may"
        if self.spent:
            raise WorkbenchError(self.spent)

    def pay(self, size: int) -> None:
        """Count an answer of `size` bytes.

        Raises:
            WorkbenchError: it is more than is left.
        """
        if size > min(self.answer_bytes, MAX_ONE_ANSWER_BYTES):
            raise WorkbenchError(f"the answer is too long ({size} bytes); ask for less at a time")
        self.answer_bytes -= size


def bound(call: RemoteCall) -> dict[str, Any]:
    """Return the arguments of a call by name, decoded as the method's type hints say; a patch has a reader of its own.

    Raises:
        WorkbenchError: there is no such method, or the arguments do not fit it.
    """
    method = call.method
    if method not in (*LOOKING, TRYING):
        raise WorkbenchError(f"project has no {method!r}; it has {', '.join((*LOOKING, TRYING))}")
    kinds, required = _signature(method)
    if len(call.positional) > len(kinds):
        raise WorkbenchError(f"{method}: {len(call.positional)} arguments given, it takes {', '.join(kinds) or 'none'}")
    arguments = dict(zip(kinds, call.positional, strict=False))
    if twice := sorted(arguments.keys() & call.named.keys()):
        raise WorkbenchError(f"{method}: argument {twice[0]!r} is given twice")
    arguments |= call.named
    if unknown := sorted(arguments.keys() - kinds.keys()):
        raise WorkbenchError(f"{method}: unknown argument {unknown[0]!r}; it takes {', '.join(kinds) or 'none'}")
    if missing := sorted(required - arguments.keys()):
        raise WorkbenchError(f"{method}: argument {missing[0]!r} is missing")
    if method == TRYING:
        return arguments
    try:
        return {name: decode(kinds[name], value, name) for name, value in arguments.items()}
    except (ValueError, RecursionError) as problem:
        raise WorkbenchError(f"{method}: {problem}") from None


@lru_cache(maxsize=16)
def _signature(method: str) -> tuple[dict[str, Any], frozenset[str]]:
    function = getattr(Workbench, method)
    kinds = {name: kind for name, kind in typing.get_type_hints(function).items() if name != "return"}
    parameters = inspect.signature(function).parameters
    return kinds, frozenset(name for name in kinds if parameters[name].default is inspect.Parameter.empty)


def looked(workbench: Workbench, call: RemoteCall) -> Any:
    """Return the answer to a call that only looks, as JSON types.

    Raises:
        WorkbenchError: it cannot be answered; the text is for the program.
    """
    given = bound(call)
    try:
        return encode(getattr(workbench, call.method)(**given))
    except SandboxError as problem:
        raise WorkbenchError(str(problem)) from None
