import textwrap

import pytest

from pytest_codemode.core.patch import (
    AddImport,
    Applied,
    CreateModule,
    DeleteDefinition,
    DeleteStatement,
    Edit,
    InsertDefinition,
    InsertStatement,
    Patch,
    RemoveImport,
    ReplaceDefinition,
    ReplaceExpression,
    ReplaceStatement,
    Unapplicable,
)
from pytest_codemode.edits.apply import apply

P = "shop/cart.py"

CART = '''\
"""Carts."""
from __future__ import annotations

import os
from shop.money import (
    Money,  # amounts
    round_up,
)


# Adds up.
@cached
def total(items, rate=1):
    """Return the sum."""
    if not items: return 0
    elif rate:
        net = 1; gross = 2  # both
    else:
        net = gross = 3
    try:
        return net + gross  # sum
    except ValueError as error:
        raise
    finally:
        pass


class Cart:
    # the price
    @property
    def price(self):
        return 1

    @price.setter
    def price(self, value):
        self._price = value


class Empty(Exception): pass


async def wait(x):
    async with x as y:
        return await y


if __name__ == "__main__":
    total([])
'''


def patched(*edits: Edit, source: str | bytes = CART) -> str:
    """The new text of the file, after checks that hold for every edit."""
    raw = source if isinstance(source, bytes) else source.encode()
    result = apply(Patch(edits, "test"), {P: raw}.get)
    assert isinstance(result, Applied), result
    assert apply(Patch(edits, "test"), {P: raw}.get) == result
    (new,) = result.files.values()
    return new.decode()


def reason(*edits: Edit, source: str | bytes = CART) -> str:
    """Why the edits do not fit."""
    raw = source if isinstance(source, bytes) else source.encode()
    result = apply(Patch(edits, "test"), {P: raw}.get)
    assert isinstance(result, Unapplicable), result
    return result.reason


def with_(old: str, new: str, source: str = CART) -> str:
    assert source.count(old) == 1
    return source.replace(old, new)


