"""`python -m pytest_codemode.worker`: the supervisor; frames on 0 and 1 until they are moved out of reach."""

from __future__ import annotations

import fcntl
import gc
import os
import sys

from pytest_codemode.core.codec import decode
from pytest_codemode.worker.channel import LineReader, write_line
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.processes import become_subreaper

FIRST_PRIVATE_FD = 100


def main() -> None:
    """Take the line away from standard input and output, then serve."""
    inbox = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD)
    outbox = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, FIRST_PRIVATE_FD)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    become_subreaper()
    reader = LineReader(inbox)
    first = reader.next()
    if first is None:
        return
    setup: Setup = decode(Setup, first["setup"], "setup")
    files: dict[str, bytes] = decode(dict[str, bytes], first["files"], "files")
    forks = True
    if first["warm"]:
        from pytest_codemode.worker.preload import preload  # noqa: PLC0415  # a cold worker needs no pytest

        forks = preload(setup)
        gc.freeze()  # a collection in a fork would otherwise copy every page that holds an object
    from pytest_codemode.worker.supervisor import Supervisor  # noqa: PLC0415  # imports what the first frame decides

    write_line(outbox, {"say": "ready", "python": sys.version.split()[0]})
    Supervisor(setup, files, reader, outbox, forks=forks).serve()


if __name__ == "__main__":
    main()
