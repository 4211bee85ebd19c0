import pytest

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.refusal import is_refusal


def failed(exception: str, message: str = "", **more: object) -> Failure:
    return Failure("t.py::a", Phase.CALL, exception, message, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "failure",
    [
        failed("PermissionError", "[Errno 13] Permission denied: 'out.txt'"),
        failed("OSError", "[Errno 30] Read-only file system: 'out.txt'"),
        failed("OSError", "[Errno 1] x"),
        failed("PermissionError", "only for members"),
        failed("OperationalError", "attempt to write a readonly database"),
        failed("OperationalError", "unable to open database file"),
        failed("StoreError", "cannot save", causes=("PermissionError: [Errno 13] Permission denied",)),
        failed("CalledProcessError", "exit status 1", output="touch: cannot touch 'x': Permission denied"),
    ],
    ids=lambda failure: failure.message[:20],
)
def test_refusals_of_the_system_are_seen_however_they_are_told(failure: Failure) -> None:
    assert is_refusal(failure)


@pytest.mark.parametrize(
    "failure",
    [
        failed("FileNotFoundError", "[Errno 2] No such file or directory: 'x'"),
        failed("OSError", "[Errno 130] other"),
        failed("AssertionError", "assert 13 == 30", output="1 file written"),
    ],
)
def test_other_failures_are_no_refusals(failure: Failure) -> None:
    assert not is_refusal(failure)
