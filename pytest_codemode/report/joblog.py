"""The log of a CI job: a runner reads it line by line for commands, and foreign text must not give any."""

from __future__ import annotations

import re
from typing import TextIO

from pytest_codemode.report.writer import PlainWriter, harmless

_COMMAND = re.compile(r"^(\s*):(?=:)")
"""How a line begins that a GitHub runner obeys; it skips blanks before.

Source: actions/runner, `ActionCommand.TryParseV2`.
"""
_ANYWHERE = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))", re.IGNORECASE)
"""What runners obey wherever in a line it stands: GitHub's old form (`TryParse` looks for `##[`), and others'."""


class JobLog(PlainWriter):
    """Writes whole lines, none of which a runner takes for a command."""

    def __init__(self, file: TextIO | None = None, width: int = 100) -> None:
        super().__init__(file, width)
        self._pending = ""

    def write(self, msg: str, **_markup: bool) -> None:
        """Write the lines that `msg` ends; the rest waits for its line end."""
        *complete, self._pending = (self._pending + msg).split("\n")
        for line in complete:
            super().write(powerless(line) + "\n")

    def command(self, line: str) -> None:
        """Write one of our own commands to the runner; its foreign parts are escaped by whoever made it."""
        super().write(line + "\n")


def powerless(line: str) -> str:
    """Return one line of foreign text as no runner obeys it: `::` at its beginning and `##[` are pulled apart."""
    return _ANYWHERE.sub("# ", _COMMAND.sub(r"\1: ", harmless(line)))
