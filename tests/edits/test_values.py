import textwrap

import pytest

from pytest_codemode.core.patch import Applied, InsertStatement, Patch, ReplaceExpression, ReplaceStatement
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps

P = "a.py"
SOURCE = textwrap.dedent("""\
    import re
    LIMIT = 10
    TABLE = {
        "a": 1,
        "b": 2,
    }
    WORD: str = "x"
    DERIVED = LIMIT2 = 3
    USED = 4
    TWICE = USED + 1
    BOUND = 1
    BOUND = 2
    SET_LATER = 1
    NOW = open("f")
    MADE = (lambda: 1)
    PATTERN = re.compile("a+")

    def f(x=USED):
        global SET_LATER
        LOCAL = LIMIT
        return LOCAL


    class A:
        rate = 2
        name: str = "a"

        class Inner:
            deep = 1


    class B:
        rate = 3


    @decorated
    class C:
        rate = 4


    if f():
        MAYBE = 1
    """)


def swapped(*edits, source=SOURCE):
    files = {P: source.encode()}
    applied = apply(Patch(edits, "test"), files.get)
    assert isinstance(applied, Applied), applied
    found = swaps(applied, files.get)
    for swap in found:
        lines = applied.files[P].decode().splitlines(keepends=True)
        count = swap.source.count("\n")
        assert "".join(lines[swap.line - 1 : swap.line - 1 + count]) == swap.source
    return [(swap.kind, swap.qualname, swap.line) for swap in found]


def at(text, old, new, *, source=SOURCE):
    """Return the edit that replaces `old` in the line that begins with `text`."""
    number, line = next((n, line) for n, line in enumerate(source.splitlines(), 1) if line.strip().startswith(text))
    return ReplaceExpression(P, number, line.index(old, line.index(text)), old, new)


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        (at("LIMIT", "10", "11"), "LIMIT"),
        (at('"b"', "2", "3"), "TABLE"),
        (at("WORD", '"x"', '"y" + "z"'), "WORD"),
        (at("PATTERN", '"a+"', '"a*"'), "PATTERN"),
        (at("PATTERN", '"a+"', '"a*", re.I'), "PATTERN"),
        (at("LIMIT", "10", "sum([len('abc'), USED])"), "LIMIT"),
        (at("TABLE", "{", "{**{n: n for n in range(3)}, "), "TABLE"),
        (at("rate = 2", "2", "5"), "A.rate"),
        (at("rate = 3", "3", "5"), "B.rate"),
        (at("name: str", '"a"', '"b"'), "A.name"),
        (at("deep", "1", "2"), "A.Inner.deep"),
    ],
)
def test_another_value_for_a_name_is_a_swap_of_the_value(edit, name):
    ((kind, qualname, line),) = swapped(edit)
    assert (kind, qualname) == ("value", name)
    assert line == (3 if name == "TABLE" else edit.line)


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (at("DERIVED", "3", "4"), "two names"),
        (at("USED", "4", "5"), "read while the file is imported"),
        (at("BOUND = 1", "1", "5"), "bound twice"),
        (at("SET_LATER", "1", "2"), "a function may bind it"),
        (at("NOW", '"f"', '"g"'), "evaluating it does something"),
        (at("MADE", "1", "2"), "a function"),
        (at("rate = 4", "4", "5"), "a decorator may look at the class"),
        (at("MAYBE", "1", "2"), "under a condition"),
        (at("LIMIT", "10", "print()"), "evaluating it does something now"),
        (at("LIMIT", "10", "TABLE"), "what it reads may have changed since"),
        (at("LIMIT", "10", "BOUND"), "bound twice: which one?"),
        (at("LIMIT", "10", "TABLE['a']"), "what it reads may have changed since"),
        (at("LIMIT", "10", "re.sub.cache"), "an attribute of something else"),
        (ReplaceStatement(P, 7, 'WORD: str = "x"', 'WORD: bytes = "x"'), "another annotation"),
        (ReplaceStatement(P, 2, "LIMIT = 10", "LIMIT: int = 11"), "an annotation now"),
        (ReplaceStatement(P, 2, "LIMIT = 10", "LIMITS = 10"), "another name"),
        (InsertStatement(P, 2, "LIMIT = 10", "after", "MORE = 1"), "a new statement"),
    ],
)
def test_what_importing_the_file_might_show_otherwise_is_no_swap(edit, why):
    assert swapped(edit) == [], why


def test_a_replaced_assignment_and_several_values_are_swaps_with_the_lines_of_the_patched_file():
    longer = ReplaceStatement(P, 2, "LIMIT = 10", "LIMIT = (\n    11\n)")
    assert swapped(longer, at("rate = 2", "2", "5")) == [("value", "LIMIT", 2), ("value", "A.rate", 27)]


def test_values_and_functions_of_one_file_are_not_swapped_together():
    assert swapped(at("LIMIT", "10", "11"), at("return LOCAL", "LOCAL", "1")) == []


def test_a_private_name_in_a_class_is_left_alone():
    source = "__top = 1\nclass A:\n    __rate = 1\n    other = __top\n"
    assert swapped(ReplaceExpression(P, 3, 13, "1", "2"), source=source) == []
    assert swapped(ReplaceExpression(P, 4, 12, "__top", "__top + 1"), source=source) == []


def test_values_that_hang_together_are_not_swapped_together():
    source = "LIMIT = 1\nHALF = 2\n"
    edits = ReplaceExpression(P, 1, 8, "1", "3"), ReplaceExpression(P, 2, 7, "2", "LIMIT")
    assert [len(swapped(edit, source=source)) for edit in edits] == [1, 1]
    assert swapped(*edits, source=source) == []
