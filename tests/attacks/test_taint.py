"""One run after the other in the same worker: the second must find nothing that the first left."""

from collections.abc import Callable

import pytest

from tests.attacks.attack import DOORS, LEVELS, Range
from tests.attacks.taint import TAINTS

LEAVES = [taint.leaves for taint in TAINTS]
FINDS = [taint.finds for taint in TAINTS]


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_left_for_the_next_run_by_whatever_door_either_comes_in(
    range_at: Callable[[str], Range], level: str
) -> None:
    place = range_at(level)
    left = {door: place.let_in(LEAVES, door) for door in DOORS}
    assert [touched for _, touched in left.values() if touched] == []
    found = {door: place.let_in(FINDS, door)[0] for door in DOORS}

    assert {
        f"{name} by a {door}": ended
        for door, each in found.items()
        for name, ended in each.items()
        if ended.how != "refused"
    } == {}


@pytest.mark.slow
@pytest.mark.parametrize("taint", TAINTS, ids=lambda taint: taint.name)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("level", LEVELS)
def test_each_left_alone_is_not_found_in_a_reload(range_at, level: str, door: str, taint) -> None:
    place = range_at(level)
    place.let_in([taint.leaves], door)
    assert place.let_in([taint.finds], "reload")[0][taint.finds.name].how == "refused"


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_left_can_be_left_at_all(range_at: Callable[[str], Range], level: str) -> None:
    """The test above is worth something only if leaving works: each of these did what it meant to."""
    ended, _ = range_at(level).let_in(LEAVES, "test")
    refused = {name for name, each in ended.items() if each.how != "through"}
    assert refused <= {
        "leaves a file in the working folder",
        "leaves a file in shared memory",
        "leaves a file in /tmp",
        "leaves a file in /var/tmp",
        "leaves a file above the temporary folder",
        "leaves shared memory of System V",
        "leaves an attribute of a file in the tree",
    }, {name: ended[name] for name in refused}
