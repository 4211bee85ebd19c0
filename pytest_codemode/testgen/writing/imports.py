"""Imports of a test module: what is there is used under the name it has, what is missing goes where it belongs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from pytest_codemode.core.exploring import Import
from pytest_codemode.core.patch import AddImport
from pytest_codemode.edits.imports import add_import
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.spans import Import as Imported
from pytest_codemode.edits.spans import Outline, Statement
from pytest_codemode.edits.splice import Splice, lines_after, lines_before, spliced
from pytest_codemode.testgen.writing.cases import Needed, alias_of
from pytest_codemode.testgen.writing.formatting import formatted
from pytest_codemode.testgen.writing.insertion import blank_lines
from pytest_codemode.testgen.writing.merging import Line, merged, sort_key
from pytest_codemode.testgen.writing.render import Rendered
from pytest_codemode.testgen.writing.source import bound_in, module_replaced, names_in, replaced
from pytest_codemode.testgen.writing.style import Style

_GAP = 2
"""Blank lines between imports and a definition."""
_DEFINITIONS = ("FunctionDef", "AsyncFunctionDef", "ClassDef")


def resolved(
    tests: Sequence[Rendered], existing: Outline | None, taken: Iterable[str]
) -> tuple[tuple[Rendered, ...], tuple[Line, ...]]:
    """Return the tests under the names that the module knows things by, and what it must import for them.

    Args:
        tests: The new tests.
        existing: The module, None if it is new.
        taken: Names that mean something else at the module's top level.
    """
    present = [item for item in existing.imports if item.top] if existing else []
    plain = {needed.item.module for test in tests for needed in test.imports if not needed.item.name}
    local = frozenset(name for test in tests for name in bound_in(test.code))
    own = _Names(present, plain, {*taken, *(item.bound for item in present), *(test.name for test in tests)}, local)
    found = tuple(_renamed(test, own) for test in tests)
    return found, tuple(sorted(own.added, key=lambda line: (line.module, sort_key(line.name), line.alias)))


class _Names:
    """Which name each import has in one module."""

    def __init__(
        self, present: Sequence[Imported], plain: set[str], taken: set[str], local: frozenset[str] = frozenset()
    ) -> None:
        self._present = present
        self._plain = plain
        self._taken = taken
        self._local = local
        """Names that mean something else within a test."""
        self._known: dict[tuple[str, str], str] = {}
        self.added: list[Line] = []

    def of(self, needed: Needed) -> str:
        """Return the name by which the module knows it; of a plain `import a.b` that is `a`."""
        key = (needed.item.module, needed.item.name)
        if key not in self._known:
            self._known[key] = self._there(needed) or self._of_module(needed.item) or self._new(needed)
        return self._known[key]

    def _there(self, needed: Needed) -> str:
        module, name = needed.item.module, needed.item.name
        for item in self._present:
            if (item.module, item.name) == (module, name) and (name or item.bound in ("", module.partition(".")[0])):
                return item.bound
            if not name and "." not in module and (item.module, item.name) == (module, ""):
                return item.bound
        for item in self._present:
            # `from shop import total`, where `shop` passes on what `shop.cart` defines.
            passed_on = name and item.name == name and f"{module}.".startswith(f"{item.module}.")
            if passed_on and item.bound == needed.bound:
                return item.bound
        return self._of_imported_module(needed.item) if name else ""

    def _of_imported_module(self, wanted: Import) -> str:
        """Return `svc.name` where the module has `import svc`, and takes nothing from it by name."""
        if any(item.name for item in self._present if item.module == wanted.module):
            return ""
        package, _, last = wanted.module.rpartition(".")
        for item in self._present:
            if item.bound in ("", *self._local):
                continue
            if (item.module, item.name) == (wanted.module, ""):
                whole = item.bound == wanted.module.partition(".")[0]
                return f"{wanted.module if whole else item.bound}.{wanted.name}"
            if package and (item.module, item.name) == (package, last):
                return f"{item.bound}.{wanted.name}"
        return ""

    def _of_module(self, item: Import) -> str:
        """Return `datetime.datetime` where `datetime` is the module for another test: one import does for both."""
        if not item.name or "." in item.module or item.module not in self._plain:
            return ""
        if item.module in self._local and item.name != item.module:
            return ""
        return f"{self.of(Needed(Import(item.module), item.module))}.{item.name}"

    def _new(self, needed: Needed) -> str:
        item, bound = needed.item, needed.bound
        plain = [other.module for other in self._present if not other.name and other.bound == bound]
        plain += [line.module for line in self.added if not line.name and not line.alias]
        shared = not item.name and any(module.partition(".")[0] == bound for module in plain)
        if bound in self._taken and not shared:
            bound = alias_of(item, self._taken)
        self._taken.add(bound)
        self.added.append(Line(item.module, item.name, bound if bound != item.bound else ""))
        return bound


def _renamed(test: Rendered, own: _Names) -> Rendered:
    code = test.code
    names: dict[str, str] = {}
    for needed in test.imports:
        bound = own.of(needed)
        if bound == needed.bound:
            continue
        if not needed.item.name and "." in needed.item.module:
            code = module_replaced(code, needed.item.module, bound)
        else:
            names[needed.bound] = bound
    return replace(test, code=replaced(code, names))


def bound_at_top(contents: Outline) -> frozenset[str]:
    """Return the names that a module binds at its top level by other means than imports."""
    block = contents.blocks[0]
    names: set[str] = {item.qualname for item in contents.definitions if "." not in item.qualname}
    for number in block.statements:
        statement = contents.statements[number]
        if statement.kind in ("Assign", "AnnAssign", "AugAssign"):
            target = contents.source.text[statement.start : statement.end].partition("=")[0].partition(":")[0]
            names |= names_in(target.strip())
    return frozenset(names)


def import_lines(lines: Iterable[Line]) -> list[str]:
    """Return the statements that import all of it, one for each module."""
    by_module: dict[str, list[str]] = {}
    statements = []
    for line in lines:
        if line.name:
            by_module.setdefault(line.module, []).append(line.part)
        else:
            statements.append(f"import {line.part}")
    return statements + [f"from {module} import {', '.join(parts)}" for module, parts in by_module.items()]


def with_imports(raw: bytes, lines: Sequence[Line], style: Style) -> bytes:
    """Return a module's bytes with further imports, each where the module's order wants it."""
    before = outline(raw)
    left: list[Line] = []
    for line in lines:
        splice = merged(outline(raw), line, style) if line.name else None
        if splice is None:
            left.append(line)
        else:
            raw = _applied(raw, splice)
    for statement in import_lines(left):
        contents = outline(raw)
        text = formatted(statement, style.settings).rstrip("\n") if len(statement) > style.line_length else statement
        placed = _placed(contents, text, style) or add_import(contents, AddImport("", text))
        if placed is not None:
            raw = _applied(raw, placed)
    return raw if any(item.top for item in before.imports) else _set_apart(raw)


def _set_apart(raw: bytes) -> bytes:
    """Return the module with two blank lines between its imports and a definition right below them."""
    contents = outline(raw)
    statements = [contents.statements[number] for number in contents.blocks[0].statements]
    for above, below in pairwise(statements):
        if above.kind in ("Import", "ImportFrom") and below.kind in _DEFINITIONS:
            source = contents.source
            place = source.next_line(above.full_end)
            blank = blank_lines(source.text[place:], _GAP)
            return _applied(raw, Splice(place, place, source.newline * (_GAP - blank))) if blank < _GAP else raw
    return raw


def _applied(raw: bytes, splice: Splice) -> bytes:
    contents = outline(raw)
    return contents.source.to_bytes(spliced(contents.source.text, [splice]))


def _placed(contents: Outline, text: str, style: Style) -> Splice | None:
    """Return the insertion beside the imports of its section, else below the section before; None: there are none."""
    imports = list(_leading(contents, style))
    if not imports:
        return None
    own = _order(text, style)
    lines = text.split("\n")
    same = [(order, statement) for order, statement in imports if order[0] == own[0]]
    source = contents.source
    if same:
        below = [statement for order, statement in same if order <= own]
        if below:
            return lines_after(source, below[-1].full_end, lines)
        return lines_before(source, source.line_start(same[0][1].start), lines)
    earlier = [statement for order, statement in imports if order[0] < own[0]]
    if earlier:
        return lines_after(source, earlier[-1].full_end, ["", *lines])
    return lines_before(source, source.line_start(imports[0][1].start), [*lines, ""])


def _leading(contents: Outline, style: Style) -> Iterator[tuple[tuple[int, bool, str], Statement]]:
    for number in contents.blocks[0].statements:
        statement = contents.statements[number]
        if statement.kind in _DEFINITIONS:
            return
        if statement.kind in ("Import", "ImportFrom"):
            yield _order(contents.source.text[statement.start : statement.end], style), statement


def _order(statement: str, style: Style) -> tuple[int, bool, str]:
    """Return the place of an import as isort and ruff sort them: by section, `import x` before `from x`, by name."""
    words = statement.split()
    module = words[1].rstrip(",")
    root = module.partition(".")[0]
    if root == "__future__":
        section = 0
    elif module.startswith("."):
        section = 4
    elif root in sys.stdlib_module_names:
        section = 1
    else:
        section = 3 if root in style.first_party else 2
    return section, words[0] == "from", module.lower()
