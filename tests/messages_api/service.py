"""The API behind the HTTP: validates, plays the script, counts, caches and remembers."""

import itertools
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cache import CacheUse, PromptCache
from .compose import Draft, Sent, compose
from .ledger import Ledger
from .models import Limits, known_models
from .prompt import prompt_tokens, units
from .steps import Answer, Failure, Reply, ScriptError, Step, Text
from .validation import check_count, check_create, check_length


@dataclass(frozen=True, slots=True)
class Answered:
    """A message ready to be sent, with how it travels."""

    message: dict[str, Any]
    blocks: list[Sent]
    reply: Reply


class Script:
    """The steps still to be played."""

    def __init__(self, steps: Sequence[Step] | Callable[[dict[str, Any]], Any], repeat_last: bool) -> None:
        self._for_all = steps if callable(steps) else None
        self._steps: list[Step] = [] if callable(steps) else list(steps)
        self._repeat_last = repeat_last
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        return len(self._steps)

    def next(self, request: dict[str, Any]) -> Answer:
        """Take the step for a request."""
        if self._for_all is not None:
            answer = as_answer(self._for_all(request))
            if answer is None:
                raise ScriptError("the script's function returned None and there is no list to go on with")
            return answer
        while True:
            step = self._take()
            answer = as_answer(step(request)) if callable(step) else step
            if answer is not None:
                return answer

    def _take(self) -> Step:
        with self._lock:
            self._taken += 1
            if not self._steps:
                raise ScriptError(f"request {self._taken} has no step left in the script")
            if self._repeat_last and len(self._steps) == 1:
                return self._steps[0]
            return self._steps.pop(0)


def as_answer(value: Any) -> Answer | None:
    """Accept what a script's function may return: an answer, a plain text, or None."""
    return Reply([Text(value)]) if isinstance(value, str) else value


class Service:
    """One server's API: everything but sockets."""

    def __init__(self, script: Script, limits: Mapping[str, Limits]) -> None:
        self.script = script
        self.models = known_models(limits)
        self.prompts: list[dict[str, Any]] = []
        self.usages: list[dict[str, Any]] = []
        self.script_errors: list[str] = []
        self.aged_s = 0.0
        self._cache = PromptCache()
        self._ledger = Ledger()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def new_id(self, prefix: str) -> str:
        return f"{prefix}01{next(self._numbers):022d}"

    def check(self, request: Any) -> None:
        """Refuse what the API would refuse, before any step is taken."""
        merged = check_create(request, self.models)
        with self._lock:
            self._ledger.check(request, merged)
        check_length(request, self.models[request["model"]])

    def count(self, request: Any) -> dict[str, int]:
        merged = check_count(request, self.models)
        with self._lock:
            self._ledger.check(request, merged)
        return {"input_tokens": prompt_tokens(request)}

    def answer(self, request: dict[str, Any], tier: str = "standard") -> Answered | Answer:
        """Play the next step for a request that passed `check`."""
        with self._lock:
            self.prompts.append(request)
        try:
            step = self.script.next(request)
            return self._message(step, request, tier) if isinstance(step, Reply) else step
        except Exception as error:  # noqa: BLE001 - a script's own function may raise anything; the test must hear of it
            told = str(error) if isinstance(error, ScriptError) else traceback.format_exc()
            self.script_errors.append(told)
            return Failure(500, message=f"script error: {told}", headers={"x-should-retry": "false"})

    def _message(self, reply: Reply, request: dict[str, Any], tier: str) -> Answered:
        model = self.models[request["model"]]
        flat = units(request)
        with self._lock:
            draft = compose(reply, request, model, sum(unit.tokens for unit in flat), self.new_id)
            use = self._cache.use(request, flat, time.monotonic() + self.aged_s)
            usage = usage_of(draft, use, tier)
            self.usages.append(usage)
            self._ledger.sent(model.id, draft.content, draft.stop_reason)
        message = {
            "id": self.new_id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": model.id,
            "content": draft.content,
            "stop_reason": draft.stop_reason,
            "stop_sequence": draft.stop_sequence,
            "stop_details": dict(draft.stop_details) if draft.stop_details else None,
            "usage": usage,
        }
        return Answered(message, draft.blocks, reply)


def usage_of(draft: Draft, use: CacheUse, tier: str) -> dict[str, Any]:
    return {
        "input_tokens": use.uncached,
        "cache_creation_input_tokens": use.created,
        "cache_read_input_tokens": use.read,
        "cache_creation": {"ephemeral_5m_input_tokens": use.created_5m, "ephemeral_1h_input_tokens": use.created_1h},
        "output_tokens": draft.output_tokens,
        "output_tokens_details": {"thinking_tokens": draft.thinking_tokens},
        "service_tier": tier,
    }
