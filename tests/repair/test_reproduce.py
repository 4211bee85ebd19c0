from dataclasses import replace

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.report import Unrepaired
from pytest_codemode.repair.reproduce import FEW_RUNS, RUNS, Reproduction, reproduce
from tests.repair.sandbox import InTurn, ScriptedSandbox, failure, uncollectable

FAILS = failure("t.py::a")


def reproduced(sandbox: ScriptedSandbox, *reported: Failure) -> Reproduction:
    return reproduce(sandbox, reported, lambda text: None)


def runs_of(sandbox: ScriptedSandbox, nodeid: str) -> int:
    return sum(nodeid in (request.nodeids or ()) for request in sandbox.runs)


def test_a_test_that_fails_every_time_is_kept_as_the_sandbox_saw_it() -> None:
    seen = failure("t.py::a", "as seen in the sandbox", ("m.py", 3))
    sandbox = ScriptedSandbox(("t.py::a",), lambda nodeid, files: seen)
    found = reproduced(sandbox, FAILS)
    assert found.failures == (seen,)
    assert found.unrepaired == ()
    assert runs_of(sandbox, "t.py::a") == RUNS
    assert {request.mode for request in sandbox.runs} == {Mode.WARM}


def test_a_test_that_passes_once_is_flaky_and_its_rate_is_told() -> None:
    turns = [Outcome.PASSED, *[FAILS] * 3, Outcome.PASSED, FAILS]
    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=list(turns))), FAILS)
    assert found.failures == ()
    assert found.unrepaired == (Unrepaired("t.py::a", "flaky", f"failed 8 of {RUNS} runs on the same code"),)


def test_a_test_that_always_passes_in_the_sandbox_is_told_with_the_likely_reasons() -> None:
    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[Outcome.PASSED])), FAILS)
    (one,) = found.unrepaired
    assert one.kind == "not reproducible"
    assert f"passed in {RUNS} of {RUNS} runs" in one.detail
    assert "--codemode-network" in one.detail


def test_the_told_number_of_runs_is_that_of_the_told_outcome() -> None:
    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[Outcome.SKIPPED, Outcome.PASSED])), FAILS)
    assert f"passed in {RUNS - 1} of {RUNS} runs" in found.unrepaired[0].detail


def test_a_test_that_the_sandbox_does_not_collect_is_told_as_such() -> None:
    for gone in (None, Outcome.MISSING):
        found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[gone])), FAILS)
        (one,) = found.unrepaired
        assert "does not collect it" in one.detail


REFUSED = replace(failure("t.py::a"), exception="PermissionError", message="[Errno 13] Permission denied: '/var/x'")


def test_a_test_that_only_the_sandbox_refuses_something_is_told_with_the_refusal() -> None:
    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[REFUSED])), FAILS)
    assert found.failures == ()
    (one,) = found.unrepaired
    assert one.kind == "not reproducible"
    assert "Permission denied: '/var/x'" in one.detail


def test_a_refusal_that_the_plain_run_reported_too_is_a_failure_like_any_other() -> None:
    for reported in (REFUSED, replace(REFUSED, message="only for members")):
        found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[REFUSED])), reported)
        assert (found.failures, found.unrepaired) == ((REFUSED,), ())


def test_a_hanging_test_is_run_only_once_more() -> None:
    reported = failure("t.py::a", timed_out=True)
    sandbox = ScriptedSandbox(("t.py::a",), InTurn(a=[Outcome.TIMEOUT]))
    found = reproduced(sandbox, reported)
    assert runs_of(sandbox, "t.py::a") == 1
    assert [(f.nodeid, f.exception, f.timed_out) for f in found.failures] == [("t.py::a", "Timeout", True)]


def test_a_test_that_kills_its_process_is_a_failure_without_a_traceback() -> None:
    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[Outcome.CRASHED])), FAILS)
    assert [(f.exception, f.timed_out, f.frames) for f in found.failures] == [("Crash", False, ())]


def test_slow_tests_get_few_runs_and_do_not_hold_back_the_quick_ones() -> None:
    sandbox = ScriptedSandbox(
        ("t.py::slow", "t.py::slower", "t.py::quick"),
        lambda nodeid, files: failure(nodeid),
        durations_s={"t.py::slow": 5.0, "t.py::slower": 30.0},
    )
    found = reproduced(sandbox, *(failure(nodeid) for nodeid in sandbox.nodeids))
    runs = {nodeid: runs_of(sandbox, nodeid) for nodeid in sandbox.nodeids}
    assert runs == {"t.py::slow": FEW_RUNS, "t.py::slower": FEW_RUNS, "t.py::quick": RUNS}
    assert [f.nodeid for f in found.failures] == ["t.py::quick", "t.py::slow", "t.py::slower"]


def test_many_failing_tests_together_do_not_eat_the_time_of_the_repair() -> None:
    nodeids = tuple(f"t.py::{number}" for number in range(40))
    for each_s, runs in ((0.25, 6), (1.5, FEW_RUNS)):
        sandbox = ScriptedSandbox(nodeids, lambda n, files: failure(n), durations_s=dict.fromkeys(nodeids, each_s))
        found = reproduced(sandbox, *map(failure, nodeids))
        assert len(sandbox.runs) == runs
        assert len(found.failures) == 40


def test_a_test_with_two_reported_phases_is_run_once_a_round_and_keeps_its_failures() -> None:
    sandbox = ScriptedSandbox(("t.py::a",), lambda nodeid, files: FAILS)
    found = reproduced(sandbox, FAILS, failure("t.py::a", when=Phase.TEARDOWN))
    assert found.failures == (FAILS,)
    assert all(request.nodeids == ("t.py::a",) for request in sandbox.runs)


def test_a_file_that_cannot_be_collected_is_sought_among_the_collection_errors() -> None:
    seen = uncollectable("t.py", "seen in the sandbox", ("m.py", 1))
    sandbox = ScriptedSandbox((), InTurn(), cannot_collect=lambda files: (seen,))
    found = reproduced(sandbox, uncollectable("t.py"), uncollectable("u.py"))
    assert found.failures == (seen,)
    assert found.unrepaired == (Unrepaired("u.py", "not reproducible", "it can be collected in the sandbox"),)
    assert sandbox.runs == []


def test_a_run_that_was_killed_before_a_test_is_told_by_the_reason_of_the_kill() -> None:
    def kill(request: RunRequest, result: RunResult) -> RunResult:
        return RunResult("killed", (), reason="killed: memory limit of 512 MiB")

    found = reproduced(ScriptedSandbox(("t.py::a",), InTurn(a=[FAILS]), interferes=kill), FAILS)
    assert [(one.kind, one.detail) for one in found.unrepaired] == [
        ("not reproducible", "its run in the sandbox did not finish: killed: memory limit of 512 MiB")
    ]
