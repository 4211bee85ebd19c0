"""Calls are written as a person writes them, and what calls need besides is written too or refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.idiom import idiomatic, statement
from pytest_codemode.testgen.writing.module import write
from pytest_codemode.testgen.writing.oracle import Oracle, oracle
from tests.testgen.writing.making import MODULE, NOW, case, function, observed, raised
from tests.testgen.writing.test_module import STYLE, body

CART = (Import(MODULE, "Cart"),)
SETUP = (("cart", "Cart(1)"),)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("x == ((1, 2))", "x == (1, 2)"),
        ("x + ([1])", "x + [1]"),
        ("x + (a + b)", "x + (a + b)"),
        ("(a or b) == (c or d)", "(a or b) == (c or d)"),
        ("(a + b) * 2", "(a + b) * 2"),
        ("(3) not in x", "3 not in x"),
        ("x == (-3)", "x == (-3)"),
        ("x == ('(')", "x == '('"),
        ("'é' == (x)", "'é' == x"),
        ("f(a)(b) == (1,)", "f(a)(b) == (1,)"),
        ("x.__getattr__('name')", "x.name"),
        ("x.__getattr__('two words')", "getattr(x, 'two words')"),
        ("x.__round__(2)", "round(x, 2)"),
        ("x.__format__('.2f')", "format(x, '.2f')"),
        ("x.total(3)", "x.total(3)"),
    ],
)
def test_operands_have_no_idle_brackets_and_special_methods_their_syntax(call, expected):
    assert idiomatic(call) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("setattr(cart, 'limit', 3)", "cart.limit = 3"),
        ("setattr(cart, 'class', 3)", "setattr(cart, 'class', 3)"),
        ("setattr(cart, name, 3)", "setattr(cart, name, 3)"),
        ("delattr(cart, 'limit')", "del cart.limit"),
        ("cart.__setitem__('a', [1])", "cart['a'] = [1]"),
        ("cart.__delitem__('a')", "del cart['a']"),
        ("cart.add(3)", "cart.add(3)"),
        ("cart + other", "cart + other"),
        ("cart[3]", "cart[3]"),
        ("cart == other", "_ = cart == other"),
        ("cart.total", "_ = cart.total"),
    ],
)
def test_value_that_nobody_uses_makes_no_name_where_no_linter_minds(text, expected):
    assert statement(text) == expected


def test_attribute_that_a_test_sets_is_assigned():
    limit = function("Cart.limit", line=30, kind="property")
    setup = (*SETUP, ("_", "setattr(cart, 'limit', 3)"))
    assert "    cart.limit = 3\n" in body(case(limit, "cart.limit", 3, setup=setup, imports=CART))


def test_item_that_is_set_is_set_by_a_statement():
    item = function("Cart.__setitem__", "key", "value", line=31, kind="method")
    changed = (("cart", Shown("object", type=f"{MODULE}:Cart", fields=(("size", Shown("literal", "2")),))),)
    got = body(case(item, "cart.__setitem__('a', 2)", None, setup=SETUP, imports=CART, after=changed))
    assert '    cart["a"] = 2\n    assert cart.size == 2\n' in got


def test_statement_that_changes_nothing_is_no_test():
    item = function("Cart.__setitem__", "key", "value", line=31, kind="method")
    recipe, came = observed(item, "cart.__setitem__('a', 2)", None, setup=SETUP, imports=CART)
    assert oracle(item, recipe, came, now=NOW) == "it returns nothing, and changes nothing that a test could look at"


def test_comparison_that_does_not_hold_has_no_double_brackets():
    equal = function("Cart.__eq__", "other", line=32, kind="method")
    got = body(case(equal, "cart == ((1, 2))", False, setup=SETUP, imports=CART))
    assert "    assert not cart == (1, 2)\n" in got


def test_hash_is_compared_with_that_of_an_equal_object():
    hashed = function("Cart.__hash__", line=33, kind="method")
    got = body(case(hashed, "hash(cart)", 3550055125485641917, setup=SETUP, imports=CART))
    assert "assert hash(Cart(1)) == hash(Cart(1))" in got
    assert "3550055" not in got
    steps = (*SETUP, ("_", "cart.add(3)"))
    recipe, came = observed(hashed, "hash(cart)", 3550055125485641917, setup=steps, imports=CART)
    assert oracle(hashed, recipe, came, now=NOW) == "it returns a hash, which is another number elsewhere"


# -- warnings ---------------------------------------------------------------------------------------------------------


def warning(call: str, outcome: object, *kinds: str, **others: object) -> Oracle | str:
    return made(call, outcome, *kinds, **others)[1]


def made(call: str, outcome: object, *kinds: str, **others: object) -> tuple[Case | None, Oracle | str]:
    old = function("old", "value", line=40)
    recipe, came = observed(old, call, outcome, **others)
    came = replace(came, warned=kinds)
    found = oracle(old, recipe, came, now=NOW)
    return (Case(old, recipe, came, found) if isinstance(found, Oracle) else None), found


def test_call_that_warns_is_written_with_what_expects_it():
    item, _ = made("old(1)", 2, "builtins:DeprecationWarning")
    assert item is not None
    assert body(item) == (
        "def test_old_returns_2():\n"
        "    with pytest.warns(DeprecationWarning):\n"
        "        result = old(1)\n"
        "    assert result == 2\n"
    )


def test_call_that_warns_and_fails_is_written_with_both():
    item, _ = made("old(-1)", raised("ValueError", "no such value"), "builtins:UserWarning")
    assert item is not None
    assert body(item).splitlines()[1:] == [
        '    with pytest.warns(UserWarning), pytest.raises(ValueError, match="no such value"):',
        "        old(-1)",
    ]


def test_comparison_is_named_by_its_outcome():
    within = function("Cart.__contains__", "item", line=34, kind="method")
    cases = [case(within, f"{number} in cart", number < 3, setup=SETUP, imports=CART) for number in (1, 5)]
    got = body(*cases)
    assert "def test_cart_contains_is_true():\n    cart = Cart(1)\n    assert 1 in cart\n" in got
    assert "def test_cart_contains_is_false():\n    cart = Cart(1)\n    assert 5 not in cart\n" in got


def test_own_class_of_warning_is_imported():
    item, _ = made("old(1)", 2, f"{MODULE}:Obsolete")
    assert item is not None
    got = write([item], None, "tests/test_cart.py", STYLE, "").after.decode()
    assert "from shop.cart import Obsolete, old\n" in got
    assert "with pytest.warns(Obsolete):" in got


def test_calls_that_warn_and_calls_that_do_not_are_not_in_one_table():
    items = [made(f"old({number})", number, "builtins:UserWarning")[0] for number in (1, 2)]
    items += [made(f"old({number})", number)[0] for number in (3, 4)]
    got = body(*(item for item in items if item is not None))
    assert got.count("@pytest.mark.parametrize") == 2
    assert got.count("    with pytest.warns(UserWarning):\n        result = old(value)\n") == 1


@pytest.mark.parametrize(
    ("outcome", "kinds", "others"),
    [
        (1, ("", "builtins:UserWarning"), {}),
        (1, ("",), {}),
        (1, ("builtins:DeprecationWarning", "builtins:UserWarning"), {}),
        (1, ("builtins:UserWarning",), {"flavour": "context manager"}),
        (raised("ValueError", "no such value"), ("", "builtins:UserWarning"), {}),
    ],
)
def test_warning_that_a_test_cannot_expect_is_no_test(outcome, kinds, others):
    assert warning("old(1)", outcome, *kinds, **others) == "it warns in a way that a test cannot expect"


def test_test_of_a_call_that_warns_passes_where_warnings_are_errors(tmp_path):
    package = tmp_path / "shop"
    package.mkdir()
    code = "import warnings\n\ndef old(value):\n    warnings.warn('gone', DeprecationWarning)\n    return value * 2\n"
    (package / "cart.py").write_text(code)
    item, _ = made("old(1)", 2, "builtins:DeprecationWarning")
    assert item is not None
    (tmp_path / "test_cart.py").write_bytes(write([item], None, "test_cart.py", STYLE, "").after)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "test_cart.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in done.stdout, done.stdout


# -- imports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("imported", "accepted"),
    [
        (Import(MODULE, "_Item"), True),
        (Import("shop.other", "_Item"), False),
        (Import("shop.other", "Item"), True),
        (Import("shop._other", "Item"), True),
    ],
)
def test_private_names_are_imported_from_where_what_is_tested_stands_alone(imported, accepted):
    old = function("old", "value", line=40)
    recipe, came = observed(old, f"old({imported.name}())", 2, imports=(Import(MODULE, "old"), imported))
    assert isinstance(oracle(old, recipe, came, now=NOW), Oracle) is accepted
