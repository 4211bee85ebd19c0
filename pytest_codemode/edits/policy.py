"""A patch cannot cheat: one policy for every proposer, asked before anything runs and again before anything is written.

Rules compare old and new contents: what was there before is never a finding, and what a patch moves is not new. The
core judges file contents, not edits, so that it holds for whatever made them.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_codemode.core.patch import Applied, Files
from pytest_codemode.edits.rules.changes import Change, change_of_file, changes_of_edits
from pytest_codemode.edits.rules.compare import content_findings
from pytest_codemode.edits.rules.hidden import hidden_findings
from pytest_codemode.edits.rules.paths import Exists, path_findings
from pytest_codemode.edits.rules.registry import ALWAYS_ON, RULES, Finding, PolicyContext, Rule, Severity, finding
from pytest_codemode.edits.rules.undefined import undefined_names
from pytest_codemode.edits.text import SourceError

__all__ = [
    "ALWAYS_ON",
    "RULES",
    "Finding",
    "PolicyContext",
    "Rule",
    "Severity",
    "examine",
    "examine_files",
    "undefined_names",
]


def examine(applied: Applied, read_old: Callable[[str], bytes | None], context: PolicyContext) -> tuple[Finding, ...]:
    """Return what an applied patch runs into, refused first.

    Args:
        applied: the patch.
        read_old: returns the bytes of a path as they stand, None where there is no such file.
        context: what the rules must know of the project.
    """
    try:
        return _examined(applied, read_old, context)
    except RecursionError:
        return _unfathomed(applied.files)


def _examined(applied: Applied, read_old: Callable[[str], bytes | None], context: PolicyContext) -> tuple[Finding, ...]:
    def exists(path: str) -> bool:
        return read_old(path) is not None

    outside = tuple(item for item in path_findings(applied.files, applied.files, context, _nowhere) if _outside(item))
    if outside:  # such a path is not even read
        return outside
    old = {path: data for path in applied.files if (data := read_old(path)) is not None}
    paths = tuple(path_findings(old, applied.files, context, exists))
    changes: list[Change] = []
    unreadable: list[Finding] = []
    for path, data in _python(applied.files):
        edits = tuple(edit for edit in applied.patch.edits if edit.path == path)
        parts = changes_of_edits(path, old[path], data, edits) if path in old else ()
        if parts:
            changes.extend(parts)
        else:
            _whole(path, old.get(path), data, changes, unreadable)
    contents = content_findings(tuple(changes), applied.files, context, exists)
    return _sorted((*paths, *unreadable, *hidden_findings(old, applied.files), *contents), context)


def examine_files(old: Files, new: Files, context: PolicyContext, exists: Exists | None = None) -> tuple[Finding, ...]:
    """Return what changed files run into, refused first, whatever changed them.

    Args:
        old: the files of `new` that exist, as they stand.
        new: the changed and new files.
        context: what the rules must know of the project.
        exists: whether a path exists in the tree; by default only those in `old` do.
    """
    try:
        return _examined_files(old, new, context, exists or old.__contains__)
    except RecursionError:
        return _unfathomed(new)


def _examined_files(old: Files, new: Files, context: PolicyContext, exists: Exists) -> tuple[Finding, ...]:
    paths = tuple(path_findings(old, new, context, exists))
    changes: list[Change] = []
    unreadable: list[Finding] = []
    for path, data in _python(new):
        _whole(path, old.get(path), data, changes, unreadable)
    contents = content_findings(tuple(changes), new, context, exists)
    return _sorted((*paths, *unreadable, *hidden_findings(old, new), *contents), context)


def _unfathomed(files: Files) -> tuple[Finding, ...]:
    """Refuse what no rule can be asked about: the rules go down into expressions as deep as these are."""
    names = ", ".join(sorted(files))
    sentence = f"{names}: an expression or a chain of `elif` is nested too deeply to be judged; write it in steps"
    return (finding("unreadable-source", sentence, min(files, default="")),)


def _nowhere(_: str) -> bool:
    return False


def _outside(item: Finding) -> bool:
    return item.rule == "path-outside-tree"


def _python(files: Files) -> list[tuple[str, bytes]]:
    return [(path, files[path]) for path in sorted(files) if path.endswith((".py", ".pyi"))]


def _whole(path: str, old: bytes | None, new: bytes, changes: list[Change], unreadable: list[Finding]) -> None:
    """Add the change of a whole file to `changes`, or a finding to `unreadable` if it broke the file."""
    try:
        change = change_of_file(path, old, new)
    except SourceError as error:
        unreadable.append(finding("unreadable-source", f"{path} cannot be read any more: {error}", path))
        return
    if change:
        changes.append(change)


def _sorted(findings: tuple[Finding, ...], context: PolicyContext) -> tuple[Finding, ...]:
    disabled = context.disabled_rules - ALWAYS_ON
    active = dict.fromkeys(item for item in findings if item.rule not in disabled)
    return tuple(sorted(active, key=lambda item: item.severity != "refused"))
