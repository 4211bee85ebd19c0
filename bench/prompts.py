"""How large prompts are, and what the prompt cache saves: dialogues of a few turns about prepared cases.

    python -m bench.prompts CASES... [--turns N] [--python PY] [--only ID ...]

CASES as for `bench.known_fixes`. A local server stands in for the model and never helps: a patch that changes nothing
that matters, an answer that cannot be read, a look around. It counts bytes divided by 3.5, not a tokenizer's tokens.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cases import cases_in, options
from bench.known_fixes import Script, Served
from tests.messages_api import MessagesServer

_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass(frozen=True, slots=True)
class Prompts:
    """The requests of one dialogue."""

    id: str
    sizes: tuple[int, ...]
    """Input tokens of each request."""
    cached: float
    """Share of them that was read from the cache."""


class Unhelped(Served):
    """One case that the model does not repair."""

    def prompts(self, turns: int) -> Prompts:
        """Repair in vain, and measure what was sent."""
        with MessagesServer(Script(tuple(self.known_edits()), turns + 1)) as self._server:
            self.extra["ANTHROPIC_API_KEY"] = self._server.api_key
            self._repair()
        sizes = tuple(sum(usage[part] for part in _INPUT) for usage in self._server.usages[:turns])
        return Prompts(self._case.id, sizes, self._server.cache_share())


def table(rows: Sequence[Prompts]) -> str:
    """Return the rows as a table, with the median below."""
    lines = [f"{row.id:34} {' '.join(f'{size:7}' for size in row.sizes)} {row.cached:7.0%}" for row in rows]
    full = [row for row in rows if row.sizes]
    if full:
        first, last = (statistics.median(row.sizes[place] for row in full) for place in (0, -1))
        cached = statistics.median(row.cached for row in full)
        lines.append(f"median: first request {first:.0f} tokens, last {last:.0f}, {cached:.0%} from the cache")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a case sent nothing."""
    parser = options("bench.prompts", __doc__, "")
    parser.add_argument("--turns", type=int, default=3)
    chosen = parser.parse_args(arguments, argparse.Namespace(turn="last"))
    chosen.budget = f"time=10m,usd=none,requests={chosen.turns}"
    rows: list[Prompts] = []
    for case in cases_in(chosen.cases, chosen.only or ()):
        with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=chosen.scratch) as name:
            rows.append(Unhelped(case, Path(name).resolve(), chosen).prompts(chosen.turns))
        print(table(rows[-1:]).splitlines()[0], flush=True)
    print(table(rows).splitlines()[-1] if rows else "no cases")
    return int(not all(row.sizes for row in rows))


if __name__ == "__main__":
    sys.exit(main())
