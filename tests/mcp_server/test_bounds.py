from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.outcome import Outcome, PhaseResult, RunResult, TestResult
from pytest_codemode.mcp_server.bounds import CUT, MAX_MESSAGE_CHARS, bounded


def failing(nodeid):
    frames = (Frame("a.py", 1, "f", {"x": "y" * 1000}),) * 10
    detail = Failure(nodeid, Phase.CALL, "E", "m" * 20_000, frames=frames, output="o" * 1000)
    return TestResult(nodeid, Outcome.FAILED, failures=(detail,), functions=("a.py::f",))


def test_a_small_answer_is_left_alone():
    run = RunResult("finished", (failing("a"), failing("b")))
    assert bounded(run) == run


def test_a_large_answer_keeps_every_test_and_marks_what_it_cut():
    run = RunResult("finished", tuple(failing(str(number)) for number in range(100)))
    small = bounded(run, full_bytes=50_000)
    assert [test.nodeid for test in small.results] == [test.nodeid for test in run.results]
    assert small.results[0] == run.results[0]
    (last,) = small.results[-1].failures
    assert last.message == "m" * MAX_MESSAGE_CHARS + CUT
    assert last.output == CUT
    assert small.results[-1].functions == ("a.py::f",)


def test_what_tests_printed_counts_and_is_cut_like_what_explains_a_failure():
    printed = PhaseResult(Phase.CALL, "passed", 0.5, "o" * 1000)
    tests = tuple(TestResult(str(n), Outcome.PASSED, phases=(printed,)) for n in range(100))
    small = bounded(RunResult("finished", tests), full_bytes=5_000)
    assert small.results[0] == tests[0]
    assert small.results[-1].phases == (PhaseResult(Phase.CALL, "passed", 0.5, CUT),)


def test_passing_tests_are_never_touched():
    passing = TestResult("p", Outcome.PASSED, lines={"a.py": tuple(range(1000))})
    run = RunResult("finished", (failing("f"), passing))
    assert bounded(run, full_bytes=1).results[1] == passing
