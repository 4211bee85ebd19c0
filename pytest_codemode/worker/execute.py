"""Run one piece of code in a fresh interpreter."""
# ruff: noqa: PTH103, PTH109  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import Execution
from pytest_codemode.worker.channel import Tap
from pytest_codemode.worker.fence import fence
from pytest_codemode.worker.offspring import fork
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.processes import kill_strays
from pytest_codemode.worker.watch import Watch


@dataclass
class _Silent:
    """A program says nothing but its output."""

    deadline: float

    def note(self, message: dict[str, Any]) -> None:
        raise ValueError(f"unexpected message {message}")


def execute(setup: Setup, watch: Watch, message: dict[str, Any]) -> Execution:
    """Run the request's `code` with its `stdin`, `env` and `timeout_s`; what it prints is cut in the middle."""
    code: str = decode(str, message["code"], "code")
    stdin: str = decode(str, message["stdin"], "stdin")
    env = decode(dict[str, str], message["env"], "env") | {
        "TMPDIR": setup.fork_scratch,
        "HOME": setup.home,
        "PYTHONPATH": os.getcwd(),  # the project can be imported
    }
    timeout_s: float = decode(float, message["timeout_s"], "timeout_s")
    inputs = _spooled(setup, "stdin", stdin)
    program = f"{setup.fork_scratch}/program.py"
    os.close(_spooled(setup, "program.py", code))
    stdout, stderr = os.pipe(), os.pipe()

    def work() -> None:
        os.dup2(inputs, 0)
        os.dup2(stdout[1], 1)
        os.dup2(stderr[1], 2)
        fence(setup)
        os.closerange(3, 4096)
        os.execve(sys.executable, [sys.executable, program], env)

    child = fork(work, (inputs, stdout[1], stderr[1]))
    for fd in (inputs, stdout[1], stderr[1]):
        os.close(fd)
    limit = setup.project.limits.output_bytes
    taps = Tap(stdout[0], limit), Tap(stderr[0], limit)
    started = time.monotonic()
    end_by = started + timeout_s
    ended = watch.run(child, _Silent(end_by), None, taps, run_deadline=end_by)
    kill_strays(watch.keep)
    for tap in taps:
        tap.drain()
        os.close(tap.fd)
    child.release()
    return Execution(
        status="killed" if ended.limited else "finished",
        exit_code=None if ended.limited else ended.exit_code,
        stdout=taps[0].text(),
        stderr=taps[1].text(),
        reason=ended.reason if ended.limited else "",
        duration_s=time.monotonic() - started,
    )


def _spooled(setup: Setup, name: str, text: str) -> int:
    """Return a descriptor of a new file with `text`, at its beginning."""
    os.makedirs(setup.fork_scratch, exist_ok=True)
    fd = os.open(f"{setup.fork_scratch}/{name}", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
