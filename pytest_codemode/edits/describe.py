"""A patch in one line, for people and for models."""

from __future__ import annotations

from pytest_codemode.core.patch import (
    CreateModule,
    DeleteDefinition,
    DeleteStatement,
    Edit,
    Patch,
    ReplaceDefinition,
    ReplaceExpression,
)


def describe(patch: Patch) -> str:
    """Return the patch in one line, as `'<' -> '<='`."""
    return "; ".join(_describe(edit) for edit in patch.edits)


def _describe(edit: Edit) -> str:
    if isinstance(edit, ReplaceExpression):
        return f"{edit.old} -> {edit.new}"
    if isinstance(edit, DeleteDefinition | ReplaceDefinition):
        return f"{edit.KIND.replace('_', ' ')} {edit.qualname}"
    if isinstance(edit, DeleteStatement):
        return f"delete {edit.old}"
    if isinstance(edit, CreateModule):
        return f"new module {edit.path}"
    text = getattr(edit, "source", "") or getattr(edit, "statement", "") or getattr(edit, "name", "")
    first = text.strip().splitlines()[0] if text.strip() else ""
    return f"{edit.KIND.replace('_', ' ')}: {first}"


def where(patch: Patch) -> str:
    """Return `path:line` of the first edit, `path` where it has no line."""
    if not patch.edits:
        return ""
    first = patch.edits[0]
    line = getattr(first, "line", 0)
    return f"{first.path}:{line}" if line else first.path
