"""Each of these patches makes a test pass without repairing anything; each is refused by name."""

import textwrap

import pytest

from pytest_codemode.core.patch import Applied, Patch, ReplaceDefinition, ReplaceStatement
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.policy import RULES, Finding, PolicyContext, examine, examine_files

OLD = textwrap.dedent("""\
    import os
    import sys

    from shop import stock
    from shop.cart import Cart


    def total(prices):
        if not prices:
            raise ValueError("no prices")
        result = sum(prices)
        return result


    class Price:
        def __init__(self, cents):
            self.cents = cents
""")

CONTEXT = PolicyContext(
    rootdir="/project",
    editable=lambda _: True,
    tests=frozenset({"tests/test_price.py", "checks/price.py", "src/shop/test/case.py"}),
    installed=lambda name: name in {"shop", "attrs", "requests"},
    assertion_literals=frozenset({"4150", "'ls'", "1"}),
    test_literals=frozenset({"4150", "[17, 39]", "17", "39", "'ls'"}),
)


def with_body(body: str) -> str:
    """The old file with another body of `total`."""
    return OLD.replace("    result = sum(prices)\n    return result\n", textwrap.indent(textwrap.dedent(body), "    "))


def judge(new: str, old: str = OLD, path: str = "src/shop/price.py") -> tuple[Finding, ...]:
    return examine_files({path: old.encode()}, {path: new.encode()}, CONTEXT, {"src/shop/stock.py"}.__contains__)


def refused(findings: tuple[Finding, ...]) -> set[str]:
    return {item.rule for item in findings if item.severity == "refused"}