EDITS = {
    "expression": (ReplaceExpression(P, 21, 15, "net", "gross"), "return net +", "return gross +"),
    "operator": (ReplaceExpression(P, 21, 19, "+", "-"), "net + gross", "net - gross"),
    "expression with a keyword": (ReplaceExpression(P, 15, 7, "not items", "items"), "if not items:", "if items:"),
    "space kept between words": (ReplaceExpression(P, 21, 15, "net + gross", "net"), "net + gross", "net"),
    "statement": (ReplaceStatement(P, 21, "return net + gross", "return 0"), "return net + gross  #", "return 0  #"),
    "statement given with its comment": (
        ReplaceStatement(P, 21, "return net + gross  # sum", "return 0"),
        "return net + gross  # sum",
        "return 0  # sum",
    ),
    "statement that brings a comment": (
        ReplaceStatement(P, 21, "return net + gross", "return 0  # none"),
        "return net + gross  # sum",
        "return 0  # none",
    ),
    "one-line body": (ReplaceStatement(P, 15, "return 0", "return 1"), "items: return 0", "items: return 1"),
    "one-line body by two lines": (
        ReplaceStatement(P, 15, "return 0", "print(1)\nreturn 1"),
        "if not items: return 0",
        "if not items:\n        print(1)\n        return 1",
    ),
    "one of two on a line": (ReplaceStatement(P, 17, "gross = 2", "gross = 4"), "; gross = 2", "; gross = 4"),
    "one of two on a line by a compound statement": (
        ReplaceStatement(P, 17, "net = 1", "if rate:\n    net = 4"),
        "        net = 1; gross = 2  # both",
        "        if rate:\n            net = 4\n        gross = 2  # both",
    ),
    "whole compound statement": (
        ReplaceStatement(P, 20, "try:", "return 1"),
        CART[CART.index("try:") : CART.index("\n\n\nclass Cart")],
        "return 1",
    ),
    "header": (
        ReplaceStatement(P, 15, "if not items: return 0", "if items is None:", header_only=True),
        "if not items:",
        "if items is None:",
    ),
    "header of elif written as if": (
        ReplaceStatement(P, 16, "elif rate:", "if rate > 1:", header_only=True),
        "elif rate:",
        "elif rate > 1:",
    ),
    "header of except": (
        ReplaceStatement(P, 22, "except ValueError as error:", "except KeyError:", header_only=True),
        "except ValueError as error:",
        "except KeyError:",
    ),
    "header of a function without its decorator": (
        ReplaceStatement(P, 13, "def total(items, rate=1):", "def total(items, rate=2):", header_only=True),
        "rate=1",
        "rate=2",
    ),
    "whole clause": (
        ReplaceStatement(P, 18, "else:", "else:\n    net = 4\n    gross = 5"),
        "        net = gross = 3",
        "        net = 4\n        gross = 5",
    ),
    "insert before": (
        InsertStatement(P, 21, "return net + gross", "before", "print(net)"),
        "        return net",
        "        print(net)\n        return net",
    ),
    "insert after": (
        InsertStatement(P, 19, "net = gross = 3", "after", "if 1:\n  print(net)"),
        "gross = 3\n",
        "gross = 3\n        if 1:\n          print(net)\n",
    ),
    "insert after a compound statement": (
        InsertStatement(P, 15, "if not items: return 0", "after", "x = 1"),
        "gross = 3\n",
        "gross = 3\n    x = 1\n",
    ),
    "insert between two on a line": (
        InsertStatement(P, 17, "net = 1", "after", "x = 1"),
        "        net = 1; gross = 2  # both",
        "        net = 1\n        x = 1\n        gross = 2  # both",
    ),
    "insert into a one-line body": (
        InsertStatement(P, 15, "return 0", "before", "x = 1"),
        "items: return 0",
        "items:\n        x = 1\n        return 0",
    ),
    "insert before a docstring": (
        InsertStatement(P, 14, '"""Return the sum."""', "before", "x = 1"),
        '    """Return the sum."""\n',
        '    """Return the sum."""\n    x = 1\n',
    ),
    "delete first of two on a line": (DeleteStatement(P, 17, "net = 1"), "net = 1; gross", "gross"),
    "delete last of two on a line": (DeleteStatement(P, 17, "gross = 2"), "net = 1; gross = 2", "net = 1"),
    "delete the only statement": (DeleteStatement(P, 19, "net = gross = 3"), "net = gross = 3", "pass"),
    "delete a one-line body": (DeleteStatement(P, 15, "return 0"), "items: return 0", "items: pass"),
    "delete a branch": (
        DeleteStatement(P, 16, "elif rate:"),
        "    elif rate:\n        net = 1; gross = 2  # both\n",
        "",
    ),
    "delete a finally": (DeleteStatement(P, 24, "finally:"), "    finally:\n        pass\n", ""),
    "replace a method": (
        ReplaceDefinition(P, "Cart.price", "def price(self):\n    return 2"),
        "    @property\n    def price(self):\n        return 1\n",
        "    def price(self):\n        return 2\n",
    ),
    "replace the second of a name": (
        ReplaceDefinition(P, "Cart.price", "    @price.setter\n    def price(self, value):\n        pass\n", 1),
        "        self._price = value",
        "        pass",
    ),
    "replace with own comments": (
        ReplaceDefinition(P, "total", "# Sums.\ndef total(items): return 0"),
        CART[CART.index("# Adds") : CART.index("\n\n\nclass Cart")],
        "# Sums.\ndef total(items): return 0",
    ),
    "delete a definition with its comments": (
        DeleteDefinition(P, "Cart.price"),
        "    # the price\n    @property\n    def price(self):\n        return 1\n\n",
        "",
    ),
    "delete a class": (DeleteDefinition(P, "Empty"), "class Empty(Exception): pass\n\n\n", ""),
    "append to a class": (
        InsertDefinition(P, "Cart", "end", "def pay(self): ..."),
        "        self._price = value\n",
        "        self._price = value\n\n    def pay(self): ...\n",
    ),
    "append to a one-line class": (
        InsertDefinition(P, "Empty", "end", "def pay(self): ..."),
        "class Empty(Exception): pass",
        "class Empty(Exception):\n    def pay(self): ...",
    ),
    "append to the module": (
        InsertDefinition(P, "", "end", "def pay(): ..."),
        "if __name__",
        "def pay(): ...\n\n\nif __name__",
    ),
    "insert before a definition": (
        InsertDefinition(P, "total", "before", "def pay(): ..."),
        "# Adds up.",
        "def pay(): ...\n\n\n# Adds up.",
    ),
    "insert after a definition": (
        InsertDefinition(P, "Cart.price", "after", "def pay(self): ..."),
        "        self._price = value\n",
        "        self._price = value\n\n    def pay(self): ...\n",
    ),
    "add an import": (AddImport(P, "import re"), "import os\n", "import os\nimport re\n"),
    "add an import that sorts first": (AddImport(P, "import json"), "import os\n", "import json\nimport os\n"),
    "add an import of a package": (
        AddImport(P, "from shop.stock import Shelf"),
        "    round_up,\n)\n",
        "    round_up,\n)\nfrom shop.stock import Shelf\n",
    ),
    "add a future import": (
        AddImport(P, "from __future__ import division"),
        "import annotations\n",
        "import annotations\nfrom __future__ import division\n",
    ),
    "remove one of several names": (RemoveImport(P, "Money"), "    Money,  # amounts\n", ""),
    "remove the last of several names": (RemoveImport(P, "round_up"), "    round_up,\n", ""),
    "remove an import": (RemoveImport(P, "os"), "import os\n", ""),
    "await": (ReplaceExpression(P, 44, 15, "await y", "y"), "await y", "y"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_its_place_and_nothing_else(name):
    edit, old, new = EDITS[name]
    assert patched(edit) == with_(old, new)


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_other_line_ends_survive(name, newline):
    edit, old, new = EDITS[name]
    raw = CART.replace("\n", newline).encode()
    assert patched(edit, source=raw) == with_(old, new).replace("\n", newline)


@pytest.mark.parametrize("name", EDITS)
def test_a_byte_order_mark_survives(name):
    edit, old, new = EDITS[name]
    assert patched(edit, source=b"\xef\xbb\xbf" + CART.encode()) == "\ufeff" + with_(old, new)


BAD = {
    "no edit": ((), "holds no edit"),
    "stale expression": ((ReplaceExpression(P, 21, 15, "gross", "x"),), "not `gross`"),
    "part of a name": ((ReplaceExpression(P, 21, 15, "ne", "x"),), "part of a longer token"),
    "column beyond the line": ((ReplaceExpression(P, 21, 99, "x", "y"),), "column 99"),
    "line beyond the file": ((ReplaceExpression(P, 999, 0, "x", "y"),), "no line 999"),
    "line zero": ((ReplaceStatement(P, 0, "x", "y"),), "no line 0"),
    "stale statement": ((ReplaceStatement(P, 21, "return 1", "return 2"),), "reads `return net + gross  # sum`"),
    "no statement": ((DeleteStatement(P, 3, ""),), "no statement starts at line 3"),
    "inside a statement": ((DeleteStatement(P, 6, "Money,"),), "no statement starts at line 6"),
    "unknown definition": ((DeleteDefinition(P, "Cart.pay"),), "does not define `Cart.pay`"),
    "definition elsewhere": ((DeleteDefinition(P, "price"),), "it defines `Cart.price`"),
    "unknown occurrence": ((DeleteDefinition(P, "Cart.price", 2),), "2 times: no occurrence 2"),
    "append to a function": ((InsertDefinition(P, "total", "end", "def f(): ..."),), "is no class"),
    "no definition": ((ReplaceDefinition(P, "total", "x = 1"),), "defines no function or class"),
    "broken definition": ((ReplaceDefinition(P, "total", "def f(:"),), "does not parse"),
    "empty source": ((ReplaceStatement(P, 21, "return net + gross", " \n"),), "source is empty"),
    "does not compile": ((ReplaceExpression(P, 21, 15, "net", "(net"),), "does not compile with it"),
    "return outside": ((ReplaceStatement(P, 48, "total([])", "return"),), "'return' outside function"),
    "no body": ((ReplaceStatement(P, 21, "return net + gross", "if 1:", header_only=True),), "has no body"),
    "beside a clause": ((InsertStatement(P, 18, "else:", "before", "x = 1"),), "nothing can stand beside `else:`"),
    "changes nothing": ((ReplaceExpression(P, 21, 15, "net", "net"),), "changes nothing"),
    "import that is there": ((AddImport(P, "import os"),), "changes nothing"),
    "no import": ((AddImport(P, "x = 1"),), "is not one import statement"),
    "broken import": ((AddImport(P, "import"),), "is no import"),
    "unknown import": ((RemoveImport(P, "re"),), "binds `re`"),
    "overlap": ((DeleteDefinition(P, "total"), ReplaceExpression(P, 21, 15, "net", "x")), "overlap"),
    "same place twice": (
        (ReplaceExpression(P, 21, 15, "net", "x"), ReplaceExpression(P, 21, 15, "net", "y")),
        "overlap",
    ),
    "existing module": ((CreateModule(P, "x = 1"),), "exists already"),
    "created and edited": ((CreateModule("a.py", ""), AddImport("a.py", "import os")), "created and edited"),
    "missing file": ((AddImport("b.py", "import os"),), "b.py does not exist"),
    "no module": ((CreateModule("a.txt", "x"),), "is no Python module"),
    "climbing path": ((CreateModule("../a.py", "x"),), "not a plain path"),
    "absolute path": ((AddImport("/etc/a.py", "import os"),), "not a plain path"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_edit_that_does_not_fit_says_why(name):
    edits, sentence = BAD[name]
    assert sentence in reason(*edits)


def test_several_files_stand_or_fall_together():
    files = {"a.py": b"x = 1\n", "b.py": b"y = 1\n"}
    good = (ReplaceExpression("a.py", 1, 4, "1", "2"), ReplaceExpression("b.py", 1, 4, "1", "2"))
    result = apply(Patch(good, "test"), files.get)
    assert isinstance(result, Applied)
    assert result.files == {"a.py": b"x = 2\n", "b.py": b"y = 2\n"}
    bad = (good[0], ReplaceExpression("b.py", 1, 4, "3", "2"))
    assert isinstance(apply(Patch(bad, "test"), files.get), Unapplicable)


def test_several_edits_of_a_file_refer_to_the_file_as_it_was():
    new = patched(
        DeleteStatement(P, 4, "import os"),
        InsertStatement(P, 21, "return net + gross", "before", "x = 1"),
        ReplaceExpression(P, 21, 15, "net", "x"),
        ReplaceExpression(P, 32, 15, "1", "2"),
    )
    expected = with_("import os\n", "").replace("        return net +", "        x = 1\n        return x +")
    assert new == expected.replace("return 1\n", "return 2\n")


def test_a_class_whose_methods_are_all_deleted_keeps_a_body():
    new = patched(DeleteDefinition(P, "Cart.price"), DeleteDefinition(P, "Cart.price", 1))
    assert "class Cart:\n    # the price\n    pass\n" in new
    compile(new, P, "exec")


def test_an_import_that_is_there_is_no_obstacle_for_the_rest_of_the_patch():
    assert patched(AddImport(P, "import os"), EDITS["operator"][0]) == with_("net + gross", "net - gross")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "import re\n"),
        ("x = 1\n", "import re\n\nx = 1\n"),
        ("#!/usr/bin/python\n# Copyright\nx = 1\n", "#!/usr/bin/python\n# Copyright\nimport re\n\nx = 1\n"),
        ("# Copyright\n\n# About x\nx = 1\n", "# Copyright\n\nimport re\n\n# About x\nx = 1\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport re\n'),
        ('"""Doc."""', '"""Doc."""\n\nimport re'),
        ("import a; import b\nx = 1\n", "import a; import b\nimport re\nx = 1\n"),
        (
            "import a\n\n\ndef f():\n    import b\n\n\nimport c\n",
            "import a\nimport re\n\n\ndef f():\n    import b\n\n\nimport c\n",
        ),
        ("def f(): ...\n", "import re\n\ndef f(): ...\n"),
    ],
)
def test_an_import_is_added_below_the_leading_ones(source, expected):
    assert patched(AddImport(P, "import re"), source=source) == expected


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("import a, b, c\n", "a", "import b, c\n"),
        ("import a, b, c\n", "b", "import a, c\n"),
        ("import a, b as x\n", "x", "import a\n"),
        ("import a.b\nx = 1\n", "a", "x = 1\n"),
        ("from m import (a, b)\n", "b", "from m import (a)\n"),
        ("from m import (\n    a,\n    b\n)\n", "b", "from m import (\n    a,\n)\n"),
        ("from m import a, \\\n    b\n", "a", "from m import b\n"),
        (
            "try:\n    import a\nexcept ImportError:\n    a = None\n",
            "a",
            "try:\n    pass\nexcept ImportError:\n    a = None\n",
        ),
        ("import a; x = 1\n", "a", "x = 1\n"),
    ],
)
def test_a_name_is_taken_out_of_its_import(source, name, expected):
    assert patched(RemoveImport(P, name), source=source) == expected


