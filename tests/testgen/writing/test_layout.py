from __future__ import annotations

import pytest

from pytest_codemode.testgen.writing.layout import Style, read_style, test_file_for

place = test_file_for
CART = b"from shop.cart import Cart\n\n\ndef test_cart():\n    assert Cart()\n"


def style(files: dict[str, bytes], tests: tuple[str, ...] | None = None, inifile: str = "") -> Style:
    found = tests if tests is not None else tuple(p for p in files if p.rpartition("/")[2].startswith("test_"))
    return read_style(files.get, tuple(files), found, inifile)


# -- where tests of a file go ---------------------------------------------------------------------------------------

PROJECT = {"src/shop/__init__.py": b"", "src/shop/cart.py": b"", "src/shop/orders.py": b"", "src/shop/deep/tax.py": b""}


@pytest.mark.parametrize(
    ("tests", "source", "expected"),
    [
        ({"tests/test_cart.py": CART}, "src/shop/cart.py", "tests/test_cart.py"),
        ({"tests/test_cart.py": CART}, "src/shop/orders.py", "tests/test_orders.py"),
        ({"tests/shop/cart_test.py": CART}, "src/shop/cart.py", "tests/shop/cart_test.py"),
        ({"tests/shop/cart_test.py": CART}, "src/shop/orders.py", "tests/shop/orders_test.py"),
        ({"tests/test_basket.py": CART}, "src/shop/cart.py", "tests/test_basket.py"),
        ({"tests/test_all.py": b"from shop import cart, orders\n"}, "src/shop/cart.py", "tests/test_cart.py"),
        ({"tests/test_orders.py": CART}, "src/shop/cart.py", "tests/test_orders.py"),
        (
            {"tests/unit/test_cart.py": CART, "tests/e2e/test_x.py": b""},
            "src/shop/deep/tax.py",
            "tests/unit/test_tax.py",
        ),
        ({"tests/deep/test_x.py": b"", "tests/test_cart.py": CART}, "src/shop/deep/tax.py", "tests/deep/test_tax.py"),
        ({"src/shop/test_cart.py": CART}, "src/shop/orders.py", "src/shop/test_orders.py"),
        ({"tests/test_shop.py": b"import shop\n"}, "src/shop/__init__.py", "tests/test_shop.py"),
        ({}, "src/shop/cart.py", "tests/test_cart.py"),
        ({}, "src/shop/__init__.py", "tests/test_shop.py"),
        ({}, "src/shop/_private.py", "tests/test_private.py"),
        ({"test_other.py": b"def test_x(): pass\n"}, "src/shop/cart.py", "test_cart.py"),
    ],
)
def test_tests_of_a_file_go_where_a_developer_looks_for_them(tests, source, expected):
    found = style({**PROJECT, **tests}, tuple(tests))
    assert place(source, found) == expected


def test_tests_that_another_package_brings_along_are_no_place_for_this_ones():
    found = style({**PROJECT, "other/x.py": b"", "other/tests/test_x.py": b"import other.x\n"})
    assert place("src/shop/cart.py", found) == "tests/test_cart.py"


def test_files_of_one_name_have_test_modules_of_their_own():
    files = {
        "shop/a/utils.py": b"",
        "shop/b/utils.py": b"",
        "tests/test_utils.py": b"from shop.a.utils import f\n",
    }
    found = style(files)
    assert place("shop/a/utils.py", found) == "tests/test_utils.py"
    assert place("shop/b/utils.py", found) == "tests/test_b_utils.py"


def test_mirrored_files_of_one_name_are_found_by_their_folders():
    files = {
        "shop/a/utils.py": b"",
        "shop/b/utils.py": b"",
        "tests/a/__init__.py": b"",
        "tests/b/__init__.py": b"",
        "tests/a/test_utils.py": b"import shop\n",
        "tests/b/test_utils.py": b"import shop\n",
    }
    found = style(files)
    assert found.packages
    assert place("shop/b/utils.py", found) == "tests/b/test_utils.py"


def test_a_name_that_is_taken_without_packages_is_not_used_twice():
    files = {
        "shop/x/io.py": b"",
        "tests/one/test_io.py": b"from other import x\n",
        "tests/test_y.py": b"",
        "io.py": b"",
    }
    found = style(files)
    assert place("shop/x/io.py", found) not in files


def test_configured_names_and_places_are_followed():
    ini = b"[pytest]\npython_files = check_*.py\npython_functions = check_*\ntestpaths = checks\n"
    found = style({**PROJECT, "pytest.ini": ini}, (), "pytest.ini")
    assert (found.prefix, found.naming, found.roots) == ("check_", "check_*.py", ("checks",))
    assert place("src/shop/cart.py", found) == "checks/check_cart.py"


