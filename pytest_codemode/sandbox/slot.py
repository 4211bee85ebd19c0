"""The trusted end of one worker: starts it in its enclosure, speaks with it, and kills it."""

from __future__ import annotations

import json
import os
import select
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import IO, Any

import anyio
import anyio.to_thread

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation.port import Enclosure, Isolation
from pytest_codemode.worker.channel import LineBuffer, Malformed
from pytest_codemode.worker.enter import ONLY_FOR_TESTS
from pytest_codemode.worker.plan import Setup

MAX_LINE = 16 * 2**20
MAX_ANSWER = 512 * 2**20
"""Bytes one request may bring back altogether."""
START_S = 60.0
CANCEL_S = 0.7
"""How long a cancelled request may take to stop before its worker is killed."""
PING_AFTER_S = 10.0
"""A worker that has been idle for longer is asked whether it still answers, before it gets a request."""
PING_S = 2.0

SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Numerical libraries start threads when they are imported; a process that has threads cannot be forked."""

OnMessage = Callable[[dict[str, Any]], Awaitable[None]]


class SlotDied(Exception):
    """The worker ended, broke the protocol or stopped answering; the text says what is known."""


class _Ended(SlotDied):
    """The worker's end of the line is closed."""


class _NotTaken(SlotDied):
    """It ended before it took the request: nothing of it was run."""


