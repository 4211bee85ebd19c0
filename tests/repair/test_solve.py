from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_codemode.core.budget import Allowance, StopReason
from pytest_codemode.core.errors import Interrupted, ProposerError, SandboxError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import TryRequest, TryResult
from pytest_codemode.core.patch import Applied, Files, Patch
from pytest_codemode.core.ports import Proposals, Proposer
from pytest_codemode.core.report import Difference
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.choosing.behaviour import Comparison
from pytest_codemode.repair.choosing.instrument import Seen
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.solve import ENOUGH, MORE_CANDIDATES, MORE_SECONDS, MOST_PARTS, Solver
from tests.repair.proposers import ScriptedProposer, number
from tests.repair.sandbox import failure, uncollectable
from tests.repair.world import GREEN, RED, RED2, World, returned, task, wants

WANTS_2 = wants({RED: frozenset({"2"})})


@dataclass
class Watch:
    """Remembers what was shown, and lets time pass with each judged batch."""

    world: World
    seconds: float = 0.0
    judged: list[list[Verdict]] = field(default_factory=list)

    def __call__(self, task: RepairTask, batch: Sequence[Patch], trials: Sequence[Trial]) -> None:
        if trials:
            self.judged.append([trial.verdict for trial in trials])
            self.world.clock.now += self.seconds


def solved(
    world: World,
    *proposers: Proposer,
    share_s: float = 100.0,
    watch: Watch | None = None,
    failing: RepairTask | None = None,
) -> Solution:
    solver = Solver(world.judge, world.budget, proposers, watch or Watch(world), world.clock)
    return solver.solve(failing or task(RED), share_s)


def test_each_batch_is_answered_with_its_trials_in_order(tmp_path: Path) -> None:
    batches = ((number("3"), number("2", old="9"), number("4")), (number("3"), number("2")))
    proposer = ScriptedProposer(*batches)
    solution = solved(World(tmp_path, WANTS_2), proposer)
    assert [[t.patch for t in heard] for heard in proposer.heard] == [list(batch) for batch in batches]
    assert [[t.verdict for t in heard] for heard in proposer.heard] == [
        [Verdict.FAILED, Verdict.UNAPPLICABLE, Verdict.FAILED],
        [Verdict.DUPLICATE, Verdict.PLAUSIBLE],
    ]
    assert solution.chosen is not None
    assert solution.chosen.patch == number("2")
    assert solution.candidates == 3
    assert proposer.closed


def test_the_next_proposer_gets_its_turn_only_if_the_first_one_found_nothing(tmp_path: Path) -> None:
    first, second, third = (ScriptedProposer((number(n),)) for n in "324")
    solution = solved(World(tmp_path, WANTS_2), first, second, third)
    assert [p.asked for p in (first, second, third)] == [1, 1, 0]
    assert solution.chosen is not None
    assert solution.stop is StopReason.EXHAUSTED


class Refuses:
    """Fails before there is a generator."""

    name = "refuses"

    def propose(self, task: RepairTask) -> Proposals:
        raise OSError("no such model")


class Answers:
    """Returns no generator."""

    name = "answers"

    def propose(self, task: RepairTask) -> Proposals:
        return [(number("2"),)]  # type: ignore[return-value]


class Clings:
    """Goes on when it is told to end."""

    name = "clings"

    def propose(self, task: RepairTask) -> Proposals:
        while True:
            try:
                yield (number("3"),)
            except GeneratorExit:
                yield (number("4"),)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: ScriptedProposer(ProposerError("the model is overloaded; try later")), "the model is overloaded"),
        (lambda: ScriptedProposer(KeyError("x")), "proposer 'scripted' failed: KeyError: 'x'"),
        (lambda: ScriptedProposer((number("3"),), ZeroDivisionError("oh")), "failed: ZeroDivisionError: oh"),
        (lambda: ScriptedProposer(("text",)), "something else than patches"),  # type: ignore[arg-type]
        (Refuses, "proposer 'refuses' failed: OSError: no such model"),
        (Answers, "proposer 'answers' failed: "),
    ],
)
def test_a_proposer_that_fails_ends_in_a_sentence_and_the_next_one_gets_its_turn(
    tmp_path: Path, make: Callable[[], Proposer], sentence: str
) -> None:
    solution = solved(World(tmp_path, WANTS_2), make(), ScriptedProposer((number("2"),)))
    assert solution.chosen is not None
    assert len(solution.problems) == 1
    assert sentence in solution.problems[0]


