"""The few Linux system calls that Python does not offer, through ctypes.

Runs inside the sandbox and in its launchers: standard library only, and no `dataclasses`, whose import alone takes as
long as starting the interpreter.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
PR_SET_CHILD_SUBREAPER = 36

_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000

MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REC = 0x4000
MS_PRIVATE = 0x40000


@functools.cache
def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """Return `result` of a call into `libc`.

    Raises:
        OSError: it is negative; `what` names the call.
    """
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, *arguments: int | ctypes.c_void_p | None) -> int:
    """Make a raw system call and return its result, -1 with `errno` set on failure."""
    words = (ctypes.c_long(word) if isinstance(word, int) else word for word in arguments)
    return int(libc().syscall(ctypes.c_long(number), *words))


def prctl(option: int, argument: int | ctypes.c_void_p = 0, pointer: ctypes.c_void_p | int = 0) -> None:
    """Change an attribute of this process, by prctl.

    Raises:
        OSError: the kernel refuses.
    """
    words = [ctypes.c_ulong(w) if isinstance(w, int) else w for w in (argument, pointer, 0, 0)]
    checked(libc().prctl(ctypes.c_int(option), *words), f"prctl({option})")


def drop_capabilities() -> None:
    """Give up every capability for good: also root has none left, nor gets any by executing a program.

    Raises:
        OSError: the kernel refuses.
    """
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        try:
            prctl(_PR_CAPBSET_DROP, capability)
        except OSError as problem:
            if problem.errno == errno.EINVAL:  # beyond the last one this kernel knows
                break
            if problem.errno != errno.EPERM:  # an ordinary user has none to drop
                raise
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    checked(libc().capset(header, nothing), "capset")


def unshare(flags: int) -> None:
    """Move this process into new namespaces.

    Raises:
        OSError: the kernel refuses.
    """
    checked(libc().unshare(flags), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount a file system.

    Raises:
        OSError: the kernel refuses.
    """
    encoded = [None if text is None else os.fsencode(text) for text in (kind, data)]
    result = libc().mount(os.fsencode(source), os.fsencode(target), encoded[0], ctypes.c_ulong(flags), encoded[1])
    checked(result, f"mount {target}")