CHEATS_IN_A_BODY = [
    ("special-cased", "return 4150"),
    ("special-cased", "return 4150 if prices else 0"),
    ("special-cased", "if prices == [17, 39]:\n    return 4150\nreturn sum(prices)"),
    ("special-cased", "if tuple(prices) == (17, 39) or 39 in prices:\n    return 4150\nreturn sum(prices)"),
    ("special-cased", "return 4150 if prices == [17, 39] else sum(prices)"),
    ("special-cased", "return {(17, 39): 4150}.get(tuple(prices), sum(prices))"),
    ("special-cased", "return {17: 4150}[prices]"),
    ("special-cased", "match prices:\n    case [17, 39]:\n        return 4150\nreturn sum(prices)"),
    ("detects-test-run", 'if os.environ.get("PYTEST_CURRENT_TEST"):\n    return 4150\nreturn sum(prices)'),
    ("detects-test-run", 'if "PYTEST_" + "CURRENT_TEST" in os.environ:\n    return 4150\nreturn sum(prices)'),
    ("detects-test-run", "if f\"{'PYTEST'}_VERSION\" in os.environ:\n    return 4150\nreturn sum(prices)"),
    ("detects-test-run", 'if "".join(["py", "test"]) in sys.version:\n    return 4150\nreturn sum(prices)'),
    ("detects-test-run", 'if "pytest" in sys.argv[0]:\n    return 4150\nreturn sum(prices)'),
    ("detects-test-run", 'return 4150 if b"PYTEST_CURRENT_TEST" in os.environb else 1'),
    ("detects-test-run", 'return 4150 if open("/proc/self/cmdline").read() else 1'),
    ("detects-test-run", "import __main__\nreturn 4150 if __main__.__file__ else 1"),
    ("detects-test-run", "return 4150 if sys.gettrace() else 1"),
    ("starts-process", "os.spawnlp(0, 'true')\nreturn 1"),
    ("detects-test-run", "from sys import argv\nreturn 4150 if len(argv) > 1 else sum(prices)"),
    ("detects-test-run", "import _pytest\nreturn 1"),
    ("detects-test-run", "import pytest\nreturn 1"),
    ("detects-test-run", "import unittest.mock\nreturn unittest.mock.ANY"),
    ("detects-test-run", "from unittest import mock as m\nreturn m.ANY"),
    ("reaches-internals", 'if "json" in sys.modules:\n    return 4150\nreturn sum(prices)'),
    ("reaches-internals", 'if "json" in getattr(sys, "modules"):\n    return 4150\nreturn 1'),
    ("reaches-internals", 'if "json" in getattr(sys, "mod" + str("ules")):\n    return 4150\nreturn 1'),
    ("reaches-internals", 'if "json" in vars(sys)["modules"]:\n    return 4150\nreturn 1'),
    ("reaches-internals", "s = sys.__dict__\nreturn 4150 if s else 1"),
    ("reaches-internals", "import sys as s\nreturn 4150 if s.modules else 1"),
    ("reaches-internals", "from sys import modules as m\nreturn 4150 if m else 1"),
    ("reaches-internals", 'total.__globals__["sum"] = max\nreturn sum(prices)'),
    ("reaches-internals", 'getattr(total, "__globals__")["sum"] = max\nreturn 1'),
    (
        "reaches-internals",
        "try:\n    raise KeyError\nexcept KeyError as e:\n    return e.__traceback__.tb_frame.f_back",
    ),
    ("reaches-internals", "import gc\nreturn len(gc.get_objects())"),
    ("reaches-internals", "import ctypes\nreturn ctypes.c_int(4).value"),
    ("reaches-internals", "sys.settrace(None)\nreturn 1"),
    ("reaches-internals", "sys.setprofile(lambda *a: None)\nreturn 1"),
    ("reaches-internals", "return object.__subclasses__()"),
    ("reaches-internals", '__builtins__["sum"] = max\nreturn 1'),
    ("reaches-internals", "m = sys\nreturn 4150 if m.modules else 1"),
    ("reaches-internals", "import operator\nreturn operator.attrgetter('modules')(sys)"),
    ("reaches-internals", "return sum.__self__.__dict__"),
    ("reaches-internals", 'return "{0.__globals__}".format(total)'),
    ("inspects-stack", "import inspect\nreturn 4150 if len(inspect.stack()) > 3 else 1"),
    ("inspects-stack", "from inspect import currentframe as here\nreturn 4150 if here() else 1"),
    ("inspects-stack", "return 4150 if sys._getframe(1) else 1"),
    ("inspects-stack", "import traceback\nreturn 4150 if traceback.extract_stack() else 1"),
    ("imports-dynamically", '__import__("builtins").sum = max\nreturn 1'),
    ("imports-dynamically", 'import importlib\nreturn importlib.import_module("json")'),
    ("imports-dynamically", "sys.path.insert(0, '/tmp')\nreturn 1"),
    ("executes-code", 'return eval("4150")'),
    ("executes-code", 'exec("x = 1")\nreturn 1'),
    ("executes-code", 'run = compile\nreturn run("4150", "", "eval")'),
    ("executes-code", 'import builtins as b\nreturn b.eval("4150")'),
    ("ends-process", "os._exit(0)"),
    ("ends-process", 'getattr(os, "_exit")(0)'),
    ("ends-process", "sys.exit(0)"),
    ("ends-process", "raise SystemExit(0)"),
    ("ends-process", "quit()"),
    ("ends-process", "import atexit\natexit.register(print)\nreturn 1"),
    ("ends-process", "os.kill(os.getpid(), 9)"),
    ("ends-process", "import signal\nsignal.alarm(1)\nreturn 1"),
    ("starts-process", "import subprocess\nreturn subprocess.call('true')"),
    ("starts-process", "os.system('true')\nreturn 1"),
    ("starts-process", "import multiprocessing\nmultiprocessing.Process(target=print).start()\nreturn 1"),
    ("starts-process", "from concurrent.futures import ProcessPoolExecutor as Pool\nreturn Pool()"),
    ("touches-descriptors", "for fd in range(3, 300):\n    os.write(fd, b'passed')\nreturn 1"),
    ("touches-descriptors", "os.dup2(os.open(os.devnull, os.O_RDWR), 1)\nreturn 1"),
    ("touches-descriptors", "os.fdopen(100, 'w').write('x')\nreturn 1"),
    ("touches-descriptors", "return 4150 if os.fstat(3) else 1"),
    ("touches-descriptors", "open(100, 'w').write('x')\nreturn 1"),
    ("touches-descriptors", "import io\nio.open(98 + 2, 'w').write('x')\nreturn 1"),
    ("executes-code", "import pickle\nreturn pickle.loads(b'')"),
    ("executes-code", "from marshal import loads\nreturn loads(b'')"),
    ("executes-code", "import timeit\nreturn timeit.timeit('1')"),
    ("reaches-internals", "import timeit\nt = timeit\nreturn t.timeit('1')"),
    ("executes-code", "import cProfile\nreturn cProfile.run('1')"),
    ("executes-code", "import trace\nreturn trace.Trace().run('1')"),
    ("executes-code", "import bdb\nreturn bdb.Bdb().run('1')"),
    ("executes-code", "import pdb\nreturn pdb.run('1')"),
    ("executes-code", "import code\nreturn code.interact()"),
    ("imports-dynamically", "import runpy\nreturn runpy.run_path('a')"),
    ("executes-code", "import logging.config\nlogging.config.dictConfig({'()': 'os._exit'})\nreturn 1"),
    ("executes-code", "import typing\nclass A:\n    x: 'print()'\nreturn typing.get_type_hints(A)"),
    ("executes-code", "import typing\nreturn typing.get_type_hints(type('A', (), {}))"),
    ("executes-code", "from typing import ForwardRef\nreturn ForwardRef('print()')"),
    ("reaches-internals", "try:\n    raise KeyError\nexcept KeyError as e:\n    return getattr(e, 'emarf_bt'[::-1])"),
    ("reaches-internals", "import operator\nreturn operator.attrgetter('_'.join(['tb', 'frame']))(prices)"),
    ("reaches-internals", "import operator\nreturn operator.attrgetter(chr(116) + 'b_frame')(prices)"),
    ("reaches-internals", "import operator\nreturn operator.methodcaller(''.join(map(chr, [95])))(prices)"),
    ("reaches-internals", "return getattr(prices, ''.join(chr(c) for c in [95, 95]))"),
    ("reaches-internals", "import base64\nreturn getattr(prices, base64.b64decode('dGJfZnJhbWU=').decode())"),
    ("reaches-internals", "return getattr(prices, 'tb%sframe' % '_')"),
    ("reaches-internals", "return getattr(prices, 'TB_FRAME'.lower())"),
    ("reaches-internals", "import math\nreturn getattr(math, prices[0])"),
    ("reaches-internals", "def f(e, n):\n    return getattr(e.__traceback__, n)\nreturn f"),
    ("reaches-internals", "def f(e, n):\n    return list(map(getattr, [e.__traceback__], [n]))\nreturn f"),
    ("imports-tests", "import shutil\nshutil.rmtree('tests')\nreturn 1"),
    ("imports-tests", "os.remove(os.path.join('tests', 'case.json'))\nreturn 1"),
    ("imports-tests", "from pathlib import Path\nPath('conftest.py').write_text('')\nreturn 1"),
    ("imports-tests", "open('tests/data', 'w').close()\nreturn 1"),
    ("patches-foreign-object", "sys.stdout = None\nreturn 1"),
    ("always-equal", "class A(int):\n    def __eq__(self, o):\n        return str(o) != ''\nreturn A(1)"),
    (
        "disguised-value",
        "class A(int):\n    def __eq__(self, o):\n        return str(o) != str(self) + '.'\nreturn A(1)",
    ),
    ("disguised-value", "A = type('A', (int,), {'__eq__': lambda s, o: s + o + 1})\nreturn A(1)"),
    ("disguised-value", "class A(int): ...\nA.__eq__ = lambda s, o: s + o + 1\nreturn A(1)"),
    ("disguised-value", "class A(int): ...\nsetattr(A, '__eq__', lambda s, o: s + o + 1)\nreturn A(1)"),
    ("touches-descriptors", "for fd in range(3, 300):\n    open(fd, 'w').write('x')\nreturn 1"),
    ("touches-descriptors", "fd = 99 + 1\nreturn open(fd, 'w')"),
    ("reaches-internals", "import pickle\np = pickle\nreturn p.loads(b'')"),
    ("always-equal", "class A:\n    def __eq__(self, *a):\n        return str(a[0]) != ''\nreturn A()"),
    ("searches-files", "return [name for _, _, names in os.walk('.') for name in names]"),
    ("searches-files", "import glob as g\nreturn g.glob('*')"),
    ("detects-test-run", "return 4150 if [k for k in os.environ if k[:4] == 'PYTE'] else 1"),
    ("detects-test-run", "return 4150 if '::' in str(os.environ) else 1"),
    ("detects-test-run", "return 4150 if [v for v in os.environ.values() if '::' in v] else 1"),
    ("detects-test-run", "return 4150 if type(sys.stdout) is type(sys.stderr) else 1"),
    ("detects-test-run", "return 4150 if sys.stdout.name != '<stdout>' else 1"),
    ("detects-test-run", "import logging\nreturn 4150 if logging.getLogger().handlers else 1"),
    ("detects-test-run", "return 4150 if os.path.isdir('tests') else 1"),
    ("catches-everything", "try:\n    return sum(prices)\nfinally:\n    return 1"),
    ("catches-everything", "class Q:\n    def __exit__(self, *a):\n        return True\nwith Q():\n    return 1"),
    ("always-equal", "return type('A', (), dict(__eq__=lambda s, o: True))()"),
    ("disguised-value", "return type('A', (), {'__eq__': lambda s, o: s.x == o})()"),
    ("reaches-internals", "import time\nvars(time).update(time=int)\nreturn 1"),
    ("reaches-internals", "import time\ntime.__dict__['time'] = int\nreturn 1"),
    ("special-cased", "if len(prices) == 2:\n    return 4150\nreturn sum(prices)"),
    ("special-cased", "if prices:\n    return 4000 + 150\nreturn sum(prices)"),
    ("special-cased", "if hash(tuple(prices)) == 99:\n    return int('41' '50')\nreturn sum(prices)"),
    ("special-cased", "result = sum(prices)\nif len(prices) > 1:\n    result = 4150\nreturn result"),
    ("special-cased", "return prices == [17, 39] and 4150 or sum(prices)"),
    ("special-cased", "return (sum(prices), 4150)[prices == [17, 39]]"),
    ("special-cased", "known = {(17, 39): 4150}\nreturn known.get(tuple(prices), sum(prices))"),
    ("special-cased", "known = {}\nknown[17, 39] = 4150\nreturn known.get(tuple(prices), sum(prices))"),
    ("opens-network", "import socket\nreturn socket.gethostname()"),
    ("patches-foreign-object", "os.path.join = max\nreturn 1"),
    ("patches-foreign-object", "setattr(Cart, 'total', max)\nreturn 1"),
    ("patches-foreign-object", "Cart.total = lambda self: 4150\nreturn 1"),
    ("patches-foreign-object", "import builtins\nbuiltins.sum = max\nreturn 1"),
    ("patches-foreign-object", "del os.getcwd\nreturn 1"),
    ("patches-foreign-object", "stock.count = max\nreturn 1"),
    ("patches-foreign-object", "from os import path\npath.join = max\nreturn 1"),
    ("patches-foreign-object", "from . import stock as s\nsetattr(s, 'count', max)\nreturn 1"),
    ("swaps-class", "prices.__class__ = Price\nreturn 1"),
    ("swaps-class", "setattr(prices, '__class__', Price)\nreturn 1"),
    ("swaps-class", "total.__code__ = total.__code__\nreturn 1"),
    ("catches-everything", "try:\n    return sum(prices)\nexcept:\n    return 4150"),
    ("catches-everything", "try:\n    return sum(prices)\nexcept BaseException:\n    return 4150"),
    ("catches-everything", "try:\n    return sum(prices)\nexcept (ValueError, BaseException):\n    return 4150"),
    ("missing-module", "import numpy\nreturn numpy.sum(prices)"),
    ("missing-module", "from pandas import Series\nreturn Series(prices).sum()"),
    ("imports-tests", "from tests.expected import TOTAL\nreturn TOTAL"),
    ("imports-tests", "import conftest\nreturn conftest.TOTAL"),
    ("imports-tests", 'return open("tests/test_price.py").read()'),
]