def test_after_an_interrupt_nobody_else_is_asked_and_what_was_found_stays(tmp_path: Path) -> None:
    world, second = World(tmp_path, WANTS_2), ScriptedProposer((number("3"),))
    first = ScriptedProposer((number("2"), number("3")), Interrupted("interrupted"))
    solver = Solver(world.judge, world.budget, (first, second), Watch(world), world.clock)
    with pytest.raises(Interrupted):
        solver.solve(task(RED), 100.0)
    assert (second.asked, first.closed) == (0, True)
    assert solver.solution is not None
    assert [trial.patch for trial in solver.solution.plausible] == [number("2")]


def test_a_proposer_that_does_not_let_go_is_a_sentence_too(tmp_path: Path) -> None:
    solution = solved(World(tmp_path, WANTS_2, allowance=Allowance(candidates=1)), Clings())
    assert solution.stop is StopReason.CANDIDATES
    assert "proposer 'clings' failed" in solution.problems[0]


def test_a_sandbox_that_dies_is_no_fault_of_the_proposer(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)

    def dies(request: TryRequest) -> tuple[TryResult, ...]:
        raise SandboxError("the sandbox died")

    world.sandbox.try_patches = dies  # type: ignore[method-assign]
    proposer = ScriptedProposer((number("2"),))
    with pytest.raises(SandboxError, match="the sandbox died"):
        solved(world, proposer)
    assert proposer.closed


def test_a_task_ends_with_its_share_of_the_time(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)
    proposer = ScriptedProposer(*((number(str(n)),) for n in range(3, 99)))
    watch = Watch(world, seconds=1.0)
    solution = solved(world, proposer, share_s=5.0, watch=watch)
    assert len(watch.judged) == 5
    assert (solution.stop, solution.chosen, solution.duration_s) == (StopReason.SHARE, None, 5.0)
    assert proposer.closed


def test_a_proposer_with_endless_ideas_leaves_time_to_the_next_one(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)
    endless = ScriptedProposer(*((number(str(n)),) for n in range(3, 99)))
    watch = Watch(world, seconds=1.0)
    solution = solved(world, endless, ScriptedProposer((number("2"),)), share_s=10.0, watch=watch)
    assert len(watch.judged) == 3 + 1  # a quarter of ten seconds, a second each
    assert solution.chosen is not None
    assert solution.chosen.patch == number("2")


def test_time_ended_the_task_if_it_ended_one_of_its_proposers(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2)
    endless = ScriptedProposer(*((number(str(n)),) for n in range(3, 99)))
    brief = ScriptedProposer((number("x"),))
    solution = solved(world, endless, brief, share_s=10.0, watch=Watch(world, seconds=1.0))
    assert (solution.chosen, solution.stop, len(brief.heard)) == (None, StopReason.SHARE, 1)


def test_a_task_without_any_time_asks_nobody_for_a_patch(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, allowance=Allowance(time_s=10.0))
    world.budget.reserve_time(10.0)
    proposer = ScriptedProposer((number("2"),))
    solution = solved(world, proposer, share_s=world.budget.remaining_s())
    assert solution.stop is StopReason.TIME
    assert world.sandbox.tries == []
    assert proposer.heard == []


def test_what_the_budget_cut_is_told_as_not_tried(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, allowance=Allowance(candidates=3))
    proposer = ScriptedProposer((number("3"),), tuple(number(n) for n in "4562"))
    watch = Watch(world)
    solution = solved(world, proposer, watch=watch)
    assert watch.judged == [
        [Verdict.FAILED],
        [Verdict.FAILED, Verdict.FAILED, Verdict.NOT_TRIED, Verdict.NOT_TRIED],
    ]
    assert solution.stop is StopReason.CANDIDATES
    assert solution.candidates == 3


