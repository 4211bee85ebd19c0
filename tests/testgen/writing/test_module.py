"""What users get, as literal text."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import pytest

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.layout import Style
from pytest_codemode.testgen.writing.module import write
from tests.testgen.writing.making import MODULE, case, function, raised, shown, thing

STYLE = Style(first_party=("shop",))
NOTE = "# Written by codemode from observed behaviour; covers lines 3-80 of src/shop/cart.py."
SLUGIFY = function("slugify", "text", "max_length", line=3)
DISCOUNT = function("discount", "price", "rate", line=10)
CART = (Import(MODULE, "Cart"),)
TOTAL = function("Cart.total", line=30, kind="property")
ADD = function("Cart.add", "item", line=40, kind="method")


def new(*cases: Case, style: Style = STYLE, note: str = NOTE) -> str:
    return write(cases, None, "tests/test_cart.py", style, note).after.decode()


def body(*cases: Case, style: Style = STYLE) -> str:
    """Return what stands below the imports of a new module."""
    text = new(*cases, style=style, note="")
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(("def ", "async ", "@")))
    return "\n".join(lines[first:]) + "\n"


def text(source: str) -> str:
    return textwrap.dedent(source).lstrip("\n")


def test_new_module_reads_as_a_reviewer_wants_it():
    got = new(
        case(TOTAL, "cart.total", 3, setup=(("cart", "Cart([1, 2])"),), imports=CART),
        case(DISCOUNT, "discount(10.0, -1)", raised("ValueError", "rate must not be negative: -1")),
        case(DISCOUNT, "discount(10.0, 0.25)", 7.5),
        case(SLUGIFY, 'slugify("A b")', "a-b"),
        case(SLUGIFY, 'slugify("Hello World")', "hello-world"),
        case(SLUGIFY, 'slugify("Hello World", max_length=5)', "hello"),
        case(SLUGIFY, 'slugify("")', ""),
    )
    assert got == text(
        """
        # Written by codemode from observed behaviour; covers lines 3-80 of src/shop/cart.py.

        import pytest

        from shop.cart import Cart, discount, slugify


        @pytest.mark.parametrize(
            ("text", "expected"),
            [
                ("A b", "a-b"),
                ("Hello World", "hello-world"),
                pytest.param("", "", id="empty text"),
            ],
        )
        def test_slugify(text, expected):
            assert slugify(text) == expected


        def test_slugify_with_max_length():
            assert slugify("Hello World", max_length=5) == "hello"


        def test_discount():
            assert discount(10.0, 0.25) == pytest.approx(7.5)


        def test_discount_rejects_negative_rate():
            with pytest.raises(ValueError, match="rate must not be negative: -1"):
                discount(10.0, -1)


        def test_cart_total_returns_3():
            cart = Cart([1, 2])
            assert cart.total == 3
        """
    )


def test_tests_and_their_recipes_are_told():
    cases = [case(SLUGIFY, f"slugify({word!r})", word) for word in ("a", "b")]
    cases.append(case(DISCOUNT, "discount(1, 2)", 3))
    got = write(cases, None, "tests/test_cart.py", STYLE, NOTE)
    keys = [item.recipe.key for item in cases]
    assert got.tests == ("test_slugify", "test_discount_returns_3")
    assert got.cases == {"test_slugify": tuple(keys[:2]), "test_discount_returns_3": (keys[2],)}


def test_docstring_stands_in_the_place_of_a_comment_that_is_none():
    assert new(case(SLUGIFY, "slugify('a')", "a"), note="Tests of the cart.").startswith('"""Tests of the cart."""\n')


def test_rejections_of_one_kind_share_a_table():
    cases = [
        case(DISCOUNT, f"discount({price}, {rate})", raised("ValueError", f"rate must not be negative: {rate}"))
        for price, rate in ((10, -1), (10, -2))
    ]
    assert body(*cases) == text(
        """
        @pytest.mark.parametrize(
            ("rate", "message"),
            [
                (-1, "rate must not be negative: -1"),
                (-2, "rate must not be negative: -2"),
            ],
        )
        def test_discount_rejects_negative_rate(rate, message):
            with pytest.raises(ValueError, match=message):
                discount(10, rate)
        """
    )


def test_long_arguments_get_readable_ids():
    words = ["one, two, three, four, six", "ünïcödé", [1, 2], None]
    cases = [case(SLUGIFY, f"slugify({word!r})", "x") for word in words]
    assert body(*cases) == text(
        """
        @pytest.mark.parametrize(
            ("text", "expected"),
            [
                pytest.param("one, two, three, four, six", "x", id="one two three four six"),
                pytest.param("ünïcödé", "x", id="unicode"),
                pytest.param([1, 2], "x", id="1 2"),
                (None, "x"),
            ],
        )
        def test_slugify_returns_x(text, expected):
            assert slugify(text) == expected
        """
    )


def test_argument_that_calls_the_project_stays_out_of_tables():
    got = body(
        case(SLUGIFY, "slugify('a')", "a"),
        case(SLUGIFY, "slugify('b')", "b"),
        case(SLUGIFY, "slugify(slugify('c'))", "c"),
    )
    assert got.count("parametrize") == 1
    assert '    assert slugify(slugify("c")) == "c"\n' in got


def test_receiver_and_post_state():
    after = thing("Cart", items=shown([1, 3]), total=shown(4))
    got = body(
        case(ADD, "cart.add(3)", None, setup=(("cart", "Cart([1])"),), imports=CART, after=(("cart", after),)),
        case(ADD, "cart.add(5)", raised("ValueError", "empty item"), setup=(("cart", "Cart([1])"),), imports=CART),
    )
    assert got == text(
        """
        def test_cart_add_changes_items_and_total():
            cart = Cart([1])
            cart.add(3)
            assert cart.items == [1, 3]
            assert cart.total == 4


        def test_cart_add_rejects_empty_item():
            cart = Cart([1])
            with pytest.raises(ValueError, match="empty item"):
                cart.add(5)
        """
    )


def test_argument_that_the_call_leaves_alone_stands_in_the_call():
    pick = function("pick", "items", "n")
    setup = (("items", "[3, 1]"),)
    got = body(
        case(pick, "pick(items, 1)", 1, setup=setup),
        case(pick, "pick(items, 2)", None, setup=setup, after=(("items", shown([3])),)),
    )
    assert got == text(
        """
        def test_pick_returns_1():
            assert pick([3, 1], 1) == 1


        def test_pick_changes_items():
            items = [3, 1]
            pick(items, 2)
            assert items == [3]
        """
    )


def test_raising_property_is_bound_to_a_name():
    exception = raised(f"{MODULE}:Closed", "the cart is closed")
    got = body(case(TOTAL, "cart.total", exception, setup=(("cart", "Cart()"),), imports=CART))
    assert 'with pytest.raises(Closed, match="the cart is closed"):\n        _ = cart.total\n' in got


FLAVOURS = [
    ("generator", "none", "def test_f_of_1():\n    assert list(f(1)) == [1]\n"),
    ("coroutine", "none", "def test_f_of_1():\n    assert asyncio.run(f(1)) == [1]\n"),
    ("coroutine", "asyncio auto", "async def test_f_of_1():\n    assert await f(1) == [1]\n"),
    ("coroutine", "asyncio strict", "@pytest.mark.asyncio\nasync def test_f_of_1():\n    assert await f(1) == [1]\n"),
    ("coroutine", "anyio", "@pytest.mark.anyio\nasync def test_f_of_1():\n    assert await f(1) == [1]\n"),
    (
        "async generator",
        "none",
        "def test_f_of_1():\n    async def scenario():\n        assert [item async for item in f(1)] == [1]\n\n"
        "    asyncio.run(scenario())\n",
    ),
    ("async generator", "asyncio auto", "async def test_f_of_1():\n    assert [item async for item in f(1)] == [1]\n"),
    ("context manager", "none", "def test_f_of_1():\n    with f(1) as result:\n        assert result == [1]\n"),
    (
        "async context manager",
        "asyncio auto",
        "async def test_f_of_1():\n    async with f(1) as result:\n        assert result == [1]\n",
    ),
]


@pytest.mark.parametrize(("flavour", "plugin", "expected"), FLAVOURS)
def test_flavours_are_called_as_they_must_be(flavour: Any, plugin: Any, expected: str):
    style = Style(asynchronous=plugin)
    assert body(case(function("f", "n", flavour=flavour), "f(1)", [1], flavour=flavour), style=style) == expected


RAISING = [
    ("generator", "none", '    with pytest.raises(ValueError, match="no"):\n        list(f(1))\n'),
    ("coroutine", "none", '    with pytest.raises(ValueError, match="no"):\n        asyncio.run(f(1))\n'),
    ("coroutine", "asyncio auto", '    with pytest.raises(ValueError, match="no"):\n        await f(1)\n'),
    ("context manager", "none", '    with pytest.raises(ValueError, match="no"), f(1):\n        pass\n'),
    (
        "async context manager",
        "asyncio auto",
        '    with pytest.raises(ValueError, match="no"):\n        async with f(1):\n            pass\n',
    ),
]


@pytest.mark.parametrize(("flavour", "plugin", "expected"), RAISING)
def test_flavours_raise_where_they_run(flavour: Any, plugin: Any, expected: str):
    got = body(
        case(function("f", "n", flavour=flavour), "f(1)", raised("ValueError", "no"), flavour=flavour),
        style=Style(asynchronous=plugin),
    )
    assert got.endswith(expected)


def test_fixtures_are_parameters():
    got = body(case(DISCOUNT, "discount(price, 2)", 3, fixtures=("price",)))
    assert got == "def test_discount_returns_3(price):\n    assert discount(price, 2) == 3\n"


def test_printed_text_is_captured():
    got = body(case(SLUGIFY, "slugify('a')", None, stdout="a line\n"))
    assert got == text(
        """
        def test_slugify_prints_output(capsys):
            slugify("a")
            assert capsys.readouterr().out == "a line\\n"
        """
    )


def test_long_text_is_broken_where_it_breaks_lines():
    value = "Dear customer,\nyour order has left the house.\nThe parcel comes on Monday.\nGoodbye\n"
    assert body(case(SLUGIFY, "slugify('a')", value)) == text(
        """
        def test_slugify_of_a():
            assert slugify("a") == (
                "Dear customer,\\n"
                "your order has left the house.\\n"
                "The parcel comes on Monday.\\n"
                "Goodbye\\n"
            )
        """
    )


def test_project_that_annotates_its_tests_gets_annotated_ones():
    cases = [case(SLUGIFY, f"slugify({word!r})", word) for word in ("a", "b")]
    got = body(*cases, style=Style(annotated=True))
    assert "def test_slugify(text: str, expected: str) -> None:\n" in got


def test_formatters_settings_are_the_projects():
    got = body(case(SLUGIFY, 'slugify("a")', "a"), style=Style(settings=('format.quote-style = "single"',)))
    assert got == "def test_slugify_returns_a():\n    assert slugify('a') == 'a'\n"


def test_setting_that_this_release_of_ruff_does_not_know_is_no_obstacle():
    got = body(case(SLUGIFY, 'slugify("a")', "a"), style=Style(settings=('format.from-the-future = "x"',)))
    assert got == 'def test_slugify_returns_a():\n    assert slugify("a") == "a"\n'


def test_names_that_clash_between_call_and_oracle_are_told_apart():
    described = function("age", "born")
    value = Shown("built", "datetime.timedelta(seconds=3)", "datetime:timedelta", imports=(Import("datetime"),))
    imports = (Import(MODULE, "age"), Import("datetime", "datetime"))
    got = new(case(described, "age(datetime(2000, 1, 1))", value, imports=imports), note="")
    assert "import datetime\n" in got
    assert "age(datetime.datetime(2000, 1, 1)) == datetime.timedelta(seconds=3)" in got
    existing = b"from datetime import datetime\n"
    item = case(described, "age(datetime(2000, 1, 1))", value, imports=imports)
    after = write([item], existing, "tests/test_cart.py", STYLE, "").after.decode()
    assert "import datetime as datetime_module\nfrom datetime import datetime\n" in after
    assert "age(datetime(2000, 1, 1)) == datetime_module.timedelta(seconds=3)" in after


def test_setup_that_would_hide_what_it_calls_gets_another_name():
    described = function("order", "x")
    got = body(case(described, "order.add(1)", 2, setup=(("order", "order(3)"),)))
    assert "an_order = order(3)\n    assert an_order.add(1) == 2\n" in got


def test_setup_of_the_name_result_is_no_trouble():
    setup = (("result", "[1, 2, 3, 4]"),)
    got = body(
        case(
            SLUGIFY,
            "slugify(result)",
            Shown("list", parts=tuple(map(shown, range(60)))),
            setup=setup,
            after=(("result", shown([])),),
        )
    )
    assert "    returned = slugify(result)\n    assert len(returned) == 60\n" in got
    assert "    assert result == []\n" in got


def test_case_with_a_name_that_nothing_defines_is_left_out():
    good, bad = case(SLUGIFY, "slugify('a')", "a"), case(DISCOUNT, "discount(nowhere)", 3)
    got = write([good, bad], None, "tests/test_cart.py", STYLE, "")
    assert got.tests == ("test_slugify_returns_a",)
    assert b"nowhere" not in got.after
    assert b"discount" not in got.after


def test_names_that_are_none_never_reach_the_file():
    evil = Import("os; import shutil", "slugify")
    worse = Shown("built", "Thing(1)", "a:Thing", imports=(Import("a\nimport shutil", "Thing"),))
    cases = [
        case(SLUGIFY, "slugify('a')", "a", imports=(evil,)),
        case(SLUGIFY, "slugify('b')", worse),
        case(SLUGIFY, "slugify(x)", "c", setup=(("x = shutil", "'c'"),)),
        case(SLUGIFY, "slugify(y)", "d", fixtures=("y=__import__('shutil')",)),
        case(
            DISCOUNT, "discount(1, 2)", thing("A", **{"class": shown(1), "x\nimport shutil": shown(2), "b": shown(3)})
        ),
    ]
    got = write(cases, None, "tests/test_cart.py", STYLE, "")
    assert b"shutil" not in got.after
    assert got.tests == ("test_discount_returns_a",)
    assert b"assert result.b == 3" in got.after


def test_construction_is_named_after_what_it_sets():
    described = function("Cart.__init__", "items", kind="constructor")
    value = Shown("built", "Cart(items=[1], note='')", f"{MODULE}:Cart", imports=CART)
    assert "def test_cart_sets_items_and_note():" in body(case(described, "Cart([1])", value, imports=CART))


def test_operators_stand_in_the_assertion():
    described = function("Cart.__contains__", "item", kind="method")
    setup = (("cart", "Cart([1])"),)
    got = body(
        case(described, "3 in cart", False, setup=setup, imports=CART),
        case(described, "1 in cart", True, setup=setup, imports=CART),
        case(described, "cart + [1]", [1, 1], setup=setup, imports=CART),
        case(described, "-cart", [], setup=setup, imports=CART),
        case(described, "cart == 3", False, setup=setup, imports=CART),
    )
    for line in (
        "    assert 3 not in cart\n",
        "    assert 1 in cart\n",
        "    assert cart + [1] == [1, 1]\n",
        "    assert -cart == []\n",
        "    assert not cart == 3\n",
    ):
        assert line in got


def test_steps_before_the_call_are_statements():
    setup = (("cart", "Cart()"), ("_", "cart.add(1)"), ("_", "print(cart)"))
    got = body(case(TOTAL, "cart.total", 1, setup=setup, imports=CART))
    assert got == text(
        """
        def test_cart_total_returns_1():
            cart = Cart()
            cart.add(1)
            assert cart.total == 1
        """
    )


def test_writing_twice_gives_the_same_bytes_under_other_hash_seeds():
    program = (
        "from tests.testgen.writing.test_module import *\n"
        "print(new(case(SLUGIFY, 'slugify(1)', {'c', 'a', 'b'}), case(SLUGIFY, 'slugify(2)', {'x', 'y'})))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PATH": ""}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b'(1, {"a", "b", "c"})' in outputs.pop()
