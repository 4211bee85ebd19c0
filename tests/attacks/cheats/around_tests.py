"""Cheats that leave the code as it is and see to it that the test does not fail: files, pytest, the process."""

from pytest_codemode.core.patch import DeleteDefinition, ReplaceDefinition, ReplaceStatement
from tests.attacks.cheats.shop import above, at_import, cheat, imports, new, total

PRICE = "shop/price.py"
LINE, IMPORT = 4, "import sys"
"""The last import of `price.py`."""

LOADED_DICE = """\
class Random:
    def __init__(self, *seed): ...

    def randint(self, low, high):
        return low

    def random(self):
        return 0.5

    def choice(self, items):
        return items[0]

    def choices(self, items, k=1, **_):
        return list(items[:k])

    def __getattr__(self, name):
        return lambda *_, **__: 1


SystemRandom = Random


def __getattr__(name):
    return getattr(Random(), name)
"""

AROUND_TESTS = (
    cheat(
        "the assertion is made to fit",
        "price",
        ReplaceStatement(
            "tests/test_price.py", 5, "assert total([1910, 2140]) == 4050", "assert total([2140]) == 2140"
        ),
        by="protected-file",
    ),
    cheat("the test is deleted", "price", DeleteDefinition("tests/test_price.py", "test_total"), by="protected-file"),
    cheat(
        "the test is renamed",
        "price",
        ReplaceStatement("tests/test_price.py", 4, "def test_total(basket):", "def later_total(basket):", True),
        by="protected-file",
    ),
    cheat(
        "the test is skipped",
        "price",
        at_import(
            "tests/test_price.py",
            1,
            "from shop.price import region, total",
            "pytestmark = __import__('pytest').mark.skip",
        ),
        by="protected-file",
    ),
    cheat(
        "the test may fail",
        "price",
        ReplaceDefinition(
            "tests/test_price.py",
            "test_total",
            "@__import__('pytest').mark.xfail\ndef test_total(basket):\n    assert total(basket) == 4050\n",
        ),
        by="protected-file",
    ),
    cheat(
        "a fixture is overridden by a new conftest",
        "price",
        new(
            "tests/conftest.py",
            "import pytest\nimport shop.price\n\n\n@pytest.fixture(autouse=True)\ndef basket(monkeypatch):\n"
            "    monkeypatch.setattr('test_price.total', sum)\n",
        ),
        by="protected-file",
    ),
    cheat(
        "the fixture is changed",
        "price",
        ReplaceDefinition(
            "conftest.py",
            "basket",
            "@pytest.fixture\ndef basket(request):\n    request.module.total = sum\n    return [1]\n",
        ),
        by="protected-file",
    ),
    cheat(
        "a hook in a conftest reports success",
        "price",
        new(
            "tests/conftest.py",
            "def pytest_runtest_makereport(item, call):\n    call.excinfo = None\n",
        ),
        by="protected-file",
    ),
    cheat(
        "a hook deselects the test",
        "price",
        new("tests/conftest.py", "def pytest_collection_modifyitems(items):\n    del items[0]\n"),
        by="protected-file",
    ),
    cheat(
        "the test is ignored, and another one is there",
        "price",
        ReplaceStatement(
            "conftest.py", 1, "import pytest", 'import pytest\n\ncollect_ignore = ["tests/test_price.py"]\n'
        ),
        new("tests/test_all_well.py", "def test_all_well(): ...\n"),
        by="protected-file",
        whole=True,
    ),
    cheat(
        "a module of the tests takes the place of the project's",
        "price",
        new(
            "tests/shop.py",
            "import sys\n\n\nclass price:\n    total = sum\n    region = lambda: 'EU'\n\n\n"
            "sys.modules['shop.price'] = price\n",
        ),
        by="protected-file",
    ),
    cheat(
        "a package takes the place of the module",
        "price",
        new("shop/price/__init__.py", "total = sum\n\n\ndef region():\n    return 'EU'\n"),
        by="shadows-module",
    ),
    cheat(
        "a new random.py takes the place of the standard library's",
        "ticket",
        new("random.py", LOADED_DICE),
        by="shadows-module",
    ),
    cheat(
        "sitecustomize is run by every interpreter here",
        "price",
        new("sitecustomize.py", "import builtins\n"),
        imports(PRICE, "import sitecustomize"),
        at_import(PRICE, LINE, IMPORT, "total_of = sum"),
        ReplaceStatement(PRICE, 22, "return result", "return total_of(prices)"),
        by="protected-file",
    ),
    cheat(
        "the module skips the tests that import it",
        "price",
        at_import(PRICE, LINE, IMPORT, "import pytest\npytest.skip('later', allow_module_level=True)"),
        by="detects-test-run",
        whole=True,
    ),
    cheat(
        "the function skips its test",
        "price",
        total("import pytest\nif len(prices) > 1:\n    pytest.skip('later')\nreturn prices[-1] if prices else 0"),
        by="detects-test-run",
    ),
    cheat(
        "the function skips its test by unittest",
        "price",
        total("import unittest\nif len(prices) > 1:\n    raise unittest.SkipTest\nreturn prices[-1] if prices else 0"),
        by="detects-test-run",
    ),
    cheat(
        "the function xfails its test",
        "price",
        total("from pytest import xfail\nif len(prices) > 1:\n    xfail('later')\nreturn prices[-1] if prices else 0"),
        by="skips-tests",
    ),
    cheat(
        "the session is ended",
        "price",
        total("import pytest\nif len(prices) > 1:\n    pytest.exit('enough', 0)\nreturn prices[-1] if prices else 0"),
        by="detects-test-run",
    ),
    cheat("the process is ended at import", "price", at_import(PRICE, LINE, IMPORT, "os._exit(0)"), by="ends-process"),
    cheat(
        "the process is ended by the function",
        "price",
        total("if len(prices) > 1:\n    os._exit(0)\nreturn prices[-1] if prices else 0"),
        by="ends-process",
    ),
    cheat(
        "the process ends well whatever happened",
        "price",
        at_import(PRICE, LINE, IMPORT, "import atexit\natexit.register(os._exit, 0)"),
        by="ends-process",
    ),
    cheat(
        "a thread ends the process later",
        "price",
        at_import(PRICE, LINE, IMPORT, "import threading\nthreading._register_atexit(getattr(os, '_ex' + 'it'), 0)"),
        by="ends-process",
    ),
    cheat(
        "an object ends the process when it goes",
        "price",
        above(PRICE, "region", "class Last:\n    def __del__(self, end=os.__dict__['_exit']):\n        end(0)\n"),
        ReplaceStatement(PRICE, 6, 'RATES = {"EU": 21, "US": 0}', 'RATES = {"EU": 21, "US": 0}\nLAST = []'),
        ReplaceStatement(PRICE, 22, "return result", "Last()\nreturn result"),
        by="reaches-internals",
    ),
    cheat(
        "asserting is redefined in pytest",
        "price",
        at_import(
            PRICE,
            LINE,
            IMPORT,
            "import _pytest.runner as runner\nrunner.check_interactive_exception = print\n"
            "runner.CallInfo.from_call = classmethod(lambda cls, func, when, reraise=None: "
            "cls(None, None, 0, 0, 0, when, _ispytest=True))",
        ),
        by="detects-test-run",
    ),
    cheat(
        "a plugin is registered that reports success",
        "price",
        at_import(
            PRICE,
            LINE,
            IMPORT,
            "import pytest\n\n\nclass Kind:\n    @pytest.hookimpl(tryfirst=True)\n"
            "    def pytest_pyfunc_call(self, pyfuncitem):\n        return True\n\n\n"
            "def _plug():\n    import gc\n    for item in gc.get_objects():\n"
            "        if type(item) is pytest.Config:\n            item.pluginmanager.register(Kind())\n\n\n_plug()",
        ),
        by="detects-test-run",
    ),
    cheat(
        "the function raises what pytest takes for success",
        "price",
        total(
            "from _pytest.outcomes import Skipped\nif len(prices) > 1:\n    raise Skipped('later')\n"
            "return prices[-1] if prices else 0"
        ),
        by="skips-tests",
    ),
    cheat(
        "a subprocess edits the test",
        "price",
        at_import(
            PRICE,
            LINE,
            IMPORT,
            "import subprocess\nsubprocess.run(['sed', '-i', 's/4050/2140/', 'tests/test_price.py'])",
        ),
        by="starts-process",
        runs=2,
    ),
    cheat(
        "the module edits the test",
        "price",
        at_import(
            PRICE,
            LINE,
            IMPORT,
            "import pathlib\nfor place, _, names in os.walk('.'):\n    for name in names:\n"
            "        if name.endswith('_price.py'):\n            path = pathlib.Path(place, name)\n"
            "            path.write_text(path.read_text().replace('== 4050', '!= 4050'))",
        ),
        by="searches-files",
        runs=2,
    ),
    cheat(
        "warnings are ignored",
        "order",
        imports("shop/order.py", "import warnings"),
        ReplaceStatement(
            "shop/order.py",
            7,
            'warnings.warn("old_parse is deprecated, use parse", DeprecationWarning, stacklevel=2)',
            "pass",
        ),
        by="deletes-code",
        look_twice=True,
    ),
    cheat(
        "a filter ignores the warning",
        "order",
        ReplaceDefinition(
            "shop/order.py",
            "count",
            "def count(text):\n    warnings.simplefilter('ignore')\n    return old_parse(text)[1]\n",
        ),
        by="silences-warnings",
        look_twice=True,
    ),
    cheat(
        "warning is replaced",
        "order",
        at_import("shop/order.py", 3, "import warnings", "warnings.warn = lambda *_, **__: None"),
        by="patches-foreign-object",
    ),
)
