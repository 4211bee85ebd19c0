from __future__ import annotations

from pathlib import Path

import pytest

from pytest_codemode.core.exploring import Import, Observation, Recipe, Shape, Shown
from pytest_codemode.testgen.writing.oracle import Oracle, oracle
from tests.testgen.writing.making import MODULE, NOW, asserted, function, raised, shown, thing

SLUGIFY = function("slugify", "text")
DISCOUNT = function("discount", "price", "rate")
COLOUR = Shown("enum", "RED", f"{MODULE}:Colour")
DELTA = Shown("built", "datetime.timedelta(seconds=3)", "datetime:timedelta", imports=(Import("datetime"),))


def lines(outcome: object, call: str = "f(1)", **others: object) -> tuple[str, ...] | str:
    found = asserted(function("f", "x"), call, outcome, **others)
    return found.lines if isinstance(found, Oracle) else found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a-b", "assert result == 'a-b'"),
        (True, "assert result is True"),
        (None, "assert result is None"),
        ([], "assert result == []"),
        ((1,), "assert result == (1,)"),
        ({3, 1, 2}, "assert result == {1, 2, 3}"),
        (set(), "assert result == set()"),
        (2.0, "assert result == 2.0"),
        (0.1 + 0.2, "assert result == pytest.approx(0.3)"),
        (float("inf"), "assert result == math.inf"),
        (float("nan"), "assert math.isnan(result)"),
        ([0.5, 2.0], "assert result == pytest.approx([0.5, 2.0])"),
        (["a", 0.5], "assert result == ['a', pytest.approx(0.5)]"),
        ({"rate": 1.5}, "assert result == {'rate': pytest.approx(1.5)}"),
        (1.5 + 2j, "assert result == pytest.approx((1.5+2j))"),
        (COLOUR, "assert result == Colour.RED"),
        (DELTA, "assert result == datetime.timedelta(seconds=3)"),
        (Shown("list", parts=(COLOUR, DELTA)), "assert result == [Colour.RED, datetime.timedelta(seconds=3)]"),
        (Shown("dict", parts=(shown("k"), COLOUR)), "assert result == {'k': Colour.RED}"),
        (Shown("frozenset", parts=(shown(2), shown(1))), "assert result == frozenset({1, 2})"),
        (Shown("class", type=f"{MODULE}:Cart"), "assert result is Cart"),
        (Shown("class", type="builtins:int"), "assert result is int"),
    ],
)
def test_value_is_asserted_as_a_human_would(value, expected):
    assert lines(value) == (expected,)


def test_oracle_names_what_its_lines_need():
    found = asserted(SLUGIFY, "slugify('a')", Shown("list", parts=(COLOUR, shown(0.5))))
    assert isinstance(found, Oracle)
    assert set(found.imports) == {Import(MODULE, "Colour"), Import("pytest")}
    assert (found.kind, found.expected) == ("approx", "[Colour.RED, pytest.approx(0.5)]")


def test_rounding_noise_within_a_built_value_is_approximate():
    point = Shown("built", "Point(x=0.30000000000000004, y=1)", f"{MODULE}:Point", imports=(Import(MODULE, "Point"),))
    assert lines(point) == ("assert result == Point(x=pytest.approx(0.3), y=1)",)


def test_text_that_is_no_plain_construction_is_not_taken_for_code():
    evil = Shown("built", "__import__('os').system('x') or [i for i in ()]", f"{MODULE}:Point")
    assert "cannot" in lines(evil) or "without a field" in lines(evil)
    assert "a test cannot say" in lines(Shown("literal", "open('x')", "builtins:str"))


def test_object_is_asserted_by_its_fields():
    cart = thing("Cart", total=shown(3), items=shown([1, 2]), owner=thing("User", name=shown("ada")))
    found = asserted(function("parse", "text"), "parse('x')", cart)
    assert isinstance(found, Oracle)
    assert found.kind == "fields"
    assert found.lines == (
        "assert isinstance(result, Cart)",
        "assert result.items == [1, 2]",
        "assert result.total == 3",
        "assert result.owner.name == 'ada'",
    )


def test_objects_in_a_row_are_asserted_by_what_they_have_in_common():
    rows = Shown("list", parts=tuple(thing("User", name=shown(name)) for name in ("ada", "bob")))
    assert lines(rows) == ("assert [item.name for item in result] == ['ada', 'bob']",)


def test_object_without_fields_is_no_oracle():
    assert lines(thing("Cart")) == "it returns a Cart without a field that a test could look at"


def test_construction_that_repeats_the_call_is_no_oracle():
    point = Shown("built", "Point(1, 2)", f"{MODULE}:Point", imports=(Import(MODULE, "Point"),))
    described = function("Point.__init__", "x", "y", kind="constructor")
    assert isinstance(asserted(described, "Point(1, 2)", point), str)


