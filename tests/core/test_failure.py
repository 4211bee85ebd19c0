import pytest

from pytest_codemode.core.failure import Failure, Phase, moved

BEFORE = Failure("t", Phase.CALL, "AssertionError", "assert 1 == 2\nmore")


@pytest.mark.parametrize(
    ("exception", "message", "says"),
    [
        ("AssertionError", "assert 1 == 2\nanother second line", False),
        ("AssertionError", "assert 3 == 2", True),
        ("KeyError", "'a'", True),
        ("NameError", "name 'a' is not defined", None),
        ("TypeError", "unsupported operand", None),
    ],
)
def test_another_first_line_is_another_failure_unless_the_candidate_is_nonsense(
    exception: str, message: str, says: bool | None
) -> None:
    assert moved(BEFORE, Failure("t", Phase.CALL, exception, message)) is says


def test_another_error_of_the_kind_that_was_there_before_is_another_failure() -> None:
    one, two = (Failure("t", Phase.CALL, "TypeError", text) for text in ("first", "second"))
    assert moved(one, two) is True


def test_a_test_that_hangs_says_nothing() -> None:
    assert moved(BEFORE, Failure("t", Phase.CALL, "Timeout", "", timed_out=True)) is None
