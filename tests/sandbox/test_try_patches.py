"""A candidate tried by hot swap or reload ends as it would in a fresh interpreter with the patched files on disk."""

import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Candidate, Mode, Outcome, Swap
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project


@dataclass(frozen=True)
class Case:
    """One module, one edit, and whether a swap of it can be faithful."""

    name: str
    source: str
    qualname: str
    old: str
    new: str
    test: str
    strategy: str = "swap"


CASES = [
    Case("plain", "def f(a, b):\n    return a - b\n", "f", "a - b", "a + b", "assert m.f(1, 2) == 3"),
    Case("still_wrong", "def f(a):\n    return a\n", "f", "return a", "return a + 2", "assert m.f(1) == 2"),
    Case(
        "method_with_mangled_name_and_super",
        """
        class Base:
            def get(self):
                return 1

        class Box(Base):
            def __init__(self):
                self.__value = 2

            def get(self):
                return self.__value - super().get()
        """,
        "Box.get",
        "__value - super",
        "__value + super",
        "assert m.Box().get() == 3",
    ),
    Case(
        "static_and_class_methods",
        """
        class Maker:
            kind = 3

            @classmethod
            def make(cls):
                return cls.kind - 1

            @staticmethod
            def other():
                return 0
        """,
        "Maker.make",
        "cls.kind - 1",
        "cls.kind + 1",
        "assert m.Maker.make() == 4",
    ),
    Case(
        "property",
        """
        class Square:
            def __init__(self, side):
                self.side = side

            @property
            def area(self):
                return self.side + self.side
        """,
        "Square.area",
        "self.side + self.side",
        "self.side * self.side",
        "assert m.Square(3).area == 9",
    ),
    Case(
        "property_with_setter",
        """
        class Level:
            @property
            def value(self):
                return self._value + 1

            @value.setter
            def value(self, value):
                self._value = value
        """,
        "Level.value",
        "self._value + 1",
        "self._value",
        "level = m.Level(); level.value = 1; assert level.value == 1",
        "reload",
    ),
    Case(
        "decorated_function",
        """
        import functools

        def twice(function):
            @functools.wraps(function)
            def wrapper(*args):
                return 2 * function(*args)
            return wrapper

        @twice
        def f(a):
            return a + 1
        """,
        "f",
        "a + 1",
        "a",
        "assert m.f(2) == 4",
    ),
    Case(
        "body_of_a_decorators_wrapper",
        """
        def twice(function):
            def wrapper(*args):
                return 3 * function(*args)
            return wrapper

        @twice
        def f(a):
            return a
        """,
        "twice",
        "3 * function",
        "2 * function",
        "assert m.f(2) == 4",
    ),
    Case(
        "decorator_that_already_ran",
        """
        registry = {}

        def register(function):
            registry["other"] = function
            return function

        @register
        def f():
            return 1
        """,
        "register",
        '"other"',
        "function.__name__",
        "assert m.registry['f']() == 1",
        "reload",
    ),
    Case(
        "cache_filled_by_the_import",
        """
        import functools

        @functools.lru_cache
        def f(a):
            return a - 1

        ONE = f(0)
        """,
        "f",
        "a - 1",
        "a + 1",
        "assert m.ONE == 1",
        "reload",
    ),
    Case(
        "cached_function",
        "import functools\n\n@functools.lru_cache\ndef f(a):\n    return a - 1\n",
        "f",
        "a - 1",
        "a + 1",
        "assert m.f(0) == 1",
    ),
    Case(
        "closure_made_by_the_test",
        """
        def counter():
            n = 0
            def up():
                nonlocal n
                n -= 1
                return n
            return up
        """,
        "counter",
        "n -= 1",
        "n += 1",
        "assert m.counter()() == 1",
    ),
    Case(
        "lambdas_on_one_line",
        """
        def make():
            return (lambda a: a - 1), (lambda a: a * 2)

        down, double = make()
        """,
        "make",
        "a - 1",
        "a + 1",
        "assert (m.down(1), m.double(3)) == (2, 6)",
    ),
    Case(
        "becomes_a_generator",
        "def f(items):\n    return []\n",
        "f",
        "return []",
        "yield from items",
        "assert list(m.f([1, 2])) == [1, 2]",
    ),
    Case(
        "coroutine",
        "async def f():\n    return 1\n",
        "f",
        "return 1",
        "return 2",
        "import asyncio; assert asyncio.run(m.f()) == 2",
    ),
    Case(
        "conditional_definition",
        "import sys\nif sys.version_info:\n    def f():\n        return 1\n",
        "f",
        "return 1",
        "return 2",
        "assert m.f() == 2",
    ),
    Case("syntax_error", "def f():\n    return 1\n", "f", "return 1", "return (", "assert m.f() == 2", "reload"),
    Case(
        "future_annotations",
        "from __future__ import annotations\n\ndef f(a):\n    x: undefined_name = a - 1\n    return x\n",
        "f",
        "a - 1",
        "a + 1",
        "assert m.f(1) == 2",
    ),
    Case(
        "line_numbers",
        "import sys\n\n\ndef f():\n    return 0\n",
        "f",
        "return 0",
        "return sys._getframe().f_lineno",
        "assert m.f() == 5",
    ),
]


