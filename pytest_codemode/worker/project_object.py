"""Runs a program that has a `project`: `python project_object.py PROGRAM`, its line to the outside as descriptor 3.

Inside the sandbox, standard library only. What it sends is a request, nothing more: the other side decides.
"""
# a script: it is started by its path, where the package may not be importable

import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

CALLS_FD = 3


class Project:
    """Each method is a call to the outside; a call that cannot be answered raises ValueError."""

    def __init__(self, fd: int) -> None:
        self.__line = socket.socket(fileno=fd)
        self.__answers = self.__line.makefile("rb")
        self.__number = 0
        self.__one = threading.Lock()

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return the call of that name."""
        if method.startswith("_"):
            raise AttributeError(method)

        def call(*positional: object, **named: object) -> object:
            with self.__one:
                self.__number += 1
                asked = {"number": self.__number, "method": method, "positional": positional, "named": named}
                self.__line.sendall(json.dumps(asked).encode() + b"\n")
                answer = self.__answers.readline()
            if not answer:
                raise ValueError("there are no more answers for this program")
            said = json.loads(answer)
            if said["error"]:
                raise ValueError(said["error"])
            return said["value"]

        call.__name__ = method
        return call


def main(path: str) -> None:
    """Run the program at `path` as `__main__`."""
    os.set_inheritable(CALLS_FD, False)
    module = ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__, project=Project(CALLS_FD))
    sys.modules["__main__"] = module
    sys.argv[:] = [path]
    sys.path[0] = os.path.dirname(path)  # noqa: PTH120  # as for any script
    sys.excepthook = _told
    with open(path, "rb") as file:  # noqa: PTH123
        source = file.read()
    exec(compile(source, path, "exec"), module.__dict__)  # this is what a sandbox is for


def _told(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback that begins in the program."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    traceback.print_exception(kind, problem, trace)


if __name__ == "__main__":
    main(sys.argv[1])
