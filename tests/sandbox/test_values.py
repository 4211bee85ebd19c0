"""What a run tells of the values of watched functions, and where a test hung; nothing of the project's runs for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.observed import FunctionSeen, Values, together
from pytest_codemode.core.outcome import Outcome
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "text.py": """
        def join(parts, sep, *rest, key="k"):
            found = []
            for part in parts:
                found.append(clean(part))
            return sep.join(found)


        def clean(part):
            return part.strip()


        def numbers(count):
            for number in range(count):
                yield number


        def outer(value):
            def inner(other):
                return other + value
            return inner(1)


        def helper(value):
            try:
                raise ValueError(value)
            except ValueError:
                return None


        def spin(n):
            total = 0
            while n > 0:
                total += n
            return total


        def start(n):
            return spin(n)


        class Shown:
            def __repr__(self):
                return describe(self)


        def describe(value):
            return "shown"
    """,
    "test_text.py": """
        import unittest
        import pytest
        from text import Shown, clean, helper, join, numbers, outer, start

        asked = []

        class Nosy(type):
            def __getattribute__(cls, name):
                asked.append(name)
                return super().__getattribute__(name)
            def __eq__(cls, other):
                asked.append("==")
                return True
            def __hash__(cls):
                asked.append("hash")
                return 0

        class Odd(str, metaclass=Nosy):
            def __getattribute__(self, name):
                asked.append(name)
                return super().__getattribute__(name)
            def __repr__(self):
                asked.append("repr")
                return "odd"
            def __eq__(self, other):
                asked.append("==")
                return False
            def __hash__(self):
                asked.append("hash")
                return 1
            def __len__(self):
                asked.append("len")
                return 3

        @pytest.fixture
        def warm():
            clean(" ")

        def test_join(warm):
            helper(0)
            result = join(["a", " b"], "-")
            assert result == "a-b"

        def test_none():
            assert join([], None) == ""

        def test_odd():
            odd = Odd("x")
            asked.clear()
            outer_list = [odd]
            join([], ",", odd, outer_list)
            assert asked == []

        def test_password():
            clean("hunter2-prod-1")
            join([], "ghp_0123456789012345678901234", key="abcdef1234567")

        def test_generator():
            assert list(numbers(3)) == [0, 1, 2]

        def test_inner():
            assert outer(2) == 3

        def test_shown():
            assert Shown() is None

        class TestShown(unittest.TestCase):
            def test_shown(self):
                self.assertEqual(Shown(), None)

        def test_hang():
            start(1)
    """,
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("text")
    write_project(root, FILES)
    with sandboxed(project_at(root)) as made:
        yield made


def values(sandbox: Sandboxed, test: str, *watch: str) -> Values:
    (result,) = sandbox.run(
        f"test_text.py::{test}", record="values", watch=tuple(f"text.py::{name}" for name in watch)
    ).results
    assert result.values is not None
    return result.values


def seen(sandbox: Sandboxed, test: str, function: str) -> FunctionSeen:
    (found,) = values(sandbox, test, function).functions
    return found


def kinds(function: FunctionSeen) -> dict[tuple[str, str], dict[str, int]]:
    return {(one.name, one.role): one.held.kinds for one in function.names}


@pytest.mark.smoke
def test_arguments_locals_items_and_results_are_told_by_kind(sandbox: Sandboxed) -> None:
    function = seen(sandbox, "test_join", "join")
    found = kinds(function)

    assert (function.function, function.calls, function.raised) == ("text.py::join", 1, {})
    assert found["parts", "argument"] == {"list": 1}
    assert found["sep", "argument"] == {"str": 1}
    assert found["rest", "argument"] == {"tuple empty": 1}
    assert found["key", "argument"] == {"str": 1}
    assert found["parts", "item"] == {"str": 2}
    assert found["part", "local"] == {"str": 1}
    assert found["return", "result"] == {"str": 1}
    literals = {(one.name, one.role): one.held.literals for one in function.names}
    assert literals["parts", "argument"] == ("['a', ' b']",)
    assert literals["return", "result"] == ("'a-b'",)


@pytest.mark.smoke
def test_an_exception_tells_the_locals_of_its_moment_and_its_line(sandbox: Sandboxed) -> None:
    function = seen(sandbox, "test_none", "join")
    assert function.raised == {"AttributeError": 1}
    assert function.left_at == (6,)
    assert kinds(function)["sep", "local"] == {"NoneType": 1}
    assert ("return", "result") not in kinds(function)


@pytest.mark.smoke
def test_an_exception_that_is_caught_does_not_leave_the_function(sandbox: Sandboxed) -> None:
    function = seen(sandbox, "test_join", "helper")
    assert (function.raised, kinds(function)["return", "result"]) == ({}, {"NoneType": 1})


@pytest.mark.smoke
def test_no_code_of_a_value_or_of_its_class_runs(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run("test_text.py::test_odd", record="values", watch=("text.py::join",)).results
    assert result.outcome is Outcome.PASSED
    assert result.values is not None
    found = kinds(result.values.functions[0])
    assert found["rest", "item"] == {"Odd": 1, "list one": 1}
    assert all(not one.held.literals for one in result.values.functions[0].names if one.name == "rest")


def test_what_looks_like_a_credential_is_no_literal(sandbox: Sandboxed) -> None:
    both = values(sandbox, "test_password", "join", "clean").functions
    literals = {(f.function, one.name): one.held.literals for f in both for one in f.names if one.role == "argument"}
    assert literals["text.py::join", "key"] == ()
    assert literals["text.py::join", "sep"] == ()
    assert literals["text.py::clean", "part"] == ("'hunter2-prod-1'",)  # nothing says that it is one


@pytest.mark.smoke
def test_a_generator_is_called_once_and_what_it_yields_is_no_result(sandbox: Sandboxed) -> None:
    function = seen(sandbox, "test_generator", "numbers")
    assert (function.calls, function.raised) == (1, {})
    assert kinds(function)["count", "argument"] == {"int": 1}
    assert ("return", "result") not in kinds(function)


def test_a_nested_function_is_told_under_its_own_name(sandbox: Sandboxed) -> None:
    found = {f.function: f for f in values(sandbox, "test_inner", "outer").functions}
    assert found.keys() == {"text.py::outer", "text.py::outer.inner"}
    assert kinds(found["text.py::outer.inner"])["other", "argument"] == {"int": 1}


@pytest.mark.smoke
def test_each_line_of_the_test_tells_what_it_called(sandbox: Sandboxed) -> None:
    lines = FILES["test_text.py"].splitlines()
    called = {one.line: one.functions for one in values(sandbox, "test_join").called}
    line = next(number for number, text in enumerate(lines, 1) if "result = join" in text)
    assert called[line] == ("text.py::clean", "text.py::join")
    assert called[line - 1] == ("text.py::helper",)
    assert "text.py::clean" in called[0]  # by the fixture


@pytest.mark.parametrize("test", ["test_shown", "TestShown::test_shown"])
def test_what_only_explains_a_failure_belongs_to_no_line_of_the_test(sandbox: Sandboxed, test: str) -> None:
    assert values(sandbox, test).called == ()


def test_failing_and_passing_runs_are_told_apart(sandbox: Sandboxed) -> None:
    red, green = values(sandbox, "test_none", "join"), values(sandbox, "test_join", "join")
    (function,) = together([red], [green])
    assert (function.path, function.qualname) == ("text.py", "join")
    assert (function.failing_calls, function.passing_calls) == (1, 1)
    sep = function.name("sep", "argument")
    assert sep is not None
    assert (sep.only_failing, sep.failing.types, sep.passing.literals) == (("NoneType",), ("NoneType",), ("'-'",))


def test_a_hanging_test_is_sampled_before_its_time_is_up(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run("test_text.py::test_hang", test_timeout_s=1.5).results
    assert result.outcome is Outcome.TIMEOUT
    samples = result.failures[0].samples
    assert samples is not None
    assert samples.taken >= 3
    by_depth = {depth: {f.function for f in samples.frames if f.depth == depth} for depth in range(4)}
    assert by_depth == {0: {"test_hang"}, 1: {"start"}, 2: {"spin"}, 3: set()}
    assert {f.line for f in samples.frames if f.depth == 2} <= {33, 34}
    assert sum(f.count for f in samples.frames if f.depth == 1) == samples.taken


def test_a_test_that_ends_in_time_has_no_samples(sandbox: Sandboxed, tmp_path: Path) -> None:
    (result,) = sandbox.run("test_text.py::test_none").results
    assert result.failures[0].samples is None
