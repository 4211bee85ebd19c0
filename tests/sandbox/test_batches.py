"""Candidates that share a process come out as each does in a process of its own, whatever one leaves to the next."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Candidate, Swap, TryResult
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

MODULE = """
    import builtins
    import collections
    import functools
    import itertools
    import os
    import random
    import threading
    import time

    LIMIT = 10
    TABLE = {"a": 1}
    ROWS = [1, 2]
    SEEN = {1}
    LAST = collections.deque([1], maxlen=3)
    NUMBERS = itertools.count(1)
    MAKE = random.Random(1)

    class Shop:
        rate = 2
        open = True

        def __init__(self):
            self.stock = {"pen": 1}

    class Slim:
        __slots__ = ("size",)

    SHOP = Shop()
    SLIM = Slim()
    SLIM.size = 1

    def other(items=[]):
        return len(items)

    def enclosing():
        count = 0
        def step(by):
            nonlocal count
            count += by
            return count
        return step

    STEP = enclosing()

    def inner(a):
        return a - 1

    @functools.lru_cache
    def cached(a):
        return inner(a)

    def f(a):
        return a - 1

    def state():
        return (
            LIMIT, TABLE, ROWS, SEEN, list(LAST), Shop.rate, getattr(Shop, "more", 0), Shop.open, SHOP.stock,
            vars(SHOP).keys(), SLIM.size, other(), getattr(other, "mark", 0), STEP(0), hex(3), os.environ.get("TOY"),
            os.getcwd(), threading.active_count(), os.path.basename.__name__,
        )

    BEFORE = repr(state())
"""
TESTS = """
    import unittest

    import pytest

    import mod

    COUNT = []
    GIVEN = [3, 1, 2]

    @pytest.mark.parametrize("left", range(30))
    def test_state(left):
        assert mod.f(1) == 2
        assert repr(mod.state()) == mod.BEFORE

    @pytest.mark.parametrize("left", range(30))
    def test_lucky(left):
        assert mod.f(1) == 2 or repr(mod.state()) != mod.BEFORE

    def test_cached():
        assert mod.cached(1) == 2

    @pytest.mark.parametrize("items", [GIVEN])
    def test_given(items):
        assert mod.f(items) == [3, 1, 2]

    def test_number():
        assert mod.f(0) == 1 and next(mod.NUMBERS) == 1

    @pytest.fixture
    def number(tmp_path):
        COUNT.append(1)
        (tmp_path / "a.txt").write_text("x")
        yield len(COUNT)
        COUNT.append(2)

    def test_fixture(number, tmp_path):
        assert mod.f(number) == 2 and len(list(tmp_path.iterdir())) == 1

    @pytest.fixture(scope="module")
    def shared():
        return []

    def test_shared(shared):
        shared.append(1)
        assert mod.f(len(shared)) == 2

    @pytest.fixture(autouse=True)
    def around():
        yield

    class TestMethods:
        def test_own(self):
            self.seen = getattr(self, "seen", 0) + 1
            assert mod.f(self.seen) == 2

    class OldTest(unittest.TestCase):
        def setUp(self):
            self.value = mod.LIMIT - 9

        def test_old(self):
            with self.subTest("in parts"):
                self.assertEqual(mod.f(self.value), 2)

    @pytest.mark.parametrize("a", [1, 2])
    def test_parameter(a):
        assert mod.f(a) == a + 1

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_async(anyio_backend):
        assert mod.f(1) == 2

    @pytest.mark.xfail(strict=True)
    def test_expected():
        assert mod.f(1) == 0
