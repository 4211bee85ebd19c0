from collections import Counter
from dataclasses import replace

import pytest

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.patch import (
    AddImport,
    CreateModule,
    DeleteStatement,
    Edit,
    InsertStatement,
    Patch,
    ReplaceDefinition,
    ReplaceExpression,
)
from pytest_codemode.core.project import Project
from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.describe import describe
from pytest_codemode.repair.accepted import Accepted
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.confirm import Confirmation
from pytest_codemode.repair.loop import Result
from pytest_codemode.repair.record.history import History
from pytest_codemode.repair.summary import summarise
from tests.repair.proposers import number
from tests.repair.world import GREEN, RED, RED2, Clock, task

PROJECT = Project("/p", "/p", "/usr/bin/python3")


def summary(result: Result, *, narrowed: bool = False) -> RunReport:
    request = EngineRequest(PROJECT, task(RED).failures, (RED,), (), narrowed=narrowed)
    budget = Budget(Allowance(), Clock())
    budget.charge(candidates=7, usd=0.5)
    return summarise(
        result, request, budget, "r1", lambda path, old, new: b"-%b+%b" % (old, new), history=History(budget)
    )


def why_not(solution: Solution) -> str:
    (one,) = summary(Result(solutions=[solution])).tasks
    assert not one.fixed
    return one.why_not


def fixed(*alternatives: Trial) -> Result:
    chosen = Trial(number("2"), Verdict.PLAUSIBLE, passed=(RED,), warnings=("literal-branch",))
    solution = Solution(task(RED), plausible=[chosen, *alternatives], verdicts=Counter({Verdict.FAILED: 6}))
    kept = Accepted(solution, number("2"), (RED,), 1, {"m.py": b"old"}, {"m.py": b"new"})
    proof = Confirmation(guards=4, passed=frozenset({RED, GREEN}), flaky=frozenset({"t.py::x"}))
    return Result([solution], [kept], confirmation=proof, stop=StopReason.GREEN)


def test_a_repaired_task_shows_its_diff_its_proof_and_the_other_patches() -> None:
    report = summary(fixed(Trial(number("3"), Verdict.PLAUSIBLE)))
    (one,) = report.tasks
    assert isinstance(one, TaskReport)
    assert (one.fixed, one.why_not, one.diff) == (True, "", "-old+new")
    assert (one.turned_green, one.checked, one.candidates) == ((RED,), 4, 6)
    assert one.warnings == ("literal-branch",)
    assert [alternative.rationale for alternative in one.alternatives] == ["1 -> 3"]
    assert report.stop == StopReason.GREEN.value
    assert (report.cost.candidates, report.cost.usd) == (7, 0.5)


def test_of_cases_held_back_those_count_that_the_kept_patch_passes() -> None:
    result = fixed()
    result.solutions[0].held_out = (RED, RED2)
    (one,) = summary(result).tasks
    assert one.held_out == (RED,)


def test_another_patch_of_the_task_is_shown_as_a_diff_of_the_file_it_changes() -> None:
    edit = ReplaceExpression("m.py", 1, 4, "1", "3")
    result = fixed(Trial(Patch((edit,), "scripted"), Verdict.PLAUSIBLE))
    result.accepted[0].before = {"m.py": b"x = 1\n"}
    (one,) = summary(result).tasks
    assert [alternative.diff for alternative in one.alternatives] == ["-x = 1\n+x = 3\n"]


def test_another_patch_that_changes_another_file_is_described() -> None:
    elsewhere = Patch((ReplaceExpression("n.py", 1, 4, "1", "3"),), "scripted")
    (one,) = summary(fixed(Trial(elsewhere, Verdict.PLAUSIBLE))).tasks
    assert [(other.diff, other.rationale) for other in one.alternatives] == [("", "1 -> 3")]


