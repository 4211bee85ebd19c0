"""The workbench as MCP tools, made from its methods: their names, signatures and docstrings are the tools'."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import BaseModel, ConfigDict

from pytest_codemode import __version__
from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.workbench.api import LOOKING, Workbench, WorkbenchError
from pytest_codemode.workbench.render import render

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
"""Whatever runs, runs in a sandbox: nothing outside it changes."""


def workbench_tools(workbench: Workbench, names: Sequence[str] = LOOKING) -> list[Tool]:
    """Return one tool for each of the methods `names`."""
    return [_of_method(getattr(workbench, name)) for name in names]


def workbench_server(workbench: Workbench, names: Sequence[str] = LOOKING) -> MCPServer[Any]:
    """Return a server with these tools alone, to be spoken to in memory."""
    return MCPServer(
        "pytest-codemode-workbench",
        version=__version__,
        tools=workbench_tools(workbench, names),
        log_level="WARNING",
    )


def _of_method(method: Callable[..., Any]) -> Tool:
    @functools.wraps(method)
    async def call(*positional: Any, **named: Any) -> CallToolResult:
        try:
            result = await anyio.to_thread.run_sync(functools.partial(method, *positional, **named))
        except (CodemodeError, WorkbenchError) as problem:
            raise ToolError(str(problem)) from problem
        return CallToolResult(
            content=[TextContent(type="text", text=render(result))], structured_content={"result": encode(result)}
        )

    return strict(Tool.from_function(call, annotations=READS, structured_output=False), inspect.getdoc(method) or "")


def strict(tool: Tool, description: str = "") -> Tool:
    """Return the tool so that it refuses unknown arguments: a misspelt one must not change a call silently."""
    given = tool.fn_metadata.arg_model
    model = cast("type[BaseModel]", type(given.__name__, (given,), {"model_config": ConfigDict(extra="forbid")}))
    tool.fn_metadata.arg_model = cast("type[Any]", model)
    tool.parameters = model.model_json_schema()
    if description:
        tool.description = " ".join(description.split())
    return tool
