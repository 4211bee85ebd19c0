"""A report that has something of everything the HTML page can show, and one whose every text is hostile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.model import Usage
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.core.report import (
    Alternative,
    Behaviour,
    Cost,
    Difference,
    Excerpt,
    FileCoverage,
    LineCoverage,
    Moment,
    NearMiss,
    RunReport,
    TaskReport,
    Tried,
    Unrepaired,
)
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.worktree.diff import unified_diff

CART = """\
from shop.money import Money

FREE_FROM = Money(5000)


class Cart:
    def __init__(self, prices):
        self._prices = list(prices)

    def total(self):
        return sum(self._prices, Money(0))

    def is_free(self):
        return self.total() > FREE_FROM

    def label(self):
        return f"{len(self._prices)} items, {self.total()}"
"""
PATCHED = CART.replace("self.total() > FREE_FROM", "self.total() >= FREE_FROM").replace(
    "import Money\n", "import Money\nfrom shop.names import plural\n"
)
NAMES = 'def plural(count, noun):\n    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"'
DIFF = (
    unified_diff("shop/cart.py", CART.encode(), PATCHED.encode())
    + unified_diff("shop/names.py", None, NAMES.encode())
    + unified_diff("shop/rates.txt", b"10\n20", b"10\n25\n")
).decode()
LINES = tuple(CART.splitlines())
OPERATORS = ("compare.operator", "compare.operand", "constants.number", "calls.callee", "guards.return", "names.import")


def _failure(case: str, price: int) -> Failure:
    nodeid = f"tests/test_cart.py::test_delivery_is_free_from_fifty[{case}]"
    frames = (
        Frame(
            "tests/test_cart.py", 12, "test_delivery_is_free_from_fifty", {"cart": "<Cart>"}, "assert cart.is_free()"
        ),
        Frame("shop/cart.py", 14, "Cart.is_free", {"self": "<Cart>"}, "return self.total() > FREE_FROM"),
    )
    message = f"assert False\n +  where False = is_free(Cart([{price}]))"
    return Failure(nodeid, Phase.CALL, "AssertionError", message, frames, "False", "is", "True", "adding up\n", 0.01)


FIXED = TaskReport(
    "t1",
    "AssertionError: assert False",
    tuple(f"tests/test_cart.py::test_delivery_is_free_from_fifty[{case}]" for case in ("one", "two", "three")),
    True,
    diff=DIFF,
    rationale="`>` becomes `>=`: fifty is free as well",
    proposer="claude",
    turned_green=("tests/test_cart.py::test_delivery_is_free_from_fifty[one]",),
    checked=48,
    candidates=61,
    duration_s=14.2,
    suspects=(
        Suspect("shop/cart.py", 14, 1.0, "innermost frame; 9 of 12 candidates there changed the failure"),
        Suspect("shop/cart.py", 11, 0.71),
        Suspect("shop/cart.py", 8, 0.32),
    ),
    excerpts=(Excerpt("shop/cart.py", 1, LINES[:4]), Excerpt("shop/cart.py", 6, LINES[5:])),
    tried=(
        Tried("shop/cart.py", 14, "compare.operator", unchanged=2, broke=1, passed=2),
        Tried("shop/cart.py", 14, "compare.operand", moved=6),
        Tried("shop/cart.py", 14, "calls.callee", refused=3),
        Tried("shop/cart.py", 11, "constants.number", unchanged=20, partly=1),
        Tried("shop/cart.py", 8, "guards.return", unchanged=26),
    ),
    near_misses=(NearMiss("shop/cart.py:14", "`>` -> `!=`", "breaks a passing test", "tests/test_cart.py::test_low"),),
    alternatives=(
        Alternative(
            unified_diff("shop/cart.py", CART.encode(), CART.replace(" > FREE", " != FREE").encode()).decode(),
            "`>` becomes `!=`",
            ("weakened-check",),
            Difference(3, 40, "is_free(Cart([1]))", "False", "True"),
        ),
    ),
    passing=4,
    behaviour=Behaviour(24, 0, 40, 2, 0),
    held_out=("tests/test_cart.py::test_delivery_is_free_from_fifty[three]",),
    overfit=2,
    failures=(_failure("one", 5000), _failure("two", 5000)),
)
DOUBTFUL = replace(
    FIXED,
    key="t2",
    cause="KeyError: 'gold'",
    nodeids=("tests/test_rates.py::test_gold",),
    diff=unified_diff("shop/rates.py", b"RATES = {}\n", b"RATES = {'gold': 10}\n").decode(),
    rationale="",
    proposer="search",
    template="tables.entry",
    warnings=("literal-from-test",),
    turned_green=("tests/test_rates.py::test_gold",),
    behaviour=Behaviour(9, 1, 4, 2, 3),
    alternatives=(),
    passing=1,
    held_out=(),
    excerpts=(),
    tried=(),
    failures=(),
)
UNFIXED = replace(
    FIXED,
    key="t3",
    cause="ValueError: the weights add up to nothing",
    nodeids=tuple(f"tests/test_split.py::test_split[{number}]" for number in range(50)),
    fixed=False,
    why_not="none of 412 candidates turned the failing tests green; the time budget was spent",
    diff="",
    rationale="",
    proposer="",
    turned_green=(),
    checked=0,
    candidates=412,
    behaviour=None,
    alternatives=(),
    passing=0,
    held_out=(),
    tried=tuple(
        Tried("shop/split.py", 3 + 2 * line, operator, unchanged=1 + line, moved=(line * at) % 3)
        for line in range(9)
        for at, operator in enumerate(OPERATORS)
    ),
    suspects=tuple(Suspect("shop/split.py", 3 + 2 * at, 1 - at / 10) for at in range(9)),
    excerpts=(Excerpt("shop/split.py", 1, tuple(f"    weights[{at}] = share // whole" for at in range(24))),),
)


TIMELINE = (
    Moment(2.0, 0, 0.0, "", "stage", "reproduce"),
    Moment(4.5, 0, 0.0, "", "stage", "localise"),
    Moment(9.0, 0, 0.0, "", "stage", "search"),
    Moment(11.0, 40, 0.0, "t1", "tried", "shop/cart.py:8 guards.return"),
    Moment(13.0, 52, 0.0, "t1", "nearer", "shop/cart.py:11 constants.number"),
    Moment(14.5, 61, 0.0, "t1", "patch", "shop/cart.py:14 compare.operator"),
    Moment(19.0, 200, 0.0, "t2", "patch", "shop/rates.py:1 tables.entry"),
    Moment(31.0, 470, 0.0, "t3", "nearer", "shop/split.py:5 constants.number"),
    Moment(33.0, 473, 0.0, "", "stage", "claude"),
    Moment(47.0, 475, 0.0312, "t3", "tried", "shop/split.py:7 claude"),
    Moment(58.0, 476, 0.071, "t3", "tried", "shop/split.py:9 claude"),
    Moment(60.0, 476, 0.071, "", "stage", "confirm"),
    Moment(71.5, 476, 0.071, "", "stage", "end"),
)
RICH = RunReport(
    run_id="20261130-120000-a1b2",
    stop="the time budget was spent; raise it with --codemode-budget time=...",
    green=False,
    tasks=(FIXED, DOUBTFUL, UNFIXED),
    unrepaired=(
        Unrepaired("tests/test_net.py::test_c", "flaky", "passed 1 of 10 runs"),
        Unrepaired("tests/test_net.py::test_d", "not reproducible", "it needs the network"),
        Unrepaired("tests/test_net.py::test_e", "unsupported", "it is no function"),
    ),
    guards="48 tests that passed before still pass (two runs from disk)",
    diff=DIFF,
    diff_path=".codemode/runs/20261130-120000-a1b2/patch.diff",
    cost=Cost(71.5, 476, 5, 23_000, 0.071, Usage(12_000, 3_000, 6_000, 2_000), assumed_usd=0.01),
    sandbox=SandboxInfo("namespaces", Capabilities(private_writes=True, no_network=True), ("a note",), "3.11.8"),
    started="2026-11-30T12:00:00+00:00",
    timeline=TIMELINE,
    coverage=(
        FileCoverage("shop/cart.py", LineCoverage((8, 11, 14), (17,)), LineCoverage((9, 12, 15, 18), ()), 50),
        FileCoverage("shop/names.py", None, LineCoverage((2,), ()), 50),
    ),
    notices=("the map of tests was made anew",),
)
UNPROTECTED = replace(RICH, sandbox=SandboxInfo("none", Capabilities()))

HOSTILE = (
    "</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\"' onmouseover='alert(1)' --> ]]> &lt;b&gt; \u202egnp.exe\u2066 \0 \ud800 \x1b[2J \ufeff"
)


def hostile(value: Any) -> Any:
    """Return the report with every text in it made hostile; what is told apart by its text stays."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = {"what", "kind", "key", "task"}
        changed = {one.name: hostile(getattr(value, one.name)) for one in fields(value) if one.name not in kept}
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if isinstance(value, dict):
        return {hostile(name): hostile(one) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith("--- "):
        return "\n".join(map(_hostile_line, value.split("\n")))
    return value + HOSTILE


def _hostile_line(line: str) -> str:
    """Return a line of a diff made hostile, as far as it still is one: as text it is shown anyhow."""
    if line.startswith(("--- a/", "+++ b/")):
        return f"{line}<script>alert(1)</script>"
    return line + HOSTILE.replace("\0", "") if line[:1] in {" ", "+", "-"} and line[4:] != "/dev/null" else line
