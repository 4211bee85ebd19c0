from pathlib import Path

from pytest_codemode.core.patch import Applied, Patch, Unapplicable
from pytest_codemode.repair.accepted import Accepted, combine, rebuild
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.worktree.sources import SourceTree
from tests.repair.proposers import number
from tests.repair.world import task

TWO = b"def f():\n    return 1\n\n\ndef g():\n    return 1\n"


def tree(root: Path) -> SourceTree:
    (root / "m.py").write_bytes(TWO)
    return SourceTree(root)


def accepted(patch: Patch, round_number: int) -> Accepted:
    return Accepted(Solution(task("t.py::a")), patch, ("t.py::a",), round_number, {}, {})


F_2, G_3, F_AGAIN = number("2"), number("3", line=6), number("4", old="2")


def test_patches_made_for_one_tree_are_laid_over_it_together(tmp_path: Path) -> None:
    applied = combine([F_2, G_3], tree(tmp_path))
    assert isinstance(applied, Applied)
    assert applied.files == {"m.py": TWO.replace(b"1", b"2", 1).replace(b"1", b"3")}


def test_patches_of_the_same_place_do_not_combine(tmp_path: Path) -> None:
    assert isinstance(combine([F_2, number("5")], tree(tmp_path)), Unapplicable)


def test_rounds_are_laid_over_one_another(tmp_path: Path) -> None:
    kept = [accepted(F_2, 1), accepted(G_3, 1), accepted(F_AGAIN, 2)]
    assert rebuild(kept, tree(tmp_path)) == {"m.py": TWO.replace(b"1", b"4", 1).replace(b"1", b"3")}


def test_the_tree_can_be_rebuilt_without_one_of_its_patches(tmp_path: Path) -> None:
    here = tree(tmp_path)
    kept = [accepted(F_2, 1), accepted(G_3, 1)]
    whole = rebuild(kept, here)
    assert rebuild(kept[1:], here) == {"m.py": TWO[::-1].replace(b"1", b"3", 1)[::-1]}
    assert rebuild(kept, here) == whole
    assert rebuild([], here) == {}
    assert here.read("m.py") == TWO


def test_of_two_patches_of_one_place_the_first_stays_and_takes_no_other_with_it(tmp_path: Path) -> None:
    kept = [accepted(F_2, 1), accepted(number("5"), 1), accepted(G_3, 1)]
    assert rebuild(kept, tree(tmp_path)) == {"m.py": TWO.replace(b"1", b"2", 1).replace(b"1", b"3")}


def test_a_patch_that_was_made_for_one_that_is_gone_is_left_out(tmp_path: Path) -> None:
    assert rebuild([accepted(F_AGAIN, 2)], tree(tmp_path)) == {}
