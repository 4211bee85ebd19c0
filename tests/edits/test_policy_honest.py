"""Fixes that a careful person would write: none is refused, though some look like a cheat and are ranked last."""

import textwrap

import pytest

from pytest_codemode.edits.policy import Finding, PolicyContext, examine_files

OLD = textwrap.dedent('''\
    """Commands of a shop."""
    import importlib
    import sys
    from shop import settings


    class Point:
        def __init__(self, x):
            self.x = x

        def __eq__(self, other):
            return self.x == other.x


    def load(name):
        try:
            return importlib.import_module(name)
        except:
            return None


    def run(args):
        if len(args) < 2:
            raise ValueError("too few")
        width = args[0]
        limit = len(args)
        command = args[1]
        sys.exit(width + limit)
''')

CONTEXT = PolicyContext(
    rootdir="/project",
    editable=lambda _: True,
    tests=frozenset({"tests/test_run.py"}),
    installed=lambda name: name in {"shop", "attrs"},
    assertion_literals=frozenset({"'ls'", "404", "1"}),
)


def judge(new: str, old: str = OLD, path: str = "src/shop/run.py") -> tuple[Finding, ...]:
    return examine_files({path: old.encode()} if old else {}, {path: new.encode()}, CONTEXT)


def edited(old: str, new: str) -> str:
    assert old in OLD
    return OLD.replace(old, textwrap.indent(textwrap.dedent(new), "    ").lstrip(" ") if "\n" in new else new)


