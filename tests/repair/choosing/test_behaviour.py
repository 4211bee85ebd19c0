from pytest_codemode.core.report import Difference
from pytest_codemode.repair.choosing.behaviour import difference
from pytest_codemode.repair.choosing.instrument import Seen

KEY = "sk-" + "a1" * 10


def seen(call: str, result: str) -> dict[str, Seen]:
    return {call: Seen(call, call, result, True, False, False, True)}


def test_an_example_with_a_credential_in_it_gives_way_to_a_longer_one() -> None:
    secret, plain = f"f('{KEY}')", "f('" + "x" * 60 + "')"
    here, there = seen(secret, "1") | seen(plain, "1"), seen(secret, "2") | seen(plain, "2")
    assert difference(here, there) == Difference(2, 2, plain, "1", "2")


def test_where_every_example_holds_a_credential_there_are_numbers_alone() -> None:
    here, there = seen("f(1)", f"'{KEY}'") | seen("f(2)", "1"), seen("f(1)", "2") | seen("f(2)", "1")
    assert difference(here, there) == Difference(1, 2)
    assert difference(there, here) == Difference(1, 2)
