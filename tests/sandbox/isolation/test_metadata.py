"""Modes, times and owners: fenced code changes those of its own files as if there were no fence, and no others."""

import json
import os
import signal
from pathlib import Path

import pytest

HONEST = """
import ctypes, errno, json, os, platform, shutil, stat, struct, tempfile

libc = ctypes.CDLL(None, use_errno=True)
RAW = {"x86_64": (132, 235, 261, 280, 268, 452), "aarch64": (None, None, None, 88, 53, 452)}[platform.machine()]
UTIME, UTIMES, FUTIMESAT, UTIMENSAT, FCHMODAT, FCHMODAT2 = RAW
NOW, OMIT = (1 << 30) - 1, (1 << 30) - 2
told = []

def raw(number, *words):
    if number is None:
        return "no such call"
    if libc.syscall(ctypes.c_long(number), *words) < 0:
        return errno.errorcode[ctypes.get_errno()]

def tell(attempt, *paths):
    try:
        result = attempt()
    except OSError as problem:
        result = errno.errorcode[problem.errno]
    seen = [os.lstat(path) for path in paths]
    # To look through a link changes when it was last read.
    told.append([result, [(s.st_mode, s.st_mtime_ns, s.st_atime_ns * (not stat.S_ISLNK(s.st_mode))) for s in seen]])

folder = tempfile.mkdtemp()
os.chdir(folder)
for name in ("a", "b"):
    open(name, "w").close()
    os.utime(name, (5, 5))
os.mkdir("d", 0o700)
os.utime("d", (5, 5))
os.symlink("a", "link")
os.utime("link", (5, 5), follow_symlinks=False)
os.symlink("loop", "loop")
fd = os.open("a", os.O_RDWR)
here = os.open(folder, os.O_RDONLY)
gone = os.open("gone", os.O_RDWR | os.O_CREAT)
os.unlink("gone")
long_c = ctypes.c_long

tell(lambda: os.chmod("a", 0o4751), "a")
tell(lambda: os.chmod(folder + "/link", 0o640), "a", "link")
tell(lambda: os.chmod(fd, 0o600), "a")
tell(lambda: os.chmod(f"/proc/self/fd/{fd}", 0o604), "a")
tell(lambda: os.chmod(f"/dev/fd/{fd}", 0o614), "a")
tell(lambda: os.chmod("d", 0), "d")
tell(lambda: os.chmod("d", 0o755), "d")
tell(lambda: raw(FCHMODAT, long_c(here), b"b", long_c(0o611)), "b")
tell(lambda: raw(FCHMODAT2, long_c(here), b"link", long_c(0o611), long_c(0x100)), "a", "link")
tell(lambda: raw(FCHMODAT2, long_c(fd), b"", long_c(0o622), long_c(0x1000)), "a")
tell(lambda: raw(FCHMODAT2, long_c(fd), b"a", long_c(0o622), long_c(0x4)), "a")
tell(lambda: os.utime("a", (1, 2)), "a")
tell(lambda: os.utime("a", ns=(1_234_567_891, -9_876_543_210)), "a")
tell(lambda: os.utime(fd, (3, 4)), "a")
tell(lambda: os.utime("b", (5, 6), dir_fd=here), "b")
tell(lambda: os.utime("link", (7, 8), follow_symlinks=False), "a", "link")
tell(lambda: os.utime("link", (9, 10)), "a", "link")
tell(lambda: raw(UTIMENSAT, long_c(-100), b"b", struct.pack("4q", 0, OMIT, 77, 5000), long_c(0)), "b")
tell(lambda: raw(UTIMENSAT, long_c(-100), b"b", struct.pack("4q", 0, 10**9, 77, 0), long_c(0)), "b")
tell(lambda: raw(UTIME, b"a", struct.pack("2q", 11, 12)), "a")
tell(lambda: raw(UTIMES, b"a", struct.pack("4q", 13, 5, 14, 6)), "a")
tell(lambda: raw(UTIMES, b"a", struct.pack("4q", 13, 1_000_000, 14, 6)), "a")
tell(lambda: raw(FUTIMESAT, long_c(here), b"b", struct.pack("4q", 15, 1, 16, 2)), "b")
tell(lambda: os.chown("a", -1, -1), "a")
tell(lambda: os.chown("link", os.getuid(), os.getgid(), follow_symlinks=False), "link")
tell(lambda: os.chown(fd, os.getuid(), os.getgid()), "a")
tell(lambda: os.fchmod(gone, 0o440))
told.append(os.fstat(gone).st_mode)
tell(lambda: os.chmod("missing", 0o600))
tell(lambda: os.chmod("a/b", 0o600))
tell(lambda: os.chmod("loop", 0o600))
tell(lambda: os.chmod("x" * 5000, 0o600))
tell(lambda: os.chmod("", 0o600))
tell(lambda: os.fchmod(999, 0o600))
tell(lambda: raw(FCHMODAT, long_c(-100), long_c(8), long_c(0o600)))
tell(lambda: raw(UTIMENSAT, long_c(-100), b"a", long_c(8), long_c(0)), "a")
os.utime("a")
told.append(abs(os.stat("a").st_mtime - os.stat(tempfile.mkdtemp()).st_mtime) < 60)
shutil.copystat("b", "a")
told.append(os.stat("a").st_mode == os.stat("b").st_mode and os.stat("a").st_mtime == os.stat("b").st_mtime)
print(json.dumps(told))
"""

