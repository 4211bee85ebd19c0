"""Processes that run foreign code, as the supervisor holds them: direct children, or forks of a session's zygote."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, Protocol

from pytest_codemode.worker import processes
from pytest_codemode.worker.channel import LineReader
from pytest_codemode.worker.processes import die_with_parent, kill

DID_NOT_END = 70
"""Exit status of a process that did not come to the end of its work."""


class Offspring(Protocol):
    """One process, from its start to its end."""

    @property
    def pid(self) -> int:
        """Its process id, 0 while that is not known."""
        ...

    @property
    def orphaned(self) -> bool:
        """Whether it ended because the process that it was forked from did; without a process id, before it began."""
        ...

    @property
    def wake_fd(self) -> int | None:
        """Becomes readable when `exit_code` may have changed; None where the platform has no such thing."""
        ...

    def exit_code(self) -> int | None:
        """Return the exit status (negative: the signal that killed it), None while it runs. Never waits."""
        ...

    def kill(self) -> None:
        """Kill the process itself."""
        ...

    def release(self) -> None:
        """Give up descriptors."""
        ...


class Child:
    """A child of this process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._code: int | None = None
        self._pidfd = os.pidfd_open(pid) if sys.platform == "linux" else None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._pid

    @property
    def orphaned(self) -> bool:
        """Never: without its parent there would be nobody to ask."""
        return False

    @property
    def wake_fd(self) -> int | None:
        """The pidfd."""
        return self._pidfd

    def exit_code(self) -> int | None:
        """See `Offspring`."""
        if self._code is None:
            try:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
            except ChildProcessError:
                self._code = -signal.SIGKILL  # collected by somebody else: it is gone
            else:
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def kill(self) -> None:
        """Kill it, unless its number may belong to another process by now."""
        if self.exit_code() is None:
            kill(self._pid)

    def release(self) -> None:
        """Close the pidfd."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


class Grandchild:
    """A fork of the zygote, which tells over `control` when it began and how it ended."""

    def __init__(self, control: LineReader, zygote: Child) -> None:
        self._control = control
        self._zygote = zygote
        self._pid = 0
        self._code: int | None = None
        self._orphaned = False
        self._nonsense = False
        """Whether the zygote said what cannot be; nothing that it says then counts."""

    @property
    def pid(self) -> int:
        """As the zygote told it."""
        return self._pid

    @property
    def orphaned(self) -> bool:
        """See `Offspring`."""
        return self._orphaned

    @property
    def wake_fd(self) -> int | None:
        """The zygote's line."""
        return self._control.fd

    def exit_code(self) -> int | None:
        """See `Offspring`; a zygote that died or talks nonsense takes its fork with it."""
        if self._code is None and not self._nonsense:
            try:
                for message in self._control.arriving():
                    self._take(message)
            except ValueError:  # `Malformed` too
                self._nonsense = True
                self._zygote.kill()
        if self._code is None and (self._control.closed or self._zygote.exit_code() is not None):
            self._code = -signal.SIGKILL
            self._orphaned = True
        return self._code

    def _take(self, message: dict[str, Any]) -> None:
        """Take its beginning, then its end, each once.

        Raises:
            ValueError: it is neither.
        """
        said, pid, status = (message.get(name) for name in ("say", "pid", "status"))
        if said == "forked" and isinstance(pid, int) and pid > 0 and not self._pid:
            self._pid = pid
        elif said == "ended" and isinstance(status, int) and self._pid and self._code is None:
            self._code = status
        else:
            raise ValueError(f"{str(said)[:40]!r} is not to be said now")

    def kill(self) -> None:
        """Do nothing: the supervisor kills every descendant but the zygote."""

    def release(self) -> None:
        """Do nothing: the line is the zygote's."""


def fork(work: Callable[[], None], keep_fds: tuple[int, ...]) -> Child:
    """Run `work` in a fork that has no descriptor of this process but 0-2 and `keep_fds`; it never returns."""
    pid = processes.fork()
    if pid == 0:
        _run_child(work, keep_fds)
    return Child(pid)


def _run_child(work: Callable[[], None], keep_fds: tuple[int, ...]) -> NoReturn:
    def run() -> None:
        os.setpgid(0, 0)
        die_with_parent()
        low = 3
        for fd in sorted(keep_fds):
            os.closerange(low, fd)
            low = fd + 1
        os.closerange(low, 4096)
        work()

    run_and_exit(run)


def run_and_exit(work: Callable[[], None]) -> NoReturn:
    """End this process after `work`: status 0, or 70 and a traceback. No `atexit`, no waiting for threads."""
    status = DID_NOT_END
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001  # whatever it is: a fork must not return into its parent's code
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the tests may have closed or replaced it
                stream.flush()
        os._exit(status)
