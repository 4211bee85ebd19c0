"""The prompt cache: a prefix that ended at a breakpoint of an earlier request costs a tenth.

Source: platform.claude.com "Prompt caching": order tools, system, messages; at least 1,024 tokens; each breakpoint
looks back over at most 20 blocks; a hit renews the entry; other thinking or tool choice spares tools and system only.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from .prompt import Unit, canonical

MINIMUM_TOKENS = 1024
LOOKBACK_BLOCKS = 20
LIFE_S = {"5m": 300.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How the input tokens of one request divide."""

    uncached: int
    read: int
    created_5m: int
    created_1h: int

    @property
    def created(self) -> int:
        return self.created_5m + self.created_1h


@dataclass
class PromptCache:
    """Prefixes seen in this server's life."""

    expires_at: dict[str, float] = field(default_factory=dict)
    life_s: dict[str, float] = field(default_factory=dict)

    def use(self, request: dict[str, Any], units: list[Unit], now: float) -> CacheUse:
        """Look a prompt up, remember its breakpoints, and say what each token counts as."""
        keys = prefix_keys(request, units)
        ends = running_total(units)
        marks = [i for i, unit in enumerate(units) if unit.ttl and ends[i] >= MINIMUM_TOKENS]
        hit = self._longest_hit(keys, marks, now)
        read = 0
        if hit is not None:
            read = ends[hit]
            self.expires_at[keys[hit]] = now + self.life_s[keys[hit]]
        created = {"5m": 0, "1h": 0}
        done = read
        for mark in marks:
            ttl = units[mark].ttl or "5m"
            if ends[mark] > done:
                created[ttl] += ends[mark] - done
                done = ends[mark]
            if mark != hit:
                self._remember(keys[mark], LIFE_S[ttl], now)
        total = ends[-1] if ends else 0
        return CacheUse(total - done, read, created["5m"], created["1h"])

    def _longest_hit(self, keys: list[str], marks: list[int], now: float) -> int | None:
        for mark in reversed(marks):
            for index in range(mark, max(-1, mark - LOOKBACK_BLOCKS), -1):
                if self.expires_at.get(keys[index], now) > now:
                    return index
        return None

    def _remember(self, key: str, life_s: float, now: float) -> None:
        self.life_s[key] = life_s
        self.expires_at[key] = now + life_s


def prefix_keys(request: dict[str, Any], units: list[Unit]) -> list[str]:
    """Name every prefix of a prompt by what is in it; equal names are equal prefixes."""
    state = hashlib.sha256(request["model"].encode())
    settings = canonical([request.get("thinking"), request.get("tool_choice")])
    keys = []
    in_messages = False
    for unit in units:
        if unit.section == "messages" and not in_messages:
            in_messages = True
            state.update(settings.encode())
        state.update(f"\0{unit.section}\0{len(unit.text)}\0{unit.text}".encode())
        keys.append(state.hexdigest())
    return keys


def running_total(units: list[Unit]) -> list[int]:
    total, totals = 0, []
    for unit in units:
        total += unit.tokens
        totals.append(total)
    return totals
