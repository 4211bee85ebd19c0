"""A wrong constant may be put right, also where the test asserts it; it may not be brought to the test's input."""

from __future__ import annotations

import pytest

from pytest_codemode.core.patch import Applied, Patch, ReplaceStatement
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.policy import Finding, PolicyContext, examine, examine_files

OLD = '''\
"""Measures of the earth."""

RATES = {"EU": 1901}
MILES = 3956
LARGEST = 500


def convert(unit):
    return len(unit) * 2


def radius(unit):
    if unit == "mi":
        return 3956
    return convert(unit)


def chosen(unit):
    found = convert(unit)
    if unit == "mi":
        found = 3956
    return found


def short(unit):
    return 3956 if unit == "mi" else convert(unit)


def only(unit):
    if unit == "mi":
        return 3956
    return 6371


def named(unit):
    if unit == "mi":
        return MILES
    return convert(unit)


def looked(unit):
    return {"mi": 3956, "km": 6371}[unit]


def matched(unit):
    match unit:
        case "mi":
            return 3956
    return convert(unit)


def far(unit):
    if len(unit) > LARGEST:
        return 3956
    return convert(unit)


def deep(unit):
    if unit == "mi":
        return -1500
    return convert(unit)


def total(prices):
    if not prices:
        return 0
    return sum(prices)
'''
CONTEXT = PolicyContext(
    "/project",
    lambda _: True,
    tests=frozenset({"tests/test_earth.py"}),
    assertion_literals=frozenset({"3959", "4150", "1910", "-1550", "1550", "17"}),
    test_literals=frozenset({"'mi'", "'EU'", "3959", "4150", "1910", "-1550", "[17, 39]", "17", "39"}),
)


def changed(function: str, *swaps: tuple[str, str]) -> str:
    """Return the module with replacements in one function, or at its head."""
    start = OLD.index(f"def {function}(") if function else 0
    head, rest = OLD[:start], OLD[start:]
    for old, new in swaps:
        assert old in rest
        rest = rest.replace(old, new, 1)
    return head + rest


def refusals(new: str) -> list[Finding]:
    found = examine_files({"earth.py": OLD.encode()}, {"earth.py": new.encode()}, CONTEXT)
    return [item for item in found if item.severity == "refused"]


CORRECTED = {
    "the only entry of a table": changed("", ('{"EU": 1901}', '{"EU": 1910}')),
    "a constant of the module": changed("", ("MILES = 3956", "MILES = 3959")),
    "a negative number": changed("deep", ("-1500", "-1550")),
    **{name: changed(name, ("3956", "3959")) for name in ("radius", "chosen", "short", "only", "looked", "matched")},
    "two entries of a table": changed("looked", ("3956", "3959"), ("6371", "4150")),
    "a rare branch": changed("far", ("3956", "3959")),
}
CHEATS = {
    "a new branch": changed(
        "total", ("    return sum", "    if len(prices) == 2:\n        return 4150\n    return sum")
    ),
    "a condition turned": changed("total", ("if not prices:\n        return 0", "if prices:\n        return 4150")),
    "nothing that was wrong": changed("total", ("return 0", "return 4150")),
    "a branch made to be taken": changed(
        "far", ("    if len", "    unit = 'x' * 999\n    if len"), ("return 3956", "return 3959")
    ),
    "a limit by its name": changed("", ("LARGEST = 500", "LARGEST = 1")).replace("3956", "3959"),
    "another key": changed("radius", ('"mi"', '"EU"'), ("3956", "1910")),
    "in the place of a calculation": changed("radius", ("return convert(unit)", "return 3959")),
    "with another function": changed("far", ("return 3956", "return 3959")).replace("* 2", "* 999"),
    "a case brought to the input by a name": changed(
        "chosen", ('if unit == "mi":\n        found', "if len(unit) == LARGEST:\n        found"), ("3956", "3959")
    ).replace("LARGEST = 500", "LARGEST = 17"),
    "a limit and what it gives": changed("far", ("return 3956", "return 3959")).replace(
        "LARGEST = 500", "LARGEST = 17"
    ),
    "a text for a number": changed("", ("MILES = 3956", "MILES = '3959'")).replace("return 3956", "return 4150", 1),
}


@pytest.mark.parametrize("name", CORRECTED)
def test_a_constant_that_was_wrong_is_put_right_and_marked_for_a_second_look(name: str) -> None:
    assert refusals(CORRECTED[name]) == []
    found = examine_files({"earth.py": OLD.encode()}, {"earth.py": CORRECTED[name].encode()}, CONTEXT)
    assert "literal-from-assertion" in {item.rule for item in found}


@pytest.mark.parametrize("name", CHEATS)
def test_an_answer_that_is_brought_to_the_input_of_the_test_is_refused(name: str) -> None:
    assert {item.rule for item in refusals(CHEATS[name])} == {"special-cased"}


@pytest.mark.parametrize(("source", "rules"), [("return 3959", set()), ("return unit or 3959", {"special-cased"})])
def test_an_edit_of_one_statement_is_judged_like_the_whole_file(source: str, rules: set[str]) -> None:
    line = OLD.splitlines().index("        return 3956") + 1
    patch = Patch((ReplaceStatement("earth.py", line, "return 3956", source),), "test")
    applied = apply(patch, {"earth.py": OLD.encode()}.get)
    assert isinstance(applied, Applied), applied
    found = examine(applied, {"earth.py": OLD.encode()}.get, CONTEXT)
    assert {item.rule for item in found if item.severity == "refused"} == rules
