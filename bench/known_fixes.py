"""Known fixes as the answers of a model: is each accepted, and what does it take besides the model?

    python -m bench.known_fixes CASES... [--turn first|third|last] [--python PY] [--results FILE] [--jobs N]

Each of CASES is a folder of prepared cases, as for `bench.replay`, or one such case. A local server that speaks the
Messages API stands in for the model: on the chosen turn it proposes the known fix as edits; on the turns before, it
proposes patches that do not help, calls a tool, and answers in a way that cannot be read. The run is a user's
`pytest --codemode-fix`. PY holds what the projects need and this package; the engine runs with the interpreter that
runs this. With `--results` every finding is appended to FILE, and what FILE holds already is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import Case, Finding, Results, cases_in, options
from bench.replay import Known
from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import AddImport, DeleteStatement, Edit, InsertStatement, ReplaceStatement
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from tests.messages_api import MessagesServer, Reply, ToolUse

MODEL = "claude-sonnet-5-5"
TURNS = {"first": 1, "third": 3, "last": DialogueOptions().turns}
PROPOSE = "propose_patch"
_SPARE = ("colorsys", "chunk", "calendar", "cmath", "wave", "zlib", "stat", "quopri", "mailcap", "netrc", "plistlib")
"""Modules whose import repairs nothing."""


class Script:
    """Answers requests: with what does not help until the turn has come, then with the fix, then no more.

    Args:
        fix: the known fix.
        turn: on which reply, counted from the last fix served, it is proposed.
    """

    def __init__(self, fix: Sequence[Edit], turn: int) -> None:
        self._fix = fix
        self._turn = turn
        self._said = 0
        self._number = 0
        self.failed = ""

    def __call__(self, request: dict[str, Any]) -> Reply:
        """Return the next answer."""
        if self._has_fix(request):
            return Reply([ToolUse("give_up", {"reason": "the known fix is all there is"})])
        self._said += 1
        self._number += 1
        if self._said >= self._turn:
            self._said = 0
            return self._proposal(self._fix, "the known fix")
        return self._useless()

    def _has_fix(self, request: dict[str, Any]) -> bool:
        """Return whether the fix was proposed in this conversation already."""
        blocks = (block for message in request["messages"] for block in message["content"] if isinstance(block, dict))
        known = encode(tuple(self._fix))
        return any(block.get("type") == "tool_use" and block["input"].get("edits") == known for block in blocks)

    def _useless(self) -> Reply:
        """Return an answer that does not help, each time of another kind."""
        kinds: tuple[Callable[[], Reply], ...] = (self._wrong, self._unreadable, self._looking)
        return kinds[(self._number - 1) % len(kinds)]()

    def _wrong(self) -> Reply:
        return self._proposal([self._beside(self._fix[0])], "something else")

    def _beside(self, edit: Edit) -> Edit:
        """Return an edit that changes nothing that matters where the fix changes something."""
        if isinstance(edit, ReplaceStatement | InsertStatement | DeleteStatement):
            return InsertStatement(edit.path, edit.line, edit.old, "before", f"attempt = {self._number}")
        return AddImport(edit.path, f"import {_SPARE[self._number % len(_SPARE)]}")

    def _unreadable(self) -> Reply:
        edits = [{"kind": "replace_statement", "path": self._fix[0].path, "line": "three"}]
        return Reply([ToolUse(PROPOSE, {"edits": edits, "rationale": "half an edit"})], malformed=True)

    def _looking(self) -> Reply:
        return Reply([ToolUse("search", {"pattern": "def "})], malformed=True)

    def _proposal(self, edits: Sequence[Edit], rationale: str) -> Reply:
        return Reply([ToolUse(PROPOSE, {"edits": encode(tuple(edits)), "rationale": rationale})], malformed=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as it is kept in the file of results."""

    id: str
    turn: str
    accepted: bool
    problems: list[str]
    only_the_fix: bool
    """Whether no other file and no more lines than by the known fix were changed."""
    same: bool
    """Whether the code is that of the known fix."""
    requests: int
    tokens: int
    cached: float
    """Share of the input tokens that came out of the cache."""
    seconds: float