def test_a_name_bound_by_two_imports_is_ambiguous():
    assert "2 imports" in reason(RemoveImport(P, "a"), source="import a\nfrom b import a\n")


def test_a_module_is_created_with_a_final_line_end():
    result = apply(Patch((CreateModule("shop/new.py", "    x = 'ä'"),), "test"), {}.get)
    assert isinstance(result, Applied)
    assert result.files == {"shop/new.py": "x = 'ä'\n".encode()}


def test_a_declared_encoding_survives():
    source = "# -*- coding: latin-1 -*-\nx = 'ä'\ny = 'ö'\n".encode("latin-1")
    result = apply(Patch((ReplaceExpression(P, 2, 4, "'ä'", "'ü'"),), "test"), {P: source}.get)
    assert isinstance(result, Applied)
    assert result.files[P] == source.replace(b"\xe4", b"\xfc")


def test_an_edit_that_would_change_the_declared_encoding_is_no_edit():
    source = "#!python\n# coding: latin-1\nx = 'ä'\n".encode("latin-1")
    edit = ReplaceExpression(P, 2, 10, "latin-1", "utf-8")
    assert "change the declared encoding" in reason(edit, source=source)


def test_a_coding_cookie_is_found_whatever_the_line_ends_are():
    source = "# coding: latin-1\rx = 'ä'\r".encode("latin-1")
    result = apply(Patch((ReplaceExpression(P, 2, 0, "x", "y"),), "test"), {P: source}.get)
    assert isinstance(result, Applied)
    assert result.files[P] == source.replace(b"x", b"y")


