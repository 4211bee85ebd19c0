"""The report of a run as JSON: the fields of `core.report.RunReport`, `schema` among them."""

from __future__ import annotations

import json

from pytest_codemode.core.codec import encode
from pytest_codemode.core.report import RunReport


def render(report: RunReport) -> str:
    """Return `report` as indented JSON with a line end."""
    return json.dumps(encode(report), indent=2, ensure_ascii=True) + "\n"
