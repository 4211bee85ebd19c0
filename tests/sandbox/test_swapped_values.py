"""A name's other value is tried by hot swap where that shows what importing the file would, and from disk elsewhere."""

import textwrap
from collections.abc import Iterator

import pytest

from pytest_codemode.core.outcome import Candidate, Swap
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

MODULE = """
    import re
    import string

    __all__ = ["STARRED"]
    LIMIT = 10
    WORDS = ["a", "b"]
    PAIRS = (("a", 1), ("b", 2))
    PATTERN = re.compile("^a$")
    SHARED = ["x"]
    ALIAS = SHARED
    KEPT = [1]
    SEEN_BY_TEST = 3
    ASKED = 4

    def grow():
        WORDS.append("more")

    def holds(value):
        return lambda: value

    HELD = holds(globals()["KEPT"])

    class Shop:
        rate = 2
        names = ["pen"]

        @property
        def price(self):
            return self.rate * 10

    STARRED = 6

    class Config:
        size = 7

    class Text(string.Template):
        delimiter = "$"

    AGAIN = 8
    SPARE = 1

    class Meta(type):
        pass

    class Special(metaclass=Meta):
        rate = 2
"""
USER = """
    import string
    import mod
    from mod import *

    DOUBLE = mod.ASKED * 2
    SETTINGS = {name: getattr(mod.Config, name) for name in dir(mod.Config)}

    def from_mod():
        return STARRED
"""
TESTS = """
    import subprocess, sys
    import pytest
    import mod, user
    from mod import SEEN_BY_TEST

    def test_limit():
        assert mod.LIMIT == 11

    def test_words():
        assert mod.WORDS == ["a", "c"]

    def test_growing():
        mod.grow()
        assert mod.WORDS == ["a", "c", "more"]

    def test_pairs():
        assert dict(mod.PAIRS)["b"] == 3

    def test_pattern():
        assert mod.PATTERN.match("aa")

    def test_price():
        assert mod.Shop().price == 30

    def test_class_list():
        assert mod.Shop.names == ["pen", "ink"]

    def test_alias():
        assert mod.ALIAS == ["y"]

    def test_held():
        assert mod.HELD() == [2]

    def test_seen():
        assert SEEN_BY_TEST == 5

    def test_derived():
        assert user.DOUBLE == 10

    def test_starred():
        assert user.from_mod() == 9

    def test_loaded():
        assert user.SETTINGS["size"] == 9

    def test_made_of_it():
        assert mod.Text("%a").substitute(a=1) == "1"

    def test_read_again():
        code = "import mod; print(mod.AGAIN)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "9\\n"

    def test_spare():
        assert mod.SPARE == 9

    def test_special():
        assert mod.Special.rate == 3
"""
GOOD = {
    "limit": ("LIMIT", "10", "11"),
    "words": ("WORDS", '["a", "b"]', '["a", "c"]'),
    "pairs": ("PAIRS", '("b", 2)', '("b", 3)'),
    "pattern": ("PATTERN", '"^a$"', '"^a+$"'),
    "price": ("Shop.rate", "rate = 2", "rate = 3"),
    "class_list": ("Shop.names", '["pen"]', '["pen", "ink"]'),
    "alias": ("SHARED", '["x"]', '["y"]'),
    "held": ("KEPT", "[1]", "[2]"),
    "seen": ("SEEN_BY_TEST", "3", "5"),
    "derived": ("ASKED", "4", "5"),
    "starred": ("STARRED", "6", "9"),
    "loaded": ("Config.size", "7", "9"),
    "made_of_it": ("Text.delimiter", '"$"', '"%"'),
    "read_again": ("AGAIN", "8", "9"),
    "special": ("Special.rate", "rate = 2", "rate = 3"),
}
"""Test -> (name, old text, new text): each of these makes it pass when the file is imported."""
SWAPPED = ("limit", "words", "pairs", "pattern", "price", "class_list")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("values")
    write_project(root, {"mod.py": MODULE, "user.py": USER, "test_mod.py": TESTS})
    with sandboxed(project_at(root, pytest_args=("-p", "no:randomly"))) as box:
        yield box


def patch(key: str, name: str, old: str, new: str) -> Candidate:
    lines = textwrap.dedent(MODULE).splitlines(keepends=True)
    owner, _, attribute = name.rpartition(".")
    start = next(n for n, line in enumerate(lines) if owner == "" or line.startswith(f"class {owner}"))
    at = next(n for n, line in enumerate(lines) if n >= start and line.strip().startswith(f"{attribute} ="))
    assert old in lines[at]
    changed = lines[at].rstrip("\n").replace(old, new) + f"  # {key}\n"
    patched = "".join([*lines[:at], changed, *lines[at + 1 :]])
    return Candidate(key, {"mod.py": patched.encode()}, (Swap("mod.py", name, at + 1, changed, "value"),))


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("test", GOOD)
def test_a_value_passes_as_it_would_from_disk_and_by_swap_where_that_shows_it(
    sandbox: Sandboxed, test: str, alone: bool
) -> None:
    name, old, new = GOOD[test]
    same = [patch(f"same {number}", name, old, old) for number in range(4)]
    tried = sandbox.attempt(*same, patch("good", name, old, new), on=(f"test_mod.py::test_{test}",), alone=alone)

    assert [one.status for one in tried] == ["failed"] * 4 + ["passed"]
    assert {one.strategy for one in tried} == {"swap" if test in SWAPPED else "reload"}
    if test in SWAPPED:
        assert [one.batched for one in tried] == [not alone] * 4 + [False]


def test_a_value_that_cannot_be_evaluated_fails_as_the_import_of_the_file_does(sandbox: Sandboxed) -> None:
    broken = patch("broken", "LIMIT", "10", "int('x')")
    (tried,) = sandbox.attempt(broken, on=("test_mod.py::test_limit",))

    assert (tried.status, tried.strategy) == ("failed", "reload")


def test_one_value_leaves_nothing_to_the_next(sandbox: Sandboxed) -> None:
    lists = [patch(str(n), "WORDS", '["a", "b"]', f'["a", "{n}"]') for n in range(8)]
    tried = sandbox.attempt(*lists, on=("test_mod.py::test_growing",))

    assert [(one.status, one.strategy) for one in tried] == [("failed", "swap")] * 8
    assert all(one.batched for one in tried)
    assert [one.results[0].failures[0].left for one in tried] == [f"['a', '{n}', 'more']" for n in range(8)]


def test_a_name_is_probed_once_for_some_tests(sandbox: Sandboxed) -> None:
    """From then on a candidate costs what one of a function costs, far less than the import of a file."""
    many = [patch(str(n), "LIMIT", "10", str(100 + n)) for n in range(60)]
    sandbox.attempt(*many[:3], on=("test_mod.py::test_limit",))
    tried = sandbox.attempt(*many, on=("test_mod.py::test_limit",))

    assert all(one.batched for one in tried)
    assert [one.results[0].failures[0].left for one in tried] == [str(100 + n) for n in range(60)]


def test_a_name_that_few_candidates_change_is_not_probed(sandbox: Sandboxed) -> None:
    few = [patch(str(n), "SPARE", "1", str(2 + n)) for n in range(2)]
    tried = sandbox.attempt(*few, on=("test_mod.py::test_spare",))

    assert [(one.status, one.strategy) for one in tried] == [("failed", "reload")] * 2
