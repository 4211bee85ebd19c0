"""The sandbox's tools. Each turns JSON into a request, asks the service, and turns the outcome into an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.outcome import (
    Collection,
    Execution,
    Mode,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
)
from pytest_codemode.mcp_server import answer, arguments, results
from pytest_codemode.mcp_server.bounds import bounded
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.service import Service

PRIVATE = ToolAnnotations(read_only_hint=True, open_world_hint=False)
"""Whatever runs, runs in a sandbox: nothing outside it changes."""

PROGRAM = (
    "A Python program. It runs in the project's folder with the project's interpreter, so what is installed there can "
    "be imported; for modules beside it add '.' to sys.path. It can write below TMPDIR only, and that is thrown away."
)


class SandboxTools:
    """The tools, around one lease of the sandbox."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def all(self) -> list[Tool]:
        """Return every tool, ready to be served."""
        return [
            _tool(self.run_tests, RunResult),
            _tool(self.try_patches, results.TryResults),
            _tool(self.execute_code, Execution),
            _tool(self.collect_tests, Collection),
            _tool(self.environment, SandboxInfo),
            _tool(self.refresh, results.Refreshed),
        ]

    async def run_tests(  # noqa: PLR0917  # the SDK passes by name; the signature is the tool's schema
        self,
        ctx: Context[Any, Any],
        nodeids: arguments.Nodeids = None,
        files: arguments.Files = {},  # noqa: B006  # never mutated; the schema shows the default
        mode: arguments.ModeName = "warm",
        record: arguments.RecordName = "nothing",
        line_paths: arguments.LinePaths = [],  # noqa: B006  # see above
        stop_at_failure: Annotated[bool, Field(description="End the run at the first failure.")] = False,
        order_seed: arguments.Seed = None,
        hash_seed: arguments.HashSeed = None,
        canary: arguments.Canary = "",
        timeout_s: arguments.Seconds = None,
        test_timeout_s: arguments.Seconds = None,
    ) -> CallToolResult:
        """Run tests of the project in the sandbox, with or without patched files.

        Each finished test is told as a progress notification whose message is its result as JSON.
        """
        request = RunRequest(
            nodeids=None if nodeids is None else tuple(nodeids),
            files=arguments.file_bytes(files),
            mode=Mode(mode),
            record=record,
            line_paths=tuple(line_paths),
            stop_at_failure=stop_at_failure,
            order_seed=order_seed,
            hash_seed=hash_seed,
            canary=canary,
            timeout_s=_at_most(self._lease.limits.run_s, timeout_s),
            test_timeout_s=_at_most(self._lease.limits.test_s, test_timeout_s),
        )
        if request.files and request.mode is Mode.WARM:
            raise ToolError("files: a warm run takes none; choose mode `reload` or `cold`")
        total = float(len(request.nodeids)) if request.nodeids is not None else None
        told = 0

        async def on_result(result: TestResult) -> None:
            nonlocal told
            told += 1
            await ctx.report_progress(told, total, json.dumps(encode(result), separators=(",", ":")))

        async with self._service() as service:
            result = bounded(await service.run_tests(request, on_result))
        return answer.answer(result, answer.of_run(result))

    async def try_patches(
        self,
        ctx: Context[Any, Any],
        candidates: Annotated[list[arguments.CandidateArgument], Field(description="Patches to try.")],
        nodeids: Annotated[list[str], Field(description="Tests to try each patch on, quickest first.", min_length=1)],
        test_timeout_s: arguments.Seconds = None,
        stop_at_pass: Annotated[bool, Field(description="Leave out the rest after the first that passes.")] = False,
    ) -> CallToolResult:
        """Try patches on some tests; for each the tests run in order up to the first that is not green."""
        if (key := arguments.duplicate(candidate.key for candidate in candidates)) is not None:
            raise ToolError(f"candidates: the key {key!r} occurs twice")
        request = TryRequest(
            candidates=tuple(candidate.candidate() for candidate in candidates),
            nodeids=tuple(nodeids),
            test_timeout_s=_at_most(self._lease.limits.test_s, test_timeout_s),
            stop_at_pass=stop_at_pass,
        )

        async def on_progress(done: int, total: int) -> None:
            await ctx.report_progress(done, total, f"{done} of {total} candidates")

        async with self._service() as service:
            tried = await service.try_patches(request, on_progress)
        return answer.answer(results.TryResults(tried), answer.of_trials(tried))

    async def execute_code(
        self,
        code: Annotated[str, Field(description=PROGRAM)],
        stdin: Annotated[str, Field(description="Text on its standard input.")] = "",
        timeout_s: arguments.Seconds = None,
    ) -> CallToolResult:
        """Run a Python program in a fresh process in the sandbox and return what it printed."""
        async with self._service() as service:
            execution = await service.execute(code, stdin, _at_most(self._lease.limits.run_s, timeout_s))
        return answer.answer(execution, answer.of_execution(execution))

    async def collect_tests(self) -> CallToolResult:
        """Collect the project's tests, and the errors that keep tests from being collected."""
        async with self._service() as service:
            collection = await service.collect()
        return answer.answer(collection, answer.of_collection(collection))

    async def environment(self) -> CallToolResult:
        """Tell how well the sandbox isolates here, and which Python runs the tests."""
        async with self._service() as service:
            info = await service.info()
        return answer.answer(info, answer.of_info(info))

    async def refresh(
        self,
        files: Annotated[
            arguments.PatchedFiles | None,
            Field(description="Files to lay over the tree in every later call, as in `run_tests`; leave out for none."),
        ] = None,
    ) -> CallToolResult:
        """Forget everything warm; call it after the project's files have changed."""
        async with self._service() as service:
            await service.refresh(None if files is None else arguments.file_bytes(files))
        return answer.answer(results.Refreshed(), "refreshed")

    @asynccontextmanager
    async def _service(self) -> AsyncIterator[Service]:
        """Yield the service; what the user can act on becomes a tool error, and the server lives on."""
        try:
            yield await self._lease.service()
        except CodemodeError as problem:
            raise ToolError(str(problem)) from problem
        except ExceptionGroup as group:
            ours, others = group.split(CodemodeError)
            if ours is None or others is not None:
                raise
            raise ToolError("; ".join(dict.fromkeys(_texts(ours)))) from group


def _tool(function: Callable[..., Any], returns: type) -> Tool:
    """Return `function` as a tool that refuses unknown arguments: a misspelt one must not widen a run silently."""
    tool = Tool.from_function(function, annotations=PRIVATE, structured_output=False)
    given = tool.fn_metadata.arg_model
    strict = cast("type[BaseModel]", type(given.__name__, (given,), {"model_config": ConfigDict(extra="forbid")}))
    tool.fn_metadata.arg_model = cast("type[Any]", strict)
    tool.fn_metadata.output_schema = results.schema_of(returns)
    tool.parameters = strict.model_json_schema()
    return tool


def _at_most(limit_s: float, asked_s: float | None) -> float | None:
    return None if asked_s is None else min(asked_s, limit_s)


def _texts(group: BaseExceptionGroup[CodemodeError]) -> Iterator[str]:
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            yield from _texts(problem)
        else:
            yield str(problem)
