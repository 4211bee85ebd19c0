"""Measuring a suite: for the engine, on a server that it alone speaks with."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import Field

from pytest_codemode.core.codec import decode
from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.mcp_server import answer
from pytest_codemode.mcp_server.explorations import check_path
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.serving import as_tool, opened


class MeasureTools:
    """The tool, around one lease of the sandbox."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def all(self) -> list[Tool]:
        """Return it, ready to be served."""
        return [as_tool(self.measure, MeasureResult)]

    async def measure(
        self,
        ctx: Context[Any, Any],
        request: Annotated[dict[str, Any], Field(description="A `core.exploring.MeasureRequest`, encoded.")],
    ) -> CallToolResult:
        """Run tests under coverage.py; each test that is done is told as progress, by their number."""
        try:
            asked: MeasureRequest = decode(MeasureRequest, request, "request")
        except ValueError as problem:
            raise ToolError(str(problem)) from None

        within = self._limited(asked)

        async def on_progress(done: int, total: int) -> None:
            await ctx.report_progress(done, total or None, str(done))

        async with opened(self._lease) as service:
            result = await service.measure(within, on_progress)
        return answer.answer(result, f"{result.status}: {len(result.files)} files, {len(result.outcomes)} tests")

    def _limited(self, request: MeasureRequest) -> MeasureRequest:
        """Return the request with a limit no looser than the user's.

        Raises:
            ToolError: a path leads out of the project, or the limit is none.
        """
        for path in (*request.files, *request.paths, *request.extra):
            check_path(path)
        if request.timeout_s is not None and request.timeout_s <= 0:
            raise ToolError("timeout_s: must be more than 0")
        most_s = self._lease.limits.run_s
        return replace(request, timeout_s=min(request.timeout_s, most_s) if request.timeout_s else None)
