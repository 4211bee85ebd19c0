"""The sandbox as the engines see it: synchronous calls to an MCP server in a process of its own.

The only module that speaks MCP as a client. A server that dies, hangs up or answers nonsense is a `SandboxError`.
"""

from __future__ import annotations

import json
import math
import os
import queue
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import CallToolRequest, CallToolRequestParams, CallToolResult, TextContent

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.exploring import Explored, ExploreRequest, MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Collection,
    Execution,
    InForce,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files
from pytest_codemode.core.project import Project
from pytest_codemode.core.remote import Conversing
from pytest_codemode.sandbox.conversing import Inbox, converse, encoded

T = TypeVar("T")

LOG_TAIL_CHARS = 6_000
"""Characters of the dead server's log that its `SandboxError` quotes."""

STARTUP_S = 60.0
"""Seconds for the server to answer first; its imports take about one, a loaded machine many."""

_ENV_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "XDG_RUNTIME_DIR")
"""Kept besides HOME, LOGNAME, PATH, SHELL, TERM and USER; nothing that could hold a credential."""


@dataclass(frozen=True, slots=True)
class _Tries:
    results: tuple[TryResult, ...]
    sandbox: InForce | None = None


@dataclass(frozen=True, slots=True)
class _Explorations:
    explored: tuple[Explored, ...]


