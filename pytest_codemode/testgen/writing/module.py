"""The test module: new tests of a source file put into the one that is there, or a new one."""

from __future__ import annotations

import ast
import json
import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.edits.outline import outline, parse_quietly
from pytest_codemode.edits.rules.undefined import undefined_names
from pytest_codemode.edits.spans import Outline
from pytest_codemode.edits.splice import Splice, spliced
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen.writing.additions import one_line, unchanged
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.formatting import formatted, sorted_imports
from pytest_codemode.testgen.writing.gate import refusal
from pytest_codemode.testgen.writing.grouping import Group, grouped
from pytest_codemode.testgen.writing.imports import bound_at_top, import_lines, resolved, with_imports
from pytest_codemode.testgen.writing.insertion import insertion, place_of
from pytest_codemode.testgen.writing.merging import Line
from pytest_codemode.testgen.writing.names import test_name
from pytest_codemode.testgen.writing.permitted import Permitted, Read
from pytest_codemode.testgen.writing.render import Rendered, rendered
from pytest_codemode.testgen.writing.source import names_in
from pytest_codemode.testgen.writing.style import Async, Style


@dataclass(frozen=True, slots=True)
class TestFile:
    """A test module with new tests in it."""

    __test__ = False

    path: str
    """Posix, relative to rootdir."""
    before: bytes | None
    """None: a new file."""
    after: bytes
    tests: tuple[str, ...]
    """Names of the test functions that were added, in order; node ids are `path::name`, of a table with `[id]`."""
    cases: dict[str, tuple[str, ...]]
    """Name of a test -> keys of the recipes in it. A case that cannot be written is in none."""


def write(
    cases: Sequence[Case],
    existing: bytes | None,
    path: str,
    style: Style,
    provenance: str,
    *,
    read: Read | None = None,
) -> TestFile:
    """Return the test module with tests of the cases; every byte of it that is there stays.

    Args:
        cases: What to test; the order within a function is kept.
        existing: The module's bytes, None for a new one.
        path: Where it is, relative to rootdir.
        style: What the project does.
        provenance: One line that says where the tests come from.
        read: Reads the project's files, to tell what is its own; None: what is of the functions' packages is.

    Raises:
        SourceError: the module cannot be read, or cannot hold the tests.
        CodemodeError: ruff cannot be run.
    """
    provenance = one_line(provenance)
    permitted = Permitted((case.described for case in cases), style, existing, read)
    tests = _rendered(cases, existing, replace(style, asynchronous=_asynchronous(existing, style)), permitted)
    while True:
        after = _written(tests, existing, style, provenance)
        undefined = {_undefined_name(item.sentence) for item in undefined_names(path, existing or b"", after)}
        good = tuple(test for test in tests if not names_in(test.code) & undefined)
        if len(good) == len(tests):
            break
        tests = good
    cases_of = {test.name: test.keys for test in tests}
    imports = {needed.item for test in tests for needed in test.imports}
    if problem := unchanged(existing, after, cases_of, imports):
        raise SourceError(f"it cannot hold the tests: {problem}")
    return TestFile(path, existing, after, tuple(_in_order(cases_of, after)), cases_of)


def _undefined_name(message: str) -> str:
    return message.partition("`")[2].partition("`")[0]


def _in_order(names: Iterable[str], after: bytes) -> list[str]:
    places = {item.qualname: item.statement.line for item in outline(after).definitions} if after else {}
    return sorted(names, key=lambda name: places.get(name, 0))


def _rendered(
    cases: Sequence[Case], existing: bytes | None, style: Style, permitted: Permitted
) -> tuple[Rendered, ...]:
    """Return the tests, under names that nothing in the file has yet; what the gate refuses is left out."""
    taken = set(names_in(outline(existing).source.text)) if existing else set()
    if existing:
        taken |= {item.qualname.rpartition(".")[2] for item in outline(existing).definitions}
    tests = []
    for groups in grouped(cases):
        for group in groups:
            try:
                name = test_name(group, style.prefix, taken)
                test = rendered(group, name, style)
            except (ValueError, RecursionError, MemoryError):  # SourceError is one: its text makes no code
                continue
            if _sound(group) and not refusal(test.code, test.imports, permitted):
                taken.add(name)
                tests.append(test)
    return tuple(tests)


