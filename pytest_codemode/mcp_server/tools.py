"""The sandbox's tools. Each turns JSON into a request, asks the service, and turns the outcome into an answer."""

from __future__ import annotations

import json
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import Field

from pytest_codemode.core.codec import encode
from pytest_codemode.core.limits import with_limit
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Collection,
    Execution,
    InForce,
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
from pytest_codemode.mcp_server.service import OnResult
from pytest_codemode.mcp_server.serving import as_tool, at_most, opened

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
            as_tool(self.run_tests, RunResult),
            as_tool(self.affected_tests, Affected),
            as_tool(self.try_patches, results.TryResults),
            as_tool(self.execute_code, Execution),
            as_tool(self.collect_tests, Collection),
            as_tool(self.environment, SandboxInfo),
            as_tool(self.refresh, results.Refreshed),
        ]

    async def run_tests(  # noqa: PLR0917  # the SDK passes by name; the signature is the tool's schema
        self,
        ctx: Context[Any, Any],
        nodeids: arguments.Nodeids = None,
        files: arguments.Files = {},  # noqa: B006  # never mutated; the schema shows the default
        mode: arguments.ModeName = "warm",
        record: arguments.RecordName = "nothing",
        line_paths: arguments.LinePaths = [],  # noqa: B006  # see above
        watch: arguments.Watch = [],  # noqa: B006  # see above
        record_for: arguments.RecordFor = None,
        reuse: arguments.Reuse = False,
        output: arguments.Output = False,
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
            watch=tuple(watch),
            record_for=None if record_for is None else tuple(record_for),
            reuse=reuse,
            output=output,
            stop_at_failure=stop_at_failure,
            order_seed=order_seed,
            hash_seed=hash_seed,
            canary=canary,
            timeout_s=at_most(self._lease.limits.run_s, timeout_s),
            test_timeout_s=at_most(self._lease.limits.test_s, test_timeout_s),
        )
        if request.files and request.mode is Mode.WARM:
            raise ToolError("files: a warm run takes none; choose mode `reload` or `cold`")
        total = float(len(request.nodeids)) if request.nodeids is not None else None
        on_result = _teller(ctx, total)
        async with opened(self._lease) as service:
            run = service.run_mapped if request.reuse else service.run_tests
            result = bounded(await run(request, on_result))
        return answer.answer(result, answer.of_run(result))

    async def affected_tests(
        self,
        ctx: Context[Any, Any],
        paths: arguments.ChangedPaths = [],  # noqa: B006  # never mutated; the schema shows the default
        functions: arguments.ChangedFunctions = [],  # noqa: B006  # see above
        files: arguments.Files = {},  # noqa: B006  # see above
        lines: arguments.Lines = False,
    ) -> CallToolResult:
        """Return the tests that execute changed code: those that share most of it first, of equal ones the quickest.

        Which test executes what is kept in an index; a call runs only tests that are new or whose own code has
        changed, each told as a progress notification as in `run_tests`. Without a change it brings the index up to
        date.
        """
        request = AffectedRequest(tuple(paths), tuple(functions), arguments.file_bytes(files), lines)
        async with opened(self._lease) as service:
            affected = await service.affected_tests(request, _teller(ctx, None))
        return answer.answer(affected, answer.of_affected(affected))

    async def try_patches(  # noqa: PLR0917  # see above
        self,
        ctx: Context[Any, Any],
        candidates: Annotated[list[arguments.CandidateArgument], Field(description="Patches to try.")],
        nodeids: Annotated[list[str], Field(description="Tests to try each patch on, quickest first.", min_length=1)],
        test_timeout_s: arguments.Seconds = None,
        test_cpu_s: Annotated[float | None, Field(description="Limit of processor time for each test.", gt=0)] = None,
        stop_at_pass: Annotated[bool, Field(description="Leave out the rest after the first that passes.")] = False,
        alone: Annotated[bool, Field(description="Judge each patch in a process of its own.")] = False,
    ) -> CallToolResult:
        """Try patches on some tests; for each the tests run in order up to the first that is not green."""
        if (key := arguments.duplicate(candidate.key for candidate in candidates)) is not None:
            raise ToolError(f"candidates: the key {key!r} occurs twice")
        request = TryRequest(
            candidates=tuple(candidate.candidate() for candidate in candidates),
            nodeids=tuple(nodeids),
            test_timeout_s=at_most(self._lease.limits.test_s, test_timeout_s),
            test_cpu_s=at_most(self._lease.limits.test_cpu_s, test_cpu_s),
            stop_at_pass=stop_at_pass,
            alone=alone,
        )

        async def on_progress(done: int, total: int) -> None:
            await ctx.report_progress(done, total, f"{done} of {total} candidates")

        async with opened(self._lease) as service:
            tried = await service.try_patches(request, on_progress)
            info = await service.info()
        return answer.answer(results.TryResults(tried, InForce(info.level, info.capabilities)), answer.of_trials(tried))

    async def execute_code(
        self,
        code: Annotated[str, Field(description=PROGRAM)],
        stdin: Annotated[str, Field(description="Text on its standard input.")] = "",
        timeout_s: arguments.Seconds = None,
    ) -> CallToolResult:
        """Run a Python program in a fresh process in the sandbox and return what it printed."""
        async with opened(self._lease) as service:
            execution = await service.execute(code, stdin, at_most(self._lease.limits.run_s, timeout_s))
        execution = with_limit(execution, self._lease.limits)
        return answer.answer(execution, answer.of_execution(execution))

    async def collect_tests(self) -> CallToolResult:
        """Collect the project's tests, and the errors that keep tests from being collected."""
        async with opened(self._lease) as service:
            collection = await service.collect()
        return answer.answer(collection, answer.of_collection(collection))

    async def environment(self) -> CallToolResult:
        """Tell how well the sandbox isolates here, and which Python runs the tests."""
        async with opened(self._lease) as service:
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
        async with opened(self._lease) as service:
            await service.refresh(None if files is None else arguments.file_bytes(files))
        return answer.answer(results.Refreshed(), "refreshed")


def _teller(ctx: Context[Any, Any], total: float | None) -> OnResult:
    """Return what tells the client of each finished test."""
    told = 0

    async def on_result(result: TestResult) -> None:
        nonlocal told
        told += 1
        await ctx.report_progress(told, total, json.dumps(encode(result), separators=(",", ":")))

    return on_result
