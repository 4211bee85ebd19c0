"""Let fenced code change modes, times and owners of its own files only, which Landlock does not cover.

A seccomp filter hands every such system call to the launcher, which stays outside the fence. That opens what the call
names, looks where it lies, and does the call itself on what it has opened: the caller's own call never runs, so that
nothing the caller changes meanwhile (memory, links, working folder) is looked at twice.
"""
# ruff: noqa: PTH101, PTH115  # paths are bytes here: links must stay as they are

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from pytest_codemode.worker import seccomp, syscalls

_RECEIVE, _SEND, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102
_NOTIFICATION = struct.Struct("=QIIiIQ6Q")
"""id, caller, flags, number of the call, architecture, instruction pointer, arguments."""
_ANSWER = struct.Struct("=QqiI")
_HERE, _LONGEST_PATH = -100, 4096
"""AT_FDCWD and PATH_MAX."""
_NO_FOLLOW, _EMPTY_PATH = 0x100, 0x1000
_OWN = (b"/proc/self/", b"/proc/thread-self/", b"/dev/fd/")
"""Names that mean another place for each process that looks."""


class _Target(NamedTuple):
    """What a call names."""

    folder: int
    path: int
    """Address of the path in the caller's memory, 0 for what `folder` is open on."""
    flags: int = 0


class _Call(NamedTuple):
    """One system call that is served."""

    x86_64: int | None
    aarch64: int | None
    target: Callable[[tuple[int, ...]], _Target]
    act: Callable[[str, tuple[int, ...], int], object]
    """Does it: takes a path of what was opened, the arguments, and the caller."""


def numbers() -> tuple[int, ...]:
    """Return the numbers of the calls that are served, on this machine."""
    return tuple(_calls())


def hand_over(line: socket.socket) -> None:
    """Put the filter in force for this process and all it starts, and send its listener over `line`.

    Where a listener serves this process already, as in some containers, there can be no second: nothing is in force
    then, here as in the canary, which tells.

    Raises:
        OSError: the kernel refuses.
    """
    try:
        listener = seccomp.install_notifying(seccomp.notifying_program(numbers()))
    except OSError as problem:
        if problem.errno != errno.EBUSY:
            raise
        return
    try:
        socket.send_fds(line, [b"l"], [listener])
    finally:
        os.close(listener)


class Server:
    """Serves the calls, in a thread of a process outside the fence."""

    def __init__(self, line: socket.socket, writable: list[str]) -> None:
        self._line = line
        self._writable = [os.fsencode(folder) for folder in writable]
        self._calls = _calls()

    def serve(self) -> None:
        """Serve until nobody is left to be served."""
        _, listeners, _, _ = socket.recv_fds(self._line, 1, 1)
        self._line.close()
        if not listeners:
            return  # see `hand_over`
        try:
            # Of this thread alone. Callers have none, so that what it does for them is what they could do.
            syscalls.drop_capabilities()
            poller = select.poll()
            poller.register(listeners[0], select.POLLIN)
            while not poller.poll()[0][1] & (select.POLLHUP | select.POLLERR):
                self._serve_one(listeners[0])
        finally:
            os.close(listeners[0])  # refuses every further call

    def _serve_one(self, listener: int) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, buffer)
        except OSError:  # the caller has been killed meanwhile
            return
        key, caller, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)

        def is_waiting() -> None:
            """Raise OSError unless the caller waits: then what was seen by its process id was its own."""
            fcntl.ioctl(listener, _IS_VALID, key.to_bytes(8, "little"))

        code = 0
        try:
            self._do(self._calls[number], caller, tuple(arguments), is_waiting)
        except OSError as problem:
            code = problem.errno or errno.EPERM
        except Exception:  # noqa: BLE001  # whatever a caller made of its arguments: the next one is served
            code = errno.EPERM
        with suppress(OSError):  # the caller has been killed meanwhile
            fcntl.ioctl(listener, _SEND, _ANSWER.pack(key, 0, -code, 0))

    def _do(self, call: _Call, caller: int, arguments: tuple[int, ...], is_waiting: Callable[[], None]) -> None:
        opened = _open(call.target(arguments), caller)
        try:
            place = f"/proc/self/fd/{opened}"
            if not self._is_inside(os.readlink(os.fsencode(place))):
                raise PermissionError(errno.EPERM, "outside")
            is_waiting()
            call.act(place, arguments, caller)
        finally:
            os.close(opened)

    def _is_inside(self, path: bytes) -> bool:
        return any(path == folder or path.startswith(folder + b"/") for folder in self._writable)


