from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, Outcome, RunResult, TestResult
from pytest_codemode.core.patch import Applied, Files, InsertStatement, Patch, ReplaceExpression
from pytest_codemode.core.trial import Verdict
from pytest_codemode.repair.judge import ENOUGH_GUARDED, FLAKY_AT_ONCE
from tests.repair.proposers import number
from tests.repair.sandbox import Behaviour, failure, uncollectable
from tests.repair.world import GREEN, RED, RED2, Clock, World, returned, task, wants

WANTS_2 = wants({RED: frozenset({"2"})})


def verdicts(world: World, *patches: Patch, failing: tuple[str, ...] = (RED,)) -> list[Verdict]:
    return [trial.verdict for trial in world.judge.judge(task(*failing), patches)]


def test_trials_come_in_the_order_of_the_patches(tmp_path: Path) -> None:
    stale = number("2", old="7")
    trials = World(tmp_path, WANTS_2).judge.judge(task(RED), (number("3"), stale, number("2"), number("1 + 1")))
    assert [t.verdict for t in trials] == [
        Verdict.FAILED,
        Verdict.UNAPPLICABLE,
        Verdict.PLAUSIBLE,
        Verdict.FAILED,
    ]
    assert trials[0].reason == "now: AssertionError: 3 is not wanted"
    assert trials[1].patch == stale
    assert trials[1].reason
    assert trials[2].passed == (RED,)


def test_patches_that_give_the_same_tree_are_run_once_over_all_batches(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)
    same = Patch((ReplaceExpression("m.py", 2, 11, "1", "3"),), "somebody else", template="other")
    assert verdicts(world, number("3"), same) == [Verdict.FAILED, Verdict.DUPLICATE]
    assert verdicts(world, same) == [Verdict.DUPLICATE]
    assert [len(request.candidates) for request in world.sandbox.tries] == [1]
    assert world.budget.spent.candidates == 1


def test_refused_patches_never_reach_the_sandbox_and_cost_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, veto=lambda applied: ("no-cheating: it cheats", ()))
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.reason) == (Verdict.REFUSED, "no-cheating: it cheats")
    assert (world.sandbox.tries, world.sandbox.runs, world.budget.spent.candidates) == ([], [], 0)


def test_a_patch_that_the_second_stage_of_policy_refuses_is_refused_before_its_check(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, second_veto=lambda applied: ("undefined-name: x", ()))
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.reason) == (Verdict.REFUSED, "undefined-name: x")
    assert world.sandbox.runs == []


def test_the_warnings_of_both_stages_stay_with_the_trial(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, veto=lambda a: ("", ("x", "y")), second_veto=lambda a: ("", ("y", "z")))
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert trial.plausible
    assert trial.warnings == ("x", "y", "z")


def test_a_hot_swap_that_passes_but_fails_from_disk_has_failed(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset()}), swapped=lambda nodeid, files: Outcome.PASSED)
    (swapped,) = world.judge.judge(task(RED), (number("2"),))
    assert swapped.plausible
    assert world.sandbox.tries[0].candidates[0].swaps
    trial = world.judge.check(task(RED), swapped)
    assert (trial.verdict, trial.reason) == (Verdict.FAILED, f"passes by hot swap but not from disk: {RED}")
    assert trial.passed == ()


def test_a_patch_that_breaks_a_passing_test_is_rejected_with_the_name_of_the_test(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset({"2"}), GREEN: frozenset({"1"})}))
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.reason, trial.broke) == (Verdict.BROKE, f"breaks {GREEN}", (GREEN,))
    assert [f.nodeid for f in trial.failures] == [GREEN]
    assert not trial.plausible


@pytest.mark.parametrize("end", [Outcome.SKIPPED, Outcome.XFAILED, Outcome.TIMEOUT, Outcome.MISSING, None])
def test_a_guard_that_ends_in_any_other_way_than_passing_is_broken(tmp_path: Path, end: Outcome | None) -> None:
    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        return end if nodeid == GREEN and returned(files) == "2" else WANTS_2(nodeid, files)

    world = World(tmp_path, behaves)
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.broke) == (Verdict.BROKE, (GREEN,))


@pytest.mark.parametrize("gone", ["t.py::a", "t.py::b", "t.py::c"])
def test_a_guard_that_vanishes_among_others_that_pass_is_the_one_that_is_broken(tmp_path: Path, gone: str) -> None:
    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        return None if nodeid == gone and returned(files) == "2" else WANTS_2(nodeid, files)

    world = World(tmp_path, behaves, nodeids=(RED, "t.py::a", "t.py::b", "t.py::c"))
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.broke) == (Verdict.BROKE, (gone,))


