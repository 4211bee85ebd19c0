"""What the project's tests leave out, as a tool: for a client whose own model writes tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Protocol

import anyio
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent
from pydantic import Field

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.mcp_server.serving import as_tool
from pytest_codemode.testgen.survey import CoverageGaps, in_words

MAX_TARGETS = 64


class GapFinder(Protocol):
    """Who knows."""

    def gaps(self, targets: Sequence[str], since: str) -> CoverageGaps:
        """Measure the suite and return what it leaves out; raises `CodemodeError` for what the user can act on."""
        ...

    def close(self) -> None:
        """End what was started for it."""
        ...


class GapTools:
    """The tool. Calls come one at a time: each runs the whole suite."""

    def __init__(self, finder: GapFinder) -> None:
        self._finder = finder
        self._one = anyio.Lock()

    def all(self) -> list[Tool]:
        """Return it, ready to be served."""
        return [as_tool(self.coverage_gaps, CoverageGaps)]

    async def coverage_gaps(
        self,
        targets: Annotated[
            list[str],
            Field(
                description="What is asked about: paths, dotted packages or modules, `module:function`, "
                "`path:Class.method`; leave out for the project's own code.",
                max_length=MAX_TARGETS,
            ),
        ] = [],  # noqa: B006  # never mutated; the schema shows the default
        since: Annotated[
            str,
            Field(description="Git revision, as `origin/main`: only lines that changed since it, or are uncommitted."),
        ] = "",
    ) -> CallToolResult:
        """Run the project's tests under coverage.py and tell what they leave out, function by function.

        Lines and branches are counted with the project's own configuration of coverage; the functions with most left
        out come first. A branch is a line and the line that it never went on to; a negative one is the way out of the
        function.
        """
        if since.startswith("-") or not since.isprintable():
            raise ToolError("since: not the name of a revision; write for example origin/main or HEAD~3")
        async with self._one:
            try:
                found = await anyio.to_thread.run_sync(partial(self._finder.gaps, targets, since))
            except CodemodeError as problem:
                raise ToolError(str(problem)) from problem
        return CallToolResult(
            content=[TextContent(type="text", text=in_words(found))], structured_content=encode(found)
        )

    def close(self) -> None:
        """End what was started for it."""
        self._finder.close()
