"""Puts tools and sandbox together to one MCP server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from pytest_codemode import __version__
from pytest_codemode.mcp_server.explorations import ExploringTools
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.measuring import MeasureTools
from pytest_codemode.mcp_server.programs import ProgramTools
from pytest_codemode.mcp_server.tools import SandboxTools

INSTRUCTIONS = (
    "Runs the tests of one Python project, candidate patches for it and Python programs, each in a sandbox. "
    "Nothing outside the sandbox is ever changed. Call `environment` to see how well it isolates here."
)


def build(lease: Lease) -> MCPServer[Lease]:
    """Return the engine's server: the bare sandbox, and programs that call back. The server's end closes the lease."""
    engines = [*ProgramTools(lease).all(), *MeasureTools(lease).all(), *ExploringTools(lease).all()]
    return served(lease, [*SandboxTools(lease).all(), *engines], INSTRUCTIONS)


def served(
    lease: Lease, tools: list[Tool], instructions: str, close: Callable[[], None] = lambda: None
) -> MCPServer[Lease]:
    """Return a server with `tools`; its end closes the lease, after `close`."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[Lease]:
        try:
            yield lease
        finally:
            close()
            await lease.aclose()

    return MCPServer(
        "pytest-codemode",
        version=__version__,
        instructions=instructions,
        tools=tools,
        lifespan=lifespan,
        log_level="WARNING",
    )
