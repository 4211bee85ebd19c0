import pytest

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.repair.localise import PASSING_TESTS, localise
from pytest_codemode.repair.testmap import TestMap
from tests.repair.sandbox import ScriptedSandbox, failure, uncollectable

SOURCE = b"""\
LIMIT = 3
UNUSED = 4
def f(x, y=1):
    if x > LIMIT:
        return y
    return x
def g(*, key):
    return key
class C:
    size = 2
    def h(self):
        return self.size
"""


def world(lines: dict[str, tuple[int, ...]], *failing: str) -> tuple[ScriptedSandbox, TestMap]:
    """Return a sandbox in which each test executes the given lines of m.py, and the map of its tests."""
    sandbox = ScriptedSandbox(
        tuple(lines),
        lambda nodeid, files: failure(nodeid) if nodeid in failing else Outcome.PASSED,
        functions=dict.fromkeys(lines, ("m.py::f",)),
        lines={nodeid: {"m.py": numbers, "lib.py": (1,)} for nodeid, numbers in lines.items()},
    )
    tests = TestMap()
    tests.add(sandbox.run_tests(RunRequest(record="functions")))
    sandbox.runs.clear()
    return sandbox, tests


def suspects(sandbox: ScriptedSandbox, tests: TestMap, *failures: Failure) -> dict[int, Suspect]:
    found = localise(sandbox, failures, tests, {"m.py": SOURCE}.get, {"m.py"}.__contains__)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert {s.path for s in found} <= {"m.py"}
    return {s.line: s for s in found}


def test_the_line_that_only_the_failing_test_runs_is_most_suspicious() -> None:
    sandbox, tests = world({"t.py::a": (4, 5), "t.py::b": (4, 6), "t.py::c": (4, 6), "t.py::d": (4, 6)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a"))
    assert found[5].score == 1.0
    assert found[4].score == pytest.approx(0.5)  # 1 / sqrt(1 * 4)
    assert 6 not in found


def test_the_line_that_raised_outranks_the_callers_in_the_traceback() -> None:
    sandbox, tests = world({"t.py::a": (4, 5, 12)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("t.py", 1), ("m.py", 12), ("m.py", 5), ("lib.py", 3)))
    assert (found[5].score, found[5].why) == (1.0, "innermost frame")
    assert (found[12].why, found[4].why) == ("in the traceback", "")
    assert found[5].score > found[12].score > found[4].score > 0


def test_constants_attributes_and_defaults_that_suspects_use_share_their_suspicion() -> None:
    sandbox, tests = world({"t.py::a": (4, 5, 8, 12)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a"))
    assert [found[line].why for line in (1, 10, 3)] == [
        "defines LIMIT",
        "defines size",
        "default of a suspicious function",
    ]
    assert 0 < found[1].score == found[10].score == found[3].score < found[4].score
    assert 2 not in found


def test_a_keyword_only_parameter_without_default_is_no_default() -> None:
    sandbox, tests = world({"t.py::a": (8,)}, "t.py::a")
    assert 7 not in suspects(sandbox, tests, failure("t.py::a"))


@pytest.mark.parametrize("fields", [{"timed_out": True}, {}])
def test_frames_alone_are_enough_where_no_lines_can_be_recorded(fields: dict[str, bool]) -> None:
    sandbox, tests = world({"t.py::a": (4,)})
    one = failure("t.py::a", "x", ("m.py", 5), **fields) if fields else uncollectable("t.py", "x", ("m.py", 5))
    assert suspects(sandbox, tests, one)[5].why == "innermost frame"
    assert sandbox.runs == []


def test_a_line_of_the_traceback_that_no_run_recorded_outranks_the_lines_that_were() -> None:
    sandbox, tests = world({"t.py::a": (4,)}, "t.py::a")
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("m.py", 12), ("m.py", 5)))
    assert found[5].score == 1.0
    assert found[4].score < 1.0
    assert found[12].score > 0


def test_a_def_line_that_fails_at_import_says_nothing_of_what_its_body_uses() -> None:
    sandbox, tests = world({})
    assert suspects(sandbox, tests, uncollectable("t.py", "x", ("m.py", 3))).keys() == {3}


def test_a_constant_that_the_hanging_line_uses_is_suspect_although_no_line_was_recorded() -> None:
    sandbox, tests = world({})
    found = suspects(sandbox, tests, failure("t.py::a", "x", ("m.py", 4), timed_out=True))
    assert found[1].why == "defines LIMIT"


def test_nothing_known_means_no_suspects() -> None:
    sandbox, tests = world({})
    assert suspects(sandbox, tests, failure("t.py::a", "x", ("t.py", 1))) == {}


def test_lines_are_recorded_once_for_the_failing_tests_and_a_bounded_number_of_others() -> None:
    lines = {"t.py::a": (5,), **{f"t.py::p{n}": (4,) for n in range(PASSING_TESTS + 9)}}
    sandbox, tests = world(lines, "t.py::a")
    suspects(sandbox, tests, failure("t.py::a"), failure("t.py::a"))
    (request,) = sandbox.runs
    assert (request.mode, request.record, request.line_paths) == (Mode.WARM, "lines", ("m.py",))
    assert request.nodeids is not None
    assert request.nodeids[0] == "t.py::a"
    assert len(request.nodeids) == 1 + PASSING_TESTS


def test_a_file_that_is_no_python_any_more_keeps_the_suspects_of_its_traceback() -> None:
    sandbox, tests = world({})
    one = uncollectable("t.py", "invalid syntax", ("m.py", 2))
    found = localise(sandbox, (one,), tests, {"m.py": b"def (:\n"}.get, {"m.py"}.__contains__)
    assert [(s.line, s.score) for s in found] == [(2, 1.0)]


LOOPS = b"""\
def count(n):
    total = 0
    for i in range(n):
        total += i
    while n > 0:
        n = n + 1
        total += 1
    return total
"""


def test_every_line_of_the_loop_that_did_not_end_is_suspect_and_no_other_loop() -> None:
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    hung = failure("t.py::a", "x", ("m.py", 5), timed_out=True)
    found = localise(sandbox, (hung,), tests, {"m.py": LOOPS}.get, {"m.py"}.__contains__)
    assert {suspect.line for suspect in found} == {5, 6, 7}


def test_a_failure_that_ended_by_itself_makes_no_loop_suspect() -> None:
    sandbox, tests = world({"t.py::a": ()}, "t.py::a")
    raised = failure("t.py::a", "x", ("m.py", 5))
    found = localise(sandbox, (raised,), tests, {"m.py": LOOPS}.get, {"m.py"}.__contains__)
    assert {suspect.line for suspect in found} == {5}
