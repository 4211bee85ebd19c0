"""No credential in a report: taken out where it is made, so that no format has to think of it.

What a diff, a path or a node id holds stays as it is: a patch that was changed would be another patch.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from pytest_codemode.core.credentials import is_secret_name
from pytest_codemode.core.report import RunReport
from pytest_codemode.proposers.model.quoting import redact

Part = TypeVar("Part")

_LONG_TEXT = re.compile(r"""['"][^'"]{6,}""")
"""In a `repr`, even one that was cut: a lexer's `token` may be shown, what is inside `SecretStr('...')` may not."""

_NAMES_AND_PATCHES = frozenset(
    {"diff", "diff_path", "held_out", "key", "nodeid", "nodeids", "operator", "path", "proposer", "run_id", "started",
     "task", "template", "turned_green", "where", "written"}
)  # fmt: skip
"""Fields that stay as they are."""


def redacted(report: RunReport) -> RunReport:
    """Return the report with what looks like a credential replaced by `[redacted]`."""
    return _dataclass(report)


def _dataclass(part: Part) -> Part:
    told = (field.name for field in fields(part) if field.name not in _NAMES_AND_PATCHES)  # type: ignore[arg-type]
    changed = {name: clean for name in told if (clean := _clean(value := getattr(part, name))) is not value}
    return replace(part, **changed) if changed else part  # type: ignore[type-var]


def _local(name: str, text: str) -> str:
    """Return the `repr` of a local value; what its name calls a secret is one, whatever it looks like."""
    if is_secret_name(name) and _LONG_TEXT.search(text):
        return "[redacted]"
    return redact(text)


def _clean(value: Any) -> Any:
    """Return `value` without credentials, itself if there are none."""
    if isinstance(value, str):
        clean = redact(value)
        return value if clean == value else clean
    if isinstance(value, tuple):
        parts = tuple(map(_clean, value))
        return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    if isinstance(value, dict):
        return {name: _local(name, one) if isinstance(one, str) else one for name, one in value.items()}
    return _dataclass(value) if is_dataclass(value) and not isinstance(value, type) else value