def test_construction_is_asserted_by_the_fields_of_what_it_made():
    text = "Point(x=1, y=0.5, at=datetime.timedelta(seconds=3))"
    imports = (Import("datetime"), Import(MODULE, "Point"))
    point = Shown("built", text, f"{MODULE}:Point", imports=imports)
    found = asserted(function("Point.__init__", "x", "y", kind="constructor"), "Point(1, 0.5)", point)
    assert isinstance(found, Oracle)
    assert found.lines == (
        "assert result.x == 1",
        "assert result.y == pytest.approx(0.5)",
        "assert result.at == datetime.timedelta(seconds=3)",
    )


def test_table_of_constants_is_asserted_by_its_length_and_typical_elements():
    assert lines(list(range(100))) == (
        "assert len(result) == 100",
        "assert result[0] == 0",
        "assert result[1] == 1",
        "assert result[-1] == 99",
    )
    assert lines({f"k{n}": n for n in range(30)}) == (
        "assert len(result) == 30",
        "assert result['k0'] == 0",
        "assert result['k1'] == 1",
        "assert result['k29'] == 29",
    )
    assert lines("ab " * 100) == (
        "assert len(result) == 300",
        f"assert result.startswith({('ab ' * 20)!r})",
        f"assert result.endswith({'ab ' * 20!r})",
    )


def test_changed_argument_is_asserted_after_the_call():
    setup = (("items", "[1]"),)
    found = asserted(function("push", "items"), "push(items)", None, setup=setup, after=(("items", shown([1, 2])),))
    assert isinstance(found, Oracle)
    assert (found.kind, found.lines) == ("after", ("assert items == [1, 2]",))


def test_printed_text_is_asserted_where_nothing_is_returned():
    assert lines(None, stdout="hello\n") == ("assert capsys.readouterr().out == 'hello\\n'",)


def test_call_that_returns_nothing_only_runs():
    found = asserted(function("f", "x", returns=Shape("none")), "f(1)", None)
    assert isinstance(found, Oracle)
    assert found.kind == "runs"


def test_generator_without_end_is_asserted_by_what_it_yields_first():
    endless = Shown("list", parts=tuple(map(shown, range(9))), cut=True)
    described = function("ticks", flavour="generator")
    found = asserted(described, "ticks()", endless, flavour="generator")
    assert isinstance(found, Oracle)
    assert found.lines == ("assert list(itertools.islice(result, 5)) == [0, 1, 2, 3, 4]",)
    literal = Shown("literal", str(list(range(9))), "builtins:list", cut=True)
    assert asserted(described, "ticks()", literal, flavour="generator") == found


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        ("<Cart at 0x7f3a2b1c9d80>", "it returns what holds an address"),
        ("/tmp/pytest-of-ada/pytest-0/x", "a path of this machine"),
        ("built 2031-05-17 11:59", "today's date"),
        (NOW.timestamp(), "today's date"),
        (int(NOW.timestamp() * 1000), "today's date"),
        (2031, "today's date"),
        (Shown("built", "datetime.date(2031, 5, 17)", "datetime:date", imports=(Import("datetime"),)), "today's date"),
        (Shown("opaque", type="builtins:memoryview"), "cannot say what it is"),
    ],
)
def test_what_differs_elsewhere_is_no_oracle(value, phrase):
    found = lines(value)
    assert isinstance(found, str)
    assert phrase.replace("it returns what holds", "what it returns holds") in found


def test_date_that_the_call_was_given_is_an_oracle():
    assert lines(2031, call="year('2031-05-17')") == ("assert result == 2031",)


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (
            raised("ValueError", "rate must not be negative"),
            "with pytest.raises(ValueError, match='rate must not be negative'):",
        ),
        (raised("ValueError", "bad (x)"), 'with pytest.raises(ValueError, match=r"bad \\(x\\)"):'),
        (raised("KeyError", "'colour'"), "with pytest.raises(KeyError, match='colour'):"),
        (raised("ValueError", ""), "with pytest.raises(ValueError):"),
        (raised("ValueError", "a"), "with pytest.raises(ValueError):"),
        (
            raised("ValueError", "cannot open /tmp/pytest-of-ada/x.ini for Cart"),
            "with pytest.raises(ValueError, match='cannot open'):",
        ),
        (
            raised("TypeError", "cannot pay with <Card object at 0x7f3a2b1c9d80>"),
            "with pytest.raises(TypeError, match='cannot pay with <Card object'):",
        ),
        (raised(f"{MODULE}:OutOfStock", "no tea left"), "with pytest.raises(OutOfStock, match='no tea left'):"),
        (
            raised(f"{MODULE}:make.<locals>.Odd", "no tea left", "builtins:LookupError"),
            "with pytest.raises(LookupError, match='no tea left'):",
        ),
        (raised("SystemExit", "2"), "with pytest.raises(SystemExit, match='2'):"),
    ],
)
def test_exception_is_expected_with_the_stable_part_of_its_message(exception, expected):
    assert lines(exception) == (expected,)


