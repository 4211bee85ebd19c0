"""Original and candidates side by side, in a real sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import RunRequest
from pytest_codemode.core.patch import Applied, Patch, ReplaceExpression
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.repair.choosing.behaviour import Comparison
from pytest_codemode.repair.choosing.differential import Differential
from pytest_codemode.repair.choosing.ranking import best_first
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.worktree.sources import SourceTree
from tests.sandbox.toys import project_at, write_project

SHOP = """\
class Cart:
    limit = 10

    def __init__(self, amounts):
        self.amounts = amounts

    def total(self):
        return sum(self.amounts)

    def free_of_charge(self):
        return self.total() > self.limit


def exec(text):
    return clipped(text, 5)


def clipped(text, width):
    if width < 0:
        raise ValueError(width)
    return text[: width - 1]
"""
TESTS = """\
import pytest

from shop import Cart, clipped, exec


def test_free_above():
    assert Cart([5, 6]).free_of_charge()


def test_not_free_below():
    assert not Cart([1, 2]).free_of_charge()


def test_free_at_the_limit():
    assert Cart([10]).free_of_charge()


def test_clipped():
    assert exec("abcdefgh") == "abcde"


def test_short():
    assert clipped("", 3) == ""


def test_negative():
    with pytest.raises(ValueError):
        clipped("abc", -1)
"""
FREE = "tests/test_shop.py::test_free_at_the_limit"
CLIPPED = "tests/test_shop.py::test_clipped"


def replaced(line: int, old: str, new: str) -> Patch:
    column = SHOP.splitlines()[line - 1].index(old)
    return Patch((ReplaceExpression("shop.py", line, column, old, new),), "scripted")


class World:
    def __init__(self, root: Path, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.tree = SourceTree(root)
        self.tests = TestMap()
        self.tests.add(sandbox.run_tests(RunRequest(record="functions")))

    def trials(self, *patches: Patch) -> list[Trial]:
        found = []
        for patch in patches:
            applied = apply(patch, self.tree.read)
            assert isinstance(applied, Applied)
            found.append(Trial(patch, Verdict.PLAUSIBLE, fingerprint=applied.fingerprint))
        return found

    def task(self, nodeid: str) -> RepairTask:
        failures: tuple[Failure, ...] = self.tests.results[nodeid].failures
        assert failures
        functions = tuple(sorted(self.tests.functions(nodeid)))
        return RepairTask("t1", failures, (), {"shop.py": SHOP.encode()}, {}, functions)

    def compared(self, nodeid: str, trials: list[Trial]) -> Comparison:
        found = Differential(self.sandbox, self.tree, self.tests, 20.0).compare(self.task(nodeid), trials)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("shop")
    write_project(
        root,
        {
            "shop.py": SHOP,
            "tests/test_shop.py": TESTS,
            "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
        },
    )
    with SandboxClient(project_at(root)) as sandbox:
        yield World(root.resolve(), sandbox)


def test_a_patch_that_changes_what_passing_tests_do_not_look_at_is_found_out_and_ranked_last(world: World) -> None:
    always = replaced(11, "self.total() > self.limit", "sum(self.amounts) != 3")
    careful = replaced(11, ">", ">=")
    trials = world.trials(always, careful)
    compared = world.compared(FREE, trials)
    behaviours = {trial.fingerprint: compared.behaviour(trial.fingerprint) for trial in trials}
    loose, tight = behaviours[trials[0].fingerprint], behaviours[trials[1].fingerprint]
    assert loose is not None
    assert tight is not None
    assert (tight.observed, tight.changed) == (2, 0)
    assert tight.near >= 4
    assert loose.near_changed > tight.near_changed
    assert best_first(trials, compared) == trials[::-1]


def test_where_two_patches_differ_is_shown_by_an_input_and_both_results(world: World) -> None:
    careful, special = world.trials(replaced(21, "width - 1", "width"), replaced(21, "width - 1", "max(width, 5)"))
    difference = world.compared(CLIPPED, [careful, special]).difference(careful.fingerprint, special.fingerprint)
    assert difference is not None
    assert 0 < difference.count < difference.of
    assert difference.call.startswith("clipped('")
    assert difference.chosen != difference.other


def test_inputs_that_raise_with_the_patch_alone_are_counted(world: World) -> None:
    careful, fragile = world.trials(
        replaced(21, "width - 1", "width"), replaced(21, "text[: width - 1]", "text[:width] + text[0][:0]")
    )
    compared = world.compared(CLIPPED, [careful, fragile])
    right, wrong = compared.behaviour(careful.fingerprint), compared.behaviour(fragile.fingerprint)
    assert right is not None
    assert wrong is not None
    assert right.raising == 0
    assert wrong.raising > 0
    assert wrong.changed >= 1  # clipped('', 3) is what a passing test asks for
    assert best_first([fragile, careful], compared) == [careful, fragile]


def test_two_ways_to_say_the_same_differ_nowhere(world: World) -> None:
    one, two = world.trials(
        replaced(11, ">", ">="), replaced(11, "self.total() > self.limit", "self.limit <= self.total()")
    )
    difference = world.compared(FREE, [one, two]).difference(one.fingerprint, two.fingerprint)
    assert difference is not None
    assert (difference.count, difference.call) == (0, "")
    assert difference.of > 4


def test_what_is_compared_is_the_same_every_time(world: World) -> None:
    trials = world.trials(replaced(11, ">", ">="), replaced(11, "self.total() > self.limit", "True"))
    assert world.compared(FREE, trials) == world.compared(FREE, trials)


def test_nothing_is_left_in_the_tree_and_the_tests_run_as_before(world: World) -> None:
    before = sorted(path for path in world.tree.rootdir.rglob("*.py"))
    world.compared(CLIPPED, world.trials(replaced(21, "width - 1", "width")))
    assert sorted(path for path in world.tree.rootdir.rglob("*.py")) == before
    again = world.sandbox.run_tests(RunRequest())
    assert {n: r.outcome for n, r in again.by_nodeid().items()} == {
        n: r.outcome for n, r in world.tests.results.items()
    }


def test_with_no_time_left_nothing_is_compared(world: World) -> None:
    left = iter([10.0, 10.0, 10.0, 10.0, 0.0])
    differential = Differential(world.sandbox, world.tree, world.tests, 20.0, lambda: next(left))
    trials = world.trials(replaced(21, "width - 1", "width"), replaced(21, "width - 1", "max(width, 5)"))
    assert differential.compare(world.task(CLIPPED), trials) is None


def test_failing_tests_that_take_long_or_hang_are_not_run_again_for_each_patch(world: World) -> None:
    task = world.task(CLIPPED)
    many = tuple(replace(task.failures[0], nodeid=f"t.py::red[{n}]", timed_out=n == 1) for n in range(5))
    slow = replace(task, failures=many, durations_s={failure.nodeid: 1.5 for failure in many})
    quickly = Differential(world.sandbox, world.tree, world.tests, 20.0)
    assert quickly._failing(slow) == ("t.py::red[0]",)
    assert len(Differential(world.sandbox, world.tree, world.tests, 20.0, timed=False)._failing(slow)) == 4
