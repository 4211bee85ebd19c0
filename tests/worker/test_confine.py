"""The inner fence, put up in real processes: it cannot be taken down again in the one that runs the tests."""

import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_codemode.worker import landlock, seccomp

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="Landlock and seccomp are Linux's")
needs_landlock = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel has no Landlock, or it is switched off")
needs_scopes = pytest.mark.skipif(landlock.abi() < 6, reason="Landlock's scopes need Linux 6.12")
needs_seccomp = pytest.mark.skipif(not seccomp.supported(), reason="no filter for this processor")

PRELUDE = """
import ctypes, os, socket, sys, signal, time
from dataclasses import replace
from pytest_codemode.worker.confine import Confinement, confine, prepare
policy = Confinement((sys.argv[1],), 30, None, 64, 1 << 20, None, False)
def tried(work):
    try:
        result = work()
    except Exception as problem:
        return type(problem).__name__
    return "done" if result is None else result
def show(*values):
    import json
    print(json.dumps(values))
"""


@pytest.fixture
def confined(tmp_path):
    """Run code after `PRELUDE` in a process of its own and return what it showed; argument 1 is a writable folder."""
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "foreign.txt").write_text("as it was")

    def run(code, *arguments):
        argv = [sys.executable, "-c", PRELUDE + code, str(own), *arguments]
        ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        assert ended.stdout, ended.stderr
        return json.loads(ended.stdout)

    return run


@needs_landlock
@needs_seccomp
def test_what_is_in_force_is_told(confined):
    (names,) = confined("show(confine(policy))")
    assert names[:2] == ["limits", "landlock"]
    assert names[-1] == "seccomp"


@needs_landlock
def test_only_the_named_folder_can_be_changed(confined, tmp_path):
    foreign = str(tmp_path / "foreign.txt")
    code = """
foreign, own = sys.argv[2], sys.argv[1]
confine(policy)
attempts = [
    lambda: open(foreign, "w"),
    lambda: os.truncate(foreign, 0),
    lambda: os.unlink(foreign),
    lambda: os.rename(foreign, own + "/moved"),
    lambda: os.mkdir(foreign + "-folder"),
    lambda: os.symlink("x", foreign + "-link"),
    lambda: os.link(foreign, own + "/hard"),
]
show([tried(a) for a in attempts], tried(lambda: open(own + "/mine", "w").close()), open(foreign).read())
"""
    refused, allowed, text = confined(code, foreign)
    assert set(refused) <= {"PermissionError", "OSError"}
    assert "done" not in refused
    assert (allowed, text) == ("done", "as it was")


@needs_landlock
def test_devices_and_terminals_can_be_written(confined):
    code = """
confine(policy)
import pty
show(tried(lambda: open("/dev/null", "w").close()), tried(lambda: [os.close(fd) for fd in pty.openpty()] and None))
"""
    assert confined(code) == ["done", "done"]


@needs_landlock
def test_a_fork_cannot_touch_the_memory_of_the_process_it_came_from(confined):
    code = """
prepare(policy)
parent = os.getpid()
reading, writing = os.pipe()
if os.fork() == 0:
    open(f"/proc/{parent}/mem", "r+b").close()  # a plain fork can
    confine(policy)
    answers = [tried(lambda: open(f"/proc/{parent}/mem", mode).close()) for mode in ("r+b", "rb")]
    os.write(writing, " ".join(answers).encode())
    os._exit(0)
os.wait()
show(os.read(reading, 100).decode())
"""
    assert confined(code) == ["PermissionError PermissionError"]


@needs_scopes
def test_a_fork_cannot_signal_the_process_it_came_from(confined):
    code = """
parent = os.getpid()
reading, writing = os.pipe()
if os.fork() == 0:
    confine(policy)
    os.write(writing, tried(lambda: os.kill(parent, signal.SIGKILL)).encode())
    os._exit(0)
os.wait()
show(os.read(reading, 100).decode())
"""
    assert confined(code) == ["PermissionError"]


def test_a_fork_can_signal_its_own_children(confined):
    code = """
confine(policy)
child = os.fork()
if child == 0:
    time.sleep(30)
os.kill(child, signal.SIGKILL)
show(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert confined(code) == [-9]


@needs_seccomp
def test_unix_sockets_are_refused_and_socketpair_is_not(confined):
    code = """
confine(policy)
show(
    tried(lambda: socket.socket(socket.AF_UNIX).close()),
    tried(lambda: [end.close() for end in socket.socketpair()] and None),
)
"""
    assert confined(code) == ["PermissionError", "done"]


@needs_seccomp
def test_unix_sockets_can_be_allowed(confined):
    code = """