def _patched(case: Case) -> str:
    source = textwrap.dedent(case.source)
    assert case.old in source
    return source.replace(case.old, case.new)


def _path(case: Case) -> str:
    return f"mod_{case.name}.py"


def _candidate(case: Case) -> Candidate:
    """What the engine makes of an edit inside one function: the def's lines without its decorators."""
    lines = _patched(case).splitlines(keepends=True)
    name = case.qualname.rpartition(".")[2]
    before = textwrap.dedent(case.source).splitlines(keepends=True)
    edited = next(i for i, line in enumerate(lines) if line != before[i])
    start = next(i for i in range(edited, -1, -1) if lines[i].strip().removeprefix("async ").startswith(f"def {name}("))
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent):
        end += 1
    swap = Swap(_path(case), case.qualname, start + 1, "".join(lines[start:end]))
    return Candidate(case.name, {_path(case): _patched(case).encode()}, (swap,))


def _nodeid(case: Case) -> str:
    return f"test_cases.py::test_{case.name}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("cases")
    tests = "".join(
        f"import mod_{case.name}\ndef test_{case.name}():\n    m = mod_{case.name}\n    {case.test}\n" for case in CASES
    )
    hang = "def test_twice_slow():\n    pass\n"
    write_project(root, {"test_cases.py": tests, "test_other.py": hang} | {_path(c): c.source for c in CASES})
    with sandboxed(project_at(root)) as box:
        yield box


@pytest.fixture(scope="module")
def cold(sandbox: Sandboxed) -> dict[str, str]:
    """Outcomes in a fresh interpreter with every patch but the syntax error on disk."""
    files = {_path(case): _patched(case).encode() for case in CASES if case.name != "syntax_error"}
    run = sandbox.run(*map(_nodeid, CASES), mode=Mode.COLD, files=files)
    return {result.nodeid: result.outcome.value for result in run.results}


@pytest.mark.smoke
@pytest.mark.parametrize("case", [case for case in CASES if case.name != "syntax_error"], ids=lambda case: case.name)
def test_candidate_ends_as_in_a_fresh_interpreter(sandbox: Sandboxed, cold: dict[str, str], case: Case) -> None:
    (result,) = sandbox.attempt(_candidate(case), on=(_nodeid(case),))

    assert (result.status, result.strategy) == (cold[_nodeid(case)], case.strategy), result


def test_unpatched_tests_fail_so_that_passing_means_something(sandbox: Sandboxed) -> None:
    outcomes = sandbox.outcomes()

    assert {name for name, outcome in outcomes.items() if outcome == "passed"} <= {
        "test_twice_slow",
        "test_future_annotations",
    }


def test_syntax_error_is_a_failure_that_quotes_it(sandbox: Sandboxed) -> None:
    case = next(case for case in CASES if case.name == "syntax_error")
    (result,) = sandbox.attempt(_candidate(case), on=(_nodeid(case),))

    assert (result.status, result.strategy) == ("failed", "reload"), result
    assert "never closed" in result.reason


def test_candidates_do_not_see_one_another(sandbox: Sandboxed) -> None:
    plain = CASES[0]
    wrong = Candidate("wrong", {_path(plain): textwrap.dedent(plain.source).encode()})
    results = sandbox.attempt(_candidate(plain), wrong, _candidate(plain), on=(_nodeid(plain),))

    assert [result.status for result in results] == ["passed", "failed", "passed"]


def test_rest_is_left_out_after_the_first_that_passes(sandbox: Sandboxed) -> None:
    plain = CASES[0]
    candidates = [Candidate(f"c{i}", _candidate(plain).files, _candidate(plain).swaps) for i in range(40)]
    results = sandbox.attempt(*candidates, on=(_nodeid(plain),), stop_at_pass=True)

    assert results[0].status == "passed"
    assert [result.status for result in results].count("not tried") > 20
    assert [result.key for result in results] == [candidate.key for candidate in candidates]


def test_tests_run_in_the_given_order_up_to_the_first_that_is_not_green(sandbox: Sandboxed) -> None:
    plain, still_wrong, prop = CASES[0], CASES[1], CASES[4]
    order = (_nodeid(prop), _nodeid(plain), _nodeid(still_wrong))
    (result,) = sandbox.attempt(_candidate(prop), on=order)

    assert [one.nodeid for one in result.results] == list(order[:2])
    assert [one.outcome for one in result.results] == [Outcome.PASSED, Outcome.FAILED]


