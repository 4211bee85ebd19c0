"""One file before and after a patch, as facts: read once per content, or only for the functions that changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pytest_codemode.core.patch import Edit
from pytest_codemode.edits.apply import plan
from pytest_codemode.edits.compiling import Region, function_regions
from pytest_codemode.edits.outline import outline, parse_quietly
from pytest_codemode.edits.rules.names import Names, locals_of, merged, module_names, stored
from pytest_codemode.edits.rules.seen import Seen
from pytest_codemode.edits.rules.shapes import Shape, shape_of
from pytest_codemode.edits.rules.sightings import watch
from pytest_codemode.edits.rules.tables import COMPARISONS
from pytest_codemode.edits.spans import Outline, Statement
from pytest_codemode.edits.splice import EditError, Splice, spliced
from pytest_codemode.edits.text import SourceError


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know of a file or of a part of it."""

    names: Names
    seen: Seen
    shape: Shape
    text: str | bytes = ""
    """As it stands in the file, with its indentation."""


_NOTHING = Facts(Names({}, frozenset(), frozenset()), Seen((), ()), Shape())


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a file before and after; the whole file where the part cannot be told."""

    path: str
    whole: Facts
    """The whole old file; nothing for a new one."""
    before: Facts
    after: Facts
    offset: int = 0
    """What to add to the lines of `after`."""


def change_of_file(path: str, old: bytes | None, new: bytes) -> Change | None:
    """Return the change of a whole file, None where the old one is no Python that can be read.

    Raises:
        SourceError: only the new one cannot be read.
    """
    try:
        before = facts_of(old) if old is not None else _NOTHING
    except SourceError:
        return None
    return Change(path, before, before, facts_of(new))


def changes_of_edits(path: str, old: bytes, new: bytes, edits: tuple[Edit, ...]) -> tuple[Change, ...]:
    """Return the changes of single statements or functions if edits of bodies made `new` out of `old`, else ().

    Reading a few lines instead of a 2,000-line file makes the policy cheap enough to ask of every candidate.
    """
    try:
        contents = outline(old)
        splices = plan(path, edits, contents)
        same = contents.source.to_bytes(spliced(contents.source.text, splices)) == new
        whole = facts_of(old)
    except (EditError, SourceError):
        return ()
    regions = function_regions(contents, splices) if same else ()
    if any(region.definition.qualname.rpartition(".")[2] in COMPARISONS for region in regions):
        return ()  # these are judged by their class, which a function alone does not show
    changes: list[Change] = []
    for region in regions:
        inside = tuple(item for item in splices if region.start <= item.start <= item.stop <= region.stop)
        change = _change_of_part(path, old, whole, narrowest(contents, region, inside), inside)
        change = change or _change_of_part(path, old, whole, region.definition.statement, inside)
        if change is None:
            return ()
        changes.append(replace(change, offset=change.offset + region.shift))
    return tuple(changes)


def narrowest(contents: Outline, region: Region, splices: Sequence[Splice]) -> Statement:
    """Return the innermost statement whose lines hold all splices; a short function as a whole."""
    function = region.definition
    best = function.statement
    if len(contents.blocks[function.body].statements) <= _SHORT:
        return best
    first, last = splices[0].start, splices[-1].stop
    for item in contents.statements[best.index + 1 :]:
        if item.start > first:
            break
        if not item.clause and last < item.full_end and item.keyword_line == item.line:
            best = item
    return best


_SHORT = 3
"""Statements up to which a function is read whole: only there can one edit leave nothing but constants."""


def _change_of_part(path: str, old: bytes, whole: Facts, part: Statement, splices: Sequence[Splice]) -> Change | None:
    """Return the change of one statement's lines, None if they cannot be read alone."""
    source = outline(old).source
    start, stop = source.line_start(part.keyword), source.next_line(part.full_end)
    new = spliced(source.text, splices, start, stop)
    local = _locals_around(old, part)
    before = _facts_of_lines(old, part, local)
    after = _facts_of_text(new, part.owner, local, whole.names)
    if before is None or after is None:
        return None
    return Change(path, whole, before, after, part.keyword_line - (2 if new[:1] in " \t\f" else 1))


@lru_cache(maxsize=1024)
def _facts_of_lines(old: bytes, part: Statement, local: frozenset[str]) -> Facts | None:
    source = outline(old).source
    text = source.text[source.line_start(part.keyword) : source.next_line(part.full_end)]
    return _facts_of_text(text, part.owner, local, facts_of(old).names)


def _facts_of_text(text: str, owner: str, local: frozenset[str], known: Names) -> Facts | None:
    try:
        tree = parse_quietly("if 1:\n" + text if text[:1] in " \t\f" else text)
    except SourceError:
        return None
    names = merged(known, module_names(tree))
    inside = local | stored(tree) if local else local
    return Facts(names, watch(tree, names, inside), shape_of(tree, owner, in_function=bool(local)), text)


@lru_cache(maxsize=1024)
def _locals_around(old: bytes, part: Statement) -> frozenset[str]:
    """Return the names local to the functions around a statement; empty for a function that stands in none."""
    contents = outline(old)
    local: frozenset[str] = frozenset()
    for definition in contents.definitions:
        statement = definition.statement
        if definition.function and statement.start < part.start and part.full_end <= statement.full_end:
            text = contents.source.text[contents.source.line_start(statement.keyword) : statement.full_end]
            tree = parse_quietly("if 1:\n" + text if text[:1] in " \t\f" else text)
            nodes = tree.body[0].body if isinstance(tree.body[0], ast.If) else tree.body
            local |= locals_of(nodes[0]) | {""}
    return local


@lru_cache(maxsize=128)
def facts_of(raw: bytes) -> Facts:
    """Return the facts of a whole file; the last 128 contents are kept.

    Raises:
        SourceError: it is no Python.
    """
    tree: ast.AST = parse_quietly(raw)
    names = module_names(tree)
    return Facts(names, watch(tree, names), shape_of(tree), raw)


def wholes(changes: tuple[Change, ...]) -> Iterator[Facts]:
    """Yield the facts of every old file of a patch, each once."""
    seen: set[int] = set()
    for change in changes:
        if id(change.whole) not in seen:
            seen.add(id(change.whole))
            yield change.whole