class Slot:
    """One worker. Requests come one at a time; a slot that is not `alive` is closed and replaced."""

    def __init__(
        self,
        project: Project,
        isolation: Isolation,
        *,
        files: Mapping[str, bytes],
        warm: bool,
        preload: Sequence[str] = (),
        ping_after_s: float = PING_AFTER_S,
    ) -> None:
        self._project = project
        self._isolation = isolation
        self._files = dict(files)
        self._warm = warm
        self._preload = tuple(preload)
        self._ping_after_s = ping_after_s
        self._enclosure: Enclosure | None = None
        self._buffer = LineBuffer(MAX_LINE)
        self._to_worker = -1
        self._from_worker = -1
        self._stderr: IO[bytes] | None = None
        self._pending = bytearray()
        self._taken = False
        self._last_answer = 0.0
        self.alive = False
        self.requests = 0
        self.python = ""
        """Version of the worker's interpreter."""

    async def start(self) -> None:
        """Put up the fence and start the worker behind it.

        Raises:
            SandboxError: that is not possible here, with the remedy.
        """
        try:
            await anyio.to_thread.run_sync(self._launch)
            with anyio.fail_after(START_S):
                ready = await self._final(None)
            if ready.get("say") != "ready":
                raise SlotDied("it did not start")
            self.python = str(ready.get("python"))
        except (SlotDied, TimeoutError) as problem:
            reason = str(problem) or f"no answer within {START_S:g} s"
            await self.close()
            raise SandboxError(
                f"the worker with {self._project.python} could not be started: {reason};"
                " check that pytest and pytest-codemode are installed there"
            ) from None
        except BaseException:
            await self.close()
            raise
        self.alive = True

    async def request(self, message: dict[str, Any], on_message: OnMessage | None, within_s: float) -> dict[str, Any]:
        """Send `message` and return the final answer; `on_message` sees the others.

        A worker that had ended by itself, before the request came to it, is replaced.

        Raises:
            SlotDied: there will be no answer; the slot is closed.
            SandboxError: the worker cannot be replaced.
        """
        self.requests += 1
        try:
            with anyio.fail_after(within_s):
                try:
                    return await self._answer(message, on_message)
                except _NotTaken:
                    await self._restart()
                    return await self._answer(message, on_message)
        except TimeoutError:
            await self.close()
            raise SlotDied(f"no answer within {within_s:g} s") from None
        except SlotDied:
            await self.close()
            raise
        except BaseException:
            await self._cancel()
            raise

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message that belongs to the request under way.

        Raises:
            SlotDied: the worker has ended.
        """
        await self._send(message)

    async def is_well(self) -> bool:
        """Return whether the worker, which has no request now, can take one; if not, it is closed."""
        if not self.alive:
            return False
        try:
            # Whatever it says unasked, be it its end, it is not well.
            well = not select.select([self._from_worker], [], [], 0)[0] and await self._responds()
        except BaseException:
            await self.close()
            raise
        if not well:
            await self.close()
        return well

    async def _responds(self) -> bool:
        if anyio.current_time() - self._last_answer < self._ping_after_s:
            return True
        try:
            with anyio.fail_after(PING_S):
                return (await self._answer({"op": "ping"}, None)).get("say") == "done"
        except (SlotDied, TimeoutError):
            return False

    async def _answer(self, message: dict[str, Any], on_message: OnMessage | None) -> dict[str, Any]:
        self._taken = False
        try:
            await self._send(message)
            return await self._final(on_message)
        except _Ended as problem:
            raise SlotDied(str(problem)) if self._taken else _NotTaken(str(problem)) from None

    async def _restart(self) -> None:
        """Put another worker in the place of one that has ended."""
        await self.close()
        self._buffer = LineBuffer(MAX_LINE)
        self._pending.clear()
        self.requests = 1
        await self.start()

    async def close(self) -> None:
        """Kill the worker and everything it started; whatever it does, this ends."""
        self.alive = False
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._tear_down)

    async def _cancel(self) -> None:
        """Stop the running request; the worker lives on if it obeys at once."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CANCEL_S if self.alive else 0):
                try:
                    await self._send({"op": "cancel"})
                    await self._final(None)
                except SlotDied:
                    pass
                else:
                    return
            await self.close()

    def _launch(self) -> None:
        enclosure = self._enclosure = self._isolation.enclose(self._project)
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `_tear_down`
        their_input, self._to_worker = os.pipe()
        self._from_worker, their_output = os.pipe()
        try:
            enclosure.start(
                [self._project.python, *self._project.python_flags, "-P", "-m", "pytest_codemode.worker"],
                env=worker_environment(self._project, enclosure),
                stdin=their_input,
                stdout=their_output,
                stderr=self._stderr,
            )
        finally:
            os.close(their_input)
            os.close(their_output)
        os.set_blocking(self._to_worker, False)
        os.set_blocking(self._from_worker, False)
        level = self._isolation.level
        setup = Setup(
            project=self._project,
            root=enclosure.root,
            scratch=enclosure.scratch,
            deny_unix=level == "landlock",
            private_shm=level == "namespaces",
            preload=self._preload,
        )
        first = {"setup": encode(setup), "warm": self._warm, "files": encode(self._files)}
        self._pending += _line(first)

    def _tear_down(self) -> None:
        if self._enclosure is not None:
            self._enclosure.close()
            self._enclosure = None
        for fd in (self._to_worker, self._from_worker):
            if fd >= 0:
                os.close(fd)
        self._to_worker = self._from_worker = -1
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    async def _send(self, message: dict[str, Any]) -> None:
        self._pending += _line(message)
        await self._flush()

    async def _flush(self) -> None:
        while self._pending:
            await anyio.wait_writable(self._to_worker)
            try:
                written = os.write(self._to_worker, self._pending[: 2**16])
            except BrokenPipeError:
                raise _Ended(self._last_words()) from None
            del self._pending[:written]

    async def _final(self, on_message: OnMessage | None) -> dict[str, Any]:
        await self._flush()
        seen = 0
        while True:
            await anyio.wait_readable(self._from_worker)
            data = os.read(self._from_worker, 2**18)
            if not data:
                raise _Ended(self._last_words())
            seen += len(data)
            if seen > MAX_ANSWER:
                raise SlotDied(f"it answered with more than {MAX_ANSWER // 2**20} MiB")
            try:
                messages = self._buffer.feed(data)
            except Malformed as problem:
                raise SlotDied(f"it broke the protocol: {problem}") from None
            for message in messages:
                if message.get("say") in ("done", "ready", "cancelled"):
                    self._last_answer = anyio.current_time()
                    return message
                if message.get("say") == "taken":
                    self._taken = True
                elif on_message is not None:
                    await on_message(message)

    def _last_words(self) -> str:
        """Return the end of what the worker wrote to standard error."""
        if self._stderr is None:
            return "it ended"
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(size - 2000, 0))
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return f"it ended: {lines[-1][:500]}" if lines else "it ended"


def worker_environment(project: Project, enclosure: Enclosure) -> dict[str, str]:
    """Return the environment of a supervisor: the tests' own, without what would lead its imports astray."""
    env = {name: value for name, value in project.env.items() if name not in ONLY_FOR_TESTS}
    env |= {
        "PYTEST_CODEMODE_INERT": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": enclosure.scratch,
    }
    for name in SINGLE_THREADED:
        env.setdefault(name, "1")
    if enclosure.library:
        env["PYTHONPATH"] = enclosure.library
    return env


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"
