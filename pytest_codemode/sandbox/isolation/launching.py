"""Start a launcher, learn whether the fence stands, and kill what is behind it: the owner's side of `supervision`."""

from __future__ import annotations

import array
import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.project import Limits

_IMPORT_ROOT = str(Path(__file__).resolve().parents[3])
_BOOTSTRAP = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from pytest_codemode.sandbox.isolation.{module} import main; main(int(sys.argv[2]))"
)
_PATIENCE_S = 20.0
"""Wall clock for putting up a fence; it takes 20 to 50 ms, more on a busy machine."""
# RLIMIT_AS counts reserved address space too: threads and allocators reserve several times what they use.
_ADDRESS_SPACE_FACTOR = 4


class Unexplained(SandboxError):
    """The fence cannot be put up, and the reason went to the standard error of what was started."""


class Launched:
    """A fenced process tree and the handles that keep it alive."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self.process = process
        self._lifeline = lifeline

    def kill(self) -> None:
        """Kill the tree; returns when the launcher is gone, whose last act it is to kill what it started."""
        self._let_go()
        try:
            self.process.wait(5.0)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5.0)

    def _let_go(self) -> None:
        """Close the lifeline: the launcher takes that for the owner's death."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


@contextmanager
def in_memory(data: bytes, name: str) -> Iterator[int]:
    """Give an open, anonymous file that holds `data`: nothing of it shows in a process list."""
    descriptor = os.memfd_create(name)
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def launch(
    module: str,
    plan: dict[str, Any],
    *,
    pass_fds: Sequence[int] = (),
    stdin: int,
    stdout: int,
    stderr: int | IO[bytes],
) -> Launched:
    """Run launcher `module` on `plan` and return once the fence stands.

    The launcher gets three more descriptors in its plan: `lifeline`, `errors` and `ready`, a pipe with one byte in it
    that whoever completes the fence reads.

    Raises:
        SandboxError: the fence cannot be put up, with the launcher's own reason.
    """
    life_read, life_write = os.pipe()
    error_read, error_write = os.pipe()
    ready_read, ready_write = os.pipe()
    passed = (life_read, error_write, ready_read)
    try:
        os.write(ready_write, b"1")
        full = {**plan, "lifeline": life_read, "errors": error_write, "ready": ready_read}
        with in_memory(json.dumps(full).encode(), "plan") as plan_fd:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOTSTRAP.format(module=module), _IMPORT_ROOT, str(plan_fd)],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd="/",
                env={},
                pass_fds=(plan_fd, *passed, *pass_fds),
                start_new_session=True,
            )
    except OSError as problem:
        _close(life_write, ready_write, error_read)
        raise SandboxError(f"no process can be started for a sandbox: {problem}") from None
    finally:
        _close(*passed)
    launched = Launched(process, life_write)
    try:
        stands = _fence_stands(ready_write)
        reason = _reported(error_read)
    finally:
        _close(ready_write, error_read)
    if reason or not stands:
        launched.kill()
        raise SandboxError(reason) if reason else Unexplained("the sandbox could not be set up")
    return launched


def resource_limits(limits: Limits) -> list[tuple[int, int]]:
    """Return (resource, value) pairs for everything inside, looser than the limits set again for each fork."""
    return [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory_bytes * _ADDRESS_SPACE_FACTOR),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
    ]


def _fence_stands(ready: int) -> bool:
    """Wait until nobody can read the pipe any more, and say whether its byte was read before that."""
    poller = select.poll()
    poller.register(ready, 0)  # POLLERR, the end of all readers, is always reported
    deadline = time.monotonic() + _PATIENCE_S
    while not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
        if time.monotonic() > deadline:
            return False
    unread = array.array("i", [0])
    fcntl.ioctl(ready, termios.FIONREAD, unread)
    return unread[0] == 0


def _reported(errors: int) -> str:
    """Return what the launcher wrote before it gave up; empty if it wrote nothing."""
    poller = select.poll()
    poller.register(errors, select.POLLIN)
    return os.read(errors, 4000).decode("utf-8", "replace") if poller.poll(0) else ""


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
