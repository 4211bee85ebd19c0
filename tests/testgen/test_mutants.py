import ast

from pytest_codemode.testgen.mutants import PER_LINE, mutants

SOURCE = b'''LIMIT = 3


class Cart:
    def total(self, rate=0.5):
        """Return it."""
        result = 0
        for item in self.items:
            if item.price > LIMIT and not item.free:
                result += item.price * rate
        return result


def label(kind):
    if kind == "draft":
        return "Draft"
    raise ValueError(f"no {kind}")
'''


def found(lines, limit=100):
    return mutants("shop.py", SOURCE, lines, limit)


def test_each_mutant_changes_its_own_line_and_compiles():
    for mutant in found(range(1, 19)):
        changed = mutant.candidate.files["shop.py"]
        ast.parse(changed)
        assert changed != SOURCE
        assert [swap.qualname for swap in mutant.swaps] in (["Cart.total"], ["label"])


def test_the_comparison_and_the_connective_are_mutated():
    whats = {mutant.what for mutant in found([9])}
    assert "`>` becomes `>=`" in whats
    assert len(whats) <= PER_LINE


def test_mutants_are_spread_over_the_lines():
    assert len({mutant.line for mutant in found(range(1, 19), limit=6)}) == 6


def test_code_that_runs_at_import_and_signatures_are_left_alone():
    assert found([1, 4, 5, 14]) == ()


def test_other_lines_are_left_alone():
    assert {mutant.line for mutant in found([16])} == {16}


def test_no_two_mutants_are_the_same():
    files = [mutant.candidate.files["shop.py"] for mutant in found(range(1, 19))]
    assert len(files) == len(set(files))