def test_long_message_is_cut_at_a_word():
    found = lines(raised("ValueError", "the quantity of an order line must be a whole number of at least one piece"))
    assert found == (
        "with pytest.raises(ValueError, match='the quantity of an order line must be a whole number of at'):",
    )


@pytest.mark.parametrize(
    ("exception", "phrase"),
    [
        (raised("TypeError", "unsupported operand", explicit=False), "a TypeError that nobody raised"),
        (raised("IndexError", "out of range", explicit=False), "an IndexError that nobody raised"),
        (raised("ZeroDivisionError", "division by zero", explicit=False), "neither raises itself nor documents"),
        (raised("SystemExit", "2", explicit=False), "it ends the interpreter"),
        (raised("Exception", ""), "cannot name"),
    ],
)
def test_exception_that_nobody_meant_is_no_oracle(exception, phrase):
    assert phrase in lines(exception)


def test_exception_that_the_docstring_names_is_expected_without_the_interpreters_words():
    described = function("f", "x", doc="Raises:\n    LookupError: there is none.")
    found = asserted(described, "f(1)", raised("KeyError", "1", "builtins:LookupError", explicit=False))
    assert isinstance(found, Oracle)
    assert found.lines == ("with pytest.raises(KeyError):",)


@pytest.mark.parametrize("outcome", ["timeout", "crashed", "refused", "invalid", "not run"])
def test_call_that_did_not_end_is_no_oracle(outcome):
    found = oracle(SLUGIFY, Recipe("1", "slugify", "slugify(1)"), Observation("1", outcome))
    assert isinstance(found, str)


def test_call_that_is_not_steady_is_no_oracle():
    assert lines(3, steady=False) == "it does not come out the same twice"


# -- docstring examples ---------------------------------------------------------------------------------------------


def example(expected: str, outcome: object, call: str = "f(1)") -> tuple[str, ...] | str:
    return lines(outcome, call=call, origin="docstring", expected=expected)


@pytest.mark.parametrize(
    ("expected", "outcome", "line"),
    [
        ('"a-b"', "a-b", 'assert result == "a-b"'),
        ("{'b': 1, 'a': 2}", {"a": 2, "b": 1}, "assert result == {'b': 1, 'a': 2}"),
        ("0x10", 16, "assert result == 0x10"),
        ("0.33", 1 / 3, "assert result == pytest.approx(0.333333333333)"),
        ("0.333...", 1 / 3, "assert result == pytest.approx(0.333333333333)"),
        ("'a...z'", "abcz", "assert result == 'abcz'"),
        ("hello", "hello", "assert result == 'hello'"),
        ("True", True, "assert result is True"),
        ("<Colour.RED: 1>", COLOUR, "assert result == Colour.RED"),
    ],
)
def test_example_that_holds_is_kept_as_the_human_wrote_it(expected, outcome, line):
    assert example(expected, outcome) == (line,)


@pytest.mark.parametrize(
    ("expected", "outcome", "got"),
    [
        ("3", 4, "4"),
        ("1", True, "True"),
        ("1", 1.0, "1.0"),
        ("[1, 2]", [2, 1], "[2, 1]"),
        ("0.34", 1 / 3, "0.3333333333333333"),
        ("3", raised("ValueError", "no"), "ValueError: no"),
        ("ValueError: no", 3, "3"),
        ("ValueError: no", raised("KeyError", "no"), "KeyError: no"),
        ("ValueError: no", raised("ValueError", "yes"), "ValueError: yes"),
        ("datetime.timedelta(seconds=4)", DELTA, "datetime.timedelta(seconds=3)"),
    ],
)
def test_example_that_does_not_hold_is_no_oracle(expected, outcome, got):
    shown_as = f"expected {expected}, got {got}"
    found = example(expected, outcome)
    if expected.startswith("ValueError") and outcome == 3:
        shown_as = "expected ValueError: no, got 3"
    assert found == f"contradicts its docstring example: {shown_as}"


@pytest.mark.parametrize(
    "expected", ["ValueError: no", "Traceback (most recent call last):", "ValueError", "ValueError: n..."]
)
def test_traceback_of_an_example_becomes_raises(expected):
    assert example(expected, raised("ValueError", "no", explicit=False)) == ("with pytest.raises(ValueError):",)


def test_a_folder_of_whoever_runs_this_is_in_no_test_wherever_it_is():
    for place in (Path.home() / "notes.txt", "/home/ada/notes.txt", "/Users/ada/notes.txt"):
        assert lines(f"read {place}") == "what it returns holds a path of this machine"