HONEST = {
    "boundary": edited("len(args) < 2", "len(args) <= 2"),
    "constant": edited("args[0]", "args[2]"),
    "standard library import": "import re\nimport math\n" + OLD,
    "installed import": OLD.replace("import sys", "import sys\nimport attrs"),
    "import guarded by try": OLD.replace(
        "import sys", "import sys\ntry:\n    import yaml\nexcept ImportError:\n    yaml = None"
    ),
    "optional import in a function": edited(
        "limit = len(args)", "try:\n    import orjson\nexcept ImportError:\n    orjson = None\nlimit = len(args)"
    ),
    "fallback in an except": edited("width = args[0]", "try:\n    width = args[0]\nexcept IndexError:\n    return 80"),
    "except Exception that logs": edited(
        "width = args[0]", "try:\n    width = args[0]\nexcept Exception as error:\n    print(error)\n    raise"
    ),
    "cleanup with a bare except": edited(
        "width = args[0]", "try:\n    width = args[0]\nexcept BaseException:\n    print(1)\n    raise"
    ),
    "interrupt caught": edited(
        "width = args[0]",
        "try:\n    width = args[0]\nexcept KeyboardInterrupt:\n    width = 0\nexcept SystemExit:\n    raise",
    ),
    "branch on ls": edited("command = args[1]", "command = args[1]\nif command == 'ls':\n    command = 'ls -l'"),
    "more importlib where there was some": edited("limit = len(args)", "limit = importlib.util.find_spec('x')"),
    "importlib.metadata": "from importlib.metadata import version\n" + OLD,
    "second sys.exit": edited("limit = len(args)", "if not args:\n    sys.exit(2)\nlimit = len(args)"),
    "SystemExit instead of sys.exit": edited("sys.exit(width + limit)", "raise SystemExit(width + limit)"),
    "main guard": OLD + "\n\nif __name__ == '__main__':\n    raise SystemExit(run([1]))\n",
    "moved bare except": OLD.replace("def load(name)", "def load_module(name)"),
    "guard clause": edited("width = args[0]", "if args[0] is None:\n    return None\nwidth = args[0]"),
    "honest equality": OLD.replace("return self.x == other.x", "return isinstance(other, Point) and self.x == other.x"),
    "NotImplemented": OLD.replace(
        "return self.x == other.x",
        "if not isinstance(other, Point):\n            return NotImplemented\n        return self.x == other.x",
    ),
    "hash added": OLD.replace(
        "    def __eq__", "    def __hash__(self):\n        return hash(self.x)\n\n    def __eq__"
    ),
    "falsy sentinel": OLD + "\n\nclass Missing:\n    def __bool__(self):\n        return False\n",
    "truth of a sized class": OLD
    + ("\n\nclass Bag:\n    def __len__(self):\n        return 0\n\n    def __bool__(self):\n        return True\n"),
    "name like a builtin": edited("limit = len(args)", "compile = args[0]\nlimit = compile(args)"),
    "re.compile": "from re import compile\nWORD = compile('a')\n" + OLD,
    "attribute called exit": edited("limit = len(args)", "limit = self.exit(args)"),
    "parameter called sys": OLD + "\n\ndef version(sys):\n    return sys.modules\n",
    "own attribute": OLD.replace("self.x = x", "self.x = x\n        self.y = x"),
    "class attribute of an own class": OLD + "\nPoint.origin = Point(0)\n",
    "imported setting": edited("limit = len(args)", "settings.width = 3\nlimit = len(args)"),
    "docstring that names pytest": OLD + '\n\ndef helper():\n    """PYTEST_CURRENT_TEST"""\n    return run([])\n',
    "message about tests": edited('"too few"', '"too few; run pytest to see"'),
    "deleted statement": OLD.replace("    limit = len(args)\n", "").replace("width + limit", "width"),
    "check removed": OLD.replace('        raise ValueError("too few")\n', "        return None\n"),
    "hasattr of a module": edited("limit = len(args)", "limit = hasattr(sys, 'getwindowsversion')"),
    "environment": "import os\nHOME = os.environ.get('HOME')\n" + OLD,
    "stack of an error": "import traceback\n" + edited("limit = len(args)", "limit = traceback.format_exc()"),
    "equality by key": OLD
    + (
        "\n\nclass Version:\n    def __eq__(self, other):\n        mine, theirs = self.key(), other.key()\n"
        "        return mine == theirs\n\n    def __lt__(self, other):\n        return self._cmp(other) < 0\n\n"
        "    def __ne__(self, other):\n        return not self == other\n"
    ),
    "equality by text": OLD + "\n\nclass Name:\n    def __eq__(self, other):\n        return str(self) == str(other)\n",
    "equality by type": OLD
    + "\n\nclass Infinity:\n    def __eq__(self, other):\n        return isinstance(other, Infinity)\n",
    "equality field by field": OLD
    + (
        "\n\nclass Bag:\n    def __eq__(self, other):\n        for name in self.names:\n"
        "            if getattr(self, name) != getattr(other, name):\n                return False\n"
        "        return True\n"
    ),
    "equality through super": OLD
    + "\n\nclass Bag(Point):\n    def __eq__(self, other):\n        return super().__eq__(other)\n",
    "no order": OLD + "\n\nclass Bag:\n    def __lt__(self, other):\n        return NotImplemented\n",
    "equality of an existing class": OLD + "\nPoint.__ne__ = lambda self, other: self.x != other.x\n",
    "subclass of a builtin without comparison": OLD + "\n\nclass Names(list):\n    title = 'x'\n",
    "computed attribute": edited("limit = len(args)", "limit = getattr(args, f'size_{width}', 0)"),
    "type hints": "from typing import get_type_hints\n" + OLD + "\nHINTS = get_type_hints(Point)\n",
    "annotation in quotes": OLD
    + "\n\ndef area(p: 'Point', q: 'Annotated[int, Gt(0)]') -> 'Point | None':\n    return p\n",
    "file of its own": edited(
        "limit = len(args)", "with open(width, 'w') as out:\n    out.write('testing')\nlimit = 1"
    ),
    "timer": "from timeit import default_timer\n" + OLD,
    "processors": "from multiprocessing import cpu_count\n" + OLD,
    "new parameter": OLD.replace("def run(args)", "def run(args, *, width=80)"),
    "async": OLD + "\n\nasync def wait(x):\n    async with x:\n        return await x\n",
    "nothing but a comment": OLD + "# eval exec PYTEST_CURRENT_TEST\n",
    "other languages": OLD + "ΔX, preço, größe, вес = 1, 2, 3, 4\nNAMES = {'שלום': '🙂', 'мир': 'ок'}\n",
    "directions written as escapes": OLD + "MARKS = '\\u202e\\u2066'\n",
    "joined emoji": OLD + "FAMILY = '👩\u200d👩\u200d👧'\n",
    "letters that look alike": OLD + "l\u0456mit = 1\n",
    "long list of cases": OLD
    + "\n\ndef name(n):\n    if n < 0:\n        return 'none'\n"
    + "".join(f"    elif n == {n}:\n        return 'n{n}'\n" for n in range(60)),
    "long sum": OLD + "TEXT = " + " + ".join(f"'line {n}'" for n in range(60)) + "\n",
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_fix_is_not_refused(name):
    assert HONEST[name] != OLD
    assert [item for item in judge(HONEST[name]) if item.severity == "refused"] == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("branch on ls", "literal-from-assertion"),
        ("fallback in an except", "swallows-exception"),
        ("hash added", "overrides-comparison"),
        ("deleted statement", "deletes-code"),
        ("check removed", "weakens-validation"),
        ("environment", "reads-environment"),
        ("computed attribute", "computed-attribute"),
        ("equality of an existing class", "overrides-comparison"),
        ("imported setting", "changes-imported-object"),
        ("joined emoji", "lookalike-text"),
        ("letters that look alike", "lookalike-text"),
    ],
)
def test_an_honest_fix_that_looks_like_a_cheat_is_suspicious(name, rule):
    assert rule in {item.rule for item in judge(HONEST[name]) if item.severity == "suspicious"}


