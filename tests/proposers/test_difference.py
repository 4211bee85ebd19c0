"""Any change of a file, as edits: applying them gives the new file."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.patch import Applied, Edit, Patch
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.difference import edits_between

PATH = "pkg/subject.py"


def changed(old: str, edits: tuple[Edit, ...]) -> str:
    result = apply(Patch(edits, "replay"), {PATH: old.encode()}.get)
    assert isinstance(result, Applied), result
    return result.files[PATH].decode()


def clean(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


OLD = clean('''
    """A module."""

    import os
    from typing import Any

    LIMIT = 10  # a limit


    def first(a):
        # keep this comment
        return a


    class Cart:
        rate = 1

        def total(self):
            return 1

        @property
        def size(self):
            return 2

        @size.setter
        def size(self, value):
            self.x = value


    if LIMIT:
        def inside():
            return 3
''')


CHANGES = {
    "a function body": (("return a", "return a + 1"), ["replace_definition"]),
    "a method": (("return 1", "return self.rate"), ["replace_definition"]),
    "the second of two equal names": (("self.x = value", "self.x = value or 0"), ["replace_definition"]),
    "a constant": (("LIMIT = 10", "LIMIT = 11"), ["replace_statement"]),
    "a class attribute": (("rate = 1", "rate = 2"), ["replace_statement"]),
    "a base class": (("class Cart:", "class Cart(dict):"), ["replace_definition"]),
    "an added import": (("import os\n", "import os\nimport sys\n"), ["insert_statement"]),
    "a removed import": (("import os\n", ""), ["delete_statement"]),
    "an added function": (("class Cart", "def second(b):\n    return b\n\n\nclass Cart"), ["insert_definition"]),
    "a removed method": (("    def total(self):\n        return 1\n\n", ""), ["delete_definition"]),
    "a function in a condition": (("return 3", "return 4"), ["replace_statement"]),
    "a decorator": (("def first", "@staticmethod\ndef first"), ["replace_definition"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_expressed_at_its_own_level_and_gives_the_new_code(name: str) -> None:
    (before, after), kinds = CHANGES[name]
    assert OLD.count(before) == 1
    new = OLD.replace(before, after)
    edits = edits_between(PATH, OLD.encode(), new.encode())
    assert [edit.KIND for edit in edits] == kinds
    assert ast.dump(ast.parse(changed(OLD, edits))) == ast.dump(ast.parse(new))


@pytest.mark.parametrize("name", ["a function body", "a method", "a constant", "a class attribute", "an added import"])
def test_bytes_outside_the_change_stay(name: str) -> None:
    (before, after), _ = CHANGES[name]
    new = OLD.replace(before, after)
    assert changed(OLD, edits_between(PATH, OLD.encode(), new.encode())) == new


def test_equal_files_and_comments_alone_are_no_change() -> None:
    assert edits_between(PATH, OLD.encode(), OLD.encode()) == ()
    assert edits_between(PATH, OLD.encode(), OLD.replace("# a limit", "# another").encode()) == ()


def test_several_changes_at_once_are_one_patch() -> None:
    new = OLD.replace("return a", "return -a").replace("LIMIT = 10", "LIMIT = 9").replace("rate = 1", "rate = 7")
    assert changed(OLD, edits_between(PATH, OLD.encode(), new.encode())) == new


def test_line_ends_and_encoding_of_the_old_file_are_kept() -> None:
    old = "# -*- coding: latin-1 -*-\r\nNAME = 'ä'\r\n\r\n\r\ndef f(a):\r\n    return a\r\n".encode("latin-1")
    new = "# -*- coding: latin-1 -*-\nNAME = 'ä'\n\n\ndef f(a):\n    return 'ö' + a\n".encode("latin-1")
    result = apply(Patch(edits_between(PATH, old, new), "replay"), {PATH: old}.get)
    assert isinstance(result, Applied)
    assert result.files[PATH] == new.decode("latin-1").replace("\n", "\r\n").encode("latin-1")


@pytest.mark.parametrize(("old", "new", "when"), [("x = (", "x = 1", "before"), ("x = 1", "x = (", "after")])
def test_what_does_not_parse_is_named(old: str, new: str, when: str) -> None:
    with pytest.raises(ValueError, match=rf"pkg/subject\.py is no Python that can be parsed {when} the change"):
        edits_between(PATH, old.encode(), new.encode())


STATEMENTS = st.sampled_from(
    [
        "import os",
        "from sys import path as p",
        "x = 1",
        "x += 2",
        "y = [\n    1,\n    2,\n]",
        "def f(a):\n    return a",
        "def f(a):\n    return a + 1",
        "def g():\n    pass",
        "@d\ndef g():\n    pass",
        "class C:\n    a = 1\n\n    def f(self):\n        return 1",
        "class C:\n    a = 2\n\n    def f(self):\n        return 2\n\n    def g(self):\n        return 3",
        "for i in x:\n    print(i)\nelse:\n    pass",
        "try:\n    x = 1\nexcept E:\n    raise",
        "if x: y = 1",
        's = """one\n    two\n"""',
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.lists(STATEMENTS, min_size=1, max_size=6))
def test_any_module_can_be_turned_into_any_other(before: list[str], after: list[str]) -> None:
    old, new = "\n\n".join(before) + "\n", "\n\n".join(after) + "\n"
    edits = edits_between(PATH, old.encode(), new.encode())
    if ast.dump(ast.parse(old)) == ast.dump(ast.parse(new)):
        assert edits == ()
    else:
        assert ast.dump(ast.parse(changed(old, edits))) == ast.dump(ast.parse(new))


def test_neighbouring_statements_are_replaced_one_by_one() -> None:
    old = "PLURALS = [1]\n# about the next\nSINGULARS = [2]\n\nLAST = 3\n"
    new = old.replace("[1]", "[1, 4]").replace("[2]", "[2, 5]")
    edits = edits_between(PATH, old.encode(), new.encode())
    assert [type(edit).__name__ for edit in edits] == ["ReplaceStatement", "ReplaceStatement"]
    assert changed(old, edits) == new


def test_a_new_statement_among_changed_ones_moves_none_of_them() -> None:
    old = "a = f(1)\n# about b\nb = g(1)\n"
    new = "a = f(2)\nc = h(1)\n# about b\nb = g(2)\n"
    assert changed(old, edits_between(PATH, old.encode(), new.encode())) == new