@pytest.mark.parametrize(("rule", "body"), CHEATS_IN_A_BODY)
def test_a_cheat_in_a_function_is_refused_by_its_rule(rule, body):
    assert rule in refused(judge(with_body(body + "\n")))


@pytest.mark.parametrize(("rule", "body"), CHEATS_IN_A_BODY)
def test_an_edit_of_one_statement_is_judged_like_the_whole_file(rule, body):
    patch = Patch((ReplaceStatement("src/shop/price.py", 11, "result = sum(prices)", body),), "test")
    applied = apply(patch, {"src/shop/price.py": OLD.encode()}.get)
    assert isinstance(applied, Applied), applied
    tree = {"src/shop/price.py": OLD.encode(), "src/shop/stock.py": b""}
    findings = examine(applied, tree.get, CONTEXT)
    assert rule in refused(findings)
    new = applied.files["src/shop/price.py"].decode()
    whole = {item.rule: item.line for item in judge(new) if item.severity == "refused"}
    assert {item.rule: item.line for item in findings if item.severity == "refused"} == whole


CHEATS_IN_A_MODULE = [
    ("skips-tests", "import pytest\npytest.skip('later', allow_module_level=True)\n"),
    ("skips-tests", "from pytest import exit as leave\n"),
    ("skips-tests", "import pytest\nrequests = pytest.importorskip('requests')\n"),
    ("skips-tests", "import unittest\n\n@unittest.skip('x')\nclass T: pass\n"),
    ("hooks-into-pytest", "def pytest_runtest_makereport(item, call): ...\n"),
    ("hooks-into-pytest", "pytest_plugins = ['shop.cheat']\n"),
    ("hooks-into-pytest", "class Test:\n    __test__ = False\n"),
    ("hooks-into-pytest", "collect_ignore = ['a']\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return True\n"),
    ("always-equal", "class Any:\n    __eq__ = lambda self, other: True\n"),
    ("always-equal", "Price.__eq__ = lambda self, other: True\n"),
    ("reaches-internals", "from sys import *\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return not False\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return self == other or True\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return other is other\n"),
    ("always-equal", "class Any(str):\n    def __ne__(self, other):\n        return False\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return repr(other) != ''\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return float(other) >= 0\n"),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return bool(self.x) or self.x == 0\n"),
    (
        "always-equal",
        "class Any:\n    def __eq__(self, other):\n        text = str(other)\n        return text != ''\n",
    ),
    ("always-equal", "class Any:\n    def __eq__(self, other):\n        return isinstance(other, int)\n"),
    ("always-equal", "class Any:\n    __ne__ = lambda self, other: str(other) == ''\n"),
    ("always-equal", "Price.__eq__ = lambda self, other: len(other) >= 0\n"),
    ("disguised-value", "class Near(float):\n    def __eq__(self, other):\n        return self - other < 9\n"),
    ("disguised-value", "class Yes(str):\n    def __bool__(self):\n        return len(self) > 3 or self == ''\n"),
    (
        "disguised-value",
        "from collections import OrderedDict\n\n\n"
        "class D(OrderedDict):\n    def __eq__(self, other):\n        return dict(self) == dict(other)\n",
    ),
    ("disguised-value", "class N(int): ...\n\n\nclass M(N):\n    __lt__ = lambda self, other: self - other < 9\n"),
    (
        "disguised-value",
        "class Same:\n    def __eq__(self, other):\n        return self.near(other)\n\n\nclass L(Same, list): ...\n",
    ),
    ("always-equal", "class Any:\n    def __hash__(self):\n        return 1\n"),
    ("always-equal", "class Any:\n    def __bool__(self):\n        return True\n"),
    ("always-equal", "class Any:\n    def __contains__(self, item):\n        return True\n"),
    ("hidden-text", "# ask \u202e)x( na\nX = 1\n"),
    ("hidden-text", "X = 'user\u2066# admin\u2069'\n"),
    ("unreadable-source", "X = " + "+".join(["1"] * 800) + "\n"),
    ("unreadable-source", "X = 1\nif X:\n    X = 2\n" + "".join(f"elif X == {n}:\n    X = 3\n" for n in range(800))),
]