confine(replace(policy, deny_unix=False))
show(tried(lambda: socket.socket(socket.AF_UNIX).close()))
"""
    assert confined(code) == ["done"]


@needs_seccomp
def test_a_loopback_server_works_unless_the_network_is_denied(confined):
    code = """
confine(replace(policy, deny_network=sys.argv[2] == "deny"))
show(
    tried(lambda: socket.create_server(("127.0.0.1", 0)).close()),
    tried(lambda: socket.socket(type=socket.SOCK_DGRAM).close()),
)
"""
    assert confined(code, "allow") == ["done", "done"]
    assert confined(code, "deny") == ["PermissionError", "PermissionError"]


@needs_seccomp
@pytest.mark.parametrize("family", [16, 38, 40, 17])  # netlink only without a network; algorithms, vsock, packet never
def test_other_address_families_are_as_if_missing(confined, family):
    code = """
confine(replace(policy, deny_network=True))
show(tried(lambda: socket.socket(int(sys.argv[2]), socket.SOCK_DGRAM)))
"""
    assert confined(code, str(family)) == ["OSError"]


@needs_seccomp
def test_calls_that_lead_around_the_fence_are_refused(confined):
    numbers = {"x86_64": 0, "aarch64": 1}
    column = numbers[platform.machine()]
    names = sorted(set(seccomp._NUMBERS) - set(seccomp._SPECIAL))
    calls = {name: seccomp._NUMBERS[name][column] for name in names if seccomp._NUMBERS[name][column] is not None}
    code = """
import json
libc = ctypes.CDLL(None, use_errno=True)
confine(policy)
def error(number):
    ctypes.set_errno(0)
    return (libc.syscall(number, -1, 0, 0, 0, 0), ctypes.get_errno())
show({name: error(number) for name, number in json.loads(sys.argv[2]).items()})
"""
    (answers,) = confined(code, json.dumps(calls))
    assert answers == {name: [-1, 1] for name in names if name in calls}


@needs_seccomp
def test_everybody_cannot_be_killed_at_once(confined):
    code = "confine(policy); show(tried(lambda: os.kill(-1, 0)), tried(lambda: os.kill(os.getpid(), 0)))"
    assert confined(code) == ["PermissionError", "done"]


@needs_seccomp
def test_truncating_by_name_can_be_refused_where_landlock_does_not_see_it(confined):
    code = """
from pytest_codemode.worker import seccomp, syscalls
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
seccomp.install(seccomp.program(seccomp.inner_rules(deny_network=False, deny_unix=True, truncate=False)))
file = open(sys.argv[1] + "/file", "w")
show(tried(lambda: os.truncate(file.name, 0)), tried(lambda: file.truncate(9) and None))
"""
    assert confined(code) == ["PermissionError", "done"]


@needs_seccomp
def test_namespaces_are_refused_by_every_way_of_cloning(confined):
    code = """
libc = ctypes.CDLL(None, use_errno=True)
confine(policy)
answers = []
for number, flags in ((%d, 0x10000000 | 17), (%d, 0)):
    ctypes.set_errno(0)
    answers.append((libc.syscall(number, flags, 0, 0, 0, 0), ctypes.get_errno()))
show(*answers)
"""
    clone, clone3 = (56, 435) if platform.machine() == "x86_64" else (220, 435)
    assert confined(code % (clone, clone3)) == [[-1, 1], [-1, 38]]


@needs_seccomp
def test_threads_and_processes_still_start(confined):
    code = """
confine(policy)
import subprocess, threading
thread = threading.Thread(target=int)
thread.start(); thread.join()
show(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout)
"""
    assert confined(code) == ["1\n"]


@needs_seccomp
def test_characters_cannot_be_pushed_into_a_terminal(confined):
    code = """
import fcntl, pty, termios
confine(policy)
leader, follower = pty.openpty()
push = tried(lambda: fcntl.ioctl(follower, termios.TIOCSTI, b"x"))
show(push, tried(lambda: fcntl.ioctl(follower, termios.TIOCGWINSZ, bytes(8)) and None))
"""
    assert confined(code) == ["PermissionError", "done"]


def test_limits_are_set_and_never_raised(confined):
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
confine(replace(policy, memory_bytes=1 << 30, processes=77))
names = ("CPU", "AS", "NOFILE", "FSIZE", "CORE", "NPROC")
show(*(resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names))
"""
    assert confined(code) == [[30, 31], [1 << 30] * 2, [64] * 2, [4096] * 2, [0, 0], [77, 77]]


