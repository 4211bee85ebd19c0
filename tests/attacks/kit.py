"""Beside the attacks inside: how one is tried, and raw system calls. BAIT, its first line, differs with each range."""
# ruff: noqa: PTH123, PTH208, SIM115  # small programs that attack, not examples of style

import ctypes
import json
import os
import platform


class Missing(Exception):
    """This machine lacks what the attack needs."""


class Refused(Exception):
    """The attack did not get through."""


def attempt(attack):
    """Try an attack as a test does: to end is to have got through."""
    try:
        attack(BAIT)  # noqa: F821  # see the module's first line
    except Missing as problem:
        import pytest

        pytest.skip(str(problem))
    except (OSError, AssertionError, MemoryError):
        pass  # without a word of it: a test that seems to be hindered by the fence is run again elsewhere, slowly
    else:
        return
    raise Refused("as it must be")


OWN = set()
"""Processes of the attack's own, which it may do with as it likes."""


def try_all(sources):
    """Try attacks, each in a child of this program, and print how each ended."""
    OWN.add(os.getpid())
    for name, source in sources.items():
        child = os.fork()
        if child == 0:
            print(json.dumps([name, *_told(source)]), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


def try_one(source):
    """Try an attack in this program itself."""
    print(json.dumps(_told(source)), flush=True)


def _told(source):
    space = {}
    exec(source, space)
    try:
        space["attack"](BAIT)  # noqa: F821  # see above
    except Missing as problem:
        return "missing", str(problem)
    except (OSError, AssertionError, MemoryError) as problem:
        return "refused", f"{type(problem).__name__}: {problem}"
    except BaseException as problem:  # noqa: BLE001  # an attack that is wrong must be told from one that is refused
        return "broken", repr(problem)
    return "through", ""


def syscall(x86_64, aarch64, *arguments):
    """Make a system call by its number, and raise as `os` would."""
    number = {"x86_64": x86_64, "aarch64": aarch64}.get(platform.machine())
    if number is None:
        raise Missing(f"no number of this call is known for {platform.machine()}")
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def call(name, *arguments):
    """Call a function of the C library, and raise as `os` would."""
    result = getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def processes():
    """Every process that is seen and not the attack's own."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in {*OWN, os.getpid()}]


def parents():
    """The processes above this one, nearest first, as far as they are seen."""
    found, pid = [], os.getppid()
    while pid > 0:
        found += [pid] if pid not in OWN else []
        try:
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found
