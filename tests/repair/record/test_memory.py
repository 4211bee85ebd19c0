import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.events import Event, TrialsJudged
from pytest_codemode.core.trial import Verdict
from pytest_codemode.repair.judge import Judge
from pytest_codemode.repair.record.memory import Memory, scope_of
from tests.repair.proposers import number
from tests.repair.sandbox import failure
from tests.repair.world import GREEN, RED, RED2, World, task, wants

BEHAVES = wants({RED: frozenset("23"), GREEN: frozenset("12")})
PATCHES = tuple(number(n) for n in "2345")


def remembering(world: World, past: list[Event], record: list[Event]) -> Judge:
    return Judge(
        sandbox=world.sandbox,
        tree=world.tree,
        tests=world.tests,
        budget=world.budget,
        veto=lambda applied: ("", ()),
        second_veto=lambda applied: ("", ()),
        test_timeout_s=60.0,
        memory=Memory(past, world.budget, record.append),
    )


def through_the_record(events: list[Event]) -> list[Event]:
    return [decode(Event, json.loads(json.dumps(encode(event))), "event") for event in events]


def test_what_one_part_of_a_run_has_judged_the_next_one_knows(tmp_path: Path) -> None:
    world, record = World(tmp_path, BEHAVES), []
    first = remembering(world, [], record).judge(task(RED), PATCHES)
    assert [trial.verdict for trial in first] == [Verdict.PLAUSIBLE, Verdict.BROKE, Verdict.FAILED, Verdict.FAILED]
    world.sandbox.tries.clear()

    more: list[Event] = []
    judge = remembering(world, through_the_record(record), more)
    again = judge.judge(task(RED), PATCHES)
    (guarding,) = world.sandbox.tries  # of the one that passes, and nothing else
    assert (len(guarding.candidates), guarding.nodeids) == (1, (RED2, GREEN))
    assert world.sandbox.runs == []
    assert [event.stage for event in more if isinstance(event, TrialsJudged)] == ["guarded"]
    assert [replace(trial, failures=()) for trial in again] == [replace(trial, failures=()) for trial in first]
    assert [[f.message for f in trial.failures] for trial in again] == [
        [f.message for f in trial.failures] for trial in first
    ]
    world.sandbox.tries.clear()
    judge.judge(task(RED), (number("6"), PATCHES[0]))
    assert [len(request.candidates) for request in world.sandbox.tries] == [1]


def test_what_is_recalled_counts_as_candidates_so_that_the_budget_ends_both_parts_alike(tmp_path: Path) -> None:
    world, record = World(tmp_path, BEHAVES, allowance=Allowance(candidates=5)), []
    remembering(world, [], record).judge(task(RED), PATCHES[:3])
    world.budget = Budget(Allowance(candidates=5), world.clock)
    found = remembering(world, record, []).judge(task(RED), (*PATCHES, number("6"), number("7")))
    assert [trial.verdict is Verdict.NOT_TRIED for trial in found] == [False] * 5 + [True]


@pytest.mark.parametrize(("by_swap", "rejected"), [("23", False), ("4", True)])
def test_a_check_from_disk_is_repeated_if_it_was_passed_and_only_then(
    tmp_path: Path, by_swap: str, rejected: bool
) -> None:
    world, record = World(tmp_path, BEHAVES, swapped=wants({RED: frozenset(by_swap)})), []
    (patch,) = (number(by_swap[0]),)
    judge = remembering(world, [], record)
    checked = judge.check(task(RED), judge.judge(task(RED), (patch,))[0])
    assert checked.plausible is not rejected
    world.sandbox.runs.clear()
    later = remembering(world, through_the_record(record), [])
    again = later.check(task(RED), later.judge(task(RED), (patch,))[0])
    assert (again.verdict, again.reason) == (checked.verdict, checked.reason)
    assert (world.sandbox.runs == []) is rejected


def test_a_candidate_that_ran_out_of_time_is_tried_again(tmp_path: Path) -> None:
    world, record = World(tmp_path, BEHAVES), []
    remembering(world, [], record).judge(task(RED), PATCHES[2:])
    (event,) = record
    assert isinstance(event, TrialsJudged)
    slow, failed = event.trials
    past = replace(event, trials=(replace(slow, verdict=Verdict.TIMED_OUT, failures=()), failed))
    world.sandbox.tries.clear()
    again = remembering(world, [past], []).judge(task(RED), PATCHES[2:])
    assert [trial.verdict for trial in again] == [Verdict.FAILED, Verdict.FAILED]
    assert [len(request.candidates) for request in world.sandbox.tries] == [1]


def test_the_same_patch_for_other_tests_or_on_another_tree_is_another_candidate(tmp_path: Path) -> None:
    assert scope_of(task(RED), {}) == scope_of(task(RED), {})
    scopes = {
        scope_of(task(RED), {}),
        scope_of(task(RED, RED2), {}),
        scope_of(task(RED), {"m.py": b"1"}),
        scope_of(task(RED), {"m.py": b"2"}),
    }
    assert len(scopes) == 4
    assert scope_of(task(RED, RED2), {}) == scope_of(task(RED2, RED), {})


def test_candidates_that_fail_alike_share_what_is_kept_of_it(tmp_path: Path) -> None:
    same = failure(RED, "always the same", ("m.py", 2))
    world, record = World(tmp_path, lambda nodeid, files: same), []
    remembering(world, [], record).judge(task(RED), PATCHES)
    (event,) = record
    assert isinstance(event, TrialsJudged)
    assert (len(event.trials), len(event.failures)) == (4, 1)


def test_a_damaged_reference_is_not_followed(tmp_path: Path) -> None:
    world, record = World(tmp_path, BEHAVES), []
    remembering(world, [], record).judge(task(RED), PATCHES[2:])
    (event,) = record
    assert isinstance(event, TrialsJudged)
    assert len(Memory([replace(event, failures=())], world.budget, record.append)) == 0
    assert len(Memory([event], world.budget, record.append)) == 2