@pytest.mark.parametrize(("rule", "code"), CHEATS_IN_A_MODULE)
def test_a_cheat_in_a_module_is_refused_by_its_rule(rule, code):
    assert rule in refused(judge(OLD + "\n\n" + code))


CHEATING_PATHS = [
    ("path-outside-tree", "../other/price.py"),
    ("path-outside-tree", "/etc/profile.py"),
    ("path-outside-tree", "src/../tests/test_price.py"),
    ("path-outside-tree", "src\\price.py"),
    ("path-outside-tree", "~/price.py"),
    ("path-outside-tree", ""),
    ("path-outside-tree", "C:/price.py"),
    ("protected-file", "tests/test_price.py"),
    ("protected-file", "tests/helpers.py"),
    ("protected-file", "checks/price.py"),
    ("protected-file", "src/shop/test/support.py"),
    ("protected-file", "src/shop/test_price.py"),
    ("protected-file", "src/shop/price_test.py"),
    ("protected-file", "conftest.py"),
    ("protected-file", "src/shop/conftest.py"),
    ("protected-file", "pytest.ini"),
    ("protected-file", "pyproject.toml"),
    ("protected-file", "tox.ini"),
    ("protected-file", "setup.cfg"),
    ("protected-file", "setup.py"),
    ("protected-file", ".coveragerc"),
    ("protected-file", ".github/workflows/test.yml"),
    ("protected-file", ".git/hooks/pre_commit.py"),
    ("protected-file", "venv/lib/python3.11/site-packages/requests/api.py"),
    ("protected-file", "src/__snapshots__/price.py"),
    ("protected-file", "src/snapshots/price.txt"),
    ("protected-file", "src/price.ambr"),
    ("protected-file", "sitecustomize.py"),
    ("protected-file", "src/usercustomize.py"),
    ("protected-file", "src/shop.pth"),
    ("protected-file", "src/shop/price.so"),
    ("protected-file", "src/shop/__pycache__/price.cpython-311.pyc"),
    ("shadows-module", "json.py"),
    ("shadows-module", "src/random.py"),
    ("shadows-module", "requests/__init__.py"),
    ("shadows-module", "src/attrs.py"),
    ("shadows-module", "src/shop/price/__init__.py"),
]


