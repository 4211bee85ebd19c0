"""Apply a patch in memory: every edit becomes splices of the original text; all files stand or fall together."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from pytest_codemode.core.patch import (
    AddImport,
    Applied,
    CreateModule,
    DeleteDefinition,
    DeleteStatement,
    Edit,
    Files,
    InsertDefinition,
    InsertStatement,
    Patch,
    RemoveImport,
    ReplaceDefinition,
    ReplaceExpression,
    ReplaceStatement,
    Unapplicable,
)
from pytest_codemode.edits.compiling import compile_module, compile_regions
from pytest_codemode.edits.definitions import (
    delete_definition,
    find_definition,
    insert_definition,
    replace_definition,
)
from pytest_codemode.edits.imports import add_import, find_import, remove_alias
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.reindent import reindent
from pytest_codemode.edits.spans import Definition, Import, Outline, Statement
from pytest_codemode.edits.splice import EditError, Splice, ordered, spliced
from pytest_codemode.edits.statements import (
    delete_statement,
    find_statement,
    insert_statement,
    replace_expression,
    replace_statement,
)
from pytest_codemode.edits.text import SourceError, decode_source

Read = Callable[[str], bytes | None]
"""Returns the bytes of a path relative to rootdir, None where there is no such file."""

MAX_NAME_BYTES = 255
"""Of each part of a path, on every usual file system: asking for a longer one is an error of its own."""


def apply(patch: Patch, read: Read) -> Applied | Unapplicable:
    """Return the patch applied to what `read` gives, or the reason why it does not fit."""
    if not patch.edits:
        return Unapplicable(patch, "the patch holds no edit")
    files: Files = {}
    try:
        for path in patch.paths:
            check_path(path)
            edits = [edit for edit in patch.edits if edit.path == path]
            old = read(path)
            new = _create(edits, old) if isinstance(edits[0], CreateModule) else _edit(path, edits, old)
            if new != old:
                files[path] = new
    except (EditError, SourceError) as error:
        return Unapplicable(patch, str(error))
    return Applied.of(patch, files) if files else Unapplicable(patch, "the patch changes nothing")


def check_path(path: str) -> None:
    """Refuse a path that is not a plain posix path below the root.

    Raises:
        EditError: it is absolute, climbs, or is not in its simplest form.
    """
    plain = path and "\\" not in path and path.isprintable() and posixpath.normpath(path) == path
    if plain and max(len(name.encode()) for name in path.split("/")) > MAX_NAME_BYTES:
        raise EditError(f"{path[:60]!r}... is longer than file names can be")
    if not plain or path.startswith(("/", "~")) or path.split("/", maxsplit=1)[0] in (".", "..") or path[1:2] == ":":
        raise EditError(f"{path[:200]!r} is not a plain path below the root of the project")


def plan(path: str, edits: Iterable[Edit], contents: Outline) -> tuple[Splice, ...]:
    """Return the ordered splices of one file's edits (a `CreateModule` has none).

    Raises:
        EditError, SourceError: one does not fit.
    """
    removals: list[Statement] = []
    planned: list[Splice | _Removal] = []
    for edit in edits:
        step = _plan_one(contents, edit)
        if isinstance(step, _Removal):
            removals.append(step.statement)
        if step is not None:
            planned.append(step)
    holders = _emptied(contents, removals)
    splices = [step.splice(contents, holders) if isinstance(step, _Removal) else step for step in planned]
    for splice in splices:
        if contents.source.text[splice.start : splice.stop] == splice.text:
            raise EditError(f"an edit at line {contents.source.line_of(splice.start)} of {path} changes nothing")
    return ordered(splices)


class _Removal:
    """A statement to remove; whether `pass` must stay depends on what else is removed."""

    def __init__(self, statement: Statement, definition: Definition | None = None) -> None:
        self.statement = statement
        self._definition = definition

    def splice(self, contents: Outline, holders: frozenset[int]) -> Splice:
        leave_pass = self.statement.index in holders
        if self._definition:
            return delete_definition(contents, self._definition, leave_pass=leave_pass)
        return delete_statement(contents, self.statement, leave_pass=leave_pass)


def _plan_one(contents: Outline, edit: Edit) -> Splice | _Removal | None:  # noqa: PLR0911, C901  # one return a kind
    match edit:
        case ReplaceExpression():
            return replace_expression(contents, edit)
        case ReplaceStatement():
            return replace_statement(contents, edit)
        case InsertStatement():
            return insert_statement(contents, edit)
        case DeleteStatement():
            return _Removal(find_statement(contents, edit))
        case ReplaceDefinition():
            return replace_definition(contents, edit)
        case InsertDefinition():
            return insert_definition(contents, edit)
        case DeleteDefinition():
            definition = find_definition(contents, edit)
            return _Removal(definition.statement, definition)
        case AddImport():
            return add_import(contents, edit)
        case RemoveImport():
            item: Import = find_import(contents, edit)
            return remove_alias(contents, item) if len(item.spans) > 1 else _Removal(item.statement)
        case CreateModule():
            raise EditError(f"{edit.path} is created and edited by the same patch")


def _emptied(contents: Outline, removals: list[Statement]) -> frozenset[int]:
    """Return the removed statements in whose place `pass` must stand: the first of each block that is left empty."""
    removed = {statement.index for statement in removals if not statement.clause}
    blocks = {statement.block for statement in removals if statement.block and not statement.clause}
    full = (contents.blocks[number].statements for number in blocks)
    return frozenset(statements[0] for statements in full if removed.issuperset(statements))


def _edit(path: str, edits: list[Edit], old: bytes | None) -> bytes:
    if old is None:
        raise EditError(f"{path} does not exist")
    try:
        contents = outline(old)
    except SourceError as error:
        raise EditError(f"{path} cannot be edited: {error}") from None
    splices = plan(path, edits, contents)
    if not splices:
        return old
    new = contents.source.to_bytes(spliced(contents.source.text, splices))
    if contents.source.line_of(splices[0].start) <= 3:
        _same_encoding(path, contents, new)
    if not compile_regions(contents, splices, path):
        compile_module(new, path)
    return new


def _same_encoding(path: str, contents: Outline, new: bytes) -> None:
    """Refuse an edit near the top that moves or changes a coding cookie: every other byte would change its meaning."""
    try:
        encoding = decode_source(new).encoding
    except SourceError:
        encoding = ""
    if encoding != contents.source.encoding:
        raise EditError(f"the edit would change the declared encoding of {path}")


def _create(edits: list[Edit], old: bytes | None) -> bytes:
    edit = edits[0]
    assert isinstance(edit, CreateModule)
    if len(edits) > 1:
        raise EditError(f"{edit.path} is created and edited by the same patch")
    if old is not None:
        raise EditError(f"{edit.path} exists already")
    if not edit.path.endswith((".py", ".pyi")):
        raise EditError(f"{edit.path} is no Python module")
    source = "\n".join(reindent(edit.source, "", "    ")) + "\n" if edit.source.strip() else ""
    raw = source.encode("utf-8", "replace")
    if source:
        decode_source(raw)
    compile_module(raw, edit.path)
    return raw
