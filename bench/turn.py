"""What a turn costs besides the model's own time: from the end of one reply to the arrival of the next request.

    python -m bench.turn [--turns N]

A local server that speaks the Messages API answers at once with a patch that does not help, each time another one. In
between the patch is applied, judged by the policy and the failing test, told back, and the next prompt counted.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.messages_api import MessagesServer, Reply, ToolUse
from tests.projects import Workspace

MODEL = "claude-sonnet-5-5"
LIMIT_MS = 150.0
FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop.py": "def total(prices):\n    return sum(prices) * 2\n",
    "test_shop.py": "from shop import total\n\n\ndef test_total():\n    assert total([1, 2]) == 'three'\n",
}


class Answers:
    """Answers every request with a new patch, and notes when it was asked and when it had answered."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def __call__(self, request: dict[str, Any]) -> Reply:
        """Return another patch that does not help."""
        self.asked.append(time.perf_counter())
        number = len(self.asked)
        edit = {
            "kind": "replace_expression",
            "path": "shop.py",
            "line": 2,
            "column": 11,
            "old": "sum(prices) * 2",
            "new": f"sum(prices) * 2 + {number}",
        }
        return Reply([ToolUse("propose_patch", {"edits": [edit], "rationale": f"attempt {number}"})])


def measured(turns: int) -> list[float]:
    """Return the milliseconds between requests of one dialogue after another; starts of conversations left out."""
    answers = Answers()
    with tempfile.TemporaryDirectory() as folder, MessagesServer(answers) as server:
        project = Workspace(Path(folder), FILES)
        project.fix(
            *("--codemode-proposer", "claude", "--codemode-model", MODEL, "--codemode-base-url", server.url),
            *("--codemode-budget", f"time=5m,usd=none,requests={turns}"),
            env={"ANTHROPIC_API_KEY": server.api_key},
        )
    gaps = [1000 * (after - before) for before, after in zip(answers.asked, answers.asked[1:], strict=False)]
    if not gaps:
        raise SystemExit("the model was not asked twice; run the project by hand to see why")
    return gaps[1:]  # the first trial of a run collects the tests


def main() -> int:
    """Print the figures; return 1 if the median is above the limit."""
    parser = argparse.ArgumentParser(prog="python -m bench.turn")
    parser.add_argument("--turns", type=int, default=12)
    gaps = measured(parser.parse_args().turns)
    median = statistics.median(gaps)
    print(
        f"{len(gaps)} turns with a rejected patch: median {median:.0f} ms, from {min(gaps):.0f} to {max(gaps):.0f} ms"
    )
    print(f"limit: {LIMIT_MS:.0f} ms besides the model's own time (here 0)")
    return int(median > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
