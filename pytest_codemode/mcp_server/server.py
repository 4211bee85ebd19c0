"""Puts tools and sandbox together to one MCP server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer

from pytest_codemode import __version__
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.tools import SandboxTools

INSTRUCTIONS = (
    "Runs the tests of one Python project, candidate patches for it and Python programs, each in a sandbox. "
    "Nothing outside the sandbox is ever changed. Call `environment` to see how well it isolates here."
)


def build(lease: Lease) -> MCPServer[Lease]:
    """Return a server whose tools use `lease`; the server's end closes it."""

    @asynccontextmanager
    async def lifespan(_: MCPServer[Any]) -> AsyncIterator[Lease]:
        try:
            yield lease
        finally:
            await lease.aclose()

    return MCPServer(
        "pytest-codemode",
        version=__version__,
        instructions=INSTRUCTIONS,
        tools=SandboxTools(lease).all(),
        lifespan=lifespan,
        log_level="WARNING",
    )
