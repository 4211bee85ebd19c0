"""Programs that call back: for the engine's code mode, on a server that the engine alone speaks with.

One call runs the program; what the program asks comes as progress of that call, and is answered by another call.
"""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Any

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import Field

from pytest_codemode.core.codec import encode
from pytest_codemode.core.limits import with_limit
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.remote import RemoteAnswer, RemoteCall
from pytest_codemode.mcp_server import answer, arguments, results
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.serving import as_tool, at_most, opened


class ProgramTools:
    """The two tools, around one lease of the sandbox."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._waiting: dict[str, MemoryObjectSendStream[RemoteAnswer]] = {}

    def all(self) -> list[Tool]:
        """Return both, ready to be served."""
        return [as_tool(self.run_program, Execution), as_tool(self.answer_call, results.Refreshed)]

    async def run_program(
        self,
        ctx: Context[Any, Any],
        code: Annotated[str, Field(description="A Python program that may call `project`.")],
        timeout_s: arguments.Seconds = None,
    ) -> CallToolResult:
        """Run a program; each call it makes is told as progress and waits for `answer_call`."""
        program = secrets.token_hex(8)
        sending, receiving = anyio.create_memory_object_stream[RemoteAnswer](1)
        asked = 0

        async def on_call(call: RemoteCall) -> RemoteAnswer:
            nonlocal asked
            asked += 1
            await ctx.report_progress(asked, None, json.dumps({"program": program, "call": encode(call)}))
            return await receiving.receive()

        self._waiting[program] = sending
        with sending, receiving:
            try:
                async with opened(self._lease) as service:
                    limit_s = at_most(self._lease.limits.run_s, timeout_s)
                    execution = await service.converse(code, limit_s, on_call)
            finally:
                del self._waiting[program]
        execution = with_limit(execution, self._lease.limits)
        return answer.answer(execution, answer.of_execution(execution))

    async def answer_call(
        self,
        program: Annotated[str, Field(description="As the progress message named it.")],
        number: Annotated[int, Field(description="Of the call.")],
        value: Annotated[Any, Field(description="What the call returns.")] = None,
        error: Annotated[str, Field(description="Why there is no value; raised in the program.")] = "",
    ) -> CallToolResult:
        """Answer a program's call."""
        waiting = self._waiting.get(program)
        if waiting is None:
            raise ToolError(f"program: {program!r} has ended")
        try:
            waiting.send_nowait(RemoteAnswer(number, value, error))
        except anyio.WouldBlock:
            raise ToolError(f"number: {program!r} waits for no answer") from None
        return answer.answer(results.Refreshed(), "answered")