class SandboxClient:
    """Implements `core.ports.Sandbox`. Use it as a context manager, or call `close`."""

    def __init__(self, project: Project, *, server: Sequence[str] | None = None) -> None:
        """Start the server.

        Args:
            project: what to serve.
            server: command that serves it; the file with the project is added. None for this package's own server.

        Raises:
            SandboxError: the server does not come up.
        """
        self._project = project
        with ExitStack() as resources:
            self._start(tuple(server) if server is not None else _own_server(), resources)
            self._resources = resources.pop_all()

    def __enter__(self) -> SandboxClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def info(self) -> SandboxInfo:
        """Return the level in force and what it is worth."""
        return _decoded(SandboxInfo, self._ask("environment", {}), "environment")

    def collect(self) -> Collection:
        """Collect the user's selection from the unpatched tree."""
        return _decoded(Collection, self._ask("collect_tests", {}), "collect_tests")

    def run_tests(self, request: RunRequest, on_result: Callable[[TestResult], None] | None = None) -> RunResult:
        """Run tests; `on_result` is called in the caller's thread."""

        def on_message(message: str) -> None:
            if on_result is not None:
                on_result(_decoded(TestResult, json.loads(message), "progress of run_tests"))

        answer = self._ask("run_tests", encode(request), on_message if on_result is not None else None)
        return _decoded(RunResult, answer, "run_tests")

    def affected_tests(self, request: AffectedRequest) -> Affected:
        """Return the tests that a change may affect, from an index that is brought up to date for it."""
        return _decoded(Affected, self._ask("affected_tests", encode(request)), "affected_tests")

    def try_patches(self, request: TryRequest) -> tuple[TryResult, ...]:
        """Try candidates; results in their order."""
        answer = self._ask("try_patches", encode(request))
        return _decoded(_Tries, answer, "try_patches").results

    def measure(self, request: MeasureRequest, on_progress: Callable[[int], None] | None = None) -> MeasureResult:
        """Run tests under coverage.py; `on_progress` hears how many are done, in the caller's thread."""

        def on_message(message: str) -> None:
            if on_progress is not None:
                on_progress(_decoded(int, json.loads(message), "progress of measure"))

        answer = self._ask("measure", {"request": encode(request)}, on_message if on_progress is not None else None)
        return _decoded(MeasureResult, answer, "measure")

    def explore(self, requests: Sequence[ExploreRequest]) -> tuple[Explored, ...]:
        """Try calls out, in parallel over the workers; results in the order of the requests."""
        answer = self._ask("explore", {"requests": encode(tuple(requests))})
        explored = _decoded(_Explorations, answer, "explore").explored
        if [_keys(one) for one in explored] != [tuple(recipe.key for recipe in one.recipes) for one in requests]:
            raise SandboxError("the sandbox server answered nonsense: explore: other recipes than those asked for")
        return explored

    def execute(self, code: str, *, stdin: str = "", timeout_s: float | None = None) -> Execution:
        """Run a Python program in a fresh process."""
        answer = self._ask("execute_code", {"code": code, "stdin": stdin, "timeout_s": timeout_s})
        return _decoded(Execution, answer, "execute_code")

    def converse(self, code: str, *, timeout_s: float | None = None) -> Conversing:
        """Run a Python program that may call `project`; yields its calls, receives the answers."""

        def start(inbox: Inbox) -> Future[Any]:
            given = {"code": code, "timeout_s": timeout_s}
            return self._portal.start_task_soon(self._call, "run_program", given, inbox, True)

        def finish(running: Future[Any]) -> Execution:
            return _decoded(Execution, self._result("run_program", running), "run_program")

        return converse(start, finish, lambda program, said: self._ask("answer_call", encoded(program, said)))

    def refresh(self, files: Files | None = None, preload: Sequence[str] = ()) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` (path -> bytes) over it."""
        if preload:
            self._ask("refresh_importing", {"files": encode(files or {}), "preload": list(preload)})
        else:
            self._ask("refresh", {"files": encode(files)})

    def close(self) -> None:
        """End the server, which ends its workers; safe to call twice."""
        self._resources.close()

    def _start(self, command: Sequence[str], resources: ExitStack) -> None:
        log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  # lives as long as the server
        self._log: TextIO = resources.enter_context(log)
        self._portal: BlockingPortal = resources.enter_context(start_blocking_portal())
        # Gone as soon as the server has answered, so that nothing is left if this process is killed later.
        with tempfile.TemporaryDirectory(prefix="codemode-") as folder:
            project = Path(folder) / "project.json"
            project.write_text(json.dumps(encode(self._project)), "utf-8")
            connection = _connected(self._parameters(command, project), log)
            try:
                self._client = resources.enter_context(self._portal.wrap_async_context_manager(connection))
            except (MCPError, OSError, ExceptionGroup) as problem:
                raise self._died(problem) from problem

    @staticmethod
    def _parameters(command: Sequence[str], project: Path) -> StdioServerParameters:
        return StdioServerParameters(
            command=command[0],
            args=[*command[1:], "--project", str(project), "--parent", str(os.getpid())],
            env={name: os.environ[name] for name in _ENV_KEPT if name in os.environ},
            # Not the project: a folder called `mcp` in it must not be imported in place of the real one.
            cwd="/",
        )

    def _ask(self, tool: str, arguments: dict[str, Any], on_message: Callable[[str], None] | None = None) -> Any:
        """Call `tool` and return its structured result; `on_message` sees progress as it comes."""
        inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        future = self._portal.start_task_soon(self._call, tool, arguments, inbox, on_message is not None)
        try:
            while (message := inbox.get()) is not None:
                if on_message is not None:
                    on_message(message)
            return self._result(tool, future)
        finally:
            future.cancel()  # Does nothing to a finished call; ends one that was left by Ctrl-C or by `on_message`.

    def _result(self, tool: str, future: Future[CallToolResult]) -> Any:
        """Return the structured result of a call that has ended."""
        try:
            result = future.result()
        except (MCPError, OSError, anyio.ClosedResourceError) as problem:
            raise self._died(problem) from problem
        if result.is_error:
            raise self._failed(tool, _text(result))
        return result.structured_content

    async def _call(
        self, tool: str, arguments: dict[str, Any], inbox: queue.SimpleQueue[str | None], streams: bool
    ) -> CallToolResult:
        """Call `tool` in the loop's thread; `inbox` gets each progress message, then None.

        The session's `call_tool` would also check the answer against the tool's JSON schema, in pure Python: seconds
        for the recorded lines of a large suite, to no purpose, as `_decoded` is as strict.
        """

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            inbox.put(message or "")

        request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=arguments))
        try:
            return await self._client.session.send_request(
                request, CallToolResult, progress_callback=on_progress if streams else None
            )
        finally:
            inbox.put(None)

    def _failed(self, tool: str, text: str) -> SandboxError:
        prefix = f"Error executing tool {tool}"
        if text == prefix:  # The SDK's way to keep an unforeseen exception's text from a stranger; the log has it.
            return SandboxError(f"the sandbox server failed in {tool}; please report it{self._last_words()}")
        return SandboxError(text.removeprefix(f"{prefix}: "))

    def _died(self, problem: Exception) -> SandboxError:
        cause = _first(problem)
        return SandboxError(
            f"the sandbox server ended unexpectedly ({cause}); run `codemode doctor`{self._last_words()}"
        )

    def _last_words(self) -> str:
        self._log.seek(0)
        tail = self._log.read()[-LOG_TAIL_CHARS:].strip()
        return f"; its last words:\n{tail}" if tail else ""


@asynccontextmanager
async def _connected(parameters: StdioServerParameters, log: TextIO) -> AsyncIterator[Client]:
    """Start the server; leaving ends it: by end of file on its stdin, else by SIGTERM, else by SIGKILL."""
    with anyio.fail_after(STARTUP_S) as startup:
        async with Client(stdio_client(parameters, errlog=log)) as client:
            startup.deadline = math.inf  # A call has no limit here: every run has its own, in the server.
            yield client


def _own_server() -> tuple[str, ...]:
    # -P: without it `-m` puts the working directory first on sys.path.
    return (sys.executable, "-P", "-m", "pytest_codemode.mcp_server")


def _first(problem: Exception) -> Exception:
    """Return the first exception in the groups that task groups make of one."""
    return _first(problem.exceptions[0]) if isinstance(problem, ExceptionGroup) else problem


def _decoded(kind: type[T], data: Any, where: str) -> T:
    try:
        return decode(kind, data, where)
    except ValueError as problem:
        raise SandboxError(f"the sandbox server answered nonsense: {problem}") from problem


def _keys(explored: Explored) -> tuple[str, ...]:
    return tuple(observation.key for observation in explored.observations)


def _text(result: CallToolResult) -> str:
    return " ".join(block.text for block in result.content if isinstance(block, TextContent))
