"""When does a result from a fork call for another one from the test's own place?"""

import pytest

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, RunResult, TestResult, TryResult
from pytest_codemode.sandbox.needs import Needs

A = "t.py::a"


def result(exception: str = "", message: str = "", outcome: Outcome = Outcome.FAILED) -> TestResult:
    if not exception:
        return TestResult(A, Outcome.PASSED)
    return TestResult(A, outcome, failures=(Failure(A, Phase.CALL, exception, message),))


REFUSED = result("PermissionError", "[Errno 13] Permission denied: '/tmp/codemode-aa/tree/p/out'")
ELSEWHERE = result("PermissionError", "[Errno 13] Permission denied: '/tmp/codemode-bb/tree/p/out'")
WRONG = result("AssertionError", "assert 4 == 3")


def learnt(forked: TestResult, own: TestResult, *, from_disk: bool = False, patched: bool = False) -> Needs:
    needs = Needs()
    before, after = RunResult("finished", (forked,)), RunResult("finished", (own,))
    needs.learn_run(before, after, from_disk=from_disk, patched=patched)
    return needs


def test_only_a_refusal_calls_for_another_place() -> None:
    assert Needs().call_for(REFUSED, from_disk=False)
    assert not Needs().call_for(WRONG, from_disk=False)
    assert not Needs().call_for(result(), from_disk=True)


@pytest.mark.parametrize(
    ("path", "asks"),
    [
        ("/tmp/codemode-scratch/run/tmpab/x", True),
        ("/tmp/codemode-aa/scratch/run/tmpab/x", True),
        ("/tmp/codemode-scratch/run/pytest/test_a0/x", False),
        ("data/x", False),
    ],
)
def test_file_that_vanished_from_the_temporary_folder_calls_for_another_place(path: str, asks: bool) -> None:
    gone = result("FileNotFoundError", f"[Errno 2] No such file or directory: '{path}'")
    assert Needs().call_for(gone, from_disk=False) is asks


@pytest.mark.parametrize("own", [WRONG, result()])
def test_what_ends_otherwise_in_its_own_place_goes_there_directly(own: TestResult) -> None:
    needs = learnt(REFUSED, own)
    assert needs.known((A, "t.py::b"), from_disk=False) == (A,)
    assert needs.known((A,), from_disk=True) == (A,)


def test_what_only_the_import_needs_is_needed_only_from_disk() -> None:
    needs = learnt(REFUSED, WRONG, from_disk=True)
    assert needs.known((A,), from_disk=True) == (A,)
    assert needs.known((A,), from_disk=False) == ()


def test_the_same_refusal_in_its_own_place_is_the_codes_own_and_asks_only_once() -> None:
    needs = learnt(REFUSED, ELSEWHERE)
    assert needs.known((A,), from_disk=True) == ()
    assert not needs.call_for(REFUSED, from_disk=False)
    assert needs.call_for(result("PermissionError", "[Errno 13] Permission denied: 'other'"), from_disk=False)


def test_what_a_patch_makes_a_test_do_says_nothing_about_the_next_patch() -> None:
    assert learnt(REFUSED, WRONG, patched=True).known((A,), from_disk=True) == ()


def test_candidate_is_tried_apart_for_a_refusal_but_not_for_one_that_is_known_as_its_own() -> None:
    tried = TryResult("k", "failed", "swap", (REFUSED,))
    needs = Needs()
    assert needs.call_for_trial(tried)
    needs.learn_trial(tried, TryResult("k", "failed", "cold", (ELSEWHERE,)))
    assert not needs.call_for_trial(tried)


def test_candidate_whose_tests_never_started_is_tried_apart_by_its_reason() -> None:
    refused = TryResult("k", "failed", "reload", reason="PermissionError: [Errno 13] Permission denied: 'app.log'")
    assert Needs().call_for_trial(refused)
    assert not Needs().call_for_trial(TryResult("k", "failed", "reload", reason="SyntaxError: invalid syntax"))


def test_import_that_is_refused_the_same_way_everywhere_is_not_tried_again() -> None:
    error = Failure("t.py", Phase.COLLECT, "PermissionError", "not for you")
    run = RunResult("finished", (), (error,))
    needs = Needs()
    assert needs.call_for_import(run)
    needs.learn_run(run, run, from_disk=True, patched=True)
    assert not needs.call_for_import(run)


def test_session_that_could_not_start_from_disk_is_started_elsewhere_by_its_reason() -> None:
    assert Needs().call_for_import(RunResult("failed", (), reason="INTERNALERROR PermissionError: [Errno 13]"))
    assert not Needs().call_for_import(RunResult("failed", (), reason="unrecognized arguments"))