@pytest.mark.parametrize("end", [Outcome.SKIPPED, Outcome.XFAILED, Outcome.TIMEOUT, Outcome.MISSING, None])
def test_a_guard_that_passes_by_hot_swap_but_not_from_disk_is_broken(tmp_path: Path, end: Outcome | None) -> None:
    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        return end if nodeid == GREEN and returned(files) == "2" else WANTS_2(nodeid, files)

    world = World(tmp_path, behaves, swapped=WANTS_2)
    (swapped,) = world.judge.judge(task(RED), (number("2"),))
    assert swapped.plausible
    checked = world.judge.check(task(RED), swapped)
    assert (checked.verdict, checked.broke, checked.reason) == (Verdict.BROKE, (GREEN,), f"breaks {GREEN}")


def fails_once_with_the_patch() -> Behaviour:
    left = [failure(GREEN)]

    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        if nodeid == GREEN and returned(files) == "2" and left:
            return left.pop()
        return WANTS_2(nodeid, files)

    return behaves


def test_a_guard_that_fails_once_and_then_passes_does_not_cost_the_patch(tmp_path: Path) -> None:
    world = World(tmp_path, fails_once_with_the_patch())
    assert verdicts(world, number("2")) == [Verdict.PLAUSIBLE]
    assert world.judge.unsteady == {GREEN}


def test_a_guard_that_fails_once_from_disk_and_then_passes_is_remembered_as_unsteady(tmp_path: Path) -> None:
    world = World(tmp_path, fails_once_with_the_patch(), swapped=WANTS_2)
    (swapped,) = world.judge.judge(task(RED), (number("2"),))
    assert world.judge.unsteady == set()
    assert world.judge.check(task(RED), swapped).plausible
    assert world.judge.unsteady == {GREEN}


def test_guards_that_all_fail_once_are_broken_by_the_patch(tmp_path: Path) -> None:
    guards = tuple(f"t.py::g{number}" for number in range(FLAKY_AT_ONCE + 1))
    left = set(guards)

    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        if nodeid in left and returned(files) == "2":
            left.discard(nodeid)
            return failure(nodeid)
        return WANTS_2(nodeid, files)

    assert verdicts(World(tmp_path, behaves, nodeids=(RED, *guards)), number("2")) == [Verdict.BROKE]


GREEN_IS_RED_FROM_DISK = wants({RED: frozenset({"2"}), GREEN: frozenset()})
AT_IMPORT = Patch((number("2").edits[0], InsertStatement("m.py", 1, "def f():", "before", "x = 0")), "scripted")


@pytest.mark.parametrize(("patch", "unfaithful"), [(number("2"), True), (AT_IMPORT, False)])
def test_a_guard_that_fails_from_disk_without_a_patch_guards_nothing_there(
    tmp_path: Path, patch: Patch, unfaithful: bool
) -> None:
    world = World(tmp_path, WANTS_2)
    world.sandbox.behaves, world.sandbox.unfaithful = GREEN_IS_RED_FROM_DISK, unfaithful
    (trial,) = world.judge.judge(task(RED), (patch,))
    assert trial.plausible
    assert world.judge.check(task(RED), trial).plausible
    assert world.judge.unsteady == set()


def test_a_guard_of_a_hot_swap_counts_even_if_it_fails_from_disk_without_a_patch(tmp_path: Path) -> None:
    world = World(tmp_path, GREEN_IS_RED_FROM_DISK, swapped=wants({RED: frozenset("2"), GREEN: frozenset("1")}))
    world.tests.add(RunResult("finished", (TestResult(GREEN, Outcome.PASSED, functions=("m.py::f",)),)))
    assert verdicts(world, number("2")) == [Verdict.BROKE]


def test_a_patch_that_breaks_another_guard_from_disk_is_rejected_after_those_that_fail_there_anyway(
    tmp_path: Path,
) -> None:
    unpatched = World(tmp_path, WANTS_2)
    unpatched.sandbox.unfaithful = True
    unpatched.sandbox.behaves = wants({RED: frozenset("2"), RED2: frozenset(), GREEN: frozenset("1")})
    (trial,) = unpatched.judge.judge(task(RED), (number("2"),))
    assert (trial.verdict, trial.broke) == (Verdict.BROKE, (GREEN,))


