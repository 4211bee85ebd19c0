"""The supervisor's view of a collected session: what there is to run, and a zygote to fork it from."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Collection
from pytest_codemode.worker.fresh import start_session
from pytest_codemode.worker.keepsakes import Keepsakes
from pytest_codemode.worker.launching import Launched
from pytest_codemode.worker.nursery import Nursery
from pytest_codemode.worker.plan import PRELOAD_S, Plan, Setup
from pytest_codemode.worker.watch import Ended, Watch


class Unforkable(Exception):
    """There is no collected session, or it runs threads that a fork would lack."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What the collection left in its process: material to warm another one up with."""

    modules: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)


@dataclass
class Held:
    """A session that was collected, or the reason why it could not be."""

    collection: Collection
    traces: Traces
    output: str
    _nursery: Nursery | None
    _threads: int
    _private: bool = True
    keepsakes: Keepsakes = field(default_factory=Keepsakes)
    """What it wrote to the temporary folder, which a fork expects there."""

    @property
    def alive(self) -> bool:
        """Whether the zygote lives, or asking again would be of no use: a failed collection repeats."""
        return self._nursery is None or self._nursery.alive

    @property
    def forkable(self) -> bool:
        """Whether runs may fork it: a thread would be missing in the fork, with its locks held; memory be shared."""
        return self._nursery is not None and self._threads == 1 and self._private

    @staticmethod
    def collect(setup: Setup, watch: Watch, *, forks: bool) -> Held:
        """Start a zygote, as a fork of this process or a fresh interpreter, and wait until it has collected."""
        nursery = Nursery(setup, watch, partial(_forked_session if forks else start_session, setup), collects=True)
        listener = _Collecting(time.monotonic() + setup.project.limits.test_s + bool(setup.preload) * PRELOAD_S)
        ended = nursery.wait(listener, lambda: listener.collection is not None)
        output = nursery.output
        if listener.collection is not None:
            keepsakes = Keepsakes.of(setup.fork_scratch)
            threads, private = listener.threads, listener.private
            return Held(listener.collection, listener.traces, output, nursery, threads, private, keepsakes)
        nursery.close()
        return Held(_failed(listener, ended, output), Traces(), output, None, 1)

    def launch(self, plan: Plan) -> Launched:
        """Start `plan` in a fork of the zygote.

        Raises:
            Unforkable: see `forkable`.
        """
        if self._nursery is None or not self.forkable:
            raise Unforkable
        return self._nursery.launch(plan)

    def close(self) -> None:
        """Kill the zygote."""
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None


def _forked_session(setup: Setup, control: socket.socket) -> NoReturn:
    from pytest_codemode.worker.zygote import serve_session  # noqa: PLC0415  # imports pytest: not for cold workers

    serve_session(setup, control)


@dataclass
class _Collecting:
    """Takes the zygote's word on what it collected."""

    deadline: float
    collection: Collection | None = None
    threads: int = 1
    private: bool = True
    traces: Traces = Traces()
    errors: tuple[Failure, ...] = ()
    status: int = 0

    def note(self, message: dict[str, Any]) -> None:
        self.errors = decode(tuple[Failure, ...], message.get("errors"), "errors")
        if message.get("say") == "collected":
            nodeids: tuple[str, ...] = decode(tuple[str, ...], message.get("nodeids"), "nodeids")
            self.threads = decode(int, message.get("threads"), "threads")
            self.private = decode(bool, message.get("private"), "private")
            modules: tuple[str, ...] = decode(tuple[str, ...], message.get("modules"), "modules")
            self.traces = Traces(modules, decode(dict[str, str], message.get("environ"), "environ"))
            self.collection = Collection(nodeids, self.errors)
        else:
            self.status = decode(int, message.get("status"), "status")


def last_lines(output: str) -> str:
    """Return on one line where Python and pytest say what went wrong: errors by that name, else the end of `output`."""
    lines = [line.strip() for line in output.splitlines() if line.strip(" =")]
    errors = [line for line in lines if "error:" in line.lower()]
    return " ".join((errors or lines)[-3:])[-500:]


def _failed(listener: _Collecting, ended: Ended, output: str) -> Collection:
    """Return the collection of a session that did not get as far as its items."""
    if listener.errors:
        return Collection((), listener.errors)
    if ended.limited:
        return Collection((), status="killed", reason=f"{ended.reason} while collecting".replace("of a test ", ""))
    if listener.status:
        how = f"pytest ended with exit status {listener.status}"
    else:
        how = f"{ended.reason or 'the process ended'} while collecting"
    reason = f"{how}: {last_lines(output)}".rstrip(": ")
    return Collection((), status="failed", reason=reason)
