"""Patches as bare text changes: equal ones are known before anything is applied."""

from __future__ import annotations

import ast
from itertools import takewhile

from pytest_codemode.core.patch import Edit, Patch, ReplaceExpression
from pytest_codemode.proposers.search.project import Project
from pytest_codemode.proposers.search.site import Site
from pytest_codemode.proposers.search.source import SourceFile, parse_quietly


def trimmed(start: int, old: str, new: str) -> tuple[int, str, str]:
    """Return the change without the characters that both texts share at their ends."""
    head = _shared(old, new)
    old, new = old[head:], new[head:]
    tail = _shared(old[::-1], new[::-1])
    return start + head, old[: len(old) - tail], new[: len(new) - tail]


def _shared(one: str, other: str) -> int:
    """Return how many characters both texts begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def offset_of(source: SourceFile, line: int, column: int) -> int:
    """Return the offset of a position given in characters."""
    return source.offset(line, 0) + column


def key_of(patch: Patch, project: Project) -> object:
    """Return a key that is equal for patches that change the same text in the same way."""
    return frozenset(_key(edit, project) for edit in patch.edits)


def _key(edit: Edit, project: Project) -> object:
    source = project.file(edit.path)
    if isinstance(edit, ReplaceExpression) and source is not None:
        return (edit.path, *trimmed(offset_of(source, edit.line, edit.column), edit.old, edit.new))
    return edit


def parses(site: Site, edit: ReplaceExpression) -> bool:
    """Whether the site's statement (a compound one's header with an empty body) is still Python."""
    start, _ = site.source.span(site.statement)
    at = offset_of(site.source, edit.line, edit.column) - start
    header = site.header
    if at < 0 or at + len(edit.old) > len(header):
        return True
    text = f"{header[:at]}{edit.new}{header[at + len(edit.old) :]}"
    if site.compound:
        text = _completed(site, text)
    try:
        parse_quietly(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _completed(site: Site, header: str) -> str:
    if isinstance(site.statement, ast.Try | ast.TryStar):
        return "pass"
    if isinstance(site.statement, ast.Match):
        return f"{header}\n case _: pass"
    if header.startswith("elif"):
        header = header[2:]
    return f"{header} pass"