def test_a_plausible_patch_is_compared_with_what_is_found_shortly_after(tmp_path: Path) -> None:
    suspicious = frozenset({"2"})
    world = World(
        tmp_path,
        wants({RED: frozenset({"2", "22", "222"})}),
        veto=lambda applied: ("", ("literal-branch",) if applied.patch.edits[0].new in suspicious else ()),
    )
    batches = [(number("2"),), *((number(str(n)),) for n in range(30, 33)), (number("22"),), (number("222"),)]
    watch = Watch(world, seconds=MORE_SECONDS / 4)
    solution = solved(world, ScriptedProposer(*batches), watch=watch)
    assert solution.chosen is not None
    assert solution.chosen.patch == number("22")
    assert [t.patch for t in solution.plausible] == [number("22"), number("2")]
    assert solution.stop not in (StopReason.TIME, StopReason.SHARE)


def test_enough_plausible_patches_end_the_search(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset("23456789")}))
    proposer = ScriptedProposer(*((number(n),) for n in "23456789"))
    solution = solved(world, proposer)
    assert len(solution.plausible) == ENOUGH
    assert solution.stop is StopReason.EXHAUSTED


def test_a_patch_for_most_of_the_failing_tests_is_kept_as_partial(tmp_path: Path) -> None:
    other = "t.py::red3"
    behaves = wants({RED: frozenset("234"), RED2: frozenset("34"), other: frozenset(), GREEN: frozenset("1234")})
    world = World(tmp_path, behaves, nodeids=(RED, RED2, other, GREEN))
    proposer = ScriptedProposer(tuple(number(n) for n in "2345"))
    solution = solved(world, proposer, failing=task(RED, RED2, other))
    assert solution.chosen is None
    assert solution.partial is not None
    assert (solution.partial.patch, solution.partial.passed) == (number("3"), (RED, RED2))
    assert [t.patch for t in solution.near] == [number("2"), number("3"), number("4")]


def test_of_two_parts_the_one_that_passes_more_is_kept_wherever_its_first_failing_case_stands(tmp_path: Path) -> None:
    third = "t.py::red3"
    behaves = wants({RED: frozenset("23"), RED2: frozenset(), third: frozenset("3")})
    world = World(tmp_path, behaves, nodeids=(RED, RED2, third, GREEN))
    solution = solved(world, ScriptedProposer((number("2"), number("3"))), failing=task(RED, RED2, third))
    assert solution.partial is not None
    assert (solution.partial.patch, set(solution.partial.passed)) == (number("3"), {RED, third})


def test_a_part_that_screening_shows_to_pass_more_is_looked_at_after_many_that_do_not(tmp_path: Path) -> None:
    third = "t.py::red3"
    few = [str(n) for n in range(100, 100 + MOST_PARTS)]
    behaves = wants({RED: frozenset({*few, "3"}), RED2: frozenset("3"), third: frozenset()})
    world = World(tmp_path, behaves, nodeids=(RED, RED2, third, GREEN))
    batch = (*(number(n) for n in few), number("3"))
    solution = solved(world, ScriptedProposer(batch), failing=task(RED, RED2, third))
    assert solution.partial is not None
    assert solution.partial.patch == number("3")
    assert solution.parts == MOST_PARTS // 2 + 1


def test_of_plausible_patches_the_best_one_that_also_passes_from_disk_is_chosen(tmp_path: Path) -> None:
    by_swap = wants({RED: frozenset({"2", "3"})})
    world = World(tmp_path, wants({RED: frozenset({"3"})}), swapped=by_swap)
    solution = solved(world, ScriptedProposer((number("2"), number("3"))))
    assert solution.chosen is not None
    assert solution.chosen.patch == number("3")
    assert [t.patch for t in solution.plausible] == [number("3")]
    assert [(t.patch, t.verdict) for t in solution.near] == [(number("2"), Verdict.FAILED)]
    assert "not from disk" in solution.near[0].reason


