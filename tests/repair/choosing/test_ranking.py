from pytest_codemode.core.patch import (
    AddImport,
    DeleteStatement,
    Edit,
    InsertStatement,
    Patch,
    ReplaceDefinition,
    ReplaceExpression,
    ReplaceStatement,
)
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.choosing.ranking import best_first

SMALL = ReplaceExpression("m.py", 1, 0, "<", "<=")
LARGE = ReplaceExpression("m.py", 1, 0, "a < b", "max(a, b) - min(a, b)")
INSERT = InsertStatement("m.py", 1, "x = 1", "after", "if x: return")
DELETE = DeleteStatement("m.py", 1, "x = 1")
IMPORT = AddImport("m.py", "import math")


def trial(*edits: Edit, warnings: tuple[str, ...] = (), prior: float = 0.0) -> Trial:
    return Trial(Patch(edits, "scripted", prior=prior), Verdict.PLAUSIBLE, warnings=warnings)


def test_what_policy_suspects_comes_last_and_deletions_before_that() -> None:
    order = [
        trial(SMALL),
        trial(SMALL, IMPORT),
        trial(LARGE),
        trial(INSERT),
        trial(SMALL, LARGE),
        trial(DELETE),
        trial(SMALL, warnings=("literal-branch",)),
    ]
    assert next(t.patch for t in best_first(order[::-1])) in (order[0].patch, order[1].patch)
    assert best_first(order[1:][::-1]) == order[1:]


def test_a_small_change_outranks_a_rewrite_of_the_whole_function() -> None:
    order = [
        trial(SMALL),
        trial(ReplaceStatement("m.py", 1, "return a < b", "return a < b + 1")),
        trial(ReplaceDefinition("m.py", "f", "def f(a, b):\n    return a <= b\n")),
    ]
    assert best_first(order[::-1]) == order


def test_equally_good_patches_keep_the_order_of_their_proposer() -> None:
    trials = [trial(ReplaceExpression("m.py", line, 0, "<", "<=")) for line in (3, 1, 2)]
    assert best_first(trials) == trials
