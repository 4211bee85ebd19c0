import time

import pytest

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.observed import (
    MAX_CALLED,
    MAX_COUNT,
    MAX_FUNCTIONS,
    MAX_KINDS,
    MAX_LITERALS,
    MAX_NAMES,
    CalledUnder,
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


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x", "1 +", "'" + "a" * 90 + "'", "nan", "[" * 50, "", "{[]}", "{{}: 1}"]
)
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


@pytest.mark.parametrize(
    "name", ["a.py", "a.py::", "::f", "a.py::C.f.x y", "a.py::C.f.", "a\n.py::C.f", "a.py::C.f." + "x" * 1000]
)
def test_what_names_no_function_is_dropped(name: str) -> None:
    values = Values((FunctionSeen(name, 1),), (CalledUnder(3, (name, "a.py::f", "a.py::<lambda>")),))
    told = checked(values, (name, *WATCHED))
    assert (told.functions, told.called) == ((), (CalledUnder(3, ("a.py::f", "a.py::<lambda>")),))


def test_no_more_is_told_of_a_test_than_the_recorder_tells() -> None:
    many = {f"T{number}": 10**30 for number in range(90)}
    names = tuple(
        NameSeen(f"x{number}", "local", Held(many, tuple(map(str, range(90))))) for number in range(10 * MAX_NAMES)
    )
    functions = tuple(
        FunctionSeen(f"a.py::C.f.g{number}", 10**30, names if not number else (), many, tuple(range(-1, 500)))
        for number in range(2 * MAX_FUNCTIONS)
    )
    called = tuple(CalledUnder(line, ("a.py::f", "a.py::g")) for line in range(-1, 3 * MAX_CALLED))
    told = checked(Values(functions, called), WATCHED)
    seen = told.functions[0]
    assert (len(told.functions), len(seen.names), len(seen.raised)) == (MAX_FUNCTIONS, 3 * MAX_NAMES + 2, MAX_KINDS)
    assert (len(seen.names[0].held.kinds), len(seen.names[0].held.literals)) == (MAX_KINDS, MAX_LITERALS)
    assert (seen.calls, set(seen.raised.values()), min(seen.left_at)) == (MAX_COUNT, {MAX_COUNT}, 1)
    assert len(seen.left_at) < MAX_NAMES
    assert sum(len(under.functions) for under in told.called) <= MAX_CALLED
    assert all(under.line >= 0 for under in told.called)


def test_a_function_and_a_name_in_it_are_told_once() -> None:
    twice = (NameSeen("x", "local", Held({"int": 1})),) * 2
    (found,) = checked(Values((FunctionSeen("a.py::C.f", 1, twice),) * 2), WATCHED).functions
    assert found.names == twice[:1]


def test_adding_up_takes_time_in_proportion_to_what_there_is() -> None:
    runs = [
        Values((FunctionSeen("a.py::f", 1, tuple(NameSeen(f"x{run}_{n}", "local", Held()) for n in range(100))),))
        for run in range(120)
    ]
    began = time.process_time()
    (found,) = together(runs, runs)
    assert len(found.names) == 12_000
    assert time.process_time() - began < 5  # for each name through all runs: half a minute


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