class Served(Known):
    """One case whose fix comes from the server."""

    def __init__(self, case: Case, scratch: Path, options: argparse.Namespace) -> None:
        super().__init__(case, scratch, options)
        self._turn = TURNS[options.turn]
        self._server: MessagesServer | None = None

    def row(self, turn: str) -> Row:
        """Serve, run, and look at the result."""
        with MessagesServer(Script(tuple(self.known_edits()), self._turn)) as self._server:
            self.extra["ANTHROPIC_API_KEY"] = self._server.api_key
            finding = self.finding()
        return _row(finding, turn, self._server, self._cost())

    def proposing(self) -> list[str]:
        """Return the options that name the server."""
        url = self._server.url if self._server else ""
        return ["--codemode-proposer", "claude", "--codemode-model", MODEL, "--codemode-base-url", url]

    def _cost(self) -> dict[str, Any]:
        path = self.report_path
        cost: dict[str, Any] = json.loads(path.read_text("utf-8"))["cost"] if path.exists() else {}
        return cost


def _row(finding: Finding, turn: str, server: MessagesServer, cost: dict[str, Any]) -> Row:
    foreign = any(problem.endswith(" changed") or "the fix changes" in problem for problem in finding.problems)
    return Row(
        finding.case.id,
        turn,
        finding.accepted,
        finding.problems,
        finding.ours > 0 and finding.ours <= finding.theirs and not foreign,
        finding.same,
        len(server.prompts),
        cost.get("tokens", 0),
        server.cache_share(),
        finding.seconds,
    )


def line_of(row: Row) -> str:
    """Return the row as text, and below it what is wrong with it."""
    marks = f"{'accepted' if row.accepted else 'NOT':9} {'only the fix' if row.only_the_fix else '':13}"
    figures = f"{row.requests:3} requests {row.tokens:7} tokens {row.seconds:6.1f} s"
    return "\n".join([f"{row.id:34} {marks} {figures}", *(f"    {problem}" for problem in row.problems)])


def summary(rows: Sequence[Row]) -> str:
    """Return the totals by turn."""
    lines = [
        "",
        f"{'turn':8} {'cases':>5} {'accepted':>9} {'only the fix':>13} {'requests':>9} {'tokens':>9} {'cached':>7}",
    ]
    for turn in TURNS:
        found = [row for row in rows if row.turn == turn]
        if not found:
            continue
        accepted, only = sum(row.accepted for row in found), sum(row.only_the_fix for row in found)
        requests, tokens = sum(row.requests for row in found), sum(row.tokens for row in found)
        cached = sum(row.cached for row in found) / len(found)
        lines.append(f"{turn:8} {len(found):5} {accepted:9} {only:13} {requests:9} {tokens:9} {cached:7.0%}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases and print; return 1 if a known fix was not accepted."""
    parser = options("bench.known_fixes", __doc__, "time=10m,usd=none")
    parser.add_argument("--turn", choices=tuple(TURNS), default="first")
    chosen = parser.parse_args(arguments)
    results = Results(chosen.results, Row, lambda row: (row.id, row.turn), line_of)
    wanted = cases_in(chosen.cases, chosen.only or ())
    missing = [case for case in wanted if not results.known((case.id, chosen.turn))]
    results.fill(
        missing, lambda case, scratch: Served(case, scratch, chosen).row(chosen.turn), chosen.jobs, chosen.scratch
    )
    print(summary(results.rows))
    ids = {case.id for case in wanted}
    return int(not all(row.accepted for row in results.rows if row.id in ids and row.turn == chosen.turn))


if __name__ == "__main__":
    sys.exit(main())
