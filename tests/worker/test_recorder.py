"""Failures as plain data, recorded where the exception still lives."""

import json
from typing import Any

import pytest

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.worker.recorder import FailureRecorder
from pytest_codemode.worker.timelimit import TimeLimit


class Listener:
    """Collects what the recorder attached, after a trip through JSON, as xdist would send it."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def take(self, report: Any) -> None:
        data = json.loads(json.dumps(getattr(report, "codemode_failures", [])))
        self.failures += [decode(Failure, one) for one in data]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.take(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.take(report)


@pytest.fixture
def record(pytester: pytest.Pytester) -> Any:
    def run(source: str, *args: str, seconds: float = 30.0) -> list[Failure]:
        listener = Listener()
        path = pytester.makepyfile(source)
        plugins = [FailureRecorder(str(pytester.path)), TimeLimit(seconds), listener]
        pytester.inline_run(path, "-p", "no:codemode", "-p", "no:randomly", *args, plugins=plugins)
        return listener.failures

    return run


@pytest.mark.smoke
def test_comparison_is_taken_apart(record: Any) -> None:
    (failure,) = record("def test_a():\n    left = [1, {'b': 2}]\n    assert left == [1, {'b': 3}]\n")

    assert (failure.left, failure.operator, failure.right) == ("[1, {'b': 2}]", "==", "[1, {'b': 3}]")
    assert failure.when is Phase.CALL
    assert failure.frames[-1].locals == {"left": "[1, {'b': 2}]"}
    assert failure.frames[-1].source == "assert left == [1, {'b': 3}]"


@pytest.mark.smoke
@pytest.mark.parametrize("operator", ["in", "not in", "is", "<", "!="])
def test_operator_is_the_one_that_failed(record: Any, operator: str) -> None:
    values = {"in": (1, []), "not in": (1, [1]), "is": (1, "1"), "<": (2, 1), "!=": (1, 1)}
    left, right = values[operator]
    (failure,) = record(f"def test_a():\n    a, b = {left!r}, {right!r}\n    assert a {operator} b\n")

    assert (failure.left, failure.operator, failure.right) == (repr(left), operator, repr(right))


def test_failed_comparison_that_was_caught_is_not_mistaken(record: Any) -> None:
    (failure,) = record(
        """
        import pytest

        def test_a():
            with pytest.raises(AssertionError):
                assert 1 == 2
            raise AssertionError("other")
        """
    )

    assert (failure.message, failure.operator) == ("other", "")


@pytest.mark.smoke
def test_assertion_over_several_lines_is_one(record: Any) -> None:
    (failure,) = record(
        "def test_a():\n    assert sum(\n        [1,\n         2]\n    ) == (\n        4\n    ), 'message'\n"
    )

    assert (failure.left, failure.operator, failure.right) == ("3", "==", "4")


def test_unittest_operands(record: Any) -> None:
    (failure,) = record(
        """
        import unittest

        class TestIt(unittest.TestCase):
            def test_a(self):
                self.assertIn(3, [1, 2])
        """
    )

    assert (failure.left, failure.operator, failure.right) == ("3", "in", "[1, 2]")


def test_every_phase_is_told(record: Any) -> None:
    failures = record(
        """
        import pytest

        @pytest.fixture
        def broken():
            raise KeyError("up")

        @pytest.fixture
        def untidy():
            yield
            raise OSError("down")

        def test_setup(broken): pass
        def test_teardown(untidy): assert 0
        """
    )

    assert [(failure.when, failure.exception) for failure in failures] == [
        (Phase.SETUP, "KeyError"),
        (Phase.CALL, "AssertionError"),
        (Phase.TEARDOWN, "OSError"),
    ]


def test_expected_failures_and_skips_are_none(record: Any) -> None:
    failures = record(
        """
        import pytest

        @pytest.mark.xfail
        def test_expected(): assert 0

        def test_skipped(): pytest.skip("not now")

        @pytest.mark.xfail(strict=True, reason="it was broken")
        def test_strict(): pass
        """
    )

    assert [(failure.exception, failure.message) for failure in failures] == [
        ("Failed", "[XPASS(strict)] it was broken")
    ]


def test_subtests_share_the_node_id_and_name_themselves(record: Any) -> None:
    failures = record(
        """
        import unittest

        class TestIt(unittest.TestCase):
            def test_a(self):
                for n in range(3):
                    with self.subTest("turn", n=n):
                        self.assertNotEqual(n, 1)

        def test_b(subtests):
            for n in range(3):
                with subtests.test(n=n):
                    assert n != 2
        """
    )

    assert [(failure.nodeid.rpartition("::")[2], failure.subtest) for failure in failures] == [
        ("test_a", "turn n=1"),
        ("test_b", "n=2"),
    ]


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("source", "exception", "line"),
    [
        ("import no_such_module\n", "ModuleNotFoundError", 1),
        ("x = 1\nx.y\n", "AttributeError", 2),
        ("x = 1\n\ndef broken(:\n", "SyntaxError", 3),
    ],
)
def test_collection_errors_name_the_cause_and_the_place(record: Any, source: str, exception: str, line: int) -> None:
    (failure,) = record(source)

    assert (failure.when, failure.exception) == (Phase.COLLECT, exception)
    assert failure.frames[-1].line == line
    assert not failure.frames[-1].path.startswith("/")


def test_hanging_test_is_interrupted_where_it_hangs(record: Any) -> None:
    (failure,) = record(
        """
        import time

        def wait():
            while True:
                try:
                    time.sleep(30)
                except Exception:
                    pass

        def test_a():
            wait()
        """,
        seconds=0.3,
    )

    assert (failure.exception, failure.timed_out) == ("Timeout", True)
    assert failure.frames[-1].function == "wait"


def test_pytest_timeout_goes_first_and_is_understood(record: Any) -> None:
    (failure,) = record("import time\ndef test_a():\n    time.sleep(30)\n", "--timeout=0.3", seconds=0.1)

    assert (failure.exception, failure.timed_out) == ("Timeout", True)
    assert "pytest-timeout" in failure.message


def test_doctest_is_a_failure_like_any_other(record: Any) -> None:
    (failure,) = record('"""\n>>> 1 + 1\n3\n"""\n', "--doctest-modules")

    assert failure.exception == "DocTestFailure" or "Doc" in failure.exception
    assert failure.when is Phase.CALL


def test_deep_recursion_stays_small(record: Any) -> None:
    (failure,) = record("def f(n):\n    return f(n + 1)\n\ndef test_a():\n    f(0)\n")

    assert failure.exception == "RecursionError"
    assert len(failure.frames) == 60
    assert len(json.dumps(failure.message)) < 30_000
