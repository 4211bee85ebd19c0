"""What trials teach about places, and what becomes of the ranking."""

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Patch, ReplaceDefinition, ReplaceExpression
from pytest_codemode.core.suspicion import Attempts, Suspect, reranked
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.localisation.learning import attempts
from pytest_codemode.repair.solve import Solver
from tests.repair.proposers import ScriptedProposer, number
from tests.repair.sandbox import failure
from tests.repair.world import RED, RED2, World, task, wants

AS_BEFORE = failure(RED, "1 is not wanted")


def tried(line: int, verdict: Verdict = Verdict.FAILED, *failures: Failure, passed: tuple[str, ...] = ()) -> Trial:
    patch = Patch((ReplaceExpression("m.py", line, 0, "a", "b"),), "search")
    return Trial(patch, verdict, passed=passed, failures=failures)


def learnt(*trials: Trial) -> dict[tuple[str, int], Attempts]:
    return attempts(task(RED, RED2), trials)


def test_candidates_are_counted_by_place_and_by_whether_the_failure_changed() -> None:
    other = failure(RED, "2 is not wanted")
    found = learnt(
        tried(2, Verdict.FAILED, AS_BEFORE), tried(2, Verdict.FAILED, other), tried(3, Verdict.FAILED, AS_BEFORE)
    )
    assert found == {("m.py", 2): Attempts(1, 1), ("m.py", 3): Attempts(1, 0)}


@pytest.mark.parametrize(
    "trial",
    [
        tried(2, Verdict.BROKE),
        tried(2, Verdict.PLAUSIBLE),
        tried(2, Verdict.FAILED, AS_BEFORE, passed=(RED2,)),
        tried(2, Verdict.FAILED, failure(RED, "1 is not wanted", exception="KeyError")),
    ],
)
def test_a_green_test_or_another_error_is_a_change(trial: Trial) -> None:
    assert learnt(trial) == {("m.py", 2): Attempts(0, 1)}


@pytest.mark.parametrize(
    "trial",
    [
        tried(2, Verdict.REFUSED),
        tried(2, Verdict.NOT_TRIED),
        tried(2, Verdict.CRASHED),
        tried(2, Verdict.TIMED_OUT),
        tried(2, Verdict.FAILED, failure(RED, "name 'b' is not defined", exception="NameError")),
        tried(2, Verdict.FAILED, failure("t.py::another", "x")),
        Trial(
            Patch((ReplaceDefinition("m.py", "f", "def f(): ..."),), "claude"), Verdict.FAILED, failures=(AS_BEFORE,)
        ),
    ],
)
def test_what_says_nothing_of_a_line_is_not_counted(trial: Trial) -> None:
    assert learnt(trial) == {}


def test_a_place_where_nothing_helps_falls_behind_one_where_candidates_matter() -> None:
    same, changed = (tried(2, Verdict.FAILED, AS_BEFORE),) * 8, (tried(9, Verdict.FAILED, failure(RED, "x")),) * 8
    suspects = (*task(RED).suspects, Suspect("m.py", 5, 0.9), Suspect("m.py", 9, 0.9))
    found = reranked(suspects, learnt(*same, *changed))
    assert [one.line for one in found] == [9, 5, 2]


def test_the_next_proposer_gets_the_ranking_that_the_trials_suggest(tmp_path: Path) -> None:
    first, second = ScriptedProposer((number("3"), number("4"))), ScriptedProposer()
    world = World(tmp_path, wants({RED: frozenset({"2"})}))
    failing = replace(task(RED), suspects=(Suspect("m.py", 1, 1.0), Suspect("m.py", 2, 0.9)))
    Solver(world.judge, world.budget, (first, second), lambda *_: None, world.clock).solve(failing, 100.0)
    (told,) = second.told
    assert [one.line for one in told.suspects] == [2, 1]
    assert told.suspects[0].why == "2 of 2 candidates there changed the failure"
