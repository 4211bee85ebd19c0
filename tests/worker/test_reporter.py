"""The report line: found by nobody who does not look for it, and never spoken on by two."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_codemode.worker.channel import LineReader
from pytest_codemode.worker.offspring import DID_NOT_END
from pytest_codemode.worker.reporter import Reporter


@pytest.fixture
def reader() -> Iterator[LineReader]:
    """The supervisor's end; `in_child` speaks at the other."""
    read_end, write_end = os.pipe()
    os.dup2(write_end, 3_000)
    os.close(write_end)
    yield LineReader(read_end)
    os.close(read_end)


def in_child(work: Callable[[Reporter], None]) -> int:
    """Exit status of a process that does `work` with a reporter on descriptor 3000, which is closed here."""
    pid = os.fork()
    if pid == 0:
        try:
            work(Reporter(3_000, "secret"))
        except BaseException:  # noqa: BLE001  # a fork must not return into pytest
            os._exit(1)
        os._exit(0)
    os.close(3_000)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def everything(reader: LineReader) -> list[dict[str, object]]:
    messages = []
    while (message := reader.next()) is not None:
        messages.append(message)
    return messages


def test_messages_are_signed_and_numbered(reader: LineReader) -> None:
    def speak(reporter: Reporter) -> None:
        reporter.say({"say": "start", "nodeid": "t\udc80"})
        reporter.say({"say": "end"})

    assert in_child(speak) == 0
    assert everything(reader) == [
        {"say": "start", "nodeid": "t?", "token": "secret", "number": 1},
        {"say": "end", "token": "secret", "number": 2},
    ]


def test_line_stays_with_the_process_it_was_given_to(reader: LineReader) -> None:
    def speak(reporter: Reporter) -> None:
        pid = os.fork()
        reporter.say({"say": "end"})
        if pid:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    assert in_child(speak) == DID_NOT_END
    assert len(everything(reader)) == 1


@pytest.mark.parametrize("cut", [os.close, lambda fd: os.dup2(0, fd)], ids=["closed", "replaced"])
def test_process_whose_line_was_cut_ends(reader: LineReader, cut: Callable[[int], object]) -> None:
    def speak(reporter: Reporter) -> None:
        cut(max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()))
        reporter.say({"say": "end"})

    assert in_child(speak) == DID_NOT_END
    assert everything(reader) == []


def test_line_is_out_of_the_way_of_loops_over_low_numbers_and_of_programs(reader: LineReader) -> None:
    def speak(reporter: Reporter) -> None:
        os.closerange(3, 512)
        reporter.say({"say": "start"})
        os.execv("/bin/sh", ["sh", "-c", "kill -9 $$"])

    assert in_child(speak) == -signal.SIGKILL
    assert len(everything(reader)) == 1