@pytest.mark.parametrize("later_proposer", [False, True])
def test_patches_that_pass_by_hot_swap_only_do_not_end_the_search(tmp_path: Path, later_proposer: bool) -> None:
    swap_only = frozenset(str(n) for n in range(2, 2 + ENOUGH))
    world = World(tmp_path, wants({RED: frozenset({"99"})}), swapped=wants({RED: swap_only | {"99"}}))
    first = tuple((number(n),) for n in sorted(swap_only))
    last = ((number("98"),), (number("99"),))
    proposers = (
        (ScriptedProposer(*first), ScriptedProposer(*last)) if later_proposer else (ScriptedProposer(*first, *last),)
    )
    solution = solved(world, *proposers)
    assert solution.chosen is not None
    assert solution.chosen.patch == number("99")
    assert {t.patch for t in solution.near} == {number(n) for n in swap_only}


def test_a_search_whose_time_ends_with_patches_that_pass_by_hot_swap_only_ends_by_time(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset()}), swapped=WANTS_2)
    proposer = ScriptedProposer((number("2"),), *((number(str(n)),) for n in range(3, 99)))
    solution = solved(world, proposer, share_s=5.0, watch=Watch(world, seconds=1.0))
    assert (solution.chosen, solution.stop, len(proposer.heard)) == (None, StopReason.SHARE, 4)


def test_a_patch_that_breaks_a_guard_only_from_disk_is_not_chosen_and_counted(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset("2"), GREEN: frozenset("1")}), swapped=WANTS_2)
    solution = solved(world, ScriptedProposer((number("2"),)))
    assert (solution.chosen, solution.partial, solution.broke) == (None, None, {GREEN: 1})


def test_a_patch_that_makes_another_file_uncollectable_is_not_chosen(tmp_path: Path) -> None:
    world = World(tmp_path, WANTS_2, nodeids=(RED, "u.py::other"))
    world.sandbox.cannot_collect = lambda files: (uncollectable("u.py"),) if returned(files) == "2" else ()
    solution = solved(world, ScriptedProposer((number("2"),)))
    assert (solution.chosen, solution.broke) == (None, {"u.py::other": 1})


def test_a_partial_patch_that_passes_by_hot_swap_only_is_not_kept(tmp_path: Path) -> None:
    by_swap = wants({RED: frozenset("2"), RED2: frozenset()})
    world = World(tmp_path, wants({RED: frozenset(), RED2: frozenset()}), swapped=by_swap)
    solution = solved(world, ScriptedProposer((number("2"),)), failing=task(RED, RED2))
    assert (solution.chosen, solution.partial) == (None, None)
    assert "not from disk" in solution.near[-1].reason


def test_a_partial_patch_that_breaks_a_passing_test_is_not_kept(tmp_path: Path) -> None:
    behaves = wants({RED: frozenset("2"), RED2: frozenset(), GREEN: frozenset("1")})
    solution = solved(World(tmp_path, behaves), ScriptedProposer((number("2"),)), failing=task(RED, RED2))
    assert solution.partial is None


def test_tests_that_every_good_patch_breaks_are_counted(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset("23"), GREEN: frozenset("1")}))
    solution = solved(world, ScriptedProposer(tuple(number(n) for n in "234")))
    assert solution.broke == {GREEN: 2}
    assert solution.verdicts == {Verdict.BROKE: 2, Verdict.FAILED: 1}


def test_a_doubtful_patch_is_kept_while_the_next_proposer_is_asked_for_a_better_one(tmp_path: Path) -> None:
    def veto(applied: Applied) -> tuple[str, tuple[str, ...]]:
        return "", (("literal-from-assertion",) if returned(applied.files) == "2" else ())

    wanted = wants({RED: frozenset({"2", "1 + 1"})})
    first, second = ScriptedProposer((number("3"), number("2"))), ScriptedProposer((number("1 + 1"),))
    solution = solved(World(tmp_path, wanted, veto=veto), first, second)
    assert solution.chosen is not None
    assert solution.chosen.patch == number("1 + 1")
    assert [trial.patch for trial in solution.plausible] == [number("1 + 1"), number("2")]
    assert [trial.patch for trial in second.told[0].tried][:1] == [number("2")]


def test_a_doubtful_patch_is_chosen_if_nobody_has_a_better_one(tmp_path: Path) -> None:
    def veto(_: Applied) -> tuple[str, tuple[str, ...]]:
        return "", ("literal-from-assertion",)

    second = ScriptedProposer((number("3"),))
    solution = solved(World(tmp_path, WANTS_2, veto=veto), ScriptedProposer((number("2"),)), second)
    assert (second.asked, solution.checked) == (1, True)
    assert solution.chosen is not None
    assert solution.chosen.patch == number("2")