# -- style ----------------------------------------------------------------------------------------------------------


RUFF = b'[tool.ruff]\nline-length = 100\n[tool.ruff.format]\nquote-style = "single"\n'
ISORT = b"[tool.ruff.lint.isort]\nknown-first-party = ['shop']\n"


@pytest.mark.parametrize(
    ("name", "configuration", "length", "settings"),
    [
        ("pyproject.toml", RUFF, 100, {'format.quote-style = "single"'}),
        ("pyproject.toml", ISORT, 88, {'lint.isort.known-first-party = ["shop"]'}),
        ("ruff.toml", b"line-length = 79\nindent-width = 2\n", 79, {"indent-width = 2"}),
        ("pyproject.toml", b"[tool.black]\nline-length = 110\n", 110, set()),
        ("setup.cfg", b"[flake8]\nmax-line-length = 99\n", 99, set()),
        (".flake8", b"[flake8]\nmax_line_length = 120\n", 120, set()),
        ("pyproject.toml", b"[tool.isort]\nforce_single_line = true\n", 88, {"lint.isort.force-single-line = true"}),
        ("pyproject.toml", b"this is [ no toml", 88, set()),
        ("pyproject.toml", b"[tool.ruff]\nline-length = 'wide'\n", 88, set()),
        ("pyproject.toml", b"[tool.ruff]\nline-length = 100000\n", 88, set()),
    ],
)
def test_formatter_is_configured_as_the_project_has_it(name, configuration, length, settings):
    found = style({name: configuration})
    assert found.line_length == length
    assert settings <= set(found.settings)


def test_configuration_that_ruff_extends_counts_where_it_says_nothing():
    files = {
        "ruff.toml": b'extend = "base/ruff.toml"\nindent-width = 2\n',
        "base/ruff.toml": b"line-length = 70\nindent-width = 8\n",
    }
    assert set(style(files).settings) == {"line-length = 70", "indent-width = 2"}
    assert style({"ruff.toml": b'extend = "../outside.toml"\nline-length = 90\n'}).line_length == 90


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pytest.ini": b"[pytest]\nasyncio_mode = auto\n"}, "asyncio auto"),
        ({"pytest.ini": b"[pytest]\nasyncio_mode = strict\n"}, "asyncio strict"),
        ({"tests/test_x.py": b"import pytest\n\n\n@pytest.mark.asyncio\nasync def test_x(): pass\n"}, "asyncio strict"),
        ({"tests/test_x.py": b"import pytest\n\npytestmark = pytest.mark.anyio\n"}, "anyio"),
        ({"pyproject.toml": b'[dependency-groups]\ntest = ["pytest-asyncio>=1"]\n'}, "asyncio strict"),
        ({"tests/test_x.py": b"import asyncio\n"}, "none"),
    ],
)
def test_plugin_for_coroutines_is_the_projects(files, expected):
    assert style(files, inifile="pytest.ini").asynchronous == expected


@pytest.mark.parametrize(
    ("inifile", "raw"),
    [
        ("pyproject.toml", b'[tool.pytest.ini_options]\nasyncio_mode = "auto"\n'),
        ("pyproject.toml", b'[tool.pytest]\nasyncio_mode = "auto"\n'),
        ("pytest.toml", b'[pytest]\nasyncio_mode = "auto"\n'),
        ("setup.cfg", b"[tool:pytest]\nasyncio_mode = auto\n"),
        ("tox.ini", b"[pytest]\nasyncio_mode = auto\n"),
    ],
)
def test_every_kind_of_configuration_file_is_read(inifile, raw):
    assert style({inifile: raw}, inifile=inifile).asynchronous == "asyncio auto"


def test_habits_of_the_tests_are_seen():
    annotated = b"def test_a() -> None:\n    x('a', 'b', 'c', 'd')\n"
    found = style({"src/shop/cart.py": b"", "tests/test_x.py": annotated})
    assert found.annotated
    assert 'format.quote-style = "single"' in found.settings
    assert found.first_party == ("shop",)
    case = b"import unittest\n\n\nclass XTest(unittest.TestCase):\n    def test_x(self): pass\n"
    assert style({"tests/test_x.py": case}).unittest


def test_file_that_does_not_parse_is_no_obstacle():
    found = style({**PROJECT, "tests/test_cart.py": b"def broken(:\n", "tests/test_x.py": b"\xff\xfe"})
    assert place("src/shop/cart.py", found) == "tests/test_cart.py"
