"""Every way out of the fence that we know of, tried for real, at each level: one table a family."""

from collections.abc import Callable

import pytest

from tests.attacks import files, kernel, network, processes
from tests.attacks.attack import Attack, Range, by_every_door, must_fail

RangeAt = Callable[[str], Range]
CASES = ("attack", "door", "level")


@pytest.mark.parametrize(CASES, by_every_door(files.ATTACKS))
def test_no_file_outside_the_workspace_is_read_or_changed(range_at: RangeAt, attack: Attack, door: str, level: str):
    must_fail(range_at(level), attack, door, files.ATTACKS)


@pytest.mark.parametrize(CASES, by_every_door(processes.ATTACKS))
def test_no_other_process_is_looked_into_or_disturbed(range_at: RangeAt, attack: Attack, door: str, level: str):
    must_fail(range_at(level), attack, door, processes.ATTACKS)


@pytest.mark.parametrize(CASES, by_every_door(network.ATTACKS))
def test_no_socket_of_the_host_or_the_world_is_reached(range_at: RangeAt, attack: Attack, door: str, level: str):
    must_fail(range_at(level), attack, door, network.ATTACKS)


@pytest.mark.parametrize(CASES, by_every_door(kernel.ATTACKS))
def test_no_system_call_leads_around_the_fence(range_at: RangeAt, attack: Attack, door: str, level: str):
    must_fail(range_at(level), attack, door, kernel.ATTACKS)
