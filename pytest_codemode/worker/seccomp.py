"""seccomp filters as bytes, assembled here: classic BPF for x86_64 and aarch64.

Runs inside the sandbox and in its launchers: standard library only. The filter takes away system calls by which code
gets around the other fences (other ways to memory, files and sockets) or reaches rarely tested parts of the kernel;
everything else is allowed. It is no replacement for namespaces or Landlock.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import platform
import struct
import sys
from collections.abc import Iterable
from typing import NamedTuple

from pytest_codemode.worker import syscalls

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
_STREAM, _SEQPACKET, _SOCKET_TYPE = 1, 5, 0xF
_KEEP_SIZE, _PUNCH_HOLE = 1, 2
_PRIO_USER = 2
_PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Plain Linux, 32 bits and 2.6 by name, and the question for the one in force. Source: docker's default profile."""
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR = 0x40086602, 0x401C5820
_CLONE_NEW = 0x7E020080
"""All CLONE_NEW* flags: time, mount, cgroup, uts, ipc, user, pid, net."""

# `platform.machine()` -> (AUDIT_ARCH, numbers); None where the architecture does not have the call.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "fallocate": (285, 47),
    "fanotify_init": (300, 262),
    "file_setattr": (469, 469),
    "finit_module": (313, 273),
    "fremovexattr": (199, 16),
    "fsconfig": (431, 431),
    "fsetxattr": (190, 7),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "removexattr": (197, 14),
    "removexattrat": (466, 466),
    "request_key": (249, 218),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "truncate": (76, 45),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_SCHEDULING = ("sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler")
"""Their first argument is a process, 0 for the caller; the C library names threads of the caller by number."""
_ATTRIBUTES = (
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr"),
    *("removexattrat", "file_setattr"),
)
"""Change what belongs to a file and not to its contents, which Landlock does not see."""
_SPECIAL = frozenset(
    (
        *("clone", "clone3", "fallocate", "ioctl", "kill", "memfd_create", "personality", "prlimit64", "setpriority"),
        *("socket", "socketpair", "truncate", *_SCHEDULING, *_ATTRIBUTES),
    )
)
"""Not simply refused."""
_EVERYBODY = 0xFFFFFFFF
"""-1 as the process id of kill(2): all processes of the user."""


class Rules(NamedTuple):
    """What a filter allows beyond what it always refuses."""

    families: frozenset[int]
    """Address families for which socket(2) works. socketpair(2) always does (asyncio needs it), but without AF_UNIX
    only for kinds of sockets that cannot be pointed at another address."""
    truncate: bool = True
    """Whether truncate(2) works; Landlock before version 3 does not see it. ftruncate(2) always does."""
    memfd: bool = True
    """Whether memfd_create(2) works: what is written to such a file is memory that no process is seen to hold."""
    host_in_reach: bool = False
    """Whether files and processes of the host have names here; then calls that act on them unseen are refused."""


