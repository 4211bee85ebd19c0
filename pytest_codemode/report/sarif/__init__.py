"""The report of a run as SARIF 2.1.0, for code scanning and editors: one result a cause, the proven patch as its fix.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; section numbers below are its own.
"""

from __future__ import annotations

from pytest_codemode.report.sarif.document import render

__all__ = ["render"]