def test_a_character_the_encoding_does_not_have_is_named():
    source = b"# coding: latin-1\nx = 1\n"
    assert "'€', which iso-8859-1 cannot encode" in reason(ReplaceExpression(P, 2, 4, "1", "'€'"), source=source)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"x = '\xff'\n", "not valid utf-8"),
        (b"# coding: nonsense\nx = 1\n", "declared encoding cannot be used"),
        (b"# coding: rot13\nx = 1\n", "declared encoding cannot be used"),
        (b"# coding: undefined\nx = 1\n", "declared encoding cannot be used"),
        (b"x = (\n", "does not parse"),
        (b"x = 1\x00\n", "does not parse"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(source, sentence):
    assert sentence in reason(AddImport(P, "import os"), source=source)


def test_tabs_are_kept_and_spaces_become_tabs():
    source = "def f(x):\n\tif x:\n\t\treturn 1\n\treturn 2\n"
    new = patched(InsertStatement(P, 3, "return 1", "before", "if x > 1:\n    return 3"), source=source)
    assert new == source.replace("\t\treturn 1", "\t\tif x > 1:\n\t\t\treturn 3\n\t\treturn 1")


def test_form_feeds_mixed_line_ends_and_a_missing_last_line_end_survive():
    source = "x = 1\r\n\x0c\ndef f():\n    return 1\r    # last"
    new = patched(ReplaceExpression(P, 4, 11, "1", "2"), source=source)
    assert new == source.replace("return 1", "return 2")
    added = patched(InsertStatement(P, 2, "return 1", "after", "return 3"), source="def f():\n    return 1")
    assert added == "def f():\n    return 1\n    return 3"


def test_a_multi_line_string_keeps_its_inside():
    source = textwrap.dedent('''\
        def f():
            return """
          a
        b"""
        ''')
    new = patched(ReplaceDefinition(P, "C.f", source), source="class C:\n    def f(self):\n        return 1\n")
    assert new == 'class C:\n    def f():\n        return """\n  a\nb"""\n'


def test_an_expression_over_several_lines_matches_any_line_end():
    source = "x = f(1,\r\n      2)\r\n"
    assert patched(ReplaceExpression(P, 1, 4, "f(1,\n      2)", "g(\n    1)"), source=source) == "x = g(\r\n    1)\r\n"


def test_columns_count_characters():
    assert patched(ReplaceExpression(P, 1, 10, "b", "c"), source="x = 'ää', b\n") == "x = 'ää', c\n"
    assert patched(DeleteStatement(P, 1, "y = 2"), source="x = 'ä€𝄞'; y = 2\n") == "x = 'ä€𝄞'\n"


def test_an_insertion_does_not_leak_out_of_its_function():
    result = reason(ReplaceExpression(P, 21, 15, "net", "1\nleak = 2\nif 1:\n  x = 3"))
    assert "does not compile" in result


def test_match_statements_have_clauses():
    source = "def f(x):\n    match x:\n        case {'a': 1} if x:\n            return 1\n        case _: return 2\n"
    edit = ReplaceStatement(P, 5, "case _: return 2", "case None:", header_only=True)
    assert patched(edit, source=source) == source.replace("case _:", "case None:")
    assert patched(DeleteStatement(P, 5, "case _: return 2"), source=source) == source.replace(
        "        case _: return 2\n", ""
    )