class _Instruction(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


_LOAD, _AND, _JUMP_EQUAL, _JUMP_BITS, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06
_ALLOW, _ERRNO, _NOTIFY = 0x7FFF0000, 0x00050000, 0x7FC00000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000
_SET_MODE_FILTER = 1
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5
_SECCOMP_NUMBERS = {"x86_64": 317, "aarch64": 277}


def outer_rules(*, network: bool) -> Rules:
    """Return the rules for everything in a sandbox that has namespaces.

    Without the host's network no socket of the host can be named, and the code may talk to itself over any family.
    With it, abstract unix sockets of the host would be in reach.
    """
    return Rules(frozenset({AF_INET, AF_INET6, AF_NETLINK} | (set() if network else {AF_UNIX})))


def inner_rules(*, deny_network: bool, deny_unix: bool, truncate: bool = True, memfd: bool = False) -> Rules:
    """Return the rules for one fork, or for everything where there are no namespaces.

    Where unix sockets of the host are in reach, so are its processes.

    `deny_network` refuses internet sockets altogether, even to loopback: without a network namespace, loopback is the
    host's, with its databases and daemons, and no filter can tell them from a server of the code's own.
    """
    internet = set() if deny_network else {AF_INET, AF_INET6, AF_NETLINK}
    families = frozenset(internet | (set() if deny_unix else {AF_UNIX}))
    return Rules(families, truncate, memfd, host_in_reach=deny_unix)


def supported() -> bool:
    """Whether this processor's system call numbers are known here."""
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES


@functools.cache
def program(rules: Rules) -> bytes:
    """Return the filter as the kernel takes it, an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in _assemble(rules, platform.machine()))


def notifying_program(numbers: Iterable[int]) -> bytes:
    """Return a filter that lets another process decide the calls `numbers` and allows everything else."""
    machine = platform.machine()
    tests = [line for number in numbers for line in _return_if(number, _NOTIFY)]
    code = [*_own_numbers(machine), *tests, _Instruction(_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def install(code: bytes) -> None:
    """Put the filter in force for this thread and everything it starts, for good. Needs PR_SET_NO_NEW_PRIVS.

    Raises:
        OSError: the kernel refuses.
    """
    _install(code, 0)


def install_notifying(code: bytes) -> int:
    """Put such a filter in force and return its listener, a descriptor by which another process decides the calls.

    Raises:
        OSError: the kernel refuses, or has no listeners.
    """
    try:
        # A signal that comes while a call is being decided waits; kernels before 5.19 start the call over instead.
        return _install(code, _NEW_LISTENER | _WAIT_KILLABLE)
    except OSError as problem:
        if problem.errno != errno.EINVAL:
            raise
        return _install(code, _NEW_LISTENER)


def _install(code: bytes, flags: int) -> int:
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    pointer = ctypes.cast(ctypes.create_string_buffer(header, len(header)), ctypes.c_void_p)
    number = _SECCOMP_NUMBERS[platform.machine()]
    return syscalls.checked(syscalls.syscall(number, _SET_MODE_FILTER, flags, pointer), "seccomp")


def _assemble(rules: Rules, machine: str) -> list[_Instruction]:
    column = list(_ARCHITECTURES).index(machine)
    numbers = {name: row[column] for name, row in _NUMBERS.items()}
    code = _own_numbers(machine)
    for name, number in numbers.items():
        if number is not None and name not in _SPECIAL:
            code += _when(number, [_refuse(errno.EPERM)])
    # Without clone3 the C library falls back to clone, whose flags a filter can see.
    code += _when(_known(numbers, "clone3"), [_refuse(errno.ENOSYS)])
    flags = _argument(0)
    code += _when(_known(numbers, "clone"), [flags, _Instruction(_JUMP_BITS, 0, 1, _CLONE_NEW), _refuse(errno.EPERM)])
    blocks = {
        "ioctl": _refuse_values(1, (_TIOCSTI, _TIOCLINUX, _FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR)),
        "kill": _refuse_values(0, (_EVERYBODY,)),
        "socket": _socket(rules.families),
        "fallocate": _FALLOCATE,
        "personality": [_argument(0), *(line for value in _PERSONALITIES for line in _return_if(value, _ALLOW)), _NO],
        "prlimit64": _PRLIMIT,
        "setpriority": [*_refuse_values(0, (_PRIO_USER,)), _argument(1), *_return_if(0, _ALLOW), _NO],
        **({} if rules.truncate else {"truncate": [_NO]}),
        **({} if rules.memfd else {"memfd_create": [_refuse(errno.ENOSYS)]}),
        **({} if AF_UNIX in rules.families else {"socketpair": _SOCKETPAIR}),
        **({name: [_argument(0), *_return_if(0, _ALLOW), _NO] for name in _SCHEDULING} if rules.host_in_reach else {}),
        **({name: [_refuse(errno.EOPNOTSUPP)] for name in _ATTRIBUTES} if rules.host_in_reach else {}),
    }
    for name, block in blocks.items():
        code += _when(_known(numbers, name), block)
    return [*code, _Instruction(_RETURN, 0, 0, _ALLOW)]


def _own_numbers(machine: str) -> list[_Instruction]:
    """Load the number of the call, and refuse those of other architectures, whose numbers mean something else."""
    code = [
        _Instruction(_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        _Instruction(_JUMP_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        _refuse(errno.ENOSYS),
        _Instruction(_LOAD, 0, 0, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        code += [_Instruction(_JUMP_GREATER_EQUAL, 0, 1, _X32_BIT), _refuse(errno.ENOSYS)]
    return code


def _known(numbers: dict[str, int | None], name: str) -> int:
    number = numbers[name]
    assert number is not None, name
    return number


def _refuse(code: int) -> _Instruction:
    return _Instruction(_RETURN, 0, 0, _ERRNO | code)


def _argument(index: int, *, high: bool = False) -> _Instruction:
    """Load half of an argument: both architectures are little-endian; what is tested by its low half is an int."""
    return _Instruction(_LOAD, 0, 0, _OFFSET_ARGUMENTS + 8 * index + 4 * high)


def _when(number: int, block: list[_Instruction]) -> list[_Instruction]:
    """Run `block` if the call is `number`; a block that falls through leads back to testing numbers."""
    reload = _Instruction(_LOAD, 0, 0, _OFFSET_NUMBER)
    return [_Instruction(_JUMP_EQUAL, 0, len(block) + 1, number), *block, reload]


def _refuse_values(index: int, values: tuple[int, ...]) -> list[_Instruction]:
    tests = [line for value in values for line in (_Instruction(_JUMP_EQUAL, 0, 1, value), _refuse(errno.EPERM))]
    return [_argument(index), *tests]


def _socket(families: frozenset[int]) -> list[_Instruction]:
    """Refuse unlisted families: EACCES for those that programs expect to work, else as if the kernel lacked them."""
    allowed = [line for family in sorted(families) for line in _return_if(family, _ALLOW)]
    common = [line for family in (AF_UNIX, AF_INET, AF_INET6) for line in _return_if(family, _ERRNO | errno.EACCES)]
    return [_argument(0), *allowed, *common, _refuse(errno.EAFNOSUPPORT)]


def _return_if(value: int, result: int) -> list[_Instruction]:
    return [_Instruction(_JUMP_EQUAL, 0, 1, value), _Instruction(_RETURN, 0, 0, result)]


_NO = _refuse(errno.EPERM)
_SOCKETPAIR = [
    # A pair of datagram sockets may be pointed at any socket by its path; a pair of streams stays one.
    *(_argument(1), _Instruction(_AND, 0, 0, _SOCKET_TYPE)),
    *(*_return_if(_STREAM, _ALLOW), *_return_if(_SEQPACKET, _ALLOW), _refuse(errno.EACCES)),
]
_FALLOCATE = [
    # Room beyond the end of a file is not counted by RLIMIT_FSIZE.
    *(_argument(1), _Instruction(_JUMP_BITS, 2, 0, _PUNCH_HOLE)),
    *(_Instruction(_JUMP_BITS, 0, 1, _KEEP_SIZE), _refuse(errno.EOPNOTSUPP)),
]
_PRLIMIT = [
    # Any process of the same user may be given limits that kill it; to read limits, or set one's own, is no harm.
    *(_argument(0), *_return_if(0, _ALLOW), _argument(2), _Instruction(_JUMP_EQUAL, 0, 3, 0)),
    *(_argument(2, high=True), *_return_if(0, _ALLOW), _NO),
]