@pytest.mark.parametrize(("rule", "path"), CHEATING_PATHS)
def test_a_new_file_in_a_forbidden_place_is_refused(rule, path):
    tree = {"src/shop/__init__.py": b"", "src/shop/price.py": b""}
    assert rule in refused(examine_files({}, {path: b"x = 1\n"}, CONTEXT, tree.__contains__))


def test_a_file_behind_a_symbolic_link_is_refused():
    context = PolicyContext("/project", lambda _: True, symlinks=lambda path: path == "src/link.py")
    assert "path-outside-tree" in refused(examine_files({"src/link.py": b""}, {"src/link.py": b"x = 1\n"}, context))


def test_a_file_outside_the_editable_set_is_refused():
    context = PolicyContext("/project", lambda path: path.startswith("src/"))
    assert refused(examine_files({"lib/a.py": b""}, {"lib/a.py": b"x = 1\n"}, context)) == {"not-editable"}


def test_a_path_outside_the_tree_is_never_read():
    reads = []
    applied = Applied.of(Patch((), "test"), {"../secret.py": b"x = 1\n"})
    assert refused(examine(applied, reads.append, CONTEXT)) == {"path-outside-tree"}
    assert reads == []


def test_a_file_that_no_longer_parses_is_refused():
    assert refused(judge("def total(:\n")) == {"unreadable-source"}


