"""Each operator's example is its test: from the broken module and its failure it makes the right one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from pytest_codemode.core.patch import Applied
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.operator import PATH, Operator
from pytest_codemode.proposers.search.table import OPERATORS


def made(operator: Operator) -> Iterator[str]:
    """Yield what the operator alone makes of the module of its example."""
    task = operator.example.task()
    proposals = SearchProposer(operators=(operator,)).propose(task)
    trials: tuple[Trial, ...] | None = None
    while True:
        try:
            batch = next(proposals) if trials is None else proposals.send(trials)
        except StopIteration:
            return
        for patch in batch:
            result = apply(patch, task.sources.get)
            assert isinstance(result, Applied), result
            yield result.files.get(PATH, b"").decode()
        trials = tuple(Trial(patch, Verdict.FAILED) for patch in batch)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_operator_turns_the_module_of_its_example_into_the_right_one(operator: Operator) -> None:
    right = ast.dump(ast.parse(operator.example.after))
    assert right != ast.dump(ast.parse(operator.example.before))
    assert any(ast.dump(ast.parse(text)) == right for text in made(operator))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_operator_says_what_it_matches_and_which_real_fixes_it_serves(operator: Operator) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", operator.name)
    assert operator.prior > 0
    assert operator.matches.endswith(".")
    assert len(operator.matches) > 20
    assert len(operator.serves) > 10
    assert operator.example.changes
