from dataclasses import replace

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.patch import Patch, ReplaceDefinition
from pytest_codemode.core.report import Tried
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.record.history import KEPT_MOMENTS, KEPT_TRIED, History, reached
from tests.repair.proposers import number
from tests.repair.sandbox import failure
from tests.repair.world import RED, RED2, Clock, task

AS_BEFORE = failure(RED, "1 is not wanted", ("m.py", 2))
OTHERWISE = failure(RED, "7 is not wanted", ("m.py", 2))


def patch(template: str = "number.step", line: int = 2) -> Patch:
    return replace(number("2", line=line), template=template)


def trial(verdict: Verdict, **fields: object) -> Trial:
    return Trial(patch(), verdict, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "step"),
    [
        (trial(Verdict.REFUSED), "refused"),
        (trial(Verdict.UNAPPLICABLE), "refused"),
        (trial(Verdict.CRASHED), "unchanged"),
        (trial(Verdict.TIMED_OUT), "unchanged"),
        (trial(Verdict.FAILED, failures=(AS_BEFORE,)), "unchanged"),
        (trial(Verdict.FAILED, failures=(OTHERWISE,)), "moved"),
        (trial(Verdict.FAILED, failures=(AS_BEFORE,), passed=(RED2,)), "partly"),
        (trial(Verdict.BROKE), "broke"),
        (trial(Verdict.OVERFIT), "broke"),
        (trial(Verdict.PLAUSIBLE, passed=(RED, RED2)), "passed"),
        (trial(Verdict.DUPLICATE), None),
        (trial(Verdict.NOT_TRIED), None),
    ],
)
def test_how_far_a_candidate_got(one: Trial, step: str | None) -> None:
    assert reached(task(RED, RED2), one) == step


def test_candidates_are_counted_by_operator_and_line_those_that_got_furthest_first() -> None:
    history = History(Budget(Allowance(), Clock()))
    trials = [trial(Verdict.FAILED, failures=(AS_BEFORE,))] * 3 + [trial(Verdict.FAILED, failures=(OTHERWISE,))]
    history.note(task(RED), trials)
    history.note(task(RED), [Trial(patch("compare.boundary", 9), Verdict.PLAUSIBLE), trial(Verdict.NOT_TRIED)])

    assert history.tried("t1") == (
        Tried("m.py", 9, "compare.boundary", passed=1),
        Tried("m.py", 2, "number.step", unchanged=3, moved=1),
    )
    assert [one.total for one in history.tried("t1")] == [1, 4]
    assert history.tried("another") == ()


def test_a_proposer_that_names_no_operator_is_named_itself() -> None:
    history = History(Budget(Allowance(), Clock()))
    history.note(task(RED), [Trial(number("2"), Verdict.PLAUSIBLE)])

    assert history.tried("t1") == (Tried("m.py", 2, "scripted", passed=1),)


def test_the_timeline_tells_what_had_been_used_whenever_a_candidate_got_further() -> None:
    clock = Clock()
    budget = Budget(Allowance(), clock)
    history = History(budget)
    history.stage("search")
    for now, verdict, failures in (
        (1.0, Verdict.FAILED, (AS_BEFORE,)),
        (2.0, Verdict.FAILED, (OTHERWISE,)),
        (3.0, Verdict.FAILED, (OTHERWISE,)),
        (4.0, Verdict.PLAUSIBLE, ()),
    ):
        clock.now = now
        budget.charge(candidates=10, usd=0.25)
        history.stage("search")
        history.note(task(RED), [trial(verdict, failures=failures)])
    clock.now = 6.0

    timeline = history.timeline()
    assert [(one.time_s, one.candidates, one.what) for one in timeline] == [
        (0.0, 0, "stage"),
        (1.0, 10, "tried"),
        (2.0, 20, "nearer"),
        (3.0, 30, "tried"),
        (4.0, 40, "patch"),
        (6.0, 40, "stage"),
    ]
    assert (timeline[4].usd, timeline[4].task, timeline[4].text) == (1.0, "t1", "m.py:2 number.step")


def test_a_long_run_keeps_its_turns_and_a_bounded_number_of_the_rest() -> None:
    clock = Clock()
    history = History(Budget(Allowance(), clock))
    many = [Trial(patch(line=line), Verdict.FAILED, failures=(AS_BEFORE,)) for line in range(1, 3 * KEPT_TRIED)]
    for now, one in enumerate(many):
        clock.now = float(now)
        history.note(task(RED), [one])
    history.note(task(RED), [trial(Verdict.PLAUSIBLE)])

    timeline = history.timeline()
    assert len(timeline) <= KEPT_MOMENTS + 1
    assert [one.what for one in timeline if one.what != "tried"] == ["patch", "stage"]
    assert [one.time_s for one in timeline] == sorted(one.time_s for one in timeline)
    assert len(history.tried("t1")) == KEPT_TRIED
    assert history.tried("t1")[0].passed == 1


def test_a_run_that_did_nothing_has_no_timeline() -> None:
    assert History(Budget(Allowance(), Clock())).timeline() == ()


def test_a_run_of_very_many_stages_is_bounded_too() -> None:
    history = History(Budget(Allowance(), Clock()))
    for _ in range(2_000):
        history.stage("search")
        history.stage("minimise")
    assert len(history.timeline()) <= KEPT_MOMENTS + 1


def test_a_whole_definition_in_an_oddly_named_file_is_at_its_first_line() -> None:
    history = History(Budget(Allowance(), Clock()))
    whole = Patch((ReplaceDefinition("a:b.py", "f", "def f():\n    return 2\n"),), proposer="model")
    history.note(task(RED), [Trial(whole, Verdict.PLAUSIBLE)])
    assert history.tried("t1") == (Tried("a:b.py", 1, "model", passed=1),)
