"""Where new tests go in a test module: below the last test of the same function, else at the end."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_codemode.edits.spans import Definition, Outline, Statement
from pytest_codemode.edits.splice import Splice
from pytest_codemode.testgen.writing.source import words_in

_GAP = 2
"""Blank lines between definitions."""


def place_of(contents: Outline, words: Sequence[str]) -> Statement | None:
    """Return the statement below which tests of a function stand, None for the end of the file.

    Args:
        contents: The test module.
        words: The names that its tests use: the function's, and under which the module imports it.
    """
    found = None
    for statement in _tests(contents):
        text = contents.source.text[statement.start : statement.full_end]
        if words_in(text) & set(words):
            found = statement
    return found


def insertion(contents: Outline, below: Statement | None, code: str) -> Splice:
    """Return the insertion of code into a file that ends with a line end, two blank lines from what is around it."""
    source = contents.source
    lines = code.strip("\n").split("\n")
    if below is None:
        below = _before_main(contents)
    if below is None:
        return _at_end(contents, lines)
    place = source.next_line(below.full_end)
    rest = source.text[place:]
    behind = ["" for _ in range(_GAP - blank_lines(rest))] if rest.strip() else []
    return Splice(place, place, "".join(line + source.newline for line in ["", "", *lines, *behind]))


def _at_end(contents: Outline, lines: list[str]) -> Splice:
    source = contents.source
    end = len(source.text)
    if not source.text.strip():
        return Splice(end, end, "".join(line + source.newline for line in lines))
    ending = source.text[len(source.text.rstrip()) :]
    present = max(0, len(ending.splitlines()) - 1)
    gap = ["" for _ in range(max(0, _GAP - present))]
    return Splice(end, end, "".join(line + source.newline for line in [*gap, *lines]))


def _tests(contents: Outline) -> list[Statement]:
    """Return the test functions and test classes at module level."""
    top = {
        definition.statement.index: definition for definition in contents.definitions if definition.parent == "module"
    }
    definitions = [top[number] for number in contents.blocks[0].statements if number in top]
    return [definition.statement for definition in definitions if _is_test(definition)]


def _is_test(definition: Definition) -> bool:
    if definition.function:
        return definition.qualname.startswith("test")
    return definition.qualname.startswith("Test") or definition.qualname.endswith(("Test", "Tests", "TestCase"))


def _before_main(contents: Outline) -> Statement | None:
    """Return the statement above a closing `if __name__ == "__main__":`."""
    numbers = contents.blocks[0].statements
    if len(numbers) < 2:
        return None
    last = contents.statements[numbers[-1]]
    header = contents.source.text[last.start : last.header_end]
    return contents.statements[numbers[-2]] if last.kind == "If" and "__name__" in header else None


def blank_lines(text: str, most: int = _GAP) -> int:
    """Return how many blank lines a text begins with, up to `most`."""
    blank = 0
    for line in text.splitlines():
        if line.strip():
            break
        blank += 1
    return min(blank, most)
