"""`python -m pytest_codemode.worker.fresh FD`: a session's zygote that no supervisor was forked for.

For projects that hold a module which pytest itself or a plugin imports: a fork of the supervisor has the installed one.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import NoReturn

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.worker.enter import enter_project
from pytest_codemode.worker.launching import interpreter, written
from pytest_codemode.worker.plan import Setup


def start_session(setup: Setup, control: socket.socket) -> NoReturn:
    """Become an interpreter that knows nothing yet, and serve the session from there."""
    orders = written({"setup": encode(setup)}, setup.fork_scratch)
    os.dup2(orders, 0)
    control.set_inheritable(True)
    argv = [*interpreter(setup, "pytest_codemode.worker.fresh"), str(control.fileno())]
    os.execv(argv[0], argv)


def main() -> NoReturn:
    """Enter the project before anything imports pytest; the process is fenced in already."""
    setup: Setup = decode(Setup, json.load(sys.stdin.buffer)["setup"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    enter_project(setup)
    from pytest_codemode.worker.zygote import serve_session  # noqa: PLC0415  # imports pytest, as the session finds it

    serve_session(setup, control)


if __name__ == "__main__":
    main()
