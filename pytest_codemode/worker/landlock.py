"""Landlock through raw system calls: which files a process may touch, for good and for everything it starts.

Runs inside the sandbox and in its launchers: standard library only.
Source: https://docs.kernel.org/userspace-api/landlock.html and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import stat
import struct
import sys

from pytest_codemode.worker import syscalls

# The numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GET_VERSION = 1
_PATH_BENEATH = 1

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_MAKE_AND_REMOVE = 0b1_1111_1111 << 4
"""Remove dir and file, make char, dir, regular file, socket, fifo, block, symlink."""

_SCOPE_ABSTRACT_UNIX = 1 << 0
_SCOPE_SIGNAL = 1 << 1
_NET_BIND_AND_CONNECT_TCP = 0b11

READ = EXECUTE | READ_FILE | READ_DIR
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE


@functools.cache
def abi() -> int:
    """Return the kernel's Landlock version, 0 if there is none or it is switched off."""
    if sys.platform != "linux":  # the number means something else there
        return 0
    return max(0, syscalls.syscall(_CREATE_RULESET, None, 0, _GET_VERSION))


@functools.cache
def write_rights() -> int:
    """Return every right to change files that this kernel can restrict."""
    refer = _REFER if abi() >= 2 else 0
    truncate = _TRUNCATE if abi() >= 3 else 0
    return WRITE_FILE | _MAKE_AND_REMOVE | refer | truncate


class Ruleset:
    """Rules under construction. Everything that is handled and not allowed by a rule is refused."""

    def __init__(self, *, restrict_reading: bool, restrict_tcp: bool) -> None:
        handled = write_rights() | (READ if restrict_reading else 0)
        net = _NET_BIND_AND_CONNECT_TCP if restrict_tcp and abi() >= 4 else 0
        scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if abi() >= 6 else 0
        attributes = struct.pack("=QQQ", handled, net, scoped)
        size = 24 if abi() >= 6 else 16 if abi() >= 4 else 8
        buffer = ctypes.create_string_buffer(attributes, len(attributes))
        pointer = ctypes.cast(buffer, ctypes.c_void_p)
        self._handled = handled
        self._descriptor = syscalls.checked(syscalls.syscall(_CREATE_RULESET, pointer, size, 0), "landlock ruleset")

    def allow(self, path: str, rights: int) -> None:
        """Allow `rights` on the file or beneath the folder `path`; a path that does not exist allows nothing."""
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                return
            raise
        try:
            self.allow_open(descriptor, rights)
        finally:
            os.close(descriptor)

    def allow_open(self, descriptor: int, rights: int) -> None:
        """Allow `rights` on what an O_PATH descriptor is open on."""
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights & self._handled, descriptor)
        buffer = ctypes.create_string_buffer(rule, len(rule))
        pointer = ctypes.cast(buffer, ctypes.c_void_p)
        syscalls.checked(syscalls.syscall(_ADD_RULE, self._descriptor, _PATH_BENEATH, pointer, 0), "landlock rule")

    def close(self) -> None:
        """Give it up: whoever holds it could add rules to it."""
        os.close(self._descriptor)

    def enforce(self) -> None:
        """Restrict this thread and everything it starts from now on. Needs PR_SET_NO_NEW_PRIVS.

        Raises:
            OSError: the kernel refuses.
        """
        syscalls.checked(syscalls.syscall(_RESTRICT_SELF, self._descriptor, 0), "landlock restrict")
        os.close(self._descriptor)
