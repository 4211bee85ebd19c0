"""Reports of every shape, for the tests of all formats."""

from pytest_codemode.core.budget import StopReason
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
from pytest_codemode.core.written import CoverageOf, CoverReport, PossibleBug, Untested, WrittenTest
from pytest_codemode.worktree.diff import unified_diff

OLD = b"def total(prices):\n    return sum(prices) - 1\n\n\ndef mean(prices):\n    return total(prices) / len(prices)\n"
NEW = OLD.replace(b" - 1", b"")
DIFF = unified_diff("shop/cart.py", OLD, NEW).decode()


def failure(nodeid: str, exception: str = "AssertionError", message: str = "assert 2 == 3") -> Failure:
    frames = (
        Frame("tests/test_cart.py", 5, "test_total", {"found": "2"}, "assert found == 3"),
        Frame("shop/cart.py", 2, "total", {"prices": "[1, 2]"}, "return sum(prices) - 1"),
        Frame("/usr/lib/python3/statistics.py", 9, "mean", {}),
    )
    return Failure(nodeid, Phase.CALL, exception, message, frames, "2", "==", "3", "printed", 0.1)


FIXED = TaskReport(
    "t1",
    "AssertionError: assert 2 == 3",
    ("tests/test_cart.py::test_total", "tests/test_cart.py::test_mean"),
    True,
    diff=DIFF,
    rationale="drop operand: sum(prices) - 1 -> sum(prices)",
    proposer="search",
    template="operand.drop",
    warnings=("deletes-code",),
    turned_green=("tests/test_cart.py::test_total", "tests/test_cart.py::test_mean"),
    checked=12,
    candidates=70,
    duration_s=3.25,
    suspects=(Suspect("shop/cart.py", 2, 1.0, "innermost frame"), Suspect("shop/cart.py", 6, 0.5)),
    excerpts=(Excerpt("shop/cart.py", 1, tuple(OLD.decode().splitlines())),),
    tried=(Tried("shop/cart.py", 2, "operand.drop", unchanged=60, passed=2),),
    near_misses=(NearMiss("shop/cart.py:2", "1 -> 0", "breaks a passing test", "test_empty"),),
    alternatives=(Alternative(DIFF, "constant: 1 -> 0", (), Difference(2, 9, "total([])", "0", "1")),),
    passing=2,
    behaviour=Behaviour(10, 0, 5, 1, 0),
    held_out=("tests/test_cart.py::test_mean",),
    failures=(failure("tests/test_cart.py::test_total"), failure("tests/test_cart.py::test_mean")),
)
UNFIXED = TaskReport(
    "t2",
    "KeyError: 'k'",
    ("tests/test_stock.py::test_k[a::b]",),
    False,
    why_not="none of 30 candidates turned the failing tests green",
    candidates=30,
    suspects=(Suspect("shop/stock.py", 4, 0.75),),
    near_misses=(NearMiss("shop/stock.py:4", "`<` -> `>`", "breaks a passing test", "test_empty fails"),),
    failures=(failure("tests/test_stock.py::test_k[a::b]", "KeyError", "'k'"),),
)
FULL = RunReport(
    run_id="20261130-120000-a1b2",
    stop="all selected tests pass",
    green=False,
    written=(),
    tasks=(FIXED, UNFIXED),
    unrepaired=(
        Unrepaired("tests/test_net.py::test_c", "flaky", "passed 1 of 10 runs"),
        Unrepaired("tests/test_net.py::test_d", "not reproducible", "it needs the network"),
        Unrepaired("tests/test_net.py::test_e", "unsupported", "it is no function"),
    ),
    guards="14 of 14 collected tests, 2 runs",
    diff=DIFF,
    diff_path=".codemode/runs/20261130-120000-a1b2/patch.diff",
    cost=Cost(12.2, 100, 2, 3000, 0.0123, Usage(2000, 0, 500, 500)),
    sandbox=SandboxInfo("namespaces", Capabilities(private_writes=True), ("a note",), "3.11.8"),
    started="2026-11-30T13:00:00+01:00",
    timeline=(Moment(1.5, 60, 0.0, "t1", "patch", "shop/cart.py:2 operand.drop"),),
    coverage=(FileCoverage("shop/cart.py", LineCoverage((2,), (6,)), LineCoverage((2, 6), ()), 12),),
    notices=("the map of tests was made anew",),
)
EMPTY = RunReport("20261130-120000-0000", "no test failed", green=True)
ERROR = RunReport("", "--codemode-python: this interpreter has no pytest-codemode", green=False, error=True)
INTERRUPTED = RunReport(
    "20261130-120000-ffff",
    StopReason.INTERRUPTED.value,
    green=False,
    tasks=(UNFIXED,),
    cost=Cost(1.0, 3),
    started="2026-11-30",
)
TESTS = b"""from shop.cart import total


def test_total_of_empty_prices():
    assert total([]) == 0
"""
COVERED = RunReport(
    run_id="20261130-120000-c0de",
    stop="no further test adds coverage; see what is left, and why",
    green=False,
    written=("tests/test_cart.py",),
    diff=unified_diff("tests/test_cart.py", None, TESTS).decode(),
    diff_path=".codemode/runs/20261130-120000-c0de/patch.diff",
    cost=Cost(26.4, 3265),
    sandbox=SandboxInfo("namespaces", Capabilities(private_writes=True), (), "3.11.8"),
    started="2026-11-30T13:00:00+01:00",
    notices=("tests fail: what they cover counts all the same",),
    cover=CoverReport(
        tests=(
            WrittenTest(
                "tests/test_cart.py", "test_total_of_empty_prices", "shop/cart.py::total", 1, ("type",), (2,), 0, 3
            ),
            WrittenTest(
                "tests/test_cart.py", "test_rate", "shop/cart.py::rate", 3, ("docstring", "type"), (9, 10, 12), 1, 4
            ),
            WrittenTest("tests/test_stock.py", "test_k", "shop/stock.py::k", 1, ("docstring",), (), 0, 0),
        ),
        bugs=(
            PossibleBug(
                *("shop/cart.py", 6, "mean", "exception", "from shop.cart import mean\nmean([])"),
                expected="a result, or an exception that the function raises or documents",
                actual="raises ZeroDivisionError: division by zero",
            ),
            PossibleBug(
                *("shop/stock.py", 4, "Stock.parse", "round trip", "from shop.stock import Stock\nStock.parse('1 kg')"),
                expected="1 (what format was given)",
                actual="1000",
            ),
        ),
        untested=(
            Untested("shop/net.py", "fetch", 7, (8, 9, 12), 2, "it needs the network"),
            Untested("shop/cart.py", "merge", 20, (21,), 0, "no input came past line 20: `if a:`", "merge('a', 'b')"),
        ),
        files=(
            CoverageOf("shop/net.py", 0.0, 0.0, 12, 4, 16, 16),
            CoverageOf("shop/cart.py", 25.0, 95.0, 16, 4, 15, 1),
        ),
        targets=5,
        calls=3265,
        mutants=12,
        killed=7,
        rejected={"it does not come out the same each time": 2},
        proof="each test passed 6 times: alone, in 3 orders under 3 hash seeds, with the suite in collected and in "
        "shuffled order",
    ),
)
SAMPLES = {"full": FULL, "empty": EMPTY, "error": ERROR, "interrupted": INTERRUPTED, "covered": COVERED}
