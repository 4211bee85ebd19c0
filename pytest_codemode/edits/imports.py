"""Splices for edits of a module's imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from pytest_codemode.core.patch import AddImport, RemoveImport
from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.spans import Import, Outline, Statement
from pytest_codemode.edits.splice import EditError, Splice, lines_after, lines_before, placed, whole_lines
from pytest_codemode.edits.text import SourceError

_DEFINITIONS = frozenset({"FunctionDef", "AsyncFunctionDef", "ClassDef"})


def add_import(outline: Outline, edit: AddImport) -> Splice | None:
    """Return the splice that adds an import below the module's leading ones, or None if all of it is there."""
    wanted = _parse(edit.statement)
    present = {(item.module, item.name, item.bound) for item in outline.imports if item.top}
    if wanted <= present:
        return None
    lines = placed(outline, edit.statement, "")
    before, after = _neighbours(outline, _order(min(wanted)))
    if after is not None:
        return lines_after(outline.source, after.full_end, lines)
    if before is not None:
        return lines_before(outline.source, outline.source.line_start(before.start), lines)
    above = _above(outline, future=all(module == "__future__" for module, _, _ in wanted))
    if above is None:
        return _first_import(outline, lines)
    gap = [] if above.kind in ("Import", "ImportFrom") else [""]
    return lines_after(outline.source, above.full_end, [*gap, *lines])


def _parse(statement: str) -> set[tuple[str, str, str]]:
    """Return module, name and bound name of everything an import statement imports."""
    try:
        nodes = parse_quietly(statement.strip() + "\n").body
    except SourceError as error:
        raise EditError(f"`{statement.strip()}` is no import: {error}") from None
    if len(nodes) != 1 or not isinstance(nodes[0], ast.Import | ast.ImportFrom):
        raise EditError(f"`{statement.strip()}` is not one import statement")
    node = nodes[0]
    if isinstance(node, ast.Import):
        return {(name.name, "", name.asname or name.name.partition(".")[0]) for name in node.names}
    base = "." * node.level + (node.module or "")
    return {(base, name.name, name.asname or name.name) for name in node.names}


def _order(imported: tuple[str, str, str]) -> tuple[int, bool, str]:
    """Return the place of an import as isort and ruff sort them: by section, `import x` before `from x`, by name."""
    module, name, _ = imported
    root = module.partition(".")[0]
    section = 0 if root == "__future__" else 1 if root in sys.stdlib_module_names else 3 if module[:1] == "." else 2
    return section, bool(name), module.lower()


def _neighbours(outline: Outline, order: tuple[int, bool, str]) -> tuple[Statement | None, Statement | None]:
    """Return (the import to stand above, the import to stand below), both None if the section has none yet."""
    leading = {statement.index for statement in _leading_imports(outline)}
    found = {item.statement.index: item for item in reversed(outline.imports) if item.statement.index in leading}
    section = [
        (_order((item.module, item.name, item.bound)), item.statement)
        for _, item in sorted(found.items())
        if _order((item.module, item.name, item.bound))[0] == order[0]
    ]
    below = [statement for other, statement in section if other <= order]
    if below:
        return None, below[-1]
    return (section[0][1] if section else None), None


def _leading_imports(outline: Outline) -> Iterator[Statement]:
    for number in outline.blocks[0].statements:
        statement = outline.statements[number]
        if statement.kind in _DEFINITIONS:
            return
        if statement.kind in ("Import", "ImportFrom"):
            yield statement


def _above(outline: Outline, *, future: bool) -> Statement | None:
    """Return the statement to stand below: the last leading import, else the docstring, else None."""
    block = outline.blocks[0]
    futures = {item.statement.index for item in outline.imports if item.module == "__future__"}
    last: Statement | None = None
    for number in block.statements:
        statement = outline.statements[number]
        if statement.kind in _DEFINITIONS:
            break
        docstring = block.docstring and number == block.statements[0]
        if docstring or (statement.kind in ("Import", "ImportFrom") and (number in futures or not future)):
            last = statement
    return last


def _first_import(outline: Outline, lines: list[str]) -> Splice:
    """Return the insertion above the first statement and its comments, but below a comment that opens the file."""
    source = outline.source
    numbers = outline.blocks[0].statements
    if not numbers:
        return lines_after(source, len(source.text.rstrip()), lines) if source.text else lines_before(source, 0, lines)
    first = outline.statements[numbers[0]]
    place = source.line_start(first.start)
    while place and source.text[source.line_start(place - 1) : place].startswith("#"):
        place = source.line_start(place - 1)
    if place == 0:
        place = source.line_start(first.start)
    gap = [] if first.kind in ("Import", "ImportFrom") else [""]
    return lines_before(source, place, [*lines, *gap])


def find_import(outline: Outline, edit: RemoveImport) -> Import:
    """Return the import that binds the edit's name.

    Raises:
        EditError: none does, or several do.
    """
    found = [item for item in outline.imports if item.bound == edit.name]
    if not found:
        raise EditError(f"no import of {edit.path} binds `{edit.name}` at module level")
    if len(found) > 1:
        raise EditError(f"{len(found)} imports of {edit.path} bind `{edit.name}`")
    return found[0]


def remove_alias(outline: Outline, item: Import) -> Splice:
    """Return the splice that takes one of several names out of an import statement."""
    source = outline.source
    start, stop = item.spans[item.position]
    first, behind = whole_lines(source, start, stop)
    rest = source.text[stop : source.line_stop(stop)].lstrip(" \t\f,")
    alone = not source.text[first:start].strip() and (not rest or rest.startswith("#"))
    last = item.position == len(item.spans) - 1
    if alone and source.text[: item.statement.end].endswith(")"):
        return Splice(first, behind, "")
    if last:
        return Splice(item.spans[item.position - 1][1], stop, "")
    return Splice(start, item.spans[item.position + 1][0], "")