def test_all_failing_tests_must_pass_and_those_that_do_are_told(tmp_path: Path) -> None:
    behaves = wants({RED: frozenset({"2", "4"}), RED2: frozenset({"3", "4"})})
    world = World(tmp_path, behaves)
    trials = world.judge.judge(task(RED, RED2), (number("2"), number("3"), number("4")))
    assert [t.verdict for t in trials] == [Verdict.FAILED, Verdict.FAILED, Verdict.PLAUSIBLE]
    assert [t.passed for t in trials] == [(RED,), (), (RED, RED2)]
    assert trials[0].reason == "turns 1 of 2 failing tests green; now: AssertionError: 2 is not wanted"
    first, others = world.sandbox.tries[:2]
    assert (first.nodeids, len(first.candidates)) == ((RED,), 3)
    assert (others.nodeids, len(others.candidates)) == ((RED2,), 2)


def test_a_check_tells_all_failing_tests_that_a_partial_patch_turns_green(tmp_path: Path) -> None:
    last = "t.py::red3"
    world = World(tmp_path, wants({RED: frozenset("2"), RED2: frozenset(), last: frozenset("2")}), (RED, RED2, last))
    failing = task(RED, RED2, last)
    (trial,) = world.judge.judge(failing, (number("2"),))
    assert (trial.verdict, trial.passed) == (Verdict.FAILED, (RED,))
    checked = world.judge.check(failing, replace(trial, verdict=Verdict.PLAUSIBLE))
    assert (checked.verdict, checked.passed) == (Verdict.PLAUSIBLE, (RED, last))


def test_a_check_does_not_wait_for_failing_tests_that_hang(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset("2"), RED2: frozenset()}))
    failing = task(RED, RED2, timed_out=True)
    (trial,) = world.judge.judge(failing, (number("2"),))
    world.judge.check(failing, replace(trial, verdict=Verdict.PLAUSIBLE))
    assert all(RED2 not in (request.nodeids or ()) for request in world.sandbox.runs)


@pytest.mark.parametrize(("end", "verdict"), [(Outcome.TIMEOUT, Verdict.TIMED_OUT), (Outcome.CRASHED, Verdict.CRASHED)])
def test_a_patch_that_hangs_or_kills_its_test_is_told_so(tmp_path: Path, end: Outcome, verdict: Verdict) -> None:
    assert verdicts(World(tmp_path, lambda nodeid, files: end), number("2")) == [verdict]


def test_candidates_beyond_the_budget_are_not_tried(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, allowance=Allowance(candidates=2))
    found = verdicts(world, number("3"), number("x", old="no"), number("4"), number("2"))
    assert found == [Verdict.FAILED, Verdict.UNAPPLICABLE, Verdict.FAILED, Verdict.NOT_TRIED]
    assert world.budget.spent.candidates == 2
    assert verdicts(world, number("5")) == [Verdict.NOT_TRIED]
    assert len(world.sandbox.tries) == 1


def test_the_check_runs_the_failing_tests_and_their_neighbours_from_disk_in_one_run(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)
    (trial,) = world.judge.judge(task(RED), (number("2"),))
    assert world.sandbox.runs == []
    world.judge.check(task(RED), trial)
    baseline, check = world.sandbox.runs
    assert (baseline.nodeids, baseline.files, baseline.mode) == ((RED2, GREEN), {}, Mode.RELOAD)
    assert (check.nodeids, check.mode) == ((RED, RED2, GREEN), Mode.RELOAD)
    assert returned(check.files) == "2"


@pytest.mark.parametrize(("slowest_passing_s", "limit_s"), [(0.01, 0.5), (1.0, 3.0), (30.0, 60.0)])
def test_a_candidate_for_a_test_that_hung_gets_time_in_proportion_to_the_passing_tests(
    tmp_path: Path, slowest_passing_s: float, limit_s: float
) -> None:
    world = World(tmp_path, WANTS_2, durations_s={GREEN: slowest_passing_s})
    world.judge.judge(task(RED, timed_out=True), (number("2"),))
    assert world.sandbox.tries[0].test_cpu_s == limit_s


@pytest.mark.parametrize(("duration_s", "limit_s"), [(0.01, 1.0), (1.5, 15.0), (9.0, 60.0)])
def test_a_candidate_gets_time_in_proportion_to_its_test(tmp_path: Path, duration_s: float, limit_s: float) -> None:
    world = World(tmp_path, WANTS_2)
    failing = task(RED)
    assert isinstance(failing.durations_s, dict)
    failing.durations_s[RED] = duration_s
    world.judge.judge(failing, (number("2"),))
    assert world.sandbox.tries[0].test_cpu_s == limit_s


def test_policy_sees_the_patch_as_applied(tmp_path: Path) -> None:
    seen: list[Files] = []

    def veto(applied: Applied) -> tuple[str, tuple[str, ...]]:
        seen.append(applied.files)
        return "", ()

    verdicts(World(tmp_path, WANTS_2, veto=veto), number("3"))
    assert [returned(files) for files in seen] == ["3"]


