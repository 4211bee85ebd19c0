"""The example project fails where, and only where, the table says."""

from __future__ import annotations

import re

import pytest

from tests.example.bugs import BUGS, CONTRADICTION, EXAMPLE, FLAKY, fixed_tree, seeded_tree
from tests.example.verdict import failing, run_tests

HINT = re.compile(
    r"\b(bugs?|buggy|seed\w*|wrong\w*|broken|fixme|todo|xxx|hack|mutants?|flaky|faults?|faulty|defects?|incorrect\w*"
    r"|mistakes?|repair\w*|fix\w*|codemode|contradict\w*|off.by.one)\b",
    re.IGNORECASE,
)


def expected_failures(bugs):
    return {nodeid for bug in bugs for nodeid in bug.failing} | {CONTRADICTION[1]}


@pytest.fixture(scope="module")
def seeded_outcomes(tmp_path_factory):
    return run_tests(seeded_tree(tmp_path_factory.mktemp("seeded") / "tree"))


@pytest.fixture(scope="module")
def fixed_outcomes(tmp_path_factory):
    return run_tests(fixed_tree(tmp_path_factory.mktemp("fixed") / "tree"))


def test_just_the_listed_tests_fail_in_the_project(seeded_outcomes):
    assert failing(seeded_outcomes) - {FLAKY} == expected_failures(BUGS)


def test_everything_but_the_contradiction_passes_in_the_fixed_tree(fixed_outcomes):
    assert failing(fixed_outcomes) - {FLAKY} == expected_failures([])


def test_only_tests_of_modules_that_cannot_be_imported_are_hidden(seeded_outcomes, fixed_outcomes):
    hidden = {nodeid for bug in BUGS for nodeid in bug.hidden}
    assert fixed_outcomes.keys() - seeded_outcomes.keys() == hidden


def test_one_side_of_the_contradiction_passes(seeded_outcomes):
    assert [seeded_outcomes[nodeid] for nodeid in CONTRADICTION] == ["passed", "failed"]


def test_a_missing_import_shows_in_a_fixture(seeded_outcomes):
    (bug,) = (bug for bug in BUGS if bug.id == "storage-import")
    assert {seeded_outcomes[nodeid] for nodeid in bug.failing} == {"error"}


def test_every_bug_has_one_to_four_failing_tests_of_its_own():
    nodeids = [nodeid for bug in BUGS for nodeid in bug.failing]
    assert len(set(nodeids)) == len(nodeids)
    assert all(1 <= len(bug.failing) <= 4 for bug in BUGS)


def test_two_bugs_need_a_rewrite():
    assert [bug.id for bug in BUGS if not bug.by_search] == ["allocate-rest", "merge-chain"]


def test_the_project_does_not_tell_where_it_fails():
    files = [path for path in EXAMPLE.rglob("*") if path.suffix in {".py", ".md", ".toml"}]
    hints = [(path.name, hit[0]) for path in files for hit in HINT.finditer(path.read_text("utf-8"))]
    # `@pytest.fixture` is what pytest calls it.
    assert [hint for hint in hints if not hint[1].startswith("fixture")] == []


@pytest.mark.slow
def test_the_flaky_test_passes_sometimes(tmp_path):
    tree = fixed_tree(tmp_path / "tree")
    outcomes = {run_tests(tree)[FLAKY] for _ in range(20)}
    assert outcomes == {"passed", "failed"}


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_a_bug_alone_makes_just_its_tests_fail(tmp_path, bug):
    outcomes = run_tests(fixed_tree(tmp_path / "tree", keep=[bug.id]))
    assert failing(outcomes) - {FLAKY} == expected_failures([bug])
