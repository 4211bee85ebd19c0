"""What is laid out on the host to be reached: files, a process, listeners. And whether it was."""
# ruff: noqa: PTH208  # names are compared, not paths

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

SECRET = "secret-of-the-host-4711"
VICTIM = """
import gc, os, signal, sys
kept = sys.argv[1][::-1]
hidden = open("unlinked", "w+")
hidden.write(kept); hidden.flush(); os.unlink("unlinked")
print("ready", flush=True)
signal.pause()
"""
NICE = 1


class Bait:
    """Use as a context manager."""

    def __init__(self) -> None:
        self.folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="atk-", dir="/tmp")))  # short: sockets lie in it
        self.root = self.folder / "project"
        self._stack = ExitStack()

    def __enter__(self) -> "Bait":
        self._stack.callback(shutil.rmtree, self.folder)
        self._outside = self.folder / "outside"
        for folder in (self.root, self._outside, self._outside / "empty", self._outside / "cwd"):
            folder.mkdir()
        self.victim = self._start_victim()
        self._stack.callback(lambda: (self.victim.kill(), self.victim.wait()))
        self._sockets = self._listeners()
        self._neighbours = set(os.listdir(self.folder))
        self.lay_out_again()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()

    def targets(self) -> dict[str, Any]:
        """Where everything is."""
        return {
            "secret": SECRET,
            "secret_file": str(self._outside / "secret.txt"),
            "victim_file": str(self._outside / "victim.txt"),
            "empty_folder": str(self._outside / "empty"),
            "outside": str(self._outside),
            "above_root": str(self.folder),
            "root": str(self.root),
            "pid": self.victim.pid,
            "host_pids": [os.getpid(), os.getppid(), self.victim.pid],
            "ports": {name: sock.getsockname()[1] for name, sock in self._sockets.items() if name in self._internet},
            "address": _own_address(),
            "stream": str(self._outside / "s"),
            "datagram": str(self._outside / "d"),
            "stream_in_tree": str(self.root / "s"),
            "datagram_in_tree": str(self.root / "d"),
            "abstract_stream": f"\0s-{self.folder.name}",
            "abstract_datagram": f"\0d-{self.folder.name}",
            "home": str(Path.home()),
            "files_in_home": [path.name for path in Path.home().iterdir() if path.is_file()],
        }

    def lay_out_again(self) -> None:
        """Put everything as it was, so that the next attack is judged for itself."""
        for name, text in (("secret.txt", SECRET), ("victim.txt", "as it was")):
            path = self._outside / name
            path.unlink(missing_ok=True)
            path.write_text(text)
            path.chmod(0o640)
            os.utime(path, (1_000_000_000, 1_000_000_000))
        (self._outside / "empty").mkdir(exist_ok=True)
        if self.victim.poll() is not None:
            self.victim = self._start_victim()
        for sock in self._sockets.values():
            _was_contacted(sock)
        self._before = self._state()

    def touched(self) -> set[str]:
        """What an attack changed or contacted."""
        now = self._state()
        changed = {name for name, value in self._before.items() if now[name] != value}
        return changed | {name for name, sock in self._sockets.items() if _was_contacted(sock)}

    def _state(self) -> dict[str, object]:
        victim = self._outside / "victim.txt"
        status = victim.lstat() if victim.exists() else None
        state: dict[str, object] = {
            "content": victim.read_bytes() if status else None,
            "mode, owner or time": status and (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns),
            "attributes": os.listxattr(victim) if status else None,
            "links": status and status.st_nlink,
            "outside": sorted(os.listdir(self._outside)),
            "empty folder": os.listdir(self._outside / "empty"),
            "beside the project": set(os.listdir(self.folder)) == self._neighbours,
            "tree": {path.name: path.stat().st_mtime_ns for path in self.root.iterdir()},
            "victim": self.victim.poll(),
        }
        if self.victim.poll() is None:
            pid = self.victim.pid
            state["limits of the victim"] = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            state["priority of the victim"] = os.getpriority(os.PRIO_PROCESS, pid)
            state["processors of the victim"] = os.sched_getaffinity(pid)
            state["stopped"] = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return state

    def _start_victim(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", VICTIM, SECRET[::-1]],
            env={"PASSWORD": SECRET},
            cwd=self._outside / "cwd",
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.stdout.close()
        os.kill(process.pid, signal.SIGCONT)
        return process

    def _listeners(self) -> dict[str, socket.socket]:
        streams: dict[str, tuple[int, Any]] = {
            "tcp": (socket.AF_INET, ("0.0.0.0", 0)),  # by the machine's own address too
            "unix stream": (socket.AF_UNIX, str(self._outside / "s")),
            "unix stream in the tree": (socket.AF_UNIX, str(self.root / "s")),
            "abstract stream": (socket.AF_UNIX, f"\0s-{self.folder.name}"),
        }
        datagrams: dict[str, tuple[int, Any]] = {
            "udp": (socket.AF_INET, ("0.0.0.0", 0)),
            "unix datagram": (socket.AF_UNIX, str(self._outside / "d")),
            "unix datagram in the tree": (socket.AF_UNIX, str(self.root / "d")),
            "abstract datagram": (socket.AF_UNIX, f"\0d-{self.folder.name}"),
        }
        self._internet = ["tcp", "udp"]
        if _has_ipv6():
            streams["tcp6"] = datagrams["udp6"] = (socket.AF_INET6, ("::1", 0))
            self._internet += ["tcp6", "udp6"]
        opened = {name: self._bound(socket.SOCK_STREAM, *where) for name, where in streams.items()}
        return opened | {name: self._bound(socket.SOCK_DGRAM, *where) for name, where in datagrams.items()}

    def _bound(self, kind: int, family: int, address: Any) -> socket.socket:
        sock = self._stack.enter_context(socket.socket(family, kind))
        sock.bind(address)
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            sock.listen(8)
        return sock


def _was_contacted(sock: socket.socket) -> bool:
    contacted = False
    try:
        while True:
            if sock.type == socket.SOCK_DGRAM:
                sock.recv(64)
            else:
                sock.accept()[0].close()
            contacted = True
    except BlockingIOError:
        return contacted


def _own_address() -> str:
    """The address of this machine towards others; nothing is sent. Loopback where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
