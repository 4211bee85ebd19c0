import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.remote import RemoteCall
from pytest_codemode.workbench.api import WorkbenchError
from pytest_codemode.workbench.remote import MAX_CALLS, MAX_PATCHES, Allowed, bound, looked
from tests.workbench.bench import workbench


def call(method: str, *positional: object, **named: object) -> RemoteCall:
    return RemoteCall(1, method, positional, named)


def test_arguments_are_bound_by_place_or_name_and_keep_their_types() -> None:
    assert bound(call("read", "a.py", 2)) == {"path": "a.py", "start": 2}
    assert bound(call("read", "a.py", end=None)) == {"path": "a.py", "end": None}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (call("write", "a.py"), "project has no 'write'; it has read, search"),
        (call("__init__"), "project has no '__init__'"),
        (call("patch", []), "project has no 'patch'"),
        (call("read"), "read: argument 'path' is missing"),
        (call("read", "a.py", 1, 2, 3), "read: 4 arguments given, it takes path, start, end"),
        (call("read", "a.py", path="b.py"), "read: argument 'path' is given twice"),
        (call("read", "a.py", lines=3), "read: unknown argument 'lines'; it takes path, start, end"),
        (call("read", "a.py", "1"), "read: start: an integer expected"),
        (call("read", "a.py", True), "read: start: an integer expected"),
        (call("run_tests", "t.py::a"), "run_tests: nodeids: an array expected"),
        (call("environment", 1), "environment: 1 arguments given, it takes none"),
    ],
)
def test_a_call_that_does_not_fit_is_answered_with_what_would(asked: RemoteCall, problem: str) -> None:
    with pytest.raises(WorkbenchError) as refusal:
        bound(asked)
    assert problem in str(refusal.value)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=12), st.lists(st.none() | st.integers() | st.text(max_size=5) | st.just([{}]), max_size=4))
def test_whatever_a_program_sends_is_an_answer_or_a_workbench_error(method: str, arguments: list[object]) -> None:
    with pytest.raises(WorkbenchError):
        bound(RemoteCall(1, method, tuple(arguments), {"": None}))


def test_answers_are_plain_json() -> None:
    assert looked(workbench(), call("read", "src/cart.py", 1, 1)) == {
        "path": "src/cart.py",
        "start": 1,
        "lines": ["class Cart:"],
        "total": 6,
    }


def test_a_program_runs_out_of_calls_and_of_patches() -> None:
    allowed = Allowed()
    for _ in range(MAX_CALLS):
        allowed.take("read")
    with pytest.raises(WorkbenchError, match=f"{MAX_CALLS} calls"):
        allowed.take("read")
    allowed = Allowed()
    for _ in range(MAX_PATCHES):
        allowed.take("try_patch")
    with pytest.raises(WorkbenchError, match=f"{MAX_PATCHES} patches"):
        allowed.take("try_patch")
    with pytest.raises(WorkbenchError, match="patches"):
        allowed.take("read")


def test_answers_are_paid_for_by_their_size() -> None:
    allowed = Allowed(answer_bytes=100)
    allowed.pay(90)
    with pytest.raises(WorkbenchError, match="too long"):
        allowed.pay(11)
    allowed.pay(10)
