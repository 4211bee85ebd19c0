"""Run one program, and tell what it printed and how it ended."""
# ruff: noqa: PTH103, PTH109  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import Execution
from pytest_codemode.worker.calls import Calls
from pytest_codemode.worker.channel import Tap
from pytest_codemode.worker.offspring import Offspring
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.processes import kill_strays
from pytest_codemode.worker.programs import Programs
from pytest_codemode.worker.watch import Watch

ORPHANED = "killed: the interpreter it was forked from has ended"

_Start = Callable[[tuple[int, int, int]], Offspring]
"""Starts the program with these as its standard input, output and error."""


@dataclass
class _Silent:
    """A program says nothing but its output."""

    deadline: float

    def note(self, message: dict[str, Any]) -> None:
        raise ValueError(f"unexpected message {message}")


@dataclass(frozen=True, slots=True)
class _Streams:
    """Standard input, output and error of a program."""

    theirs: tuple[int, int, int]
    taps: tuple[Tap, Tap]


def execute(setup: Setup, watch: Watch, programs: Programs, message: dict[str, Any]) -> Execution:
    """Run the request's `code` with its `stdin`, `env` and `timeout_s`; what it prints is cut in the middle."""
    code: str = decode(str, message["code"], "code")
    stdin: str = decode(str, message["stdin"], "stdin")
    timeout_s: float = decode(float, message["timeout_s"], "timeout_s")
    env = environment(setup, message["env"])
    os.makedirs(setup.fork_scratch, exist_ok=True)
    os.close(_spooled(programs.path, code))
    started = time.monotonic()
    result = _run(setup, watch, lambda streams: programs.start(env, streams), stdin, _Silent(started + timeout_s))
    if result is None:  # an interpreter that was found dead only when it was to be forked is not held any more
        result = _run(setup, watch, lambda streams: programs.start(env, streams), stdin, _Silent(started + timeout_s))
    assert result is not None
    return replace(result, duration_s=time.monotonic() - started)


def converse(setup: Setup, watch: Watch, programs: Programs, message: dict[str, Any], calls: Calls) -> Execution:
    """Run the request's `code`, which may call `project`, in a fresh interpreter."""
    env = environment(setup, message["env"])
    os.makedirs(setup.fork_scratch, exist_ok=True)
    os.close(_spooled(programs.path, decode(str, message["code"], "code")))
    started = time.monotonic()

    def start(streams: tuple[int, int, int]) -> Offspring:
        program = programs.start_with_project(env, (*streams, calls.theirs.fileno()))
        calls.theirs.close()
        return program

    result = _run(setup, watch, start, "", calls)
    assert result is not None  # only a fork may not begin
    return replace(result, duration_s=time.monotonic() - started)


def _run(setup: Setup, watch: Watch, start: _Start, stdin: str, listener: _Silent | Calls) -> Execution | None:
    """Return what came of the program that `start` starts; None if it did not begin."""
    end_by = listener.deadline
    reports = listener.reader if isinstance(listener, Calls) else None
    with ExitStack() as ours:
        with ExitStack() as theirs:
            streams = _streams(setup, stdin, ours, theirs)
            program = start(streams.theirs)
        ours.callback(program.release)
        ended = watch.run(program, listener, reports, streams.taps, run_deadline=end_by)
        kill_strays(watch.keep)
        for tap in streams.taps:
            tap.drain()
    orphaned = program.orphaned and not ended.limited
    if orphaned and not program.pid:
        return None
    killed = orphaned or ended.limited
    return Execution(
        status="killed" if killed else "finished",
        exit_code=None if killed else ended.exit_code,
        stdout=streams.taps[0].text(),
        stderr=streams.taps[1].text(),
        reason=ORPHANED if orphaned else ended.reason if ended.limited else "",
    )


def _streams(setup: Setup, stdin: str, ours: ExitStack, theirs: ExitStack) -> _Streams:
    """Open what a program reads and writes; the stacks close the descriptors of either side."""
    inputs = _spooled(f"{setup.fork_scratch}/stdin", stdin)
    theirs.callback(os.close, inputs)
    pipes = os.pipe(), os.pipe()
    for read_end, write_end in pipes:
        ours.callback(os.close, read_end)
        theirs.callback(os.close, write_end)
    limit = setup.project.limits.output_bytes
    return _Streams((inputs, pipes[0][1], pipes[1][1]), (Tap(pipes[0][0], limit), Tap(pipes[1][0], limit)))


def environment(setup: Setup, given: Any) -> dict[str, str]:
    """Return the whole environment of a program: what the host lets through, and places of its own."""
    own = {"TMPDIR": setup.fork_scratch, "HOME": setup.home, "PYTHONPATH": os.getcwd()}  # the project can be imported
    return decode(dict[str, str], given, "env") | own


def _spooled(path: str, text: str) -> int:
    """Return a descriptor of a new file with `text`, at its beginning."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
