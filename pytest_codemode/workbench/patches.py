"""What a model or an agent wrote as a patch: the one reader, whichever way it came.

Function calling, the text protocol, `project.try_patch` and the MCP tools have the same limits and are told the same
sentences. They are met half way where the meaning is plain: edits written as JSON text, a single edit without its
list, null for a field that has a usual value.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.patch import Edit, Patch

MAX_EDITS = 100
MAX_CHARACTERS = 60_000
"""Of all texts of a patch together: a module of 1,500 lines. Whatever it is, it is parsed and judged within seconds."""
MAX_PATH = 1_000
MAX_RATIONALE = 600
MAX_PROBLEM = 300
"""Characters of what is said about a patch: it may quote what was sent."""


def decode_patch(given: dict[str, Any], proposer: str) -> Patch:
    """Return the patch in an object of `edits` and a `rationale`.

    Raises:
        ValueError: it has not the form; one bounded sentence that names the place.
    """
    try:
        return _decoded(given, proposer)
    except RecursionError:
        raise ValueError("edits: nested too deeply") from None
    except ValueError as problem:
        raise ValueError(_sentence(str(problem), MAX_PROBLEM)) from None


def _decoded(given: dict[str, Any], proposer: str) -> Patch:
    if unknown := sorted(given.keys() - {"edits", "rationale"}):
        raise ValueError(f"unknown field {unknown[0]!r}: a patch has `rationale` and `edits`")
    edits: tuple[Edit, ...] = decode(tuple[Edit, ...], _edits(given.get("edits")), "edits")
    rationale: str = decode(str, given.get("rationale") or "", "rationale")
    _check_texts(edits)
    # Only shown: what cannot be written to a report is left out of it.
    shown = rationale.encode("utf-8", "replace").decode("utf-8")
    return Patch(edits, proposer, rationale=_sentence(shown, MAX_RATIONALE))


def _edits(given: Any) -> list[Any]:
    if isinstance(given, str):
        try:
            given = json.loads(given, strict=False)
        except (ValueError, RecursionError):
            raise ValueError("edits: an array of edits expected, got text that is not JSON") from None
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not given:
        raise ValueError("edits: an array of at least one edit expected")
    if len(given) > MAX_EDITS:
        raise ValueError(f"edits: {len(given)} edits in one patch; at most {MAX_EDITS}, of the cause only")
    return [_without_nulls(edit) for edit in given]


def _without_nulls(edit: Any) -> Any:
    return {key: value for key, value in edit.items() if value is not None} if isinstance(edit, dict) else edit


def _check_texts(edits: tuple[Edit, ...]) -> None:
    """Refuse texts that no file can hold, and more of them than any repair needs.

    Raises:
        ValueError: the place and what is wrong there.
    """
    total = 0
    for index, edit in enumerate(edits):
        if len(edit.path) > MAX_PATH:
            raise ValueError(f"edits[{index}].path: {len(edit.path):,} characters; at most {MAX_PATH:,}")
        for field in dataclasses.fields(edit):
            value = getattr(edit, field.name)
            if not isinstance(value, str):
                continue
            total += len(value)
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                character = f"U+{ord(value[error.start]):04X}"
                raise ValueError(f"edits[{index}].{field.name}: {character} is no character of any file") from None
    if total > MAX_CHARACTERS:
        raise ValueError(f"edits: {total:,} characters in one patch; at most {MAX_CHARACTERS:,}, of the cause only")


def _sentence(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