@pytest.mark.parametrize(
    "name", ["boundary", "constant", "new parameter", "async", "nothing but a comment", "other languages"]
)
def test_a_plain_fix_is_not_even_suspicious(name):
    assert judge(HONEST[name]) == ()


@pytest.mark.parametrize(
    ("rule", "new"),
    [
        ("returns-constant", OLD.replace("return self.x == other.x", "return 3")),
        ("deletes-code", OLD.replace("self.x = x", "raise TypeError")),
        ("deletes-code", OLD.partition("\n\ndef run")[0]),
        ("weakens-validation", OLD.replace("len(args) < 2", "len(args) < 2 and False")),
        ("overrides-comparison", OLD + "\nPoint.__hash__ = lambda self: hash(self.x)\n"),
        ("swallows-exception", OLD + "\nimport contextlib\nwith contextlib.suppress(ValueError):\n    run([])\n"),
    ],
)
def test_a_change_that_takes_something_away_is_suspicious(rule, new):
    assert rule in {item.rule for item in judge(new) if item.severity == "suspicious"}


def test_characters_that_stood_there_before_are_no_finding():
    old = OLD + "# \u202e\u2066\nX = '\u200b'\nl\u0456mit = 2\n"
    assert judge(old.replace("< 2", "<= 2"), old) == ()


def test_what_a_file_already_did_is_no_finding():
    old = "import pytest, gc, ctypes\nx = eval('1')\n\n\ndef pytest_configure(config):\n    pytest.skip()\n"
    assert judge(old + "y = eval('2')\ngc.collect()\npytest.skip('b')\n", old) == ()


def test_code_that_opens_files_by_descriptor_may_ask_for_them_as_files():
    old = "import os\n\n\ndef locked(path):\n    fd = os.open(path, os.O_RDWR)\n    return fd\n"
    assert judge(old.replace("return fd", "return os.fdopen(fd)"), old) == ()


def test_a_comparison_added_to_an_existing_value_class_is_only_suspicious():
    old = "class Version(str):\n    def key(self):\n        return self.split('.')\n"
    new = old + "\n    def __lt__(self, other):\n        return self.key() < other.key()\n"
    assert {item.rule: item.severity for item in judge(new, old)} == {"overrides-comparison": "suspicious"}


def test_code_moved_from_one_file_to_another_is_no_finding():
    old = {"a.py": b"import gc\ntry:\n    gc.collect()\nexcept:\n    pass\n", "b.py": b"x = 1\n"}
    new = {"a.py": b"x = 1\n", "b.py": old["a.py"]}
    assert [item for item in examine_files(old, new, CONTEXT) if item.severity == "refused"] == []


def test_a_new_module_beside_others_of_a_package_is_allowed():
    tree = {"src/shop/__init__.py", "src/shop/run.py"}
    new = {"src/shop/logging.py": b"x = 1\n"}
    assert examine_files({}, new, CONTEXT, tree.__contains__) == ()


def test_a_file_that_never_parsed_is_left_to_the_test_run():
    assert judge("print 'b'\n", "print 'a'\n") == ()


def test_a_trivial_constant_of_the_assertion_is_not_suspicious():
    assert judge(edited("args[0]", "args[0] + 1")) == ()


def test_a_finding_names_the_line_of_the_new_file():
    (found,) = [item for item in judge(OLD + "x = eval('1')\n") if item.rule == "executes-code"]
    assert found.line == OLD.count("\n") + 1