OUTSIDE = """
import json, os, sys, tempfile
victim = sys.argv[1]
os.chdir(tempfile.mkdtemp())
folder = os.path.dirname(victim)
os.symlink(victim, "link")
os.symlink(folder, "folder")
handle = os.open(victim, os.O_PATH)
opened = os.open(folder, os.O_PATH)
attempts = {
    "path": lambda: os.chmod(victim, 0o777),
    "dots": lambda: os.chmod(os.path.relpath(victim), 0o777),
    "link": lambda: os.chmod("link", 0o777),
    "folder link": lambda: os.utime("folder/victim.txt", (1, 1)),
    "handle": lambda: os.utime(f"/proc/self/fd/{handle}", (1, 1)),
    "open folder": lambda: os.chmod("victim.txt", 0o777, dir_fd=opened),
    "owner": lambda: os.chown(victim, os.getuid(), os.getgid()),
    "root of a process": lambda: os.chmod(f"/proc/{os.getpid()}/root{victim}", 0o777),
    "interpreter": lambda: os.chmod("/proc/self/exe", 0o755),
    "working folder": lambda: (os.chdir(folder), os.utime("victim.txt", (1, 1))),
}
ended = {}
for name, attempt in attempts.items():
    try:
        attempt()
        ended[name] = "done"
    except OSError as problem:
        ended[name] = type(problem).__name__
print(json.dumps(ended))
"""

RACES = """
import ctypes, os, sys, tempfile, threading, time
victim = sys.argv[1]
os.chdir(tempfile.mkdtemp())
open("mine", "w").close()
os.mkdir("folder")
open("folder/victim.txt", "w").close()
stop = time.monotonic() + 1.0
path = ctypes.create_string_buffer(os.fsencode(victim), 4096)
names = [os.path.abspath("mine").encode() + bytes(1), os.fsencode(victim) + bytes(1)]
libc = ctypes.CDLL(None)

def swap_links():
    os.symlink(victim, "out")
    os.symlink("mine", "in")
    while time.monotonic() < stop:
        for name in ("out", "in"):
            os.link(name, "next", follow_symlinks=False)
            os.rename("next", "link")

def swap_folders():
    os.symlink(os.path.dirname(victim), "elsewhere")
    while time.monotonic() < stop:
        os.rename("folder", "aside")
        os.rename("elsewhere", "folder")
        os.rename("folder", "elsewhere")
        os.rename("aside", "folder")

def swap_memory():
    while time.monotonic() < stop:
        for name in names:
            ctypes.memmove(path, name, len(name))

def change():
    while time.monotonic() < stop:
        for name in (b"link", b"folder/victim.txt", path):
            libc.chmod(name, 0o777)
            libc.utimes(name, (ctypes.c_long * 4)(1, 0, 1, 0))

threads = [threading.Thread(target=work) for work in (swap_links, swap_folders, swap_memory, change, change)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(oct(os.stat("mine").st_mode & 0o7777))
"""

THREADS = """
import os, signal, tempfile, threading
os.chdir(tempfile.mkdtemp())
wrong = []
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)

def work(name):
    open(name, "w").close()
    for mode in range(0o400, 0o600):
        os.chmod(name, mode)
        os.utime(name, (mode, mode))
        found = os.stat(name)
        if (found.st_mode & 0o777, found.st_mtime) != (mode, mode):
            wrong.append(name)

threads = [threading.Thread(target=work, args=(str(number),)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(wrong))
"""

KILLED = """
import os, signal, tempfile
name = os.path.join(tempfile.mkdtemp(), "file")
open(name, "w").close()
for _ in range(40):
    child = os.fork()
    if child == 0:
        while True:
            os.chmod(name, 0o640)
    for _ in range(20):
        os.chmod(name, 0o600)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
os.chmod(name, 0o611)
print(oct(os.stat(name).st_mode & 0o777))
"""


@pytest.fixture
def victim(tree: Path) -> Path:
    path = tree.parent / "outside" / "victim.txt"
    path.parent.mkdir()
    path.write_text("as it was")
    path.chmod(0o640)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def test_calls_on_own_files_end_as_they_do_without_a_fence(place_at):
    fenced, free = (place_at(level).run(HONEST) for level in ("landlock", "none"))
    assert free.out.startswith("["), free.err
    assert fenced.out == free.out, fenced.err


def test_nothing_outside_is_changed_by_whatever_name(landlock, victim):
    interpreter = Path(os.path.realpath(landlock.project.python))
    before, before_of_interpreter = victim.stat(), interpreter.stat().st_ctime_ns
    ended = landlock.run(OUTSIDE, str(victim))
    assert set(json.loads(ended.out).values()) == {"PermissionError"}, ended
    assert victim.stat() == before
    assert interpreter.stat().st_ctime_ns == before_of_interpreter


def test_links_folders_and_memory_that_change_meanwhile_lead_nowhere(landlock, victim):
    before = victim.stat()
    ended = landlock.run(RACES, str(victim))
    assert ended.out == "0o777", ended.err
    assert victim.stat() == before


@pytest.mark.parametrize(("code", "told"), [(THREADS, "0"), (KILLED, "0o611")], ids=["threads and signals", "killed"])
def test_callers_that_are_many_interrupted_or_killed_are_served(landlock, code, told):
    ended = landlock.run(code)
    assert ended.out == told, ended.err


def test_a_place_is_closed_at_once_while_calls_are_served(landlock, eventually):
    code = "import os, tempfile\nname = tempfile.mkdtemp()\nprint('up', flush=True)\nwhile True: os.chmod(name, 0o700)"
    reading, writing = os.pipe()
    process = landlock.start(code, out=writing)
    os.close(writing)
    assert os.read(reading, 2) == b"up"
    landlock.enclosure.kill()
    os.close(reading)
    assert process.returncode in (137, -signal.SIGKILL)
    assert eventually(lambda: not Path(f"/proc/{process.pid}").exists())
