import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.sandbox.facts import FileFacts, facts_of
from pytest_codemode.sandbox.index import Index, changed

SOURCE = textwrap.dedent("""
    import os, pkg.a as b
    from . import sibling
    from ..up import thing

    LIMIT = 3

    def f(a=1):
        "doc"
        def inner():
            return 1
        return a

    @decorated
    async def g():
        import lazy

    class C(Base):
        size = 2

        def m(self):
            return self.size

        @property
        def p(self):
            return 1

        @p.setter
        def p(self, value):
            pass

        class D:
            def m(self):
                return 2

    try:
        def h():
            return 1
    except ImportError:
        def h():
            return 2
""")


def after(old: str, new: str) -> tuple[set[str], bool]:
    assert old in SOURCE
    functions, module = changed(facts_of(SOURCE.encode()), facts_of(SOURCE.replace(old, new).encode()))
    return set(functions), module


@pytest.mark.parametrize(
    ("old", "new", "functions", "module"),
    [
        ("return a\n", "return -a\n", {"f"}, False),
        ("        return 1\n    return a", "        return 2\n    return a", {"f"}, False),
        ('"doc"', '"other"', {"f"}, False),
        ("a=1", "a=2", {"f"}, True),
        ("import lazy", "import eager", {"g"}, False),
        ("@decorated", "@other", {"g"}, True),
        ("LIMIT = 3", "LIMIT = 4", set(), True),
        ("size = 2", "size = 3", set(), True),
        ("C(Base)", "C(Other)", set(), True),
        ("return self.size", "return 0", {"C.m"}, False),
        ("        pass", "        self.size = value", {"C.p"}, False),
        ("            return 2", "            return 3", {"C.D.m"}, False),
        ("    def h():\n        return 2", "    def h():\n        return 3", {"h"}, False),
        ("except ImportError:", "except KeyError:", set(), True),
        ("LIMIT = 3", "LIMIT = 3  # three\n\n\n", set(), False),
        ("def f(a=1):", "def f( a = 1 ):  # spaced", set(), False),
    ],
)
def test_a_change_is_found_in_the_function_or_in_what_runs_at_import(
    old: str, new: str, functions: set[str], module: bool
) -> None:
    assert after(old, new) == (functions, module)


def test_a_function_that_comes_or_goes_changes_the_import_too() -> None:
    assert after("def h():\n        return 1", "pass") == ({"h"}, True)
    assert changed(None, facts_of(b"def f(): pass")) == (frozenset({"f"}), True)


def test_imports_are_found_anywhere_and_plugins_by_their_names() -> None:
    found = facts_of(SOURCE.encode()).imports
    assert {("os", 0), ("pkg.a", 0), ("sibling", 1), ("up.thing", 2), ("lazy", 0)} <= set(found)
    assert ("plugins.one", 0) in facts_of(b"pytest_plugins = ['plugins.one']").imports


@pytest.mark.parametrize("data", [b"def f(:", b"\0", b"\xff\xfe", b"(" * 100_000, b"x = " + b"-" * 100_000 + b"1"])
def test_what_cannot_be_parsed_is_one_piece(data: bytes) -> None:
    facts = facts_of(data)
    assert facts.functions == {}
    assert facts_of(data + b" ").module != facts.module


@given(st.text(alphabet="def f():\n return 1=xclas @#(\t", max_size=60))
def test_equal_meaning_is_equal_checksums(text: str) -> None:
    facts = facts_of(text.encode())
    try:
        tree = ast.parse(text.encode())
    except SyntaxError:
        return
    again = facts_of(ast.unparse(tree).encode())
    assert (again.module, again.functions) == (facts.module, facts.functions)


def whole() -> Index:
    index = Index("environment", {"a.py": FileFacts("c", "m", {"f": "1"}, (("os", 0),))})
    results = [TestResult(f"t.py::{n}", Outcome.PASSED, 0.5, functions=("a.py::f", f"a.py::g{n}")) for n in range(3)]
    index.take(results, _Nothing())  # type: ignore[arg-type]
    return index


class _Nothing:
    """A tree without a file."""

    def __init__(self) -> None:
        self.facts = {"a.py": FileFacts("c", "m", {"f": "1"}, (("os", 0),)), "gone.py": None}

    def of(self, path: str) -> FileFacts | None:
        return self.facts.get(path)

    def imported(self, paths: set[str]) -> frozenset[str]:
        return frozenset(paths)


def test_an_index_comes_back_as_it_was_kept() -> None:
    index = whole()
    assert len(index.tests) == 3
    assert Index.parse(index.dump()) == index


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"schema": 1', b'"schema": 2'),
        (b'"schema": 1', b'"schema": 1, "more": 1'),
        (b'"functions": [0, 1]', b'"functions": [0, 9]'),
        (b'"functions": [0, 1]', b'"functions": [0, -1]'),
        (b'"functions": [0, 1]', b'"functions": ["0"]'),
        (b'"duration_s": 0.5', b'"duration_s": NaN'),
        (b'{"schema"', b'[{"schema"'),
    ],
)
def test_a_damaged_index_is_refused(old: bytes, new: bytes) -> None:
    record = whole().dump()
    assert old in record
    with pytest.raises(ValueError):
        Index.parse(record.replace(old, new, 1))


def test_a_record_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ValueError):
        Index.parse(b"[" * 200_000)


def test_only_tests_that_came_to_their_end_are_known() -> None:
    index = whole()
    index.take([TestResult("t.py::0", Outcome.CRASHED), TestResult("t.py::1", Outcome.TIMEOUT)], _Nothing())  # type: ignore[arg-type]
    assert set(index.tests) == {"t.py::2"}
    assert index.stale(("t.py::2", "t.py::0"), _Nothing()) == ("t.py::0",)  # type: ignore[arg-type]
    assert index.stale(("t.py::9",), _Nothing()) == ("t.py::9",)  # type: ignore[arg-type]
    assert index.tests == {}