def test_skipping_is_not_passing(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "mod.py": "def f():\n    return 1\n",
            "test_mod.py": """
                import mod

                def test_f():
                    assert mod.f() == 2

                def test_after():
                    pass
            """,
        },
    )
    body = "def f():\n    import pytest\n    pytest.skip('no')\n"
    skips = Candidate("skips", {"mod.py": body.encode()}, (Swap("mod.py", "f", 1, body),))
    with sandboxed(project_at(tmp_path)) as box:
        (result,) = box.attempt(skips, on=("test_mod.py::test_f", "test_mod.py::test_after"))

    assert result.status == "failed"
    assert [one.outcome for one in result.results] == [Outcome.SKIPPED]


def test_failure_of_a_candidate_is_slim(sandbox: Sandboxed) -> None:
    (result,) = sandbox.attempt(_candidate(CASES[1]), on=(_nodeid(CASES[1]),))

    (failure,) = result.results[0].failures
    assert (failure.left, failure.operator, failure.right) == ("3", "==", "2")
    assert failure.frames == ()


@pytest.mark.parametrize("swapped", [True, False], ids=["swap", "reload"])
def test_hanging_and_dying_candidates_have_their_own_status(sandbox: Sandboxed, swapped: bool) -> None:
    plain = CASES[0]

    def candidate(key: str, body: str) -> Candidate:
        source = f"def f(a, b):\n    {body}\n"
        swap = Swap(_path(plain), "f", 1, source)
        return Candidate(key, {_path(plain): source.encode()}, (swap,) if swapped else ())

    results = sandbox.attempt(
        candidate("loops", "while True: pass"),
        candidate("exits", "import os; os._exit(0)"),
        candidate("good", "return a + b"),
        on=(_nodeid(plain),),
        test_timeout_s=0.5,
    )

    assert [result.status for result in results] == ["timeout", "crashed", "passed"]


@pytest.mark.slow
def test_swaps_are_judged_twenty_times_faster_than_cold_runs(sandbox: Sandboxed) -> None:
    still_wrong = CASES[1]
    candidates = [Candidate(f"c{i}", _candidate(still_wrong).files, _candidate(still_wrong).swaps) for i in range(200)]
    begun = time.perf_counter()
    sandbox.attempt(*candidates, on=(_nodeid(still_wrong),))
    each = (time.perf_counter() - begun) / len(candidates)
    begun = time.perf_counter()
    sandbox.run(_nodeid(still_wrong), mode=Mode.COLD)
    cold = time.perf_counter() - begun

    assert each * 20 < cold


def test_workers_share_the_candidates(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {"mod.py": "def f():\n    return 1\n", "test_mod.py": "import mod\ndef test_f():\n    assert mod.f() == 2\n"},
    )
    candidates = [
        Candidate(
            str(i),
            {"mod.py": f"def f():\n    return {i}\n".encode()},
            (Swap("mod.py", "f", 1, f"def f():\n    return {i}\n"),),
        )
        for i in range(30)
    ]
    with sandboxed(project_at(tmp_path, workers=2)) as box:
        results = box.attempt(*candidates, on=("test_mod.py::test_f",))

    assert [result.key for result in results if result.status == "passed"] == ["2"]
    assert {result.status for result in results} == {"passed", "failed"}


def test_reloads_find_libraries_imported_but_no_project_module(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "mod.py": "import annotated_types\n\ndef f():\n    return 1\n",
            "test_mod.py": """
                import sys
                EARLY = [name in sys.modules for name in ("annotated_types", "mod")]
                import mod

                def test_early():
                    assert EARLY == [True, False]
            """,
        },
    )
    same = Candidate("same", {"mod.py": (tmp_path / "mod.py").read_bytes()})
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes("test_mod.py::test_early") == {"test_early": "failed"}
        (tried,) = box.attempt(same, on=("test_mod.py::test_early",))

    assert (tried.status, tried.strategy) == ("passed", "reload")


def test_an_endless_loop_ends_by_its_processor_time_and_a_sleeper_by_the_clock(tmp_path: Path) -> None:
    write_project(tmp_path, {"m.py": "def f():\n    return 1\n", "test_m.py": "import m\n\ndef test_f():\n    m.f()\n"})
    loop = "def f():\n    while True:\n        pass\n"
    sleep = "def f():\n    import time\n    time.sleep(60)\n"
    candidates = [
        Candidate(name, {"m.py": source.encode()}, (Swap("m.py", "f", 1, source),))
        for name, source in (("loop", loop), ("sleep", sleep))
    ]
    with sandboxed(project_at(tmp_path)) as box:
        tried = box.attempt(*candidates, on=("test_m.py::test_f",), test_timeout_s=6.0, test_cpu_s=0.5)
    assert [one.status for one in tried] == ["timeout", "timeout"]
    assert "processor time limit of 0.5 s" in tried[0].reason + str(tried[0].results)
    assert tried[0].duration_s < 6.0 <= tried[1].duration_s
