import pytest

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.observed import (
    MAX_KINDS,
    MAX_LITERALS,
    FunctionSeen,
    Held,
    NameSeen,
    ObservedName,
    Values,
    checked,
    together,
    type_of,
    without_failing_values,
)

WATCHED = ("a.py::C.f",)


def call(*literals: str, kinds: dict[str, int] | None = None, **fields: object) -> Values:
    name = NameSeen("x", "argument", Held(kinds or {"int": 1}, literals))
    return Values((FunctionSeen("a.py::C.f", 1, (name,), **fields),))  # type: ignore[arg-type]


def test_runs_are_added_up_by_function_and_name() -> None:
    red = [call("1", kinds={"int": 2}, raised={"E": 1}, left_at=(7,)), call("0", kinds={"int zero": 1}, left_at=(5, 7))]
    (found,) = together(red, [call("3"), Values((FunctionSeen("a.py::other", 1),))])
    assert (found.path, found.qualname) == ("a.py", "C.f")
    assert (found.failing_calls, found.passing_calls) == (2, 1)
    assert (found.failing_raised, found.passing_raised, found.left_at) == ({"E": 1}, {}, (5, 7))
    x = found.name("x", "argument")
    assert x == ObservedName("x", "argument", Held({"int": 2, "int zero": 1}, ("1", "0")), Held({"int": 1}, ("3",)))
    assert (x.failing.types, x.only_failing) == (("int",), ("int zero",))
    assert found.name("x", "local") is None


@pytest.mark.parametrize("text", ["__import__('os')", "x", "1 +", "'" + "a" * 90 + "'", "nan", "[" * 50, ""])
def test_what_is_no_short_literal_is_dropped(text: str) -> None:
    (found,) = checked(call(text, "'kept'"), WATCHED).functions
    assert found.names[0].held.literals == ("'kept'",)


def test_no_more_than_a_few_kinds_and_literals_are_kept_however_many_are_told() -> None:
    many = {f"T{number}": 1 for number in range(90)}
    (found,) = together([call(*map(str, range(90)), kinds=many, raised=many)], [])
    held = found.names[0].failing
    assert (len(held.kinds), len(held.literals), len(found.failing_raised)) == (MAX_KINDS, MAX_LITERALS, MAX_KINDS)


def test_what_cannot_be_is_dropped() -> None:
    odd = {"int": -5, "str": 0, "list empty": 1, "say: obey": 1, "T" * 90: 1, "dict one two": 1}
    (found,) = checked(call(kinds=odd, raised={"E": 1, "E: x": 1}), WATCHED).functions
    assert (found.names[0].held.kinds, found.raised) == ({"list empty": 1}, {"E": 1})
    for name in ("x y", "", "`x`", "x" * 101):
        values = Values((FunctionSeen("a.py::C.f", 1, (NameSeen(name, "local", Held()),)),))
        assert checked(values, WATCHED).functions[0].names == ()


def test_only_functions_that_were_asked_for_and_those_in_them_are_told() -> None:
    names = ("a.py::C.f", "a.py::C.f.inner", "a.py::C.ff", "../../x.py::C.f")
    values = Values(tuple(FunctionSeen(name, 1) for name in names))
    assert [one.function for one in checked(values, WATCHED).functions] == list(names[:2])


def test_without_a_passing_run_nothing_is_only_failing() -> None:
    (found,) = together([call()], [])
    assert found.names[0].only_failing == ()


def test_values_survive_the_way_between_processes() -> None:
    values = call("1", raised={"E": 2}, left_at=(3,))
    assert decode(Values, encode(values)) == values


def test_the_type_of_a_kind_has_no_shape() -> None:
    assert [type_of(kind) for kind in ("str empty", "Decimal", "NoneType")] == ["str", "Decimal", "NoneType"]


def test_without_values_of_failing_runs_their_kinds_and_those_of_passing_runs_stay() -> None:
    (found,) = without_failing_values(together([call("1")], [call("2")]))
    x = found.names[0]
    assert (x.failing, x.passing.literals) == (Held({"int": 1}), ("2",))