def test_the_next_proposer_hears_what_was_refused_and_what_made_the_tests_fail_differently(tmp_path: Path) -> None:
    def veto(applied: Applied) -> tuple[str, tuple[str, ...]]:
        return ("skips-tests: no" if returned(applied.files) == "5" else ""), ()

    second = ScriptedProposer()
    solved(World(tmp_path, WANTS_2, veto=veto), ScriptedProposer((number("5"), number("7"))), second)
    (told,) = second.told
    assert [(trial.patch, trial.verdict) for trial in told.tried] == [
        (number("7"), Verdict.FAILED),
        (number("5"), Verdict.REFUSED),
    ]


def test_a_patch_that_makes_no_sense_is_no_lesson(tmp_path: Path) -> None:
    def behaves(nodeid: str, files: Files) -> Failure:
        nonsense = returned(files) == "x"
        return failure(nodeid, returned(files), ("m.py", 2), exception="NameError" if nonsense else "KeyError")

    second = ScriptedProposer()
    solved(World(tmp_path, behaves), ScriptedProposer((number("x"), number("7"))), second)
    (told,) = second.told
    assert [trial.patch for trial in told.tried] == [number("7")]


def test_the_limit_that_ended_a_proposer_ends_the_task(tmp_path: Path) -> None:
    proposer = ScriptedProposer((number("3"),), stop=StopReason.COST)
    assert solved(World(tmp_path, WANTS_2), proposer).stop is StopReason.COST


def test_without_a_limit_in_time_the_number_of_candidates_alone_ends_the_comparison(tmp_path: Path) -> None:
    found = []
    for seconds in (0.0, 10 * MORE_SECONDS):
        world = World(tmp_path, wants({RED: frozenset({"2"})}), allowance=Allowance(time_s=None, candidates=5000))
        others = [tuple(number(str(n)) for n in range(start, start + 50)) for start in range(1000, 2000, 50)]
        proposer = ScriptedProposer((number("2"), number("3")), *others)
        solution = solved(world, proposer, share_s=world.budget.remaining_s(), watch=Watch(world, seconds=seconds))
        found.append((solution.candidates, solution.chosen))
    assert found[0] == found[1]
    assert found[0][0] == 2 + MORE_CANDIDATES


def seen(result: str, call: str = "f(1)", *, near: bool = False) -> Seen:
    return Seen(call, call, result, True, near, result.startswith("raises"), True)


def test_of_patches_that_pass_the_one_that_changes_least_is_chosen_although_it_is_longer(tmp_path: Path) -> None:
    world = World(tmp_path, wants({RED: frozenset({"2", "333 + 333"})}))

    def compare(task: RepairTask, trials: Sequence[Trial]) -> Comparison:
        results = {number("2"): "9", number("333 + 333"): "1"}
        patched = {t.fingerprint: {"f(1)": seen(results[t.patch])} for t in trials}
        return Comparison({"f(1)": seen("1")}, patched)

    solver = Solver(
        world.judge,
        world.budget,
        (ScriptedProposer((number("2"), number("333 + 333"))),),
        Watch(world),
        world.clock,
        compare=compare,
    )
    solution = solver.solve(task(RED), 100.0)
    assert [trial.patch for trial in solution.plausible] == [number("333 + 333"), number("2")]
    assert solution.comparison is not None
    difference = solution.comparison.difference(*(trial.fingerprint for trial in solution.plausible))
    assert difference == Difference(1, 1, "f(1)", "1", "9")


def test_a_single_patch_is_compared_with_nothing(tmp_path: Path) -> None:
    world, asked = World(tmp_path, WANTS_2), []

    def compare(task: RepairTask, trials: Sequence[Trial]) -> None:
        asked.append(trials)

    proposers = (ScriptedProposer((number("2"), number("3"))),)
    solver = Solver(world.judge, world.budget, proposers, Watch(world), world.clock, compare=compare)
    assert solver.solve(task(RED), 100.0).chosen is not None
    assert asked == []