def test_what_guarded_the_patch_is_told_with_its_limits() -> None:
    assert summary(fixed()).guards.startswith("4 tests that passed before still pass")
    assert "flaky, so that they prove nothing: 1" in summary(fixed()).guards
    assert "outside your selection" in summary(fixed(), narrowed=True).guards
    assert "outside your selection" not in summary(fixed()).guards


def test_a_run_is_green_only_when_it_was_written() -> None:
    report = summary(fixed())
    assert (report.green, report.written) == (False, ())


def test_a_task_without_suspects_names_the_option_that_may_help() -> None:
    assert "--codemode-editable" in why_not(Solution(replace(task(RED), suspects=())))


def test_tests_that_contradict_each_other_are_named() -> None:
    broken = Trial(number("2"), Verdict.BROKE, broke=(GREEN,))
    solution = Solution(
        task(RED), near=[broken, broken], broke=Counter({GREEN: 2}), verdicts=Counter({Verdict.BROKE: 2})
    )
    text = why_not(solution)
    assert RED in text
    assert GREEN in text
    assert "contradict" in text


def test_two_different_broken_tests_are_no_contradiction() -> None:
    near = [Trial(number("2"), Verdict.BROKE, broke=(broken,)) for broken in (GREEN, "t.py::other")]
    solution = Solution(task(RED), near=near, broke=Counter({GREEN: 1, "t.py::other": 1}))
    assert "contradict" not in why_not(solution)


def test_an_unrepaired_task_says_how_many_were_tried_and_which_limit_ended_it() -> None:
    solution = Solution(
        task(RED), stop=StopReason.CANDIDATES, verdicts=Counter({Verdict.FAILED: 9, Verdict.DUPLICATE: 5})
    )
    assert why_not(solution) == (f"none of 9 candidates turned the failing tests green; {StopReason.CANDIDATES.value}")
    assert summary(Result(solutions=[solution])).stop == StopReason.CANDIDATES.value


def test_near_misses_show_those_first_that_turned_most_tests_green() -> None:
    near = [
        Trial(number("2"), Verdict.FAILED, "turns 1 of 2", passed=(RED,)),
        Trial(number("3"), Verdict.BROKE, "breaks it", passed=(RED, RED2), broke=(GREEN,)),
        *(Trial(number("4"), Verdict.FAILED, passed=(RED,)) for _ in range(4)),
    ]
    (one,) = summary(Result(solutions=[Solution(task(RED, RED2), near=near)])).tasks
    assert [(m.where, m.summary, m.verdict) for m in one.near_misses][:2] == [
        ("m.py:2", "1 -> 3", "breaks a passing test"),
        ("m.py:2", "1 -> 2", "the failing test still fails"),
    ]
    assert len(one.near_misses) == 3


def test_a_patch_that_did_not_survive_its_proof_says_why() -> None:
    result = Result(solutions=[Solution(task(RED))], dropped={"t1": "the patch breaks t.py::green in the confirmation"})
    (one,) = summary(result).tasks
    assert (one.fixed, one.why_not) == (False, "the patch breaks t.py::green in the confirmation")


def test_a_task_that_was_taken_up_again_is_reported_once() -> None:
    again = replace(task(RED), key="t2")
    assert [t.key for t in summary(Result(solutions=[Solution(task(RED)), Solution(again)])).tasks] == ["t2"]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (ReplaceExpression("m.py", 3, 0, "<", "<="), "< -> <="),
        (ReplaceDefinition("m.py", "C.f", "def f(): ..."), "replace definition C.f"),
        (DeleteStatement("m.py", 3, "x = 1"), "delete x = 1"),
        (CreateModule("n.py", "x = 1\n"), "new module n.py"),
        (InsertStatement("m.py", 3, "x = 1", "after", "\nif x:\n    y()\n"), "insert statement: if x:"),
        (AddImport("m.py", "import math"), "add import: import math"),
    ],
)
def test_every_edit_is_described_in_one_line(edit: Edit, text: str) -> None:
    assert describe(Patch((edit,), "scripted")) == text
