from pytest_codemode.core.failure import Failure, SampledFrame, Samples
from pytest_codemode.repair.grouping import group
from tests.repair.sandbox import failure, uncollectable

EDITABLE = frozenset({"m.py", "n.py"})


def grouped(*failures: Failure) -> list[list[str]]:
    return [[one.nodeid for one in members] for members in group(failures, EDITABLE)]


def test_the_same_exception_at_the_same_editable_line_is_one_cause() -> None:
    a = failure("t.py::a", "x", ("t.py", 1), ("m.py", 3), ("lib.py", 9))
    b = failure("u.py::b", "y", ("u.py", 7), ("n.py", 2), ("m.py", 3))
    assert grouped(a, b) == [["t.py::a", "u.py::b"]]


def test_another_line_or_another_exception_is_another_cause() -> None:
    a = failure("t.py::a", "x", ("m.py", 3))
    b = failure("t.py::b", "x", ("m.py", 4))
    c = failure("t.py::c", "x", ("m.py", 3), exception="KeyError")
    assert grouped(a, b, c) == [["t.py::a"], ["t.py::b"], ["t.py::c"]]


def test_assertions_of_one_parametrised_test_are_one_cause() -> None:
    a, b, c = (failure(f"t.py::{name}", "x", ("t.py", 3)) for name in ("a[1]", "a[2]", "ab"))
    assert grouped(a, c, b) == [["t.py::a[1]", "t.py::a[2]"], ["t.py::ab"]]


def test_files_that_cannot_be_collected_for_one_line_are_one_cause_apart_from_its_tests() -> None:
    a, b = (uncollectable(path, "x", (path, 1), ("m.py", 3)) for path in ("t.py", "u.py"))
    c = failure("v.py::c", "x", ("m.py", 3), exception="ImportError")
    d = uncollectable("x.py", "x", ("x.py", 1), ("m.py", 4))
    assert grouped(a, b, c, uncollectable("w.py"), d) == [["t.py", "u.py"], ["v.py::c"], ["w.py"], ["x.py"]]


def hanging(nodeid: str, line: int, *frames: tuple[str, str]) -> Failure:
    """Return a test that hangs; frames are (path, function), outermost first, the innermost at `line`."""
    last = len(frames) - 1
    seen = tuple(SampledFrame(p, line if i == last else 1, name, i, 9) for i, (p, name) in enumerate(frames))
    return failure(nodeid, "x", ("m.py", line), timed_out=True, samples=Samples(9, seen))


def test_tests_that_hang_in_one_function_are_one_cause_wherever_the_clock_struck() -> None:
    a = hanging("t.py::a", 3, ("t.py", "a"), ("m.py", "spin"))
    b = hanging("t.py::b", 4, ("t.py", "b"), ("m.py", "spin"))
    c = hanging("t.py::c", 9, ("t.py", "c"), ("m.py", "other"))
    assert grouped(a, b, c) == [["t.py::a", "t.py::b"], ["t.py::c"]]


def test_a_loop_in_the_test_itself_says_nothing_of_the_cause() -> None:
    a = hanging("t.py::a", 3, ("t.py", "a"))
    b = hanging("t.py::b", 4, ("t.py", "b"))
    assert grouped(a, b) == [["t.py::a"], ["t.py::b"]]
