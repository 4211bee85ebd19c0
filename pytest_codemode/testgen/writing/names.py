"""Names of tests and of the rows of a table: what the function does there, in words of the call and its outcome."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Container, Iterator

from pytest_codemode.testgen.writing.cases import Argument, Text, free_name
from pytest_codemode.testgen.writing.grouping import Group
from pytest_codemode.testgen.writing.source import NoLiteral, expression_of, literal, snake
from pytest_codemode.testgen.writing.words import mark, rejections, slug, value_words

MAX_NAME = 60


def test_name(group: Group, prefix: str, taken: Container[str]) -> str:
    """Return a name for the test of a group that no other test of the file has.

    Args:
        group: What is tested.
        prefix: What the project's test functions begin with, as `test_`.
        taken: The names that are in use.
    """
    subject = subject_of(group.first)
    wanted = [f"{prefix}{subject}{'_' if suffix else ''}{suffix}" for suffix in _suffixes(group)]
    for name in wanted:
        if len(name) <= MAX_NAME and name not in taken and name.isidentifier():
            return name
    short = wanted[0][:MAX_NAME].rstrip("_") if wanted else f"{prefix}{subject}"[:MAX_NAME]
    return free_name(short, taken)


def subject_of(text: Text) -> str:
    """Return what a test is about, as `cart_total` for `Cart.total`."""
    parts = text.case.described.qualname.replace("<locals>.", "").split(".")
    if text.case.described.kind == "constructor":
        parts = parts[:-1] or parts
    return "_".join(snake(part) for part in parts if snake(part))


def column_name(argument: Argument, place: int, taken: Container[str]) -> str:
    """Return the name of a table's column: the parameter's, if that means nothing else there."""
    wanted = argument.parameter or f"value_{place + 1}"
    if wanted in taken or keyword.iskeyword(wanted):
        wanted = f"given_{wanted}"
    return free_name(wanted, taken)


def row_id(text: Text, columns: tuple[int, ...]) -> str:
    """Return what tells a row from the others in a few words; empty if pytest's own id of its values does."""
    assert text.arguments is not None
    given = [text.arguments[place] for place in columns]
    if all(_plain(item.text) for item in given) and _readable(text.expected):
        return ""
    return " and ".join(value_words(item) for item in given)[:40].strip() or "other"


def _readable(expected: str) -> bool:
    """Return whether pytest's id of an expected value is short; of what is no plain value it is a number."""
    try:
        return _plain(expected) or not isinstance(literal(expected), str | bytes)
    except NoLiteral:
        return True


def _plain(item: str) -> bool:
    try:
        value = literal(item)
    except NoLiteral:
        return False
    if isinstance(value, str):
        return len(value) <= 25 and value.isprintable() and value.isascii() and value.strip() != ""
    return value is None or isinstance(value, int | float)


def _suffixes(group: Group) -> Iterator[str]:
    """Return what may stand behind the subject, the most telling first."""
    text = group.first
    if text.case.oracle.kind == "raises":
        yield from rejections(text)
        return
    options = "_and_".join(argument.keyword for argument in (text.arguments or ()) if argument.keyword)
    if len(group.texts) > 1:
        yield from _of_table(group, options)
        return
    outcome = _outcome(text)
    marked = [words for words in map(mark, text.arguments or ()) if words]
    if marked:
        yield f"of_{marked[0]}"
    if options and len(options) <= 30:
        yield f"with_{options}"
    if outcome:
        yield outcome
    own = {name for name, _ in text.setup} | set(text.case.recipe.fixtures)
    words = [slug(value_words(item)) for item in text.arguments or () if item.text not in own]
    given = "_and_".join(word for word in words if word)
    brief = 0 < len(given) <= 20 and len(text.arguments or ()) == 1
    if brief:
        yield f"of_{given}"
    if not outcome:
        yield ""
    if given and len(given) <= 30:
        yield f"of_{given}"
        yield f"{outcome}_for_{given}" if outcome else f"for_{given}"
    if options and outcome:
        yield f"with_{options}_{outcome}"
    yield outcome


def _of_table(group: Group, options: str) -> Iterator[str]:
    texts = group.texts
    expected = {text.expected for text in texts}
    if len(expected) == 1:
        only = _outcome(texts[0])
        if only:
            yield f"with_{options}_{only}" if options else only
    if options:
        yield f"with_{options}"
    else:
        yield ""
    varying = [(texts[0].arguments or ())[place].parameter for place in group.columns]
    if all(varying):
        yield "by_" + "_and_".join(snake(name) for name in varying)
    yield "returns_expected_values"


_RETURNS = {
    "True": "is_true",
    "False": "is_false",
    "None": "returns_none",
    **dict.fromkeys(("[]", "{}", "()", "''", '""', "set()", "frozenset()"), "returns_nothing"),
}


def _outcome(text: Text) -> str:
    match text.case.oracle.kind:
        case "after":
            return _changed(text)
        case "fields":
            return _of_fields(text)
        case "runs":
            return "returns_nothing"
        case _ if isinstance(expression_of(text.call), ast.Compare):
            documented = text.case.recipe.origin == "docstring"
            return "as_documented" if documented else _RETURNS.get(text.expected, "compares")
        case _:
            return _RETURNS.get(text.expected) or _returned_words(text)


def _changed(text: Text) -> str:
    """Return what the call changed, of its receiver the fields."""
    if any("capsys" in line for line in text.lines):
        return "prints_output"
    names = [name for name, _ in text.case.observation.after]
    if not names or not text.function.startswith(f"{names[0]}."):
        return f"changes_{snake(names[0])}" if names else ""
    nodes = (expression_of(line.removeprefix("assert ")) for line in text.lines)
    lefts = [node.left for node in nodes if isinstance(node, ast.Compare)]
    fields = [node.attr for node in lefts if isinstance(node, ast.Attribute)]
    return f"changes_{'_and_'.join(map(snake, fields[:2]))}" if fields else f"changes_{snake(names[0])}"


def _returned_words(text: Text) -> str:
    try:
        value = literal(text.expected)
    except NoLiteral:
        words = slug(value_words(Argument("", "", text.expected)))
        return f"returns_{words}" if words and len(text.expected) <= 30 and "approx" not in words else ""
    words = slug(str(value).replace("-", "minus ")) if isinstance(value, int) else slug(snake(str(value)))
    return f"returns_{words}" if isinstance(value, str | int) and words and len(words) <= 25 else ""


def _of_fields(text: Text) -> str:
    value = text.case.observation.value
    if text.case.described.kind == "constructor":
        names = [name for line in text.lines if (name := _field(line, text.result))]
        return "sets_" + "_and_".join(snake(name) for name in dict.fromkeys(names[:2])) if names else ""
    kind = value.type.partition(":")[2].rpartition(".")[2] if value is not None else ""
    return f"returns_{snake(kind)}" if kind and not kind.islower() else ""


def _field(line: str, result: str) -> str:
    return line.removeprefix(f"assert {result}.").split(" ")[0].split(".")[0] if f"assert {result}." in line else ""
