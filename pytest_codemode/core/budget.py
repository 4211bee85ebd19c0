"""What a run may spend, what it has spent, and why it ended."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core.errors import ConfigError


class StopReason(enum.Enum):
    """Why a run or a task ended; the value is the user's message and names the option to turn."""

    GREEN = "all selected tests pass with the patches"
    EXHAUSTED = "no proposer had another patch"
    TIME = "the time budget was spent; raise it with --codemode-budget time=..."
    COST = "the money budget was spent; raise it with --codemode-budget usd=..."
    TOKENS = "the token budget was spent; raise it with --codemode-budget tokens=..."
    REQUESTS = "the request budget was spent; raise it with --codemode-budget requests=..."
    CANDIDATES = "the candidate budget was spent; raise it with --codemode-budget candidates=..."
    INTERRUPTED = "interrupted; nothing was written"
    REPAIRED = "every cause that could be reproduced is repaired; tests still fail, see above"
    NOTHING = "no reported failure fails every time in the sandbox, so that there is nothing to repair"
    TREE_CHANGED = "files changed while codemode was running; run it again on the new state"


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limits of one run; None is no limit."""

    time_s: float | None = 600.0
    usd: float | None = 1.0
    tokens: int | None = None
    requests: int | None = None
    candidates: int | None = 20_000


_FIELDS = {"time": "time_s", **{name: name for name in ("usd", "tokens", "requests", "candidates")}}
_SUFFIXES = {"s": 1, "m": 60, "h": 3600}
_COUNTS = {"k": 1_000, "M": 1_000_000}


def parse_allowance(spec: str) -> Allowance:
    """Return the allowance in `spec`, as `time=10m,usd=1,candidates=20k`; what is not named keeps its default.

    Raises:
        ConfigError: `spec` does not have that form.
    """
    values: dict[str, float | int] = {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, text = part.partition("=")
        if name not in _FIELDS:
            raise ConfigError(f"--codemode-budget: unknown limit {name!r}; use {', '.join(_FIELDS)}")
        values[_FIELDS[name]] = _amount(name, text)
    return Allowance(**values)  # type: ignore[arg-type]  # names were checked above


def _amount(name: str, text: str) -> float | int:
    scale = {"time": _SUFFIXES, "usd": {}}.get(name, _COUNTS)
    digits, factor = (text[:-1], scale[text[-1]]) if text and text[-1] in scale else (text, 1)
    try:
        amount = float(digits) * factor
    except ValueError:
        amount = -1.0
    whole = name in ("time", "usd") or amount == amount // 1
    if not (0 <= amount < 1e12 and whole):
        example = "time=10m" if name == "time" else f"{name}=10"
        raise ConfigError(f"--codemode-budget: {name}={text!r} is not an amount; write for example {example}")
    return amount if name in ("time", "usd") else int(amount)


@dataclass(slots=True)
class Spent:
    """What was used so far."""

    candidates: int = 0
    requests: int = 0
    tokens: int = 0
    usd: float = 0.0
    time_s: float = 0.0


class Budget:
    """Counts what a run uses and says when to stop. Its clock starts when it is made."""

    def __init__(self, allowance: Allowance, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowance = allowance
        self._clock = clock
        self._started = clock()
        self._reserved_s = 0.0
        self._spent = Spent()

    @property
    def spent(self) -> Spent:
        """What was used so far, time included."""
        self._spent.time_s = self._clock() - self._started
        return self._spent

    def charge(self, *, candidates: int = 0, requests: int = 0, tokens: int = 0, usd: float = 0.0) -> None:
        """Count what was used; charge before the work wherever its amount is known."""
        self._spent.candidates += candidates
        self._spent.requests += requests
        self._spent.tokens += tokens
        self._spent.usd += usd

    def reserve_time(self, seconds: float) -> None:
        """Keep `seconds` back from searching, for the proof at the end."""
        self._reserved_s = seconds

    def remaining_s(self) -> float:
        """Seconds left for searching (reserved time excluded); infinite without a limit."""
        limit = self.allowance.time_s
        return float("inf") if limit is None else limit - self._reserved_s - self.spent.time_s

    def exceeded(self) -> StopReason | None:
        """Return which limit is spent, or None."""
        spent, allowed = self.spent, self.allowance
        checks = (
            (StopReason.TIME, -self.remaining_s(), 0.0 if allowed.time_s is not None else None),
            # A limit of 0 on what only a model uses must not end a search that uses none of it.
            (StopReason.COST, spent.usd, allowed.usd if spent.usd else None),
            (StopReason.TOKENS, spent.tokens, allowed.tokens if spent.tokens else None),
            (StopReason.REQUESTS, spent.requests, allowed.requests if spent.requests else None),
            (StopReason.CANDIDATES, spent.candidates, allowed.candidates),
        )
        return next((reason for reason, used, limit in checks if limit is not None and used >= limit), None)
