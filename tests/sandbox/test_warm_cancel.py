"""What is given up is dead within a second; what loses its server leaves nothing behind; many calls add nothing up."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from bench.footprint import child_running
from bench.sandbox import endured, project_in
from pytest_codemode.core.codec import encode
from pytest_codemode.sandbox.isolation.choose import choose
from pytest_codemode.sandbox.service import SandboxService
from tests.sandbox.toys import processes_with, project_at, write_project

LEVELS = ["auto", pytest.param("landlock", marks=pytest.mark.slow)]
STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "{mark}"])
        os._exit(0)
def everywhere():
    daemon()
    if os.fork() == 0:
        daemon()
    print("running", flush=True)
    while True:
        time.sleep(1)
"""
"""`sleep` ignores the signals that were ignored when it was started, and bears the mark on its command line."""


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("warm", [True, False], ids=["forked", "fresh"])
def test_a_cancelled_program_is_dead_within_a_second_with_all_it_started(
    tmp_path: Path, level: str, warm: bool
) -> None:
    mark = f"987{time.time_ns()}"
    write_project(tmp_path, {"a.py": ""})
    project = project_at(tmp_path, level=level)
    code = STUBBORN.format(mark=mark) + "everywhere()\n"

    async def cancel_midway() -> tuple[float, str]:
        service = await SandboxService.open(project, choose(project))
        try:
            if warm:
                await service.warm_up()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(service.execute, code)
                with anyio.fail_after(30):
                    while len(processes_with(mark)) < 2:
                        await anyio.sleep(0.02)
                started = time.monotonic()
                tasks.cancel_scope.cancel()
            left = processes_with(mark)
            took = time.monotonic() - started
            assert left == []
            return took, (await service.execute("print(1)")).stdout
        finally:
            await service.aclose()

    took, after = anyio.run(cancel_midway)
    assert took < 1.0
    assert after == "1\n"


SERVED = """
import json, sys
from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import Candidate, TryRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient
with SandboxClient(decode(Project, json.loads(sys.argv[1]))) as sandbox:
    print(sandbox.execute("print(1)").stdout, end="", flush=True)
    if sys.argv[2] == "execute":
        sandbox.execute(open("stubborn.py").read() + "everywhere()")
    else:
        sandbox.try_patches(TryRequest((Candidate("1", {}), Candidate("2", {})), ("test_hang.py::test_hang",)))
"""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("call", ["execute", "try_patches"])
def test_nothing_is_left_of_a_server_that_is_killed(tmp_path: Path, level: str, call: str) -> None:
    mark = f"986{time.time_ns()}"
    root, temporary = tmp_path / "project", tmp_path / "tmp"
    temporary.mkdir()
    stubborn = STUBBORN.format(mark=mark)
    write_project(
        root,
        {"stubborn.py": stubborn, "test_hang.py": "import stubborn\n\ndef test_hang():\n    stubborn.everywhere()\n"},
    )
    project = project_at(root, level=level, cwd_on_path=True)
    command = [sys.executable, "-c", SERVED, json.dumps(encode(project)), call]
    mounts = Path("/proc/self/mounts").read_text()
    with subprocess.Popen(
        command,
        cwd=root,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as engine:
        try:
            assert engine.stdout is not None
            assert engine.stdout.readline() == "1\n"
            assert eventually(lambda: len(processes_with(mark)) >= 2, 30)
            os.kill(child_running("pytest_codemode.mcp_server", engine.pid), signal.SIGKILL)
            _, errors = engine.communicate(timeout=30)
        finally:
            engine.kill()

    assert "SandboxError" in errors
    assert eventually(lambda: processes_with(mark) + processes_with(str(root)) == [], 5)
    assert eventually(lambda: list(temporary.iterdir()) == [], 5)
    assert Path("/proc/self/mounts").read_text() == mounts


def grown(tmp_path: Path, calls: int) -> float:
    """Return by how many MiB a server and its workers have grown; nothing else may have changed."""
    before, after, _took_s = anyio.run(endured, project_in(tmp_path / "project", "auto"), calls)
    assert (before.processes, before.descriptors) == (after.processes, after.descriptors)
    assert before.processes > 3
    return (after.own_mib + after.others_mib) - (before.own_mib + before.others_mib)


def test_hundreds_of_programs_leave_no_process_no_descriptor_and_no_memory(tmp_path: Path) -> None:
    assert grown(tmp_path, 300) < 3


@pytest.mark.slow
def test_ten_thousand_programs_leave_no_process_no_descriptor_and_no_memory(tmp_path: Path) -> None:
    assert grown(tmp_path, 10_000) < 6