"""
GOOD = "return a + 1"
WRONG = ("return a - 2", "return a - 3", "return 7", "raise ValueError(a)", "return None")

LEFT_BEHIND = {
    "global": "global LIMIT; LIMIT = 99",
    "new_global": "global NEW; NEW = 1; TABLE.clear()",
    "dictionary": "TABLE['a'] = 2",
    "dictionary_key": "TABLE[1] = 2",
    "list": "ROWS.append(3)",
    "list_order": "ROWS.reverse()",
    "set": "SEEN.add(2)",
    "deque": "LAST.append(5)",
    "class_attribute": "Shop.rate = 7",
    "new_class_attribute": "Shop.more = 7",
    "no_class_attribute": "del Shop.open; Shop.open = False",
    "instance": "SHOP.stock = {}",
    "inside_an_instance": "SHOP.stock['pen'] = 0",
    "new_instance_attribute": "SHOP.more = 1",
    "slot": "SLIM.size = 5",
    "default": "other.__defaults__[0].append(1)",
    "new_default": "other.__defaults__ = ([1, 2],)",
    "function_attribute": "other.mark = 1",
    "closure": "STEP(3)",
    "builtin": "builtins.hex = lambda number: number",
    "library": "os.path.basename = lambda path: path",
    "environment": "os.environ['TOY'] = '1'",
    "folder": "os.chdir('/')",
    "file on a traceback": "file = open(__file__)\nraise ValueError(file)",
    "import": "import colorsys",
    "thread": "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()",
}


def candidate(key: str, body: str, name: str = "f") -> Candidate:
    """A patch of mod.py that gives the function `name` another body."""
    source = textwrap.dedent(MODULE)
    first = source.splitlines().index(f"def {name}(a):")
    new = f"def {name}(a):\n" + textwrap.indent(body, "    ") + "\n"
    lines = source.splitlines(keepends=True)
    patched = "".join([*lines[:first], new, *lines[first + 2 :]])
    return Candidate(key, {"mod.py": patched.encode()}, (Swap("mod.py", name, first + 1, new),))


def wrong(name: str = "f") -> list[Candidate]:
    return [candidate(f"wrong {number}", body, name) for number, body in enumerate(WRONG)]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("batches")
    write_project(root, {"mod.py": MODULE, "test_mod.py": TESTS})
    with sandboxed(project_at(root, pytest_args=("-p", "no:randomly", "-W", "ignore::pytest.PytestWarning"))) as box:
        yield box


def attempt(sandbox: Sandboxed, test: str, *candidates: Candidate, **fields: object) -> dict[str, TryResult]:
    tried = sandbox.attempt(*candidates, on=(f"test_mod.py::{test}",), **fields)
    assert [one.key for one in tried] == [one.key for one in candidates]
    return {one.key: one for one in tried}


def statuses(tried: dict[str, TryResult]) -> dict[str, str]:
    return {key: one.status for key, one in tried.items()}


@pytest.mark.parametrize(("number", "body"), [*enumerate(LEFT_BEHIND.values())], ids=LEFT_BEHIND)
def test_good_candidate_is_found_whatever_one_before_it_left_behind(sandbox: Sandboxed, number: int, body: str) -> None:
    before = [*wrong(), candidate("leaves", f"{body}\nreturn 0"), candidate("leaves more", f"{body}\nreturn -1")]
    last = [candidate("good", GOOD), candidate("last", "return 8")]
    tried = attempt(sandbox, f"test_state[{number}]", *before, *last)

    assert [key for key, status in statuses(tried).items() if status == "passed"] == ["good"]
    assert {status for key, status in statuses(tried).items() if key != "good"} == {"failed"}
    # What is seen only at the end puts all before it in doubt.
    assert tried["last"].batched or body == LEFT_BEHIND["library"]


@pytest.mark.parametrize("name", ["global", "list", "class_attribute", "builtin", "library", "environment", "closure"])
def test_candidate_that_passes_by_what_another_one_left_is_not_plausible(sandbox: Sandboxed, name: str) -> None:
    leaves = [candidate(f"leaves {n}", f"{LEFT_BEHIND[name]}\nreturn 0") for n in range(2)]
    number = list(LEFT_BEHIND).index(name)
    tried = attempt(sandbox, f"test_lucky[{number}]", *leaves, *wrong())

    assert statuses(tried) == {one.key: "passed" for one in leaves} | {one.key: "failed" for one in wrong()}


def test_cache_does_not_keep_what_a_wrong_candidate_computed(sandbox: Sandboxed) -> None:
    candidates = [*wrong("inner"), candidate("good", GOOD, "inner"), candidate("last", "return 5", "inner")]
    tried = attempt(sandbox, "test_cached", *candidates)

    assert [key for key, one in tried.items() if one.status == "passed"] == ["good"]
    assert tried["last"].batched


def test_parameters_that_a_candidate_changes_are_as_they_were_for_the_next(sandbox: Sandboxed) -> None:
    sorts = [candidate(f"sorts {n}", f"a.sort()\nreturn [{n}]") for n in range(3)]
    tried = attempt(sandbox, "test_given[items0]", *sorts, candidate("good", "return a"), *wrong())

    assert [key for key, one in tried.items() if one.status == "passed"] == ["good"]


def test_what_cannot_be_put_back_sends_the_rest_to_another_process(sandbox: Sandboxed) -> None:
    counts = [candidate(f"counts {n}", f"next(NUMBERS)\nreturn {n + 3}") for n in range(3)]
    tried = attempt(sandbox, "test_number", *wrong(), *counts, candidate("good", GOOD))

    assert [key for key, one in tried.items() if one.status == "passed"] == ["good"]


@pytest.mark.parametrize(
    "test",
    [
        "test_state[29]",
        "test_fixture",
        "test_shared",
        "TestMethods::test_own",
        "OldTest::test_old",
        "test_parameter[1]",
        "test_parameter[2]",
        "test_async[asyncio]",
    ],
)
def test_kinds_of_tests_end_as_in_a_process_of_their_own(sandbox: Sandboxed, test: str) -> None:
    candidates = [*wrong(), candidate("good", GOOD), candidate("last", "return -7")]
    together = attempt(sandbox, test, *candidates)
    alone = attempt(sandbox, test, *candidates, alone=True)

    assert statuses(together) == statuses(alone)
    assert statuses(alone)["good"] == "passed"
    assert {key for key, one in together.items() if not one.batched} == {"good"}
    assert not any(one.batched for one in alone.values())
    assert _told(together) == _told(alone)


def _told(tried: dict[str, TryResult]) -> list[tuple[str, ...]]:
    failures = [failure for one in tried.values() for result in one.results for failure in result.failures]
    return [(failure.exception, failure.left, failure.right, failure.subtest) for failure in failures]


def test_test_that_fails_otherwise_than_by_itself_has_no_batch(sandbox: Sandboxed) -> None:
    tried = attempt(sandbox, "test_expected", *wrong(), candidate("good", "return 0"))

    assert not any(one.batched for one in tried.values())
    assert {one.status for one in tried.values()} == {"failed"}


def test_candidate_that_hangs_or_dies_costs_the_others_nothing(sandbox: Sandboxed) -> None:
    bad = {
        "loops": "while True: pass",
        "exits": "os._exit(0)",
        "forks": "os.fork()\nreturn 0",
        "leaves a child": "if os.fork() == 0:\n    time.sleep(60)\nreturn 0",
        "sleeps": "time.sleep(60)",
        "interrupts": "raise KeyboardInterrupt",
        "ends the session": "import pytest\npytest.exit('enough')",
    }
    made = [candidate(key, body) for key, body in bad.items()]
    given = [one for pair in zip(made, [*wrong(), *wrong()], strict=False) for one in pair]
    given = [Candidate(f"{number} {one.key}", one.files, one.swaps) for number, one in enumerate(given)]
    limits = {"test_timeout_s": 2.0, "test_cpu_s": 0.5}
    together = attempt(sandbox, "test_parameter[1]", *given, candidate("good", GOOD), **limits)
    alone = attempt(sandbox, "test_parameter[1]", *given, candidate("good", GOOD), **limits, alone=True)

    assert statuses(together) == statuses(alone)
    assert statuses(together)["good"] == "passed"
    assert {key for key, one in together.items() if one.status == "timeout"} == {"0 loops", "8 sleeps"}


def test_verdicts_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    write_project(tmp_path, {"mod.py": MODULE, "test_mod.py": TESTS})
    candidates = [candidate(f"c{number}", f"ROWS.append({number})\nreturn {number}") for number in range(40)]
    seen = []
    for workers in (1, 3):
        with sandboxed(project_at(tmp_path, workers=workers, pytest_args=("-p", "no:randomly"))) as box:
            tried = attempt(box, "test_parameter[1]", *candidates)
        seen.append(statuses(tried))
        assert tried["c7"].batched

    assert seen[0] == seen[1] == {f"c{number}": "passed" if number == 2 else "failed" for number in range(40)}
