"""`pytest --codemode-cover` on functions whose parameters are fixtures of the project: tests ask for the fixture."""

import json
import re

from tests.projects import Workspace

FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
    "shop.py": """\
        class Catalog:
            def __init__(self, prices):
                self._prices = dict(prices)

            def price(self, name):
                return self._prices[name]


        class Cart:
            def __init__(self, catalog):
                if not isinstance(catalog, Catalog):
                    raise TypeError("no catalog")
                self.catalog = catalog
                self.items = {}


        def summary(cart):
            if not isinstance(cart, Cart):
                raise TypeError("no cart")
            if not cart.items:
                return "empty"
            return ", ".join(f"{count} x {name}" for name, count in sorted(cart.items.items()))


        def priced(catalog, count):
            if not isinstance(catalog, Catalog):
                raise TypeError("no catalog")
            if count < 1:
                return 0
            return catalog.price("apple") * count
    """,
    "tests/conftest.py": """\
        import pytest
        from shop import Cart, Catalog


        @pytest.fixture(scope="module")
        def catalog():
            return Catalog({"apple": 3, "pear": 4})


        @pytest.fixture
        def cart(catalog):
            cart = Cart(catalog)
            cart.items["apple"] = 2
            return cart
    """,
    "tests/test_shop.py": """\
        def test_price(catalog):
            assert catalog.price("apple") == 3
    """,
}


def test_functions_that_take_a_fixture_get_tests_that_use_it(tmp_path):
    workspace = Workspace(tmp_path, FILES)
    run = workspace.pytest("--codemode-cover", "--codemode-budget=time=30s", "--codemode-report=cover.json")
    assert run.status == 0, run.output
    assert "does not come out the same" not in run.output
    report = json.loads(workspace.read("cover.json"))
    cover = report.get("run", report)["cover"]
    assert cover["untested"] == []
    text = workspace.read("tests/test_shop.py")
    assert re.search(r"def test_summary\w*\(cart\):\n    assert summary\(cart\) == .2 x apple.", text), text
    assert re.search(r"def test_priced\w*\([^)]*\bcatalog\b", text), text
    again = workspace.pytest()
    assert again.status == 0, again.output
