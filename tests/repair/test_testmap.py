from pytest_codemode.core.outcome import Mode, Outcome, RunResult, TestResult
from pytest_codemode.repair.testmap import CHECK_SECONDS, TestMap, pace
from tests.repair.sandbox import InTurn, ScriptedSandbox


def mapped(*results: TestResult) -> TestMap:
    tests = TestMap()
    tests.add(RunResult("finished", results))
    return tests


def ran(nodeid: str, *functions: str, duration_s: float = 0.01, outcome: Outcome = Outcome.PASSED) -> TestResult:
    return TestResult(nodeid, outcome, duration_s, functions=functions)


def test_only_passing_tests_guard_and_the_quickest_come_first() -> None:
    tests = mapped(
        ran("t.py::a_slow", "m.py::f", duration_s=2.0),
        ran("t.py::quick", "m.py::g"),
        ran("t.py::red", "m.py::f", outcome=Outcome.FAILED),
        ran("t.py::skipped", "m.py::f", outcome=Outcome.SKIPPED),
        ran("t.py::elsewhere", "n.py::f"),
    )
    assert tests.affected(["m.py"]) == ("t.py::quick", "t.py::a_slow")
    assert tests.passing() == ("t.py::a_slow", "t.py::quick", "t.py::elsewhere")


def test_guards_beyond_the_time_of_a_check_are_left_to_the_confirmation() -> None:
    tests = mapped(*(ran(f"t.py::{n}", "m.py::f", duration_s=CHECK_SECONDS * 0.4) for n in range(4)))
    assert tests.affected(["m.py"]) == ("t.py::0", "t.py::1")


def test_tests_that_share_most_functions_come_first() -> None:
    tests = mapped(ran("t.py::one", "m.py::f"), ran("t.py::two", "m.py::f", "m.py::g"), ran("t.py::none", "m.py::h"))
    assert tests.sharing(frozenset({"m.py::f", "m.py::g"})) == ("t.py::two", "t.py::one")


def test_a_test_that_was_never_run_executes_nothing_known() -> None:
    assert mapped().functions("t.py::a") == frozenset()
    assert mapped().duration_s("t.py::a") == 0.0


def test_the_unpatched_outcome_of_a_guard_is_measured_once_in_the_mode_of_the_check() -> None:
    sandbox = ScriptedSandbox(("t.py::a", "t.py::b"), InTurn(a=[Outcome.PASSED], b=[None]))
    tests = mapped()
    assert tests.reload_baseline(sandbox, ("t.py::a",)) == {"t.py::a": Outcome.PASSED}
    both = {"t.py::a": Outcome.PASSED, "t.py::b": Outcome.MISSING}
    assert tests.reload_baseline(sandbox, ("t.py::a", "t.py::b")) == both
    assert tests.reload_baseline(sandbox, ("t.py::b",)) == {"t.py::b": Outcome.MISSING}
    assert [(r.nodeids, r.mode, r.files) for r in sandbox.runs] == [
        (("t.py::a",), Mode.RELOAD, {}),
        (("t.py::b",), Mode.RELOAD, {}),
    ]


def test_tests_that_are_equally_quick_keep_their_order_whatever_was_measured() -> None:
    assert {pace(seconds) for seconds in (0.0, 0.0003, 0.0049)} == {0}
    assert [pace(seconds) for seconds in (0.006, 0.019, 0.03, 0.5, 60.0)] == [1, 1, 2, 4, 7]
