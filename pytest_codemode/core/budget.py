"""What a run may spend, what it has spent, and why it ended."""

from __future__ import annotations

import enum
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.model import Usage


class StopReason(enum.Enum):
    """Why a run or a task ended; the value is the user's message and names the option to turn."""

    GREEN = "all selected tests pass with the patches"
    EXHAUSTED = "no proposer had another patch"
    TIME = "the time budget was spent; raise it with --codemode-budget time=..."
    SHARE = "its share of the time budget was spent; raise it with --codemode-budget time=..."
    COST = "the money budget was spent; raise it with --codemode-budget usd=..."
    TOKENS = "the token budget was spent; raise it with --codemode-budget tokens=..."
    REQUESTS = "the request budget was spent; raise it with --codemode-budget requests=..."
    CANDIDATES = "the candidate budget was spent; raise it with --codemode-budget candidates=..."
    INTERRUPTED = "interrupted; nothing was written"
    REPAIRED = "every cause that could be reproduced is repaired; tests still fail, see above"
    NOTHING = "no reported failure fails every time in the sandbox, so that there is nothing to repair"
    CUT_SHORT = "interrupted; tests that were proven by then are kept"
    COVERED = "every gap that was asked about is covered"
    NO_GAPS = "there is nothing uncovered in what was asked about"
    NO_MORE = "no further test adds coverage; see what is left, and why"
    TREE_CHANGED = "files changed while codemode was running; run it again on the new state"


SPENT = frozenset(
    {
        *(StopReason.TIME, StopReason.SHARE, StopReason.COST),
        *(StopReason.TOKENS, StopReason.REQUESTS, StopReason.CANDIDATES),
    }
)
"""A limit of the budget ended it: with more of it, the run could go on."""


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
    """Return the allowance in `spec`, as `time=10m,usd=1,tokens=none`; what is not named keeps its default.

    Raises:
        ConfigError: `spec` does not have that form.
    """
    values: dict[str, float | int | None] = {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, text = part.partition("=")
        if name not in _FIELDS:
            raise ConfigError(f"--codemode-budget: unknown limit {name!r}; use {', '.join(_FIELDS)}")
        values[_FIELDS[name]] = None if text == "none" else _amount(name, text)
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
        raise ConfigError(
            f"--codemode-budget: {name}={text!r} is not an amount; write for example {example}, or {name}=none"
        )
    return amount if name in ("time", "usd") else int(amount)


@dataclass(slots=True)
class Spent:
    """What was used so far."""

    candidates: int = 0
    requests: int = 0
    tokens: int = 0
    usd: float = 0.0
    time_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    """What servers have counted; the rest of `tokens` is assumed."""
    assumed_tokens: int = 0
    """Part of `tokens`: the worst case of requests whose use nobody has told."""
    assumed_usd: float = 0.0
    """Part of `usd`, likewise."""
    unpriced_tokens: int = 0
    """Part of `tokens`: of models whose price nobody knows, so that `usd` does not hold what they cost."""


class Budget:
    """Counts what a run uses and says when to stop. Its clock starts when it is made, at `already_s`."""

    def __init__(
        self, allowance: Allowance, clock: Callable[[], float] = time.monotonic, already_s: float = 0.0
    ) -> None:
        self.allowance = allowance
        self._clock = clock
        self._started = clock() - already_s
        self._reserved_s = 0.0
        self._spent = Spent()
        self._held = Spent()
        """Reserved by requests under way."""

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
        """Return which limit of the whole run is spent, or None; what only a model uses is asked for by `reserve`."""
        spent, allowed = self.spent, self.allowance
        if allowed.time_s is not None and self.remaining_s() <= 0:
            return StopReason.TIME
        if allowed.candidates is not None and spent.candidates >= allowed.candidates:
            return StopReason.CANDIDATES
        return None

    def remaining_tokens(self) -> float:
        """Tokens that requests can still use, what is reserved taken off; infinite without a limit."""
        limit = self.allowance.tokens
        return float("inf") if limit is None else limit - self._spent.tokens - self._held.tokens

    def remaining_usd(self) -> float:
        """Dollars that requests can still cost, what is reserved taken off; infinite without a limit."""
        limit = self.allowance.usd
        return float("inf") if limit is None else limit - self._spent.usd - self._held.usd

    def reserve(self, *, tokens: int, usd: float | None) -> Reservation | StopReason:
        """Set aside the worst case of one request and count it, or return the limit it could break.

        Args:
            tokens: of the prompt and of the longest reply together.
            usd: the most that they can cost; None: the price is unknown, which no limit in dollars allows.
        """
        if stop := self.would_break(tokens=tokens, usd=usd):
            return stop
        self.charge(requests=1)
        self._held.tokens += tokens
        self._held.usd += usd or 0.0
        return Reservation(self, tokens, usd)

    def would_break(self, *, tokens: int, usd: float | None) -> StopReason | None:
        """Return the limit that one more request of that size could break, or None."""
        requests = self.allowance.requests
        checks = (
            (StopReason.REQUESTS, requests is not None and self._spent.requests >= requests),
            (StopReason.TOKENS, tokens > self.remaining_tokens()),
            (StopReason.COST, (math.inf if usd is None else usd) > self.remaining_usd()),
        )
        return next((reason for reason, broken in checks if broken), None) or self.exceeded()

    def _close(self, reservation: Reservation, used: Usage | None, usd: float) -> None:
        """Put what was used in place of what was reserved; None: it is not known, so that all of it counts."""
        reserved_usd = reservation.usd or 0.0
        self._held.tokens -= reservation.tokens
        self._held.usd -= reserved_usd
        if used is None:
            self._spent.assumed_tokens += reservation.tokens
            self._spent.assumed_usd += reserved_usd
        else:
            self._spent.usage += used
        tokens = reservation.tokens if used is None else used.total
        self.charge(tokens=tokens, usd=reserved_usd if used is None else usd)
        if reservation.usd is None:
            self._spent.unpriced_tokens += tokens


class Reservation:
    """The worst case of one request under way. What is never settled counts in full: unknown cost is not zero cost."""

    def __init__(self, budget: Budget, tokens: int, usd: float | None) -> None:
        self.tokens = tokens
        self.usd = usd
        self._budget = budget
        self._open = True

    def settle(self, used: Usage, usd: float) -> None:
        """Put what the request has really used in place of the worst case. Only the first call of any kind counts."""
        self._end(used, usd)

    def forfeit(self) -> None:
        """Charge the worst case: the request went out and what it has used will never be known."""
        self._end(None, 0.0)

    def release(self) -> None:
        """Charge nothing: the request was refused before any token of it was read."""
        self._end(Usage(), 0.0)

    def _end(self, used: Usage | None, usd: float) -> None:
        if self._open:
            self._open = False
            self._budget._close(self, used, usd)  # one class in two parts
