"""Toy projects in real sandboxes, asked synchronously."""

import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from pytest_codemode.core.outcome import (
    Candidate,
    Collection,
    Execution,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.isolation.choose import choose
from pytest_codemode.sandbox.service import SandboxService

LIMITS = Limits(test_s=20.0, run_s=60.0)


def write_project(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))


def project_at(root: Path, **changes: Any) -> Project:
    """The project as `pytest` started in its root would describe it."""
    given: dict[str, Any] = {
        "rootdir": str(root.resolve()),
        "invocation_dir": str(root.resolve()),
        "python": sys.executable,
        "env": {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "sys_path": tuple(entry for entry in sys.path if Path(entry).exists()),
        "limits": LIMITS,
    }
    return Project(**given | changes)


class Sandboxed:
    """A `SandboxService` for tests that are no coroutines."""

    def __init__(self, service: SandboxService, portal: BlockingPortal, project: Project) -> None:
        self.service = service
        self.portal = portal
        self.project = project

    def info(self) -> SandboxInfo:
        return self.portal.call(self.service.info)

    def collect(self) -> Collection:
        return self.portal.call(self.service.collect)

    def run(self, *nodeids: str, on_result: Callable[[TestResult], None] | None = None, **fields: Any) -> RunResult:
        async def tell(result: TestResult) -> None:
            if on_result is not None:
                on_result(result)

        request = RunRequest(nodeids=nodeids or None, **fields)
        return self.portal.call(self.service.run_tests, request, tell)

    def outcomes(self, *nodeids: str, **fields: Any) -> dict[str, str]:
        """Test name (after the file) -> outcome."""
        return {
            result.nodeid.partition("::")[2]: result.outcome.value for result in self.run(*nodeids, **fields).results
        }

    def attempt(self, *candidates: Candidate, on: tuple[str, ...], **fields: Any) -> tuple[TryResult, ...]:
        return self.portal.call(self.service.try_patches, TryRequest(candidates, on, **fields))

    def execute(self, code: str, stdin: str = "", timeout_s: float | None = None) -> Execution:
        return self.portal.call(self.service.execute, textwrap.dedent(code), stdin, timeout_s)

    def refresh(self, files: Files | None = None) -> None:
        self.portal.call(self.service.refresh, files)


@contextmanager
def sandboxed(project: Project) -> Iterator[Sandboxed]:
    with start_blocking_portal() as portal:
        service = portal.call(SandboxService.open, project, choose(project))
        try:
            yield Sandboxed(service, portal, project)
        finally:
            portal.call(service.aclose)


def processes_with(mark: str) -> list[str]:
    """Command lines of live processes that hold `mark` in their environment or arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if mark.encode() in (folder / "environ").read_bytes() + command:
                found.append(command.replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
