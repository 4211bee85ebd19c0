from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Outcome
from pytest_codemode.core.patch import Files
from pytest_codemode.core.trial import Verdict
from pytest_codemode.repair.choosing.heldout import held_last, held_out, shown
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.solve import Solver
from tests.repair.proposers import ScriptedProposer, number
from tests.repair.sandbox import failure, uncollectable
from tests.repair.world import World, returned, task

CASES = tuple(f"t.py::red[{name}]" for name in "abcd")
HELD = "t.py::red[c]"


def test_every_third_case_of_four_or_more_is_held_back() -> None:
    cases = tuple(f"t.py::red[{number}]" for number in range(7))
    assert held_out(task(*cases)) == ("t.py::red[2]", "t.py::red[5]")
    assert held_out(task(*CASES)) == (HELD,)


@pytest.mark.parametrize(
    "nodeids", [CASES[:3], ("t.py::a", "t.py::b", "t.py::c", "t.py::d"), (*CASES[:3], "t.py::other[x]")]
)
def test_nothing_is_held_back_of_fewer_cases_or_of_different_tests(nodeids: tuple[str, ...]) -> None:
    assert held_out(task(*nodeids)) == ()


def test_proposers_get_the_others_and_the_judge_gets_those_held_back_last() -> None:
    assert shown(task(*CASES), (HELD,)).nodeids == ("t.py::red[a]", "t.py::red[b]", "t.py::red[d]")
    assert held_last(task(*CASES), (HELD,)).nodeids == ("t.py::red[a]", "t.py::red[b]", "t.py::red[d]", HELD)


class Cases:
    """Each case passes for the values that hold its letter; `f()` returns them."""

    def __call__(self, nodeid: str, files: Files) -> object:
        value = returned(files)
        letter = nodeid[-2] if "[" in nodeid else ""
        return Outcome.PASSED if letter in value else failure(nodeid, f"{value} is not wanted", ("m.py", 2))


def solved(root: Path, proposer: ScriptedProposer) -> tuple[World, Solution]:
    world = World(root, Cases(), nodeids=CASES)  # type: ignore[arg-type]
    solver = Solver(world.judge, world.budget, (proposer,), lambda task, batch, trials: None, world.clock)
    return world, solver.solve(task(*CASES), 100.0)


def test_a_patch_that_passes_what_was_shown_and_not_what_was_held_back_is_rejected_with_the_reason(
    tmp_path: Path,
) -> None:
    proposer = ScriptedProposer((number("'abd'"),), (number("'ab'"),))
    _, solution = solved(tmp_path, proposer)
    assert (solution.chosen, solution.partial and solution.partial.patch) == (None, number("'ab'"))
    assert solution.verdicts[Verdict.OVERFIT] == 1
    (rejected,) = [trial for trial in solution.near if trial.verdict is Verdict.OVERFIT]
    assert rejected.reason == f"passes the 3 cases that the search was shown, but not {HELD}, a case that was held back"


def test_a_patch_that_passes_all_of_them_is_kept(tmp_path: Path) -> None:
    _, solution = solved(tmp_path, ScriptedProposer((number("'abd'"), number("'abcd'"))))
    assert solution.chosen is not None
    assert solution.chosen.patch == number("'abcd'")
    assert solution.held_out == (HELD,)


def test_proposers_learn_nothing_of_the_cases_held_back(tmp_path: Path) -> None:
    proposer = ScriptedProposer((number("'abd'"), number("'b'")), (number("'abcd'"),))
    solved(tmp_path, proposer)
    assert proposer.told[0].nodeids == tuple(case for case in CASES if case != HELD)
    assert HELD not in str(proposer.heard)
    assert proposer.heard[0][0].verdict is Verdict.OVERFIT


def test_a_patch_that_passes_some_of_those_held_back_may_be_for_one_of_two_causes(tmp_path: Path) -> None:
    cases = tuple(f"t.py::red[{name}]" for name in "abcdef")  # c and f are held back
    world = World(tmp_path, Cases(), nodeids=cases)  # type: ignore[arg-type]
    proposer = ScriptedProposer((number("'abdef'"), number("'abde'")))
    solver = Solver(world.judge, world.budget, (proposer,), lambda task, batch, trials: None, world.clock)
    solution = solver.solve(task(*cases), 100.0)
    assert solution.partial is not None
    assert solution.partial.patch == number("'abdef'")
    assert solution.verdicts == {Verdict.FAILED: 1, Verdict.OVERFIT: 1}


def test_files_that_cannot_be_collected_have_no_cases() -> None:
    collecting = task(*CASES)
    broken = type(collecting)("t1", (uncollectable("t.py"),), (), {}, {})
    assert held_out(broken) == ()


@pytest.mark.parametrize(("value", "kept"), [("'a'", False), ("'d'", False), ("'ad'", True)])
def test_a_patch_for_less_than_half_of_the_cases_of_a_test_is_no_part_of_a_repair(
    tmp_path: Path, value: str, kept: bool
) -> None:
    _, solution = solved(tmp_path, ScriptedProposer((number(value),)))
    assert (solution.partial is not None) == kept
    assert [trial.patch for trial in solution.near] == ([] if value == "'d'" else [number(value)])


def test_all_cases_that_a_partial_patch_turns_green_are_known_whatever_their_order(tmp_path: Path) -> None:
    _, solution = solved(tmp_path, ScriptedProposer((number("'acd'"),)))
    assert solution.partial is not None
    assert set(solution.partial.passed) == {CASES[0], CASES[2], CASES[3]}
