"""What every group of tools does alike: becomes strict tools, asks the sandbox, keeps to the user's limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.mcp_server import results
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.service import Service
from pytest_codemode.workbench.tools import READS, strict


def as_tool(function: Callable[..., Any], returns: type) -> Tool:
    """Return `function` as a tool that refuses unknown arguments and tells the schema of what it returns."""
    tool = strict(Tool.from_function(function, annotations=READS, structured_output=False))
    tool.fn_metadata.output_schema = results.schema_of(returns)
    return tool


def at_most(limit_s: float, asked_s: float | None) -> float | None:
    """Return the seconds that were asked for, cut at the user's limit; None for the sandbox's own."""
    return None if asked_s is None else min(asked_s, limit_s)


@asynccontextmanager
async def opened(lease: Lease) -> AsyncIterator[Service]:
    """Yield the sandbox; what the user can act on becomes a tool error, and the server lives on."""
    try:
        yield await lease.service()
    except CodemodeError as problem:
        raise ToolError(str(problem)) from problem
    except ExceptionGroup as group:
        ours, others = group.split(CodemodeError)
        if ours is None or others is not None:
            raise
        raise ToolError("; ".join(dict.fromkeys(_texts(ours)))) from group


def _texts(group: BaseExceptionGroup[CodemodeError]) -> Iterator[str]:
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            yield from _texts(problem)
        else:
            yield str(problem)
