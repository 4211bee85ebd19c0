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

MAX_PRELOADED = 200


@dataclass(frozen=True, slots=True)
class Explorations:
    """What came of the requests, in their order."""

    explored: tuple[Explored, ...]


class ExploringTools:
    """The tools, around a lease of the sandbox."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def all(self) -> list[Tool]:
        """Return them, ready to be served."""
        tool = as_tool(self.explore, results.Refreshed)
        tool.fn_metadata.output_schema = {"type": "object"}  # values nest without end; the client decodes strictly
        return [tool, as_tool(self.refresh_importing, results.Refreshed)]

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

    async def refresh_importing(
        self,
        files: Annotated[arguments.PatchedFiles, Field(description="As in `refresh`.")],
        preload: Annotated[list[str], Field(description="Paths of modules.", max_length=MAX_PRELOADED)],
    ) -> CallToolResult:
        """Do as `refresh` does; every session then imports further modules, for the calls that are tried out in it."""
        for path in preload:
            check_path(path)
        async with opened(self._lease) as service:
            await service.refresh(arguments.file_bytes(files), tuple(preload))
        return answer.answer(results.Refreshed(), "refreshed")

    def _limited(self, request: ExploreRequest) -> ExploreRequest:
        """Return the request with limits no looser than the user's.

        Raises:
            ToolError: it cannot be answered: two recipes have one key, a limit is none, or a variant is not there.
        """
        if (key := arguments.duplicate(recipe.key for recipe in request.recipes)) is not None:
            raise ToolError(f"recipes: the key {key!r} occurs twice")
        for path in filter(None, (request.path, request.near)):
            check_path(path)
        if min(request.call_s, request.timeout_s) <= 0:
            raise ToolError("call_s, timeout_s: must be more than 0")
        if any(not -1 <= recipe.variant < len(request.variants) for recipe in request.recipes):
            raise ToolError("variant: must be -1 or an index into `variants`")
        limits = self._lease.limits
        return replace(
            request, call_s=min(request.call_s, limits.test_s), timeout_s=min(request.timeout_s, limits.run_s)
        )


def check_path(path: str) -> None:
    """Let a path pass that stays in the project.

    Raises:
        ToolError: it does not.
    """
    if path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise ToolError(f"{path!r} is not a posix path relative to the project's root")
