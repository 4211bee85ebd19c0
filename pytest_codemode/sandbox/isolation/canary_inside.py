"""The canary's own code: try what must not work, and print what did, as one line of JSON. Standard library only.

It is run by path inside a real sandbox; nothing imports it. Every attempt is listed as `true` if it *succeeded*.
"""
# ruff: noqa: PTH101, PTH108, PTH109, PTH118, PTH123  # paths are text here: links must stay as they are

from __future__ import annotations

import contextlib
import errno
import functools
import json
import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any


def attempts(targets: dict[str, Any]) -> dict[str, bool | int]:
    """Return what succeeded: name -> bool, and `forked`: how many processes could be made."""
    results: dict[str, bool | int] = {
        "write_tree": _works(lambda: _write("canary-wrote-this", b"x")),
        "write_outside": _works(lambda: _write(targets["victim_file"], b"x")),
        "truncate_outside": _works(lambda: os.truncate(targets["victim_file"], 0)),
        "change_mode_outside": _works(lambda: os.chmod(targets["victim_file"], 0o600)),
        "change_times_outside": _works(lambda: os.utime(targets["victim_file"], (1, 1))),
        "change_owner_outside": _works(lambda: os.chown(targets["victim_file"], os.getuid(), os.getgid())),
        "create_outside": _works(lambda: _write(targets["new_file"], b"x")),
        "read_proc": targets["marker"] in _text(f"/proc/{targets['victim_pid']}/cmdline"),
        "read_environ": targets["marker"] in _text(f"/proc/{targets['victim_pid']}/environ"),
        "tcp": _works(lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", targets["tcp_port"]))),
        "udp": _works(lambda: _connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", targets["udp_port"]))),
        "unix": _works(lambda: _connect_in(targets["unix_folder"])),
        "abstract": _works(lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, targets["unix_abstract"])),
        "signal": _works(lambda: _terminate(targets["victim_pid"])),
        "memory": _works(lambda: mmap.mmap(-1, targets["too_much_memory"]).close()),
        "disk": _fill(os.environ["TMPDIR"], targets["too_much_disk"]),
        "disk_tree": _fill(os.getcwd(), targets["too_much_disk"]),
    }
    results["forked"] = _forks(targets["too_many_processes"])
    return results


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _write(path: str, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(4096).decode("utf-8", "replace")
    except OSError:
        return ""


def _connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as client:
        client.settimeout(1.0)
        client.connect(address)
        client.send(b"canary")


def _connect_in(folder: str) -> None:
    """Connect to the socket in `folder`, however long the folder's path is."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    _connect(socket.AF_UNIX, socket.SOCK_STREAM, f"/proc/self/fd/{descriptor}/socket")


def _terminate(pid: int) -> None:
    if pid in (os.getpid(), os.getppid(), 1):  # a number reused in a namespace of its own
        raise ProcessLookupError(errno.ESRCH, "not that process")
    os.kill(pid, signal.SIGTERM)


def _fill(folder: str, amount: int) -> bool:
    """Whether `amount` bytes fit, written as files of 256 KiB; they are removed again."""
    names = [os.path.join(folder, f"fill-{number}") for number in range(amount >> 18)]
    fits = all(_works(functools.partial(_write, name, bytes(1 << 18))) for name in names)
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
    return fits


def _forks(enough: int) -> int:
    """Fork children that wait for our end, until the limit or `enough`; return how many there were at once."""
    reading, writing = os.pipe()
    children: list[int] = []
    while len(children) < enough:
        try:
            child = os.fork()
        except OSError:
            break
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        children.append(child)
    os.close(writing)
    for child in children:
        os.waitpid(child, 0)
    return len(children)


if __name__ == "__main__":
    print(json.dumps(attempts(json.loads(sys.argv[1]))))
