import ast
import textwrap

import pytest

from pytest_codemode.core.patch import (
    AddImport,
    Applied,
    CreateModule,
    DeleteDefinition,
    InsertStatement,
    Patch,
    ReplaceDefinition,
    ReplaceExpression,
    ReplaceStatement,
)
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps

P = "a.py"
SOURCE = textwrap.dedent("""\
    X = 1


    @cache
    def first(a=1):
        def inner():
            return a
        return inner


    class C:
        y = 2

        def method(self):
            return self.y

        @property
        def twice(self):
            return 1

        @twice.setter
        def twice(self, value):
            self.y = value


    async def last(): return 1
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
        assert len(ast.parse(textwrap.dedent(swap.source)).body) == 1
    return [(swap.qualname, swap.line) for swap in found]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (ReplaceExpression(P, 7, 15, "a", "b"), [("first", 5)]),
        (ReplaceExpression(P, 15, 15, "self.y", "1"), [("C.method", 14)]),
        (ReplaceDefinition(P, "first.inner", "def inner(x): return x"), [("first", 5)]),
        (InsertStatement(P, 8, "return inner", "before", "a += 1\na += 2"), [("first", 5)]),
        (InsertStatement(P, 15, "return self.y", "after", "x = 1"), [("C.method", 14)]),
        (ReplaceStatement(P, 26, "return 1", "x = 1\nreturn x"), [("last", 26)]),
    ],
)
def test_an_edit_of_a_body_swaps_the_outermost_function(edit, expected):
    assert swapped(edit) == expected


@pytest.mark.parametrize(
    "edit",
    [
        ReplaceExpression(P, 5, 12, "1", "2"),
        ReplaceExpression(P, 4, 1, "cache", "cached"),
        ReplaceStatement(P, 5, "def first(a=1):", "def first(a=2):", header_only=True),
        ReplaceDefinition(P, "C.method", "def method(self):\n    return 3"),
        ReplaceExpression(P, 19, 15, "1", "2"),
        ReplaceExpression(P, 23, 17, "value", "1"),
        DeleteDefinition(P, "first"),
        AddImport(P, "import os"),
        InsertStatement(P, 15, "return self.y", "before", "global X\nX = 2"),
        InsertStatement(P, 15, "return self.y", "before", "super().method()"),
    ],
)
def test_an_edit_outside_a_body_or_of_its_ties_is_not_swapped(edit):
    assert swapped(edit) == []


def test_several_functions_are_swapped_with_their_new_lines():
    edits = (
        InsertStatement(P, 8, "return inner", "before", "a += 1\na += 2"),
        ReplaceExpression(P, 15, 15, "self.y", "1"),
    )
    assert swapped(*edits) == [("first", 5), ("C.method", 16)]


def test_one_edit_elsewhere_rules_the_whole_patch_out():
    assert swapped(ReplaceExpression(P, 1, 4, "1", "2"), ReplaceExpression(P, 15, 15, "self.y", "1")) == []


def test_a_new_file_is_not_swapped():
    applied = apply(Patch((CreateModule("b.py", "x = 1"),), "test"), {}.get)
    assert isinstance(applied, Applied)
    assert swaps(applied, {}.get) == ()


def test_an_insertion_behind_a_function_belongs_to_what_it_was_asked_beside():
    source = "def f():\n    return 1\ndef g():\n    return 2\n"
    assert swapped(InsertStatement(P, 2, "return 1", "after", "x = 1"), source=source) == [("f", 1)]
    assert swapped(InsertStatement(P, 3, "def g():", "before", "x = 1"), source=source) == []
