from dataclasses import replace
from pathlib import Path

from pytest_codemode.repair.reach import reach
from tests.repair.sandbox import uncollectable
from tests.repair.world import RED, RED2, World, task, wants

TWO = {"m.py": b"def f():\n    return 2\n"}


def world(tmp_path: Path, red2: str) -> World:
    return World(tmp_path, wants({RED: frozenset({"2"}), RED2: frozenset({red2})}))


def test_a_test_of_another_cause_that_the_patch_turns_green_is_added(tmp_path: Path) -> None:
    one = world(tmp_path, "2")
    assert reach(one.sandbox, task(RED), TWO, [task(RED2)]).nodeids == (RED, RED2)
    assert len(one.sandbox.runs) == 1


def test_a_test_that_stays_red_is_not_added(tmp_path: Path) -> None:
    assert reach(world(tmp_path, "3").sandbox, task(RED), TWO, [task(RED2)]).nodeids == (RED,)


def test_a_cause_in_files_that_the_patch_leaves_alone_costs_no_run(tmp_path: Path) -> None:
    one = world(tmp_path, "2")
    elsewhere = replace(task(RED2), sources={"n.py": b""})
    assert reach(one.sandbox, task(RED), TWO, [elsewhere]).nodeids == (RED,)
    assert one.sandbox.runs == []


def test_files_that_cannot_be_collected_are_left_to_their_own_turn(tmp_path: Path) -> None:
    one = world(tmp_path, "2")
    broken = replace(task(RED2), failures=(uncollectable("t.py"),))
    assert reach(one.sandbox, task(RED), TWO, [broken]).nodeids == (RED,)
    assert reach(one.sandbox, broken, TWO, [task(RED)]) == broken
    assert one.sandbox.runs == []