def _open(target: _Target, caller: int) -> int:
    """Return a descriptor of what `target` names to `caller`, that is good for nothing but to name it."""
    if target.flags & ~(_NO_FOLLOW | _EMPTY_PATH):
        raise OSError(errno.EINVAL, "flags")
    flags = os.O_PATH | os.O_CLOEXEC
    path = _text(caller, target.path) if target.path else b""
    if not target.path or (not path and target.flags & _EMPTY_PATH):
        return _open_base(caller, target.folder, flags)
    if target.flags & _NO_FOLLOW:
        flags |= os.O_NOFOLLOW
    if path.startswith(b"/"):
        return os.open(_seen_by(caller, path), flags)
    folder = _open_base(caller, target.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.open(path, flags, dir_fd=folder)
    finally:
        os.close(folder)


def _open_base(caller: int, folder: int, flags: int) -> int:
    """Return a descriptor of what `folder`, a descriptor or AT_FDCWD as it stands in a register, is for `caller`."""
    number = ctypes.c_int(folder & 0xFFFFFFFF).value
    if number == _HERE:
        return os.open(f"/proc/{caller}/cwd", flags)
    try:
        return os.open(f"/proc/{caller}/fd/{number}", flags)
    except FileNotFoundError:
        raise OSError(errno.EBADF, "descriptor") from None


def _seen_by(caller: int, path: bytes) -> bytes:
    for name in _OWN:
        if path.startswith(name):
            return b"/proc/%d/%s%s" % (caller, b"fd/" if name == _OWN[-1] else b"", path[len(name) :])
    return path


def _text(caller: int, address: int) -> bytes:
    text, end, _ = _memory(caller, address, _LONGEST_PATH).partition(b"\0")
    if not end:
        raise OSError(errno.ENAMETOOLONG if len(text) == _LONGEST_PATH else errno.EFAULT, "path")
    return text


def _memory(caller: int, address: int, size: int) -> bytes:
    """Return up to `size` bytes of the caller's memory: less where it ends."""
    if address >= 1 << 63:
        raise OSError(errno.EFAULT, "memory")
    memory = os.open(f"/proc/{caller}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(memory, size, address)
    except OSError:
        raise OSError(errno.EFAULT, "memory") from None
    finally:
        os.close(memory)


def _by_path(follow: int) -> Callable[[tuple[int, ...]], _Target]:
    return lambda arguments: _Target(_HERE, arguments[0] or -1, follow)


def _by_descriptor(arguments: tuple[int, ...]) -> _Target:
    return _Target(arguments[0], 0)


def _by_both(flags_at: int | None, *, may_lack_path: bool = False) -> Callable[[tuple[int, ...]], _Target]:
    """Return how to read a call of the `*at` family, whose flags are argument `flags_at` if it has any."""

    def target(arguments: tuple[int, ...]) -> _Target:
        flags = arguments[flags_at] & 0xFFFFFFFF if flags_at is not None else 0
        return _Target(arguments[0], arguments[1] or (0 if may_lack_path else -1), flags)

    return target


def _change_mode(at: int) -> Callable[[str, tuple[int, ...], int], object]:
    return lambda place, arguments, _caller: os.chmod(place, arguments[at] & 0o7777)


def _change_owner(at: int) -> Callable[[str, tuple[int, ...], int], object]:
    def act(place: str, arguments: tuple[int, ...], _caller: int) -> None:
        user, group = (value & 0xFFFFFFFF for value in arguments[at : at + 2])
        os.chown(place, *(-1 if one == 0xFFFFFFFF else one for one in (user, group)))

    return act


def _change_times(at: int, layout: str, nanoseconds: int) -> Callable[[str, tuple[int, ...], int], object]:
    """Return how to carry out a call whose argument `at` is the address of `layout`: access, modification.

    `nanoseconds` is what the second part of a time counts; 0 where there is none.
    """

    def act(place: str, arguments: tuple[int, ...], caller: int) -> None:
        times = None
        if arguments[at]:
            data = _memory(caller, arguments[at], struct.calcsize(layout))
            if len(data) < struct.calcsize(layout):
                raise OSError(errno.EFAULT, "times")
            numbers = struct.unpack(layout, data)
            if not nanoseconds:
                numbers = (numbers[0], 0, numbers[1], 0)
            elif nanoseconds > 1:
                numbers = _from_microseconds(numbers)
            times = ctypes.create_string_buffer(struct.pack("=4q", *numbers), 32)
        path = ctypes.create_string_buffer(place.encode())
        number = _UTIMENSAT[platform.machine()]
        pointers = [ctypes.cast(buffer, ctypes.c_void_p) if buffer else None for buffer in (path, times)]
        syscalls.checked(syscalls.syscall(number, _HERE, *pointers, 0), "times")

    return act


def _from_microseconds(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if not all(0 <= part < 1_000_000 for part in numbers[1::2]):
        raise OSError(errno.EINVAL, "times")
    return numbers[0], numbers[1] * 1000, numbers[2], numbers[3] * 1000


_UTIMENSAT = {"x86_64": 280, "aarch64": 88}
_SERVED = (
    _Call(90, None, _by_path(0), _change_mode(1)),  # chmod
    _Call(91, 52, _by_descriptor, _change_mode(1)),  # fchmod
    _Call(268, 53, _by_both(None), _change_mode(2)),  # fchmodat
    _Call(452, 452, _by_both(3), _change_mode(2)),  # fchmodat2
    _Call(92, None, _by_path(0), _change_owner(1)),  # chown
    _Call(94, None, _by_path(_NO_FOLLOW), _change_owner(1)),  # lchown
    _Call(93, 55, _by_descriptor, _change_owner(1)),  # fchown
    _Call(260, 54, _by_both(4), _change_owner(2)),  # fchownat
    _Call(132, None, _by_path(0), _change_times(1, "=2q", 0)),  # utime
    _Call(235, None, _by_path(0), _change_times(1, "=4q", 1000)),  # utimes
    _Call(261, None, _by_both(None, may_lack_path=True), _change_times(2, "=4q", 1000)),  # futimesat
    _Call(280, 88, _by_both(3, may_lack_path=True), _change_times(2, "=4q", 1)),  # utimensat
)


def _calls() -> dict[int, _Call]:
    """Return the calls by their number on this machine."""
    numbered = ((getattr(call, platform.machine(), None), call) for call in _SERVED)
    return {number: call for number, call in numbered if number is not None}
