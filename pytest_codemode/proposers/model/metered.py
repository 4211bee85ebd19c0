"""A model under the budget: nothing goes out whose worst case is not paid for, and what came back is counted.

Fails closed: an attempt of which nobody tells what it has used is charged with all that it can have used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pytest_codemode.core.budget import Budget, Reservation, StopReason
from pytest_codemode.core.errors import ConfigError, ContextExceeded, ProposerError
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, Price, Usage
from pytest_codemode.core.ports import Model

FLOOR_TOKENS = 1_024
"""A reply is cut down to what the budget still pays for, but not below this: a patch would not fit."""

MARGIN, MARGIN_TOKENS = 1.02, 64
"""The API calls its own count of tokens an estimate that "may differ by a small amount"."""


class BudgetSpent(ProposerError):
    """The next request could break a limit, so that it was not sent."""

    def __init__(self, stop: StopReason) -> None:
        super().__init__(stop.value)
        self.stop = stop


@dataclass(frozen=True, slots=True)
class TurnCost:
    """What one question used, the attempts that failed included."""

    requests: int
    usage: Usage
    """As far as the server has counted it."""
    usd: float | None
    """None: the price is unknown."""
    assumed_usd: float = 0.0
    """Part of `usd`: the worst case of attempts of which nobody told what they used."""


class MeteredModel:
    """Asks a model within the budget.

    Args:
        price: None if nobody knows it; then there must be no limit in dollars.

    Raises:
        ConfigError: a limit in dollars is to be kept and the price is unknown.
    """

    def __init__(self, model: Model, budget: Budget, price: Price | None) -> None:
        if price is None and budget.allowance.usd is not None:
            raise ConfigError(
                f"--codemode-model: the price of {model.name!r} is unknown, so that the limit of"
                f" {budget.allowance.usd:g} dollars cannot be kept; give the price with --codemode-price in=2,out=10"
                " (dollars per million tokens), or limit tokens instead: --codemode-budget usd=none,tokens=200k"
            )
        self._model = model
        self._budget = budget
        self._price = price
        self.turns: list[TurnCost] = []
        """One entry for each `ask`, in order, whether it ended in a reply or not."""

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._model.name

    @property
    def budget(self) -> Budget:
        """The budget that it keeps to."""
        return self._budget

    def limits(self) -> ModelLimits:
        """Return what the model can do."""
        return self._model.limits()

    def count(self, request: ModelRequest) -> int:
        """Return the tokens of the request's prompt, with a margin that makes it an upper bound."""
        return math.ceil(self._model.count(request) * MARGIN) + MARGIN_TOKENS

    def ask(self, request: ModelRequest) -> ModelReply:
        """Return the reply, cut down to what the model allows and the budget pays for.

        Raises:
            BudgetSpent: a limit could be broken; `stop` says which.
            ContextExceeded: the prompt leaves no room for a reply.
            ProposerError: there will be no reply; one sentence with the remedy.
        """
        if stop := self._budget.would_break(tokens=0, usd=0.0):
            raise BudgetSpent(stop)
        prompt = self.count(request)
        sized = replace(request, max_tokens=self._length(request, prompt))
        turn = _Turn(self._budget, self._price, prompt, sized.max_tokens)
        try:
            return self._model.ask(sized, turn.attempt)
        except BudgetSpent:
            raise
        except ProposerError:
            if stop := self._budget.exceeded():  # it gave up because the run's time is over
                raise BudgetSpent(stop) from None
            raise
        finally:
            self.turns.append(turn.close())

    def _length(self, request: ModelRequest, prompt: int) -> int:
        """Return the longest reply that the model can give, the context has room for and the budget pays for."""
        limits = self.limits()
        wanted = min(request.max_tokens, limits.output_tokens)
        least = min(wanted, FLOOR_TOKENS)
        room = limits.context_tokens - prompt
        if room < least:
            raise ContextExceeded(
                f"the prompt has up to {prompt} tokens and leaves no room for a reply: {self.name} takes"
                f" {limits.context_tokens} of both together; choose a model with a larger context (--codemode-model)"
            )
        if stop := self._budget.would_break(tokens=prompt + least, usd=self._worst(prompt, least)):
            raise BudgetSpent(stop)
        return max(least, int(min(wanted, room, self._affordable(prompt))))

    def _affordable(self, prompt: int) -> float:
        tokens = self._budget.remaining_tokens() - prompt
        if self._price is None:
            return tokens
        # One token less: the quotient of two floats may lie a hair above what the reservation allows.
        return min(tokens, self._price.affordable_output(self._budget.remaining_usd(), prompt) - 1)

    def _worst(self, prompt: int, output: int) -> float | None:
        return self._price.worst(prompt, output) if self._price else None


class _Turn:
    """The attempts of one question."""

    def __init__(self, budget: Budget, price: Price | None, prompt: int, output: int) -> None:
        self._budget = budget
        self._price = price
        self._tokens = prompt + output
        self._usd = price.worst(prompt, output) if price else None
        self._attempts: list[_Attempt] = []

    def attempt(self) -> _Attempt:
        """Reserve the worst case of one more attempt.

        Raises:
            BudgetSpent: the budget does not hold it; the attempt must not go out.
        """
        reserved = self._budget.reserve(tokens=self._tokens, usd=self._usd)
        if isinstance(reserved, StopReason):
            raise BudgetSpent(reserved)
        self._attempts.append(_Attempt(reserved, self._price))
        return self._attempts[-1]

    def close(self) -> TurnCost:
        """Charge in full what was never told, and return what all of it was."""
        for attempt in self._attempts:
            attempt.forfeit()
        told = [attempt.usage for attempt in self._attempts if attempt.usage is not None]
        usage, count = sum(told, Usage()), len(self._attempts)
        if self._price is None or self._usd is None:
            return TurnCost(count, usage, None)
        assumed = self._usd * (count - len(told))
        return TurnCost(count, usage, sum(map(self._price.usd, told)) + assumed, assumed)


class _Attempt:
    """One attempt and its reservation. `usage` is None until, and unless, somebody tells."""

    def __init__(self, reservation: Reservation, price: Price | None) -> None:
        self._reservation = reservation
        self._price = price
        self._open = True
        self.usage: Usage | None = None

    def used(self, usage: Usage) -> None:
        """Charge what the server has counted."""
        if self._open:
            self._open, self.usage = False, usage
            self._reservation.settle(usage, self._price.usd(usage) if self._price else 0.0)

    def refused(self) -> None:
        """Charge nothing."""
        if self._open:
            self._open, self.usage = False, Usage()
            self._reservation.release()

    def forfeit(self) -> None:
        """Charge the worst case, if nobody has told anything."""
        if self._open:
            self._open = False
            self._reservation.forfeit()
