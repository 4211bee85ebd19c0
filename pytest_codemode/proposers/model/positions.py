"""Where edits stand: the column that a model miscounted, and which of several edits did not fit."""

from __future__ import annotations

from dataclasses import replace

from pytest_codemode.core.patch import Edit, Files, Patch, ReplaceExpression, Unapplicable
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.text import SourceError, decode_source


def located(patch: Patch, files: Files) -> Patch:
    """Return `patch` with columns set right where they can be meant in one way only.

    Models name the line and the text reliably, and miscount columns. Where the text stands exactly once in the line,
    it is the place; everywhere else the edit stays as it is, and does not apply.
    """
    return replace(patch, edits=tuple(_located(edit, files) for edit in patch.edits))


def _located(edit: Edit, files: Files) -> Edit:
    if not isinstance(edit, ReplaceExpression) or not edit.old or "\n" in edit.old or edit.path not in files:
        return edit
    try:
        source = decode_source(files[edit.path])
    except SourceError:
        return edit
    if not 1 <= edit.line <= len(source.starts):
        return edit
    start = source.starts[edit.line - 1]
    line = source.text[start : source.line_stop(start)]
    first = line.find(edit.old)
    stands_there = edit.column >= 0 and line.startswith(edit.old, edit.column)
    if stands_there or first < 0 or line.find(edit.old, first + 1) >= 0:
        return edit
    return replace(edit, column=first)


def culprit(patch: Patch, reason: str, files: Files) -> str:
    """Return `edits[1]` if that edit alone does not apply for the same reason; empty if none or the only one."""
    if len(patch.edits) < 2:
        return ""
    for index, edit in enumerate(patch.edits):
        alone = apply(replace(patch, edits=(edit,)), files.get)
        if isinstance(alone, Unapplicable) and alone.reason == reason:
            return f"edits[{index}]"
    return ""