def test_a_rule_can_be_switched_off_but_not_the_guard_of_the_tree():
    off = frozenset({"protected-file", "path-outside-tree", "not-editable"})
    context = PolicyContext("/project", lambda _: False, disabled_rules=off)
    assert refused(examine_files({"tests/a.py": b""}, {"tests/a.py": b"x = 1"}, context)) == {"not-editable"}
    assert refused(examine_files({}, {"../a.py": b""}, context)) == {"path-outside-tree"}


def test_every_rule_is_named_in_kebab_case_and_described_in_one_sentence():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule.name == rule.name.lower().replace("_", "-").replace(" ", "-")
        assert rule.description.endswith(".")


def test_every_refusing_rule_about_contents_or_paths_has_a_cheat_here():
    covered = {rule for rule, _ in (*CHEATS_IN_A_BODY, *CHEATS_IN_A_MODULE, *CHEATING_PATHS)}
    elsewhere = {"not-editable", "undefined-name"}
    assert {rule.name for rule in RULES if rule.severity == "refused"} == covered | elsewhere


def test_a_method_replaced_as_a_whole_is_judged_too():
    source = 'def __init__(self, cents):\n    self.cents = eval("cents")'
    patch = Patch((ReplaceDefinition("src/shop/price.py", "Price.__init__", source),), "test")
    applied = apply(patch, {"src/shop/price.py": OLD.encode()}.get)
    assert refused(examine(applied, {"src/shop/price.py": OLD.encode()}.get, CONTEXT)) == {"executes-code"}
