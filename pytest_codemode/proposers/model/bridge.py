"""The tools of an MCP server for a model: the SDK's bridge from MCP to the Messages API, used from synchronous code."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

from anyio.from_thread import start_blocking_portal
from mcp import Client
from mcp.server.mcpserver import MCPServer

from pytest_codemode.core.model import ToolAnswer, ToolSpec

MAX_ANSWER = 24_000
"""Characters of one answer; a model that needs more asks for it in parts."""


class BridgedToolbox:
    """Implements `core.ports.Toolbox` over a server in this process. Use it as a context manager, or call `close`."""

    def __init__(self, server: MCPServer[Any]) -> None:
        with ExitStack() as resources:
            self._portal = resources.enter_context(start_blocking_portal())
            client = resources.enter_context(self._portal.wrap_async_context_manager(Client(server)))
            self._tools = self._bridged(client)
            self._resources = resources.pop_all()

    def _bridged(self, client: Client) -> dict[str, Any]:
        from anthropic.lib.tools.mcp import async_mcp_tool  # noqa: PLC0415  # two seconds to import

        listed = self._portal.call(client.list_tools)
        return {tool.name: async_mcp_tool(tool, client) for tool in listed.tools}  # type: ignore[arg-type]

    def __enter__(self) -> BridgedToolbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server; safe to call twice."""
        self._resources.close()

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the tools in the server's order."""
        given = (tool.to_dict() for tool in self._tools.values())
        return tuple(ToolSpec(one["name"], one["description"], dict(one["input_schema"])) for one in given)

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Call a tool; what is wrong with the call is an answer too."""
        from anthropic.lib.tools import ToolError  # noqa: PLC0415  # see above

        tool = self._tools.get(name)
        if tool is None:
            return ToolAnswer(f"there is no tool {name!r}; there are {', '.join(self._tools)}", is_error=True)
        try:
            content = self._portal.call(tool.call, arguments)
        except ToolError as problem:
            text = _text(problem.content).removeprefix(f"Error executing tool {name}: ")
            return ToolAnswer(_bounded(text), is_error=True)
        except ValueError as problem:
            return ToolAnswer(_bounded(str(problem)), is_error=True)
        return ToolAnswer(_bounded(_text(content)))


def _text(content: Any) -> str:
    """Return the text of what a bridged tool returns: text itself, or blocks of the Messages API."""
    if isinstance(content, str):
        return content
    return "\n".join(str(block["text"]) for block in content if block.get("type") == "text")


def _bounded(text: str) -> str:
    cut = len(text) - MAX_ANSWER
    return text[:MAX_ANSWER] + f"\n({cut} characters left out; ask for less at a time)" if cut > 0 else text
