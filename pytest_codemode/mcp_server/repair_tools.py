"""The repair of the project as tools, for a client whose own model does the thinking. No key is needed on this side.

`accept_patch` is there only when the user has started the server with --allow-write.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.failure import headline
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.report import RunReport
from pytest_codemode.proposers.model.prompt import Prompt
from pytest_codemode.wiring.serving import Repairs
from pytest_codemode.workbench.api import Judged
from pytest_codemode.workbench.patch_schema import patch_schema
from pytest_codemode.workbench.patches import decode_patch
from pytest_codemode.workbench.render import judged
from pytest_codemode.workbench.tools import READS, strict

T = TypeVar("T")
MAX_PATCHES = 64
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Nodeid = Annotated[str, Field(description="Node id of a failing test, as `list_failures` gives it.")]
PatchArgument = Annotated[
    dict[str, Any], Field(description="One patch: `edits` that stand or fall together, and a `rationale`.")
]


class RepairTools:
    """The tools, around one repair session. Calls come one at a time: they are about one tree."""

    def __init__(self, repairs: Repairs, *, allow_write: bool) -> None:
        self._repairs = repairs
        self._allow_write = allow_write
        self._one = anyio.Lock()

    def all(self) -> list[Tool]:
        """Return every tool, ready to be served."""
        looking: list[Callable[..., Any]] = [self.list_failures, self.suspicious_code, self.try_patches]
        tools = [strict(Tool.from_function(one, annotations=READS, structured_output=False)) for one in looking]
        if self._allow_write:
            writing = Tool.from_function(self.accept_patch, annotations=WRITES, structured_output=False)
            tools.append(strict(writing))
        for tool in tools:
            _tell_edits(tool.parameters)
        return tools

    async def list_failures(self) -> CallToolResult:
        """Run the project's tests in the sandbox and list those that fail, each with its exception and place.

        What has not changed since the last call is not run again.
        """
        failures = await self._in_thread(self._repairs.failures)
        lines = [f"{one.nodeid}: {headline(one)}" for one in failures]
        return _answer({"failures": encode(failures)}, "\n".join(lines) or "No test fails.")

    async def suspicious_code(self, nodeid: Nodeid) -> CallToolResult:
        """Show where the cause of a failing test may be: the failure, the most suspicious lines, the code around them.

        Also what that code uses, who calls it, and which passing tests guard it.
        """
        task = await self._in_thread(functools.partial(self._repairs.task, nodeid))
        text = "\n".join(str(block["text"]) for block in Prompt().opening(task))
        found = {"suspects": encode(task.suspects[:100]), "guards": list(task.guards), "editable": sorted(task.sources)}
        return _answer(found, text)

    async def try_patches(
        self,
        nodeid: Nodeid,
        patches: Annotated[list[PatchArgument], Field(min_length=1, max_length=MAX_PATCHES)],
    ) -> CallToolResult:
        """Try patches for a failing test in the sandbox: first a policy against cheats, then the failing tests.

        What turns those green is tried on the passing tests it may affect. Nothing is written.
        """
        made = tuple(_patch(one, f"patches[{index}]") for index, one in enumerate(patches))
        trials = await self._in_thread(functools.partial(self._repairs.try_patches, nodeid, made))
        results = [Judged.of(trial) for trial in trials]
        text = "\n".join(f"{index}: {judged(result)}" for index, result in enumerate(results))
        return _answer({"results": encode(results)}, text)

    async def accept_patch(self, patch: PatchArgument) -> CallToolResult:
        """Prove a patch and write it to the working tree if the proof holds.

        The proof runs the whole selection from files on disk, patched against unpatched, in two orders: what passed
        must pass. `codemode runs revert` takes the patch back.
        """
        made = _patch(patch, "patch")
        report = await self._in_thread(functools.partial(self._repairs.accept, made))
        return _answer(encode(report), _told(report))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        async with self._one:
            try:
                return await anyio.to_thread.run_sync(work)
            except CodemodeError as problem:
                raise ToolError(str(problem)) from problem

    def close(self) -> None:
        """End the session's sandbox."""
        self._repairs.close()


def _patch(given: dict[str, Any], where: str) -> Patch:
    try:
        return decode_patch(given, "agent")
    except ValueError as problem:
        raise ToolError(f"{where}: {problem}") from None


def _told(report: RunReport) -> str:
    fixed = [nodeid for task in report.tasks if task.fixed for nodeid in task.turned_green]
    if report.written:
        return f"written: {', '.join(report.written)}; turned green: {', '.join(fixed)}; {report.guards}"
    why = next((task.why_not for task in report.tasks if not task.fixed), "")
    return f"not written: {why or report.stop}"


def _answer(value: dict[str, Any], text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=value)


def _tell_edits(parameters: dict[str, Any]) -> None:
    """Put the schema of a patch where a tool only says that it takes an object."""
    schema = patch_schema()
    for name, kind in parameters.get("properties", {}).items():
        if name == "patch":
            kind.update(schema)
        elif name == "patches":
            kind["items"] = schema
