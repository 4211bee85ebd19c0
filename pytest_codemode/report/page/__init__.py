"""The report of a run as one HTML page to look at: no network, no script, nothing foreign unescaped."""

from __future__ import annotations

from pytest_codemode.report.page.document import render

__all__ = ["render"]
