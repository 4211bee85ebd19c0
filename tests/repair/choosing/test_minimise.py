from pathlib import Path

from pytest_codemode.core.budget import Allowance
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Outcome
from pytest_codemode.core.patch import Files, InsertStatement, Patch, ReplaceExpression
from pytest_codemode.core.trial import Trial
from pytest_codemode.repair.choosing.minimise import minimise
from tests.repair.sandbox import failure
from tests.repair.world import RED, World, task

NEEDED = ReplaceExpression("m.py", 2, 11, "1", "2")
NEEDED_TOO = InsertStatement("m.py", 2, "return 1", "before", "b = 0")
NEEDLESS = InsertStatement("m.py", 1, "def f():", "before", "x = 0")


def needs_both(nodeid: str, files: Files) -> Outcome | Failure:
    good = b"return 2" in files["m.py"] and b"b = 0" in files["m.py"]
    return failure(nodeid) if nodeid == RED and not good else Outcome.PASSED


def minimised(world: World, *edits: ReplaceExpression | InsertStatement) -> Trial:
    (trial,) = world.judge.judge(task(RED), (Patch(edits, "scripted"),))
    assert trial.plausible
    return minimise(world.judge, task(RED), trial)


def test_edits_that_are_not_needed_are_dropped_and_the_others_kept(tmp_path: Path) -> None:
    least = minimised(World(tmp_path, needs_both), NEEDED, NEEDLESS, NEEDED_TOO)
    assert least.patch.edits == (NEEDED, NEEDED_TOO)
    assert least.plausible
    assert least.passed == (RED,)


def test_a_smaller_patch_that_passes_by_hot_swap_only_is_not_taken(tmp_path: Path) -> None:
    def behaves(nodeid: str, files: Files) -> Outcome | Failure:
        good = b"return 2" in files["m.py"] and b"b = 0" in files["m.py"]
        return failure(nodeid) if nodeid == RED and not good else Outcome.PASSED

    def swapped(nodeid: str, files: Files) -> Outcome | Failure:
        return failure(nodeid) if nodeid == RED and b"return 2" not in files["m.py"] else Outcome.PASSED

    least = minimised(World(tmp_path, behaves, swapped=swapped), NEEDED, NEEDED_TOO)
    assert least.patch.edits == (NEEDED, NEEDED_TOO)


def test_a_patch_of_one_edit_is_not_run_again(tmp_path: Path) -> None:
    world = World(
        tmp_path, lambda n, files: failure(n) if n == RED and b"return 1" in files["m.py"] else Outcome.PASSED
    )
    assert minimised(world, NEEDED).patch.edits == (NEEDED,)
    assert world.budget.spent.candidates == 1


def test_without_budget_the_patch_stays_as_it_is(tmp_path: Path) -> None:
    world = World(tmp_path, needs_both, allowance=Allowance(candidates=1))
    assert minimised(world, NEEDLESS, NEEDED, NEEDED_TOO).patch.edits == (NEEDLESS, NEEDED, NEEDED_TOO)