def test_processor_time_ends(confined):
    code = """
child = os.fork()
if child == 0:
    confine(replace(policy, cpu_s=0.5))
    while True: pass
show(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert confined(code)[0] in (-24, -9)


@needs_landlock
@needs_seccomp
def test_confining_a_fork_takes_less_than_two_milliseconds_or_a_few_forks_where_these_are_slow(confined):
    code = """
prepare(policy)
best = fork = 1.0
for _ in range(15):
    begin = time.perf_counter()
    if os.fork() == 0:
        os._exit(0)
    os.wait()
    fork = min(fork, time.perf_counter() - begin)
    reading, writing = os.pipe()
    if os.fork() == 0:
        begin = time.perf_counter()
        confine(policy)
        os.write(writing, str(time.perf_counter() - begin).encode())
        os._exit(0)
    os.wait()
    best = min(best, float(os.read(reading, 40)))
    os.close(reading); os.close(writing)
show(best, fork)
"""
    best, fork = confined(code)
    assert best < max(0.002, 5 * fork)


FORKED = """
def in_fork(work):
    reading, writing = os.pipe()
    if os.fork() == 0:
        import json
        os.write(writing, json.dumps(work()).encode())
        os._exit(0)
    os.wait()
    import json
    return json.loads(os.read(reading, 4096))
def filters():
    return int(open("/proc/self/status").read().partition("Seccomp_filters:")[2].split()[0])
"""


@needs_landlock
def test_what_was_made_ahead_is_in_force_in_every_fork(confined, tmp_path):
    code = f"""
{FORKED}
prepare(policy)
def work():
    confine(policy)
    inside = tried(lambda: open(sys.argv[1] + "/new", "w").close())
    return inside, tried(lambda: open(sys.argv[2], "w").close())
show(in_fork(work), in_fork(work), tried(lambda: open(sys.argv[2], "a").close()))
"""
    assert confined(code, str(tmp_path / "foreign.txt")) == [["done", "PermissionError"]] * 2 + ["done"]


@needs_landlock
def test_a_folder_that_was_replaced_since_is_the_one_that_may_be_written(confined):
    code = f"""
{FORKED}
prepare(policy)
os.rename(sys.argv[1], sys.argv[1] + "-old")
os.mkdir(sys.argv[1])
def work():
    confine(policy)
    return [tried(lambda: open(sys.argv[1] + end + "/new", "w").close()) for end in ("", "-old")]
show(in_fork(work))
"""
    assert confined(code) == [["done", "PermissionError"]]


@needs_landlock
def test_no_fork_keeps_hold_of_rules_that_wait_for_another(confined, tmp_path):
    code = f"""
{FORKED}
prepare(policy)
def rulesets():
    return [fd for fd in os.listdir("/proc/self/fd") if "landlock" in tried(lambda: os.readlink("/proc/self/fd/" + fd))]
def work(own):
    confine(own)
    return rulesets()
other = replace(policy, writable=(sys.argv[2],))
show(len(rulesets()), in_fork(lambda: work(policy)), in_fork(lambda: work(other)), in_fork(lambda: work(policy)))
"""
    assert confined(code, str(tmp_path)) == [1, [], [], []]


@needs_seccomp
def test_a_filter_that_a_process_has_inherited_is_not_put_in_force_again(confined):
    code = f"""
{FORKED}
def work():
    confine(policy)
    return filters(), tried(lambda: socket.socket(socket.AF_UNIX))
def stricter():
    confine(replace(policy, deny_network=True))
    return filters(), tried(lambda: socket.socket(socket.AF_INET))
first = in_fork(work)
confine(policy)
show(first, in_fork(work), in_fork(stricter))
"""
    (before, first), (again, second), (more, third) = confined(code)
    assert again == before
    assert (first, second) == ("PermissionError", "PermissionError")
    assert (more, third) == (before + 1, "PermissionError")


def test_filters_for_both_processors_are_well_formed():
    for machine in ("x86_64", "aarch64"):
        code = seccomp._assemble(seccomp.inner_rules(deny_network=True, deny_unix=True), machine)
        assert len(code) < 4096  # the kernel's limit
        for index, line in enumerate(code):
            jumps = line.code & 0x07 == 0x05
            assert not jumps or index + 1 + max(line.if_true, line.if_false) < len(code)
        assert code[-1] == (0x06, 0, 0, 0x7FFF0000)


def test_a_confined_fork_dies_with_the_process_it_came_from(confined):
    code = """
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    confine(policy)
    os.close(1); os.close(2)
    os.write(writing, b"!")
    time.sleep(60)
os.read(reading, 1)
show(child)
"""
    (child,) = confined(code)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{child}").exists()
