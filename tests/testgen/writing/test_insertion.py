"""New tests in a module that is there: where they go, and that all else stays."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.exploring import Import
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.layout import Style
from pytest_codemode.testgen.writing.module import write
from tests.testgen.writing.making import MODULE, case, function, raised

STYLE = Style(first_party=("shop",))
SLUGIFY = function("slugify", "text", line=3)
COUNT = function("count", "items", line=9)
NOTE = "# Written by codemode."
ONE = case(SLUGIFY, "slugify('A')", "a")


def written(existing: str | bytes, *cases: Case, **others: Any) -> str:
    raw = existing if isinstance(existing, bytes) else textwrap.dedent(existing).lstrip("\n").encode()
    return write(cases or (ONE,), raw, "tests/test_cart.py", others.get("style", STYLE), NOTE).after.decode()


def text(source: str) -> str:
    return textwrap.dedent(source).lstrip("\n")


def test_test_goes_below_the_last_one_of_the_same_function():
    got = written(
        """
        import pytest

        from shop.cart import count, slugify


        def test_slugify_keeps_words():
            assert slugify("a") == "a"


        # About counting.
        def test_count():
            assert count([]) == 0
        """,
        case(SLUGIFY, "slugify('')", raised("ValueError", "empty text")),
        case(COUNT, "count([1])", 1),
    )
    assert got == text(
        """
        import pytest

        from shop.cart import count, slugify


        def test_slugify_keeps_words():
            assert slugify("a") == "a"


        # Written by codemode.
        def test_slugify_rejects_empty_text():
            with pytest.raises(ValueError, match="empty text"):
                slugify("")


        # About counting.
        def test_count():
            assert count([]) == 0


        def test_count_returns_1():
            assert count([1]) == 1
        """
    )


def test_test_of_an_untested_function_goes_to_the_end_but_above_main():
    got = written(
        """
        import unittest

        class CountTest(unittest.TestCase):
            def test_nothing(self):
                pass


        if __name__ == "__main__":
            unittest.main()
        """
    )
    assert got == text(
        """
        import unittest

        from shop.cart import slugify

        class CountTest(unittest.TestCase):
            def test_nothing(self):
                pass


        # Written by codemode.
        def test_slugify_returns_a():
            assert slugify("A") == "a"


        if __name__ == "__main__":
            unittest.main()
        """
    )


IMPORTS = [
    ("from shop.cart import slugify\n", "from shop.cart import slugify\n", "slugify("),
    ("from shop.cart import slugify as slug\n", "from shop.cart import slugify as slug\n", "slug("),
    ("from shop import slugify\n", "from shop import slugify\n", "slugify("),
    ("from shop.cart import Cart, total\n", "from shop.cart import Cart, slugify, total\n", "slugify("),
    ("from shop.cart import zebra\n", "from shop.cart import slugify, zebra\n", "slugify("),
    (
        "from shop.cart import (\n    Cart,\n    total,\n)\n",
        "from shop.cart import (\n    Cart,\n    slugify,\n    total,\n)\n",
        "slugify(",
    ),
    (
        "from shop.cart import (Cart,\n    total)\n",
        "from shop.cart import Cart, slugify, total\n",
        "slugify(",
    ),
    (
        "from shop.cart import total  # noqa: F401\n",
        "from shop.cart import total  # noqa: F401\nfrom shop.cart import slugify\n",
        "slugify(",
    ),
    ("import os\n", "import os\n\nfrom shop.cart import slugify\n", "slugify("),
    ("import os\n\nimport pytest\n", "import os\n\nimport pytest\n\nfrom shop.cart import slugify\n", "slugify("),
    ("from .help import x\n", "from shop.cart import slugify\n\nfrom .help import x\n", "slugify("),
    (
        "import pytest\n\nimport shop\nfrom shop.zoo import x\n",
        "import pytest\n\nimport shop\nfrom shop.cart import slugify\nfrom shop.zoo import x\n",
        "slugify(",
    ),
    ("", "from shop.cart import slugify\n", "slugify("),
    ('"""Tests."""\n', '"""Tests."""\n\nfrom shop.cart import slugify\n', "slugify("),
    ("# Licence\n", "# Licence\n", "slugify("),
    ("def slugify():\n    pass\n", "from shop.cart import slugify as cart_slugify\n", "cart_slugify("),
    ("from other import slugify\n", "from shop.cart import slugify as cart_slugify\n", "cart_slugify("),
    ("slugify = 3\n", "from shop.cart import slugify as cart_slugify\n", "cart_slugify("),
]


@pytest.mark.parametrize(("existing", "expected", "used"), IMPORTS)
def test_imports_are_merged_into_those_that_are_there(existing, expected, used):
    got = written(existing)
    assert expected in got
    assert f"    assert {used}" in got
    compile(got, "test_cart.py", "exec")


@pytest.mark.parametrize(
    ("existing", "used"),
    [
        ("import shop.cart\n", "shop.cart.slugify('A')"),
        ("import shop.cart as basket\n", "basket.slugify('A')"),
        ("from shop import cart\n", "cart.slugify('A')"),
    ],
)
def test_function_is_taken_from_the_module_that_is_imported_as_a_whole(existing, used):
    got = written(existing)
    assert f'    assert {used} == "a"'.replace("'", '"') in got
    assert "from shop.cart import" not in got
    assert got.count("import") == 1


def test_module_whose_name_means_something_else_in_a_test_is_not_used_by_it():
    cart = function("Cart.total", line=30, kind="property")
    item = case(cart, "cart.total", 3, setup=(("cart", "Cart([1, 2])"),), imports=(Import(MODULE, "Cart"),))
    got = written("from shop import cart\n", item)
    assert "    cart = Cart([1, 2])\n" in got
    assert "from shop.cart import Cart\n" in got


def test_one_import_does_for_a_module_and_what_is_taken_from_it():
    amount = function("amount", "value", line=12)
    cases = [
        case(amount, "amount(decimal.Decimal('2'))", 2, imports=(Import(MODULE, "amount"), Import("decimal"))),
        case(SLUGIFY, "slugify(Decimal('1'))", "1", imports=(Import(MODULE, "slugify"), Import("decimal", "Decimal"))),
    ]
    got = written("import decimal\n", *cases)
    assert 'slugify(decimal.Decimal("1"))' in got
    assert got.count("decimal\n") == 1
    assert "from decimal" not in got
    new = write(cases, None, "tests/test_cart.py", STYLE, NOTE).after.decode()
    assert "import decimal\n" in new
    assert "from decimal" not in new


def test_import_that_gets_longer_than_a_line_is_laid_out_anew():
    names = ", ".join(f"name_of_something_{number}" for number in range(4))
    got = written(f"from shop.cart import {names}\n\n\ndef test_x():\n    pass\n")
    assert got.startswith("from shop.cart import (\n    name_of_something_0,\n")
    assert "    name_of_something_3,\n    slugify,\n)\n\n\ndef test_x():" in got
    assert got.count("from shop.cart") == 1


@pytest.mark.parametrize("first", ["def test_x():", "class TestX:\n    def test_x(self):", "@mark\ndef test_x():"])
def test_imports_of_a_module_that_had_none_stand_apart_from_what_is_below(first):
    got = written(f"{first}\n        pass\n" if "class" in first else f"{first}\n    pass\n")
    assert got.startswith(f"from shop.cart import slugify\n\n\n{first}\n")


def test_comment_stands_once_in_a_file():
    existing = "from shop.cart import count, slugify\n\n\ndef test_slugify():\n    slugify('')\n"
    cases = (ONE, case(COUNT, "count([1])", 1))
    once = written(existing, *cases)
    assert once.count(NOTE) == 1
    assert once.index(NOTE) < once.index("def test_slugify_") < once.index("def test_count_")
    again = written(once, case(COUNT, "count([1, 2])", 2))
    assert again.count(NOTE) == 1
    assert "def test_count_returns_2" in again


def test_file_without_a_final_line_end_gets_no_more_blank_lines_than_another():
    existing = "from shop.cart import count, slugify\n\n\ndef test_slugify():\n    slugify('')"
    cases = (ONE, case(COUNT, "count([1])", 1))
    got = written(existing, *cases)
    assert got == written(existing + "\n", *cases)
    assert "\n\n\n\n" not in got
    assert got.endswith("== 1\n")


@pytest.mark.parametrize(
    ("mark", "marked"),
    [
        ("pytestmark = pytest.mark.anyio\n", 0),
        ("pytestmark = [pytest.mark.slow, pytest.mark.anyio]\n", 0),
        ("pytestmark = pytest.mark.slow\n", 1),
        ("", 1),
    ],
)
def test_coroutine_test_is_not_marked_where_the_module_is(mark, marked):
    wait = function("wait", "name", line=20, flavour="coroutine")
    item = case(wait, "wait('a')", "a", flavour="coroutine")
    got = written(f"import pytest\n\n{mark}", item, style=Style(asynchronous="anyio", first_party=("shop",)))
    assert got.count("@pytest.mark.anyio") == marked
    assert "async def test_wait_returns_a():" in got


def test_module_that_is_imported_under_another_name_is_used_by_it():
    item = case(SLUGIFY, "slugify(numpy.array([1]))", 3, imports=(Import(MODULE, "slugify"), Import("numpy")))
    got = written("import numpy as np\n\nONE = np.array([1])\n", item)
    assert "slugify(np.array([1]))" in got
    assert "import numpy\n" not in got


def test_dotted_module_whose_name_is_taken_gets_one_of_its_own():
    item = case(SLUGIFY, "slugify(os.path.join('a', 'b'))", 3, imports=(Import(MODULE, "slugify"), Import("os.path")))
    got = written("os = None\n", item)
    assert "import os.path as os_path_module\n" in got
    assert "slugify(os_path_module.join(" in got


def test_name_of_a_test_is_unlike_all_that_are_there():
    got = written("from shop.cart import slugify\n\n\ndef test_slugify_returns_a():\n    assert slugify('') == ''\n")
    assert "def test_slugify_of_a():" in got


LAYOUTS = [
    pytest.param("import os\r\n\r\nX = 1\r\n", "utf-8", id="crlf"),
    pytest.param("import os\rX = 1\r", "utf-8", id="cr"),
    pytest.param("import os\n\n\ndef test_x():\n    pass", "utf-8", id="no final newline"),
    pytest.param("import os\n\n\ndef test_slugify():\n    slugify()", "utf-8", id="no final newline, below a test"),
    pytest.param("def test_x():\n\tpass\n", "utf-8", id="tabs"),
    pytest.param("def test_x():\n  pass\n", "utf-8", id="two spaces"),
    pytest.param("\ufeffimport os\n", "utf-8", id="byte order mark"),
    pytest.param("# -*- coding: latin-1 -*-\nX = 'é'\n", "latin-1", id="latin-1"),
    pytest.param("import os\n\n\n\n\n\n", "utf-8", id="blank lines at the end"),
    pytest.param("import os\n# the end", "utf-8", id="comment at the end"),
    pytest.param("import os\n\n\ndef test_x():\n    return '''\r\n a\n'''\n", "utf-8", id="mixed line ends"),
]


def is_subsequence(lines: list[bytes], within: list[bytes]) -> bool:
    rest = iter(within)
    return all(any(line == other for other in rest) for line in lines)


@pytest.mark.parametrize(("existing", "encoding"), LAYOUTS)
def test_bytes_of_the_module_stay(existing: str, encoding: str):
    raw = existing.encode(encoding)
    item = case(SLUGIFY, "slugify('é€')", "e€")
    got = write([item], raw, "tests/test_cart.py", STYLE, NOTE)
    assert is_subsequence(raw.splitlines(), got.after.splitlines())
    assert got.after.endswith((b"\n", b"\r"))
    assert not got.after.endswith((b"\n\n", b"\r\r"))
    namespace: dict[str, Any] = {}
    tree = compile(got.after, "test_cart.py", "exec")
    assert "slugify" in tree.co_names, namespace
    if b"\r\n" in raw and raw.count(b"\r\n") == raw.count(b"\n"):
        assert got.after.count(b"\r\n") == got.after.count(b"\n")


BLOCKS = st.sampled_from(
    [
        "import os\n",
        "from shop.cart import (\n    Cart,\n)\n",
        "from shop.cart import total\n",
        "X = 'ü'\n",
        "def test_a():\n    assert slugify('a')\n",
        "class TestB:\n    def test_slugify(self): pass\n",
        "\n",
        "\n\n\n",
        "# a comment\n",
        "def helper(): return 1;\n",
        "if True:\n\tY = 1\n",
        "if __name__ == '__main__':\n    pass\n",
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(BLOCKS, max_size=7), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_nothing_but_insertions_is_made_to_any_module(blocks: list[str], newline: str, final: bool):
    source = "".join(blocks).replace("\n", newline)
    raw = (source if final else source.rstrip("\r\n")).encode()
    got = write([ONE], raw, "tests/test_cart.py", STYLE, NOTE)
    rest = iter(got.after)
    assert all(any(byte == other for other in rest) for byte in raw)
    kept = [line for line in raw.splitlines() if not line.startswith(b"from shop.cart import")]
    assert is_subsequence(kept, got.after.splitlines())
    compile(got.after, "test_cart.py", "exec")
    assert got.after.count(b"def test_slugify_returns_a") == 1
    again = write([ONE], raw, "tests/test_cart.py", STYLE, NOTE)
    assert again.after == got.after