def _asynchronous(existing: bytes | None, style: Style) -> Async:
    """Return how coroutine tests run in the module: one that marks all of its tests needs no mark on each."""
    if existing is None or style.asynchronous not in ("asyncio strict", "anyio"):
        return style.asynchronous
    mark = "asyncio" if style.asynchronous == "asyncio strict" else "anyio"
    tree = parse_quietly(outline(existing).source.text)
    marked = (
        isinstance(node, ast.Attribute) and node.attr == mark
        for one in tree.body
        if isinstance(one, ast.Assign | ast.AnnAssign) and "pytestmark" in names_in(ast.unparse(one))
        for node in ast.walk(one)
    )
    return "asyncio auto" if any(marked) else style.asynchronous


def _sound(group: Group) -> bool:
    """Return whether all names are names: they came from where the project runs."""
    text = group.first
    names = [*text.case.recipe.fixtures, *(name for name, _ in text.setup)]
    for needed in (needed for one in group.texts for needed in one.imports):
        names += [*needed.item.module.split("."), *filter(None, (needed.item.name,)), needed.bound]
    return all(name.isidentifier() and not keyword.iskeyword(name) for name in names)


def _written(tests: Sequence[Rendered], existing: bytes | None, style: Style, provenance: str) -> bytes:
    if existing is None:
        found, lines = resolved(tests, None, ())
        return _new(found, lines, style, provenance)
    contents = outline(existing)
    if not tests:
        return existing
    found, lines = resolved(tests, contents, bound_at_top(contents))
    raw = _inserted(_ended(contents), found, _like(contents, style), provenance)
    after = with_imports(raw, lines, style)
    outline(after)
    return after


def _new(tests: Sequence[Rendered], lines: Sequence[Line], style: Style, provenance: str) -> bytes:
    if not tests:
        return b""
    opening = [provenance if provenance.startswith("#") else f'"""{provenance}"""'] if provenance else []
    code = "\n\n".join(
        ("\n".join((*opening, *(("",) if opening else ()), *import_lines(lines))), *(test.code for test in tests))
    )
    return formatted(sorted_imports(f"{code}\n", _with_own(style)), style.settings).encode("utf-8", "backslashreplace")


def _with_own(style: Style) -> tuple[str, ...]:
    """Return the settings, with the project's own packages where the configuration does not name them."""
    if not style.first_party or any(item.startswith("lint.isort.known-first-party") for item in style.settings):
        return style.settings
    return (*style.settings, f"lint.isort.known-first-party = {json.dumps(style.first_party)}")


def _like(contents: Outline, style: Style) -> Style:
    """Return the style with the file's own indentation, where the configuration says nothing of it."""
    settings = style.settings
    said = {item.partition(" ")[0] for item in settings}
    if contents.unit == "\t" and "format.indent-style" not in said:
        settings = (*settings, 'format.indent-style = "tab"')
    elif set(contents.unit) == {" "} and len(contents.unit) in (2, 3, 8) and "indent-width" not in said:
        settings = (*settings, f"indent-width = {len(contents.unit)}")
    return replace(style, settings=settings)


def _ended(contents: Outline) -> Outline:
    """Return the module with a line end at its end: what is written below has one in any case."""
    text = contents.source.text
    ended = not text or text.endswith(("\n", "\r"))
    return contents if ended else outline(contents.source.to_bytes(text + contents.source.newline))


def _inserted(contents: Outline, tests: Sequence[Rendered], style: Style, provenance: str) -> bytes:
    """Return the module with the tests, those of one place one below the other, the comment above the first of all."""
    imported = {item.name: item.bound for item in contents.imports if item.name}
    places: dict[int, list[Rendered]] = {}
    statements = {}
    for test in tests:
        below = place_of(contents, [word for word in (test.word, imported.get(test.word, "")) if word])
        number = below.index if below is not None else -1
        statements[number] = below
        places.setdefault(number, []).append(test)
    comment = (provenance if provenance.startswith("#") else f"# {provenance}") + "\n" if provenance else ""
    if comment in contents.source.text.replace(contents.source.newline, "\n"):  # said once, and true of all
        comment = ""
    splices: list[Splice] = []
    for number, members in sorted(places.items(), key=lambda item: (item[0] < 0, item[0])):
        code = formatted("\n\n".join(test.code for test in members), style.settings)
        splices.append(insertion(contents, statements[number], _encodable(contents, comment + code)))
        comment = ""
    splices.sort(key=lambda splice: splice.start)  # stable: what goes to the end was put last
    return contents.source.to_bytes(spliced(contents.source.text, splices))


def _encodable(contents: Outline, code: str) -> str:
    """Return the code in characters that the file's encoding has, the others as escapes."""
    encoding = contents.source.encoding
    return code.encode(encoding, "backslashreplace").decode(encoding)
