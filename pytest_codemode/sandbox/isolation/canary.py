"""Find out what a mechanism really enforces here: start it, try what must not work, and look from both sides.

A capability counts only if the attempt failed inside *and* its effect was not seen outside.
"""
# ruff: noqa: PTH123  # paths are text here: links must stay as they are

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.isolation.port import Enclosure

LIMITS = Limits(memory_bytes=64 << 20, processes=24, file_bytes=1 << 20, disk_bytes=4 << 20, open_files=64)
"""Small, so that going over them is quick. Address space is bounded at four times `memory_bytes`."""

_PATIENCE_S = 20.0
_MARKER = "codemode-canary-victim"
_INSIDE = Path(__file__).with_name("canary_inside.py")
_VICTIM_MODE = 0o640
_VICTIM_TIME = 1_000_000_000.0
_VICTIM = "import signal; signal.pause()"


@dataclass(frozen=True, slots=True)
class Report:
    """What a canary found out."""

    capabilities: Capabilities
    secrets_of_processes: bool
    """Whether environment and memory of the host's processes are out of reach, visible or not."""


@dataclass(frozen=True, slots=True)
class _Bait:
    """What the canary tries to reach, on the host."""

    folder: Path
    victim: subprocess.Popen[bytes]
    tcp: socket.socket
    udp: socket.socket
    unix: socket.socket
    abstract: socket.socket

    def targets(self) -> dict[str, Any]:
        """Return the addresses of everything, as the canary takes them."""
        return {
            "victim_file": str(self.folder / "outside" / "victim.txt"),
            "new_file": str(self.folder / "outside" / "new.txt"),
            "victim_pid": self.victim.pid,
            "marker": _MARKER,
            "tcp_port": self.tcp.getsockname()[1],
            "udp_port": self.udp.getsockname()[1],
            "unix_folder": str(self.folder / "outside"),
            "unix_abstract": "\0" + self.abstract.getsockname()[1:].decode(),
            "too_much_memory": 5 * LIMITS.memory_bytes,
            "too_much_disk": 2 * LIMITS.disk_bytes,
            "too_many_processes": 2 * LIMITS.processes,
        }

    def touched(self) -> set[str]:
        """Return what was reached, by the names in `canary_inside`."""
        sockets = {"tcp": self.tcp, "udp": self.udp, "unix": self.unix, "abstract": self.abstract}
        victim = self.folder / "outside" / "victim.txt"
        status = victim.stat()
        files = {
            "write_outside": victim.read_bytes() != b"",
            "change_mode_outside": stat.S_IMODE(status.st_mode) != _VICTIM_MODE,
            "change_times_outside": status.st_mtime != _VICTIM_TIME,
            "create_outside": (self.folder / "outside" / "new.txt").exists(),
            "tree": (self.folder / "tree" / "canary-wrote-this").exists(),
            "signal": self.victim.poll() is not None,
        }
        return {name for name, hit in files.items() if hit} | {n for n, s in sockets.items() if _was_contacted(s)}


def run(enclose: Callable[[Project], Enclosure], *, network: bool = False) -> Report:
    """Return what the mechanism behind `enclose` enforces. Takes about 0.2 s.

    Raises:
        SandboxError: nothing can be run in it at all, with the reason.
    """
    with ExitStack() as stack:
        bait = stack.enter_context(_bait())
        tree = str(bait.folder / "tree")
        python = os.path.realpath(sys.executable)
        project = Project(tree, tree, python, mounts=(str(_INSIDE),), network=network, limits=LIMITS)
        enclosure = enclose(project)
        stack.callback(enclosure.close)
        observed = _observe(enclosure, python, bait)
        return _judge(observed, bait.touched())


def _judge(observed: dict[str, Any], touched: set[str]) -> Report:
    if not observed["write_tree"]:
        raise SandboxError("the sandbox's own copy of the project cannot be written")
    # A datagram to nobody is sent without an error: only its arrival counts.
    reached = {name for name, succeeded in observed.items() if succeeded is True and name != "udp"} | touched
    capabilities = Capabilities(
        private_metadata=not reached & {"change_mode_outside", "change_times_outside", "change_owner_outside"},
        private_writes=not reached & {"tree", "write_outside", "create_outside", "truncate_outside"},
        hidden_proc="read_proc" not in reached,
        no_network=not reached & {"tcp", "udp"},
        no_unix_sockets=not reached & {"unix", "abstract"},
        no_signals_out="signal" not in reached,
        process_limit=observed["forked"] < 2 * LIMITS.processes,
        memory_limit="memory" not in reached,
        disk_limit=not reached & {"disk", "disk_tree"},
    )
    return Report(capabilities, "read_environ" not in reached)


def _observe(enclosure: Enclosure, python: str, bait: _Bait) -> dict[str, Any]:
    """Run the canary and return what it printed."""
    env = {"TMPDIR": enclosure.scratch, "HOME": enclosure.scratch, "PATH": "/usr/bin:/bin"}
    argv = [python, "-I", "-S", "-B", str(_INSIDE), json.dumps(bait.targets())]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
        process = enclosure.start(argv, env=env, stdin=nothing.fileno(), stdout=out.fileno(), stderr=err)
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise SandboxError(f"the canary did not end within {_PATIENCE_S:.0f} s") from None
        text, problem = (_contents(file.fileno()) for file in (out, err))
    try:
        observed: dict[str, Any] = json.loads(text)
    except ValueError:
        last = problem.strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
        raise SandboxError(f"the canary could not run: {last[0][:300]}") from None
    return observed


def _contents(descriptor: int) -> str:
    return os.pread(descriptor, 1 << 16, 0).decode("utf-8", "replace")


@contextmanager
def _bait() -> Iterator[_Bait]:
    """Lay out files, sockets and a process to attack, and take them away again."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="codemode-canary-")))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        (folder / "tree").mkdir()
        (folder / "outside").mkdir()
        victim_file = folder / "outside" / "victim.txt"
        victim_file.touch()
        victim_file.chmod(_VICTIM_MODE)
        os.utime(victim_file, (_VICTIM_TIME, _VICTIM_TIME))
        victim = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _VICTIM, _MARKER],
            env={"SECRET": _MARKER},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        sockets = [
            _listening(stack, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            _listening(stack, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            _listening(stack, socket.AF_UNIX, socket.SOCK_STREAM, _short_path(stack, folder / "outside")),
            _listening(stack, socket.AF_UNIX, socket.SOCK_STREAM, f"\0{folder.name}"),
        ]
        yield _Bait(folder, victim, *sockets)


def _short_path(stack: ExitStack, folder: Path) -> str:
    """Return a path of `folder`/socket that fits into the 108 bytes of a socket's address."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    stack.callback(os.close, descriptor)
    return f"/proc/self/fd/{descriptor}/socket"


def _listening(stack: ExitStack, family: int, kind: int, address: Any) -> socket.socket:
    server = stack.enter_context(socket.socket(family, kind))
    server.bind(address)
    server.setblocking(False)
    if kind == socket.SOCK_STREAM:
        server.listen(1)
    return server


def _was_contacted(server: socket.socket) -> bool:
    try:
        if server.type == socket.SOCK_DGRAM:
            server.recv(64)
        else:
            server.accept()[0].close()
    except BlockingIOError:
        return False
    return True
