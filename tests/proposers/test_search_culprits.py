"""What an exception speaks of: the expression of the line, and what becomes of it."""

from __future__ import annotations

import ast

import pytest

from pytest_codemode.core.patch import Applied
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.search.culprits import culprits_of
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.source import SourceFile
from tests.proposers.material import PATH, failure, task


def named(line: str, exception: str, message: str, known: dict[str, str] | None = None) -> list[str]:
    """Return the texts of the culprits of `line`, which raised in a function."""
    source = SourceFile(PATH, f"def f(a, b, c):\n    {line}\n")
    found = culprits_of(failure(exception, message, line=2, local=known or {}), source)
    return [source.text_of(culprit.node) for _, culprit in found]


NONE = "'NoneType' object "


@pytest.mark.parametrize(
    ("line", "exception", "message", "culprits"),
    [
        ("return a.x.y + b.z", "AttributeError", f"{NONE}has no attribute 'y'", ["a.x"]),
        ("if not a.ok(b): pass", "AttributeError", f"{NONE}has no attribute 'ok'", ["a"]),
        ("return a[0]", "TypeError", f"{NONE}is not subscriptable", ["a"]),
        ("a[0] = b", "TypeError", f"{NONE}does not support item assignment", ["a"]),
        ("return [x for x in a.items]", "TypeError", f"{NONE}is not iterable", ["a.items"]),
        ("return sorted(a)", "TypeError", f"{NONE}is not iterable", ["a"]),
        ("x, y = a", "TypeError", "cannot unpack non-iterable NoneType object", ["a"]),
        ("return a in b", "TypeError", "argument of type 'NoneType' is not iterable", ["b"]),
        ("return a in b", "TypeError", "argument of type 'NoneType' is not a container or iterable", ["b"]),
        ("return a(b)", "TypeError", f"{NONE}is not callable", ["a"]),
        ("return a + b * c", "TypeError", "unsupported operand type(s) for +: 'NoneType' and 'int'", ["a"]),
        ("return a - b * c", "TypeError", "unsupported operand type(s) for *: 'int' and 'NoneType'", ["c"]),
        ("a += b", "TypeError", "unsupported operand type(s) for +=: 'NoneType' and 'int'", ["a"]),
        ("return len(a) + len(b.c)", "TypeError", "object of type 'NoneType' has no len()", ["a", "b.c"]),
        ("return a < b", "TypeError", "'<' not supported between instances of 'int' and 'NoneType'", ["b"]),
        ("return int(a)", "TypeError", "int() argument must be a string, not 'NoneType'", ["a"]),
        ("return a[b] + a['k']", "KeyError", "'k'", ["a", "a"]),
        ("return a['x'] + b['k']", "KeyError", "'k'", ["b"]),
        ("return a[-1] + b[1:]", "IndexError", "list index out of range", ["a"]),
        ("return a.pop(0) + b", "IndexError", "pop from empty list", ["a"]),
        ("return a / (b - c)", "ZeroDivisionError", "division by zero", ["b - c"]),
        ("return divmod(a, b)", "ZeroDivisionError", "integer division or modulo by zero", ["b"]),
        ("return max(a)", "ValueError", "max() arg is an empty sequence", ["a"]),
        ("return a + ' x ' + b", "TypeError", 'can only concatenate str (not "int") to str', ["b"]),
        ("return ','.join(a)", "TypeError", "sequence item 0: expected str instance, int found", ["a"]),
        ("return a[b]", "TypeError", "list indices must be integers or slices, not str", ["b"]),
        ("return {a: 1}[b]", "TypeError", "unhashable type: 'list'", ["b"]),
        ("return range(a, b)", "TypeError", "'float' object cannot be interpreted as an integer", ["a", "b"]),
        ("return a + b", "ValueError", "something else", []),
        ("return a.y", "AssertionError", f"{NONE}has no attribute 'y'", []),
    ],
)
def test_expression_that_the_exception_speaks_of_is_found(
    line: str, exception: str, message: str, culprits: list[str]
) -> None:
    assert named(line, exception, message) == culprits


def test_recorded_values_rule_out_what_cannot_be_meant() -> None:
    message = "object of type 'NoneType' has no len()"
    assert named("return len(a) + len(b)", "TypeError", message, {"a": "[1]", "b": "None"}) == ["b"]
    number = "'float' object cannot be interpreted as an integer"
    assert named("return range(a, b)", "TypeError", number, {"a": "1", "b": "2.5"}) == ["b"]


def test_the_value_known_to_be_zero_comes_before_the_unknown_one() -> None:
    assert named("return a / b + a / c", "ZeroDivisionError", "division by zero", {"c": "0", "b": "3"}) == ["c", "b"]


def test_exception_of_another_file_has_no_culprit_here() -> None:
    source = SourceFile("pkg/other.py", "def f(a):\n    return a.x\n")
    assert not culprits_of(failure("AttributeError", f"{NONE}has no attribute 'x'", line=2), source)


def texts(source: str, exception: str, message: str, line: int, count: int) -> list[str]:
    """Return the file after each of the first `count` patches."""
    of = task(source, failure(exception, message, line=line), lines=(line,))
    found = []
    for patch in next(SearchProposer(batch_size=count).propose(of)):
        result = apply(patch, of.sources.get)
        assert isinstance(result, Applied), (patch, result)
        found.append(result.files[PATH].decode())
        ast.parse(found[-1])
    return found


@pytest.mark.parametrize(
    ("line", "exception", "message", "patched"),
    [
        ("if not a.ok(b):", "AttributeError", f"{NONE}has no attribute 'ok'", "if a is None or not a.ok(b):"),
        ("if a.ok(b):", "AttributeError", f"{NONE}has no attribute 'ok'", "if a is not None and a.ok(b):"),
        ("if b and a.ok(b):", "AttributeError", f"{NONE}has no attribute 'ok'", "if b and a is not None and a.ok(b):"),
        ("if b or a.ok(b):", "AttributeError", f"{NONE}has no attribute 'ok'", "if b or (a is not None and a.ok(b)):"),
        ("if not (b or a.c):", "AttributeError", f"{NONE}has no attribute 'c'", "if a is None or not (b or a.c):"),
        ("if a / b > 2:", "ZeroDivisionError", "division by zero", "if b and a / b > 2:"),
        ("if a['k'] > 2:", "KeyError", "'k'", "if 'k' in a and a['k'] > 2:"),
        ("if a[b] == 'x':", "IndexError", "list index out of range", "if b < len(a) and a[b] == 'x':"),
        ("while a[b] > 0:", "IndexError", "list index out of range", "while b < len(a) and a[b] > 0:"),
        ("for x in a:", "TypeError", f"{NONE}is not iterable", "for x in a or []:"),
        ("if a > b:", "TypeError", "'>' not supported between instances of 'str' and 'int'", "if int(a) > b:"),
    ],
)
def test_condition_asks_first_whether_the_value_is_there(line: str, exception: str, message: str, patched: str) -> None:
    source = f"def f(a, b):\n    {line}\n        return 1\n    return 2\n"
    found = texts(source, exception, message, 2, 30)
    assert f"def f(a, b):\n    {patched}\n        return 1\n    return 2\n" in found


def test_guard_never_names_what_only_a_comprehension_knows() -> None:
    source = "def f(rows):\n    names = [row.name for row in rows]\n    return names\n"
    for text in texts(source, "AttributeError", f"{NONE}has no attribute 'name'", 2, 200):
        assert "if row is None:" not in text
        assert "if not row:" not in text
