"""The right patch comes early: bugs of every class, judged and unjudged."""

from __future__ import annotations

import pytest

from pytest_codemode.proposers.search.engine import SearchProposer
from tests.proposers import common_bugs, culprit_bugs, value_bugs
from tests.proposers.bugs import BUGS
from tests.proposers.judge import Bug, search_for

_EARLY = 30
"""Ideas within which the right one comes, unless said otherwise below."""
_LATER = {
    "wrong_variable": 60,
    "none_in_chain": 40,
    "none_handed_in": 20,
    "shared_reference": 120,
    "superfluous_statement": 250,
    "running_maximum": 60,
    "missing_break": 40,
    "missing_method_call": 40,
    "other_loop_variable": 40,
    "other_attribute": 40,
    "missing_length": 70,
    "superfluous_argument": 120,
    "missing_conversion_of_input": 150,
    "digits_of_a_pattern": 60,
    "copied_from_the_other_axis": 150,
}
_SINGLE = [bug for bug in (*BUGS, *common_bugs.BUGS, *value_bugs.BUGS) if bug.name != "two_places"]


@pytest.mark.parametrize("bug", _SINGLE, ids=lambda bug: bug.name)
def test_the_right_patch_is_among_the_first(bug: Bug) -> None:
    limit = _LATER.get(bug.name, _EARLY)
    found = search_for(bug, SearchProposer(batch_size=limit), limit, judged=False)
    assert found.right is not None, f"not among the first {limit}"
    assert found.right <= limit


@pytest.mark.parametrize("bug", culprit_bugs.BUGS, ids=lambda bug: bug.name)
def test_what_the_exception_speaks_of_is_repaired_almost_at_once(bug: Bug) -> None:
    limit = _LATER.get(bug.name, 8)
    found = search_for(bug, SearchProposer(batch_size=limit), limit, judged=False)
    assert found.right is not None, f"not among the first {limit}"


@pytest.mark.parametrize("name", ["boundary", "missing_import", "narrow_except", "missing_field", "get_default"])
def test_the_first_plausible_patch_is_the_right_one(name: str) -> None:
    bug = next(bug for bug in BUGS if bug.name == name)
    found = search_for(bug, SearchProposer(), 200)
    assert found.plausible == found.right is not None


def test_two_wrong_places_are_repaired_together_in_the_second_round() -> None:
    bug = next(bug for bug in BUGS if bug.name == "two_places")
    found = search_for(bug, SearchProposer(), 400)
    assert found.right is not None
    assert found.right_template == "compare.operator+compare.operator"


def test_deletion_comes_after_every_other_kind_of_change() -> None:
    bug = next(bug for bug in BUGS if bug.name == "superfluous_statement")
    found = search_for(bug, SearchProposer(), 400, judged=False)
    assert found.right_template == "statements.deleted"
    assert found.right is not None
    assert found.right > 100
