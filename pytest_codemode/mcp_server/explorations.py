"""Calls that are tried out: for the engine's own test writing, on a server that the engine alone speaks with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import Field

from pytest_codemode.core.codec import decode
from pytest_codemode.core.exploring import Explored, ExploreRequest
from pytest_codemode.mcp_server import answer, arguments, results
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.serving import as_tool, opened


@dataclass(frozen=True, slots=True)
class Explorations:
    """What came of the requests, in their order."""

    explored: tuple[Explored, ...]


class ExploringTools:
    """The one tool, around a lease of the sandbox."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def all(self) -> list[Tool]:
        """Return it, ready to be served."""
        tool = as_tool(self.explore, results.Refreshed)
        tool.fn_metadata.output_schema = {"type": "object"}  # values nest without end; the client decodes strictly
        return [tool]

    async def explore(
        self,
        requests: Annotated[list[Any], Field(description="Each an `ExploreRequest` as `core.codec` encodes it.")],
    ) -> CallToolResult:
        """Call functions of the project in the sandbox and tell what comes of it."""
        try:
            asked: tuple[ExploreRequest, ...] = decode(tuple[ExploreRequest, ...], requests, "requests")
        except ValueError as problem:
            raise ToolError(str(problem)) from None
        within = tuple(map(self._limited, asked))
        async with opened(self._lease) as service:
            explored = await service.explore(within)
        count = sum(len(one.observations) for one in explored)
        return answer.answer(Explorations(explored), f"{len(explored)} requests, {count} observations")

    def _limited(self, request: ExploreRequest) -> ExploreRequest:
        """Return the request with limits no looser than the user's.

        Raises:
            ToolError: it cannot be answered: two recipes have one key, or a limit is none.
        """
        if (key := arguments.duplicate(recipe.key for recipe in request.recipes)) is not None:
            raise ToolError(f"recipes: the key {key!r} occurs twice")
        for path in filter(None, (request.path, request.near)):
            if path.startswith("/") or "\0" in path or ".." in path.split("/"):
                raise ToolError(f"{path!r} is not a posix path relative to the project's root")
        if min(request.call_s, request.timeout_s) <= 0:
            raise ToolError("call_s, timeout_s: must be more than 0")
        limits = self._lease.limits
        return replace(
            request, call_s=min(request.call_s, limits.test_s), timeout_s=min(request.timeout_s, limits.run_s)
        )