def collecting(
    root: Path, errors_with: dict[str, tuple[Failure, ...]], end: Outcome | Failure = Outcome.PASSED
) -> World:
    """Return a world in which t.py cannot be collected for some values of `f()`."""
    world = World(root, lambda nodeid, files: end, nodeids=("t.py::a", "u.py::b"))
    world.sandbox.cannot_collect = lambda files: errors_with.get(returned(files), ())
    return world


BROKEN = uncollectable("t.py", "bad value", ("m.py", 2))
COLLECTING = replace(task("t.py"), failures=(BROKEN,))


def test_a_file_that_can_be_collected_again_with_a_passing_test_is_repaired(tmp_path: Path) -> None:
    world = collecting(tmp_path, {"1": (BROKEN,), "3": (BROKEN,)})
    trials = world.judge.judge(COLLECTING, (number("2"), number("3")))
    assert [t.verdict for t in trials] == [Verdict.PLAUSIBLE, Verdict.FAILED]
    assert trials[0].passed == ("t.py",)
    assert trials[1].reason == "turns 0 of 1 failing tests green; now: ImportError: bad value"
    assert not any(candidate.swaps for request in world.sandbox.tries for candidate in request.candidates)
    assert world.judge.check(COLLECTING, trials[0]).plausible


def test_a_file_that_can_be_collected_but_has_no_passing_test_is_not_repaired(tmp_path: Path) -> None:
    for end in (failure("t.py::a", "still wrong"), Outcome.SKIPPED):
        world = collecting(tmp_path, {"1": (BROKEN,)}, end)
        (trial,) = world.judge.judge(COLLECTING, (number("2"),))
        assert trial.verdict is Verdict.FAILED


def test_a_patch_that_makes_another_file_uncollectable_breaks_its_tests(tmp_path: Path) -> None:
    world = collecting(tmp_path, {"1": (BROKEN,), "2": (uncollectable("u.py"),)})
    (trial,) = world.judge.judge(COLLECTING, (number("2"),))
    assert trial.verdict is Verdict.BROKE
    assert trial.broke == ("u.py::b",)


def test_a_batch_of_slow_candidates_ends_with_the_time_budget(tmp_path: Path) -> None:
    clock = Clock()

    def slow(nodeid: str, files: Files) -> Outcome:
        clock.now += 1.0
        return Outcome.FAILED

    world = World(tmp_path, WANTS_2, swapped=slow, allowance=Allowance(time_s=20.0), clock=clock)
    found = verdicts(world, *(number(str(value)) for value in range(100, 200)))
    assert found == [Verdict.FAILED] * 20 + [Verdict.NOT_TRIED] * 80
    assert world.budget.spent.candidates == 20


def test_a_batch_ends_with_the_time_of_its_task_within_a_part(tmp_path: Path) -> None:
    clock = Clock()

    def slow(nodeid: str, files: Files) -> Outcome:
        clock.now += 1.0
        return Outcome.FAILED

    world = World(tmp_path, WANTS_2, swapped=slow, clock=clock)
    world.judge.judge(task(RED), (number("90"),))  # it knows by now how long one takes
    patches = tuple(number(str(value)) for value in range(100, 160))
    trials = world.judge.judge(task(RED), patches, lambda: 11.0 - (clock.now - 1.0))
    assert [trial.verdict for trial in trials] == [Verdict.FAILED] * 11 + [Verdict.NOT_TRIED] * 49
    assert clock.now == 12.0


def test_of_many_plausible_patches_of_a_batch_the_smallest_are_guarded_and_the_rest_is_left(tmp_path: Path) -> None:
    values = [str(value) for value in range(10, 10 + ENOUGH_GUARDED)]
    world = World(tmp_path, wants({RED: frozenset([*values, "'as long as it gets'"])}))
    long = number("'as long as it gets'")
    trials = world.judge.judge(task(RED), (long, *map(number, values)))
    assert trials[0].verdict is Verdict.NOT_TRIED
    assert "others that break nothing were found before" in trials[0].reason
    assert all(trial.plausible for trial in trials[1:])


def test_when_the_time_is_over_one_plausible_patch_is_guarded_still(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset("234")}))
    trials = world.judge.judge(task(RED), tuple(map(number, "234")), lambda: 0.0)
    assert [trial.verdict for trial in trials] == [Verdict.PLAUSIBLE, Verdict.NOT_TRIED, Verdict.NOT_TRIED]
