"""What both fences must hold, shown in real enclosures."""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError

DAEMON = """
import os, subprocess, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(300)", sys.argv[1]])
    os._exit(0)
os.wait()
print("started", flush=True)
import time
time.sleep(float(sys.argv[2]))
"""


def started(place, marker, eventually, is_running, seconds="300"):
    process = place.start(DAEMON, marker, seconds)
    assert eventually(lambda: is_running(marker))
    return process


def test_writes_to_the_tree_stay_inside(place, tree):
    ended = place.run("open('kept.txt', 'w').write('changed'); open('new.txt', 'w'); print(open('kept.txt').read())")
    assert ended.out == "changed", ended.err
    assert (tree / "kept.txt").read_text() == "as it was"
    assert [path.name for path in tree.iterdir()] == ["kept.txt"]


def test_nothing_can_be_written_outside_the_tree(place, tree):
    victim = tree.parent / "victim.txt"
    victim.write_text("as it was")
    outcome = place.attempt("open(sys.argv[1], 'a').write('x')", str(victim))
    assert victim.read_text() == "as it was"
    assert outcome == "PermissionError" or place.level == "namespaces"  # there it is a new file, in a /tmp of its own


def test_files_beside_the_project_cannot_be_read(place, tree):
    secret = tree.parent / "secret.txt"
    secret.write_text("secret")
    assert place.attempt("open(sys.argv[1]).read()", str(secret)) in ("FileNotFoundError", "PermissionError")


def test_the_original_tree_is_only_seen_at_its_place_inside(place, tree):
    assert place.attempt("import os; os.chdir(sys.argv[1])", place.enclosure.root) == "done"
    if place.enclosure.root != str(tree):
        assert place.attempt("open(sys.argv[1]).read()", str(tree / "kept.txt")) == "PermissionError"


def test_a_server_on_the_host_cannot_be_reached(place):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        port = str(server.getsockname()[1])
        outcome = place.attempt("import socket; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)", port)
        assert outcome in ("ConnectionRefusedError", "PermissionError")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_process_of_the_host_cannot_be_signalled(place):
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"]) as victim:
        try:
            outcome = place.attempt("import os; os.kill(int(sys.argv[1]), 9)", str(victim.pid))
            assert outcome in ("ProcessLookupError", "PermissionError")
            assert victim.poll() is None
        finally:
            victim.kill()


def test_secrets_of_the_host_processes_cannot_be_read(place):
    outcome = place.attempt("open(f'/proc/{sys.argv[1]}/environ').read()", str(os.getpid()))
    assert outcome in ("FileNotFoundError", "PermissionError")


def test_the_environment_is_only_what_was_given(place):
    ended = place.run("import os, json; print(json.dumps(dict(os.environ)))")
    assert set(json.loads(ended.out)) - {"LC_CTYPE", "PWD"} == {"PATH", "TMPDIR", "SECRET_OF_TEST"}


def test_the_environment_does_not_show_in_the_process_list(place, is_running, eventually):
    marker = uuid.uuid4().hex
    started(place, marker, eventually, is_running)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.exists()]
    assert not any(b"in-the-environment" in line for line in lines)


def test_kill_reaches_a_daemon_that_left_the_session(place, is_running, eventually):
    marker = uuid.uuid4().hex
    started(place, marker, eventually, is_running)
    place.enclosure.kill()
    assert eventually(lambda: not is_running(marker))
    place.enclosure.kill()


def test_a_daemon_does_not_outlive_the_process_that_was_started(place, is_running, eventually):
    marker = uuid.uuid4().hex
    process = started(place, marker, eventually, is_running, seconds="0.2")
    assert process.wait(20) == 0
    assert eventually(lambda: not is_running(marker))


def test_nothing_outlives_an_owner_that_is_killed(place, tree, is_running, eventually):
    marker = uuid.uuid4().hex
    owner = f"""
import os, sys, time
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation.choose import choose
project = Project({str(tree)!r}, {str(tree)!r}, sys.executable, level={place.level!r})
enclosure = choose(project).enclose(project)
null = os.open(os.devnull, os.O_RDWR)
argv = [sys.executable, "-I", "-S", "-c", {DAEMON!r}, {marker!r}, "300"]
enclosure.start(argv, env={{}}, stdin=null, stdout=null, stderr=null)
time.sleep(300)
"""
    temporary = tree.parent / "temporary"
    temporary.mkdir()
    with subprocess.Popen([sys.executable, "-c", owner], env={**os.environ, "TMPDIR": str(temporary)}) as process:
        try:
            assert eventually(lambda: is_running(marker), within_s=20)
        finally:
            process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not is_running(marker))
    assert eventually(lambda: list(temporary.iterdir()) == [])


def children(pid):
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


@pytest.mark.parametrize("generation", [0, 1, 2])
def test_nothing_outlives_any_process_of_the_fence_that_is_killed(place, is_running, eventually, generation):
    marker = uuid.uuid4().hex
    victim = started(place, marker, eventually, is_running).pid
    for _ in range(generation):
        (victim,) = children(victim)
    os.kill(victim, signal.SIGKILL)
    assert eventually(lambda: not is_running(marker))


def test_an_exit_status_comes_through(place):
    assert place.run("raise SystemExit(7)").status == 7
    assert place.run("import os; os.abort()").status == 128 + signal.SIGABRT


def test_starting_again_ends_what_ran_before(place, is_running, eventually):
    marker = uuid.uuid4().hex
    started(place, marker, eventually, is_running)
    assert place.run("print('second')").out == "second"
    assert eventually(lambda: not is_running(marker))


def test_no_file_grows_beyond_its_limit(place):
    place.limited(file_bytes=1 << 20, disk_bytes=64 << 20)
    write = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); open('big', 'wb').write(bytes(2 << 20))"
    assert place.attempt(write) == "OSError"


def test_address_space_is_limited(place):
    place.limited(memory_bytes=64 << 20)
    assert place.attempt("import mmap; mmap.mmap(-1, 300 << 20)") == "OSError"


def test_a_core_file_is_never_written(place):
    assert place.run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))").out == "(0, 0)"


def test_new_user_namespaces_and_tracing_are_refused(place):
    unshare = "import ctypes; print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000), ctypes.get_errno())"
    trace = "import ctypes; print(ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0), ctypes.get_errno())"
    assert place.run(unshare).out == "-1 1"
    assert place.run(trace).out == "-1 1"


def test_no_capability_is_left(place):
    ended = place.run("print(*(l for l in open('/proc/self/status') if l.startswith(('CapPrm', 'CapEff', 'CapInh'))))")
    assert {line.split()[1] for line in ended.out.splitlines() if line.strip()} == {"0" * 16}


def test_socketpair_and_pipes_still_work(place):
    assert place.attempt("import asyncio; asyncio.run(asyncio.sleep(0))") == "done"


def test_a_missing_program_is_an_error_or_a_failed_process(place):
    place.having(python="/no/such/python")
    if place.level == "namespaces":
        assert place.run("pass").status != 0
    else:
        with pytest.raises(SandboxError, match="No such file"):
            place.run("pass")


def test_a_home_directory_as_rootdir_is_refused_with_a_remedy(place):
    with pytest.raises(SandboxError, match="a folder of its own"):
        place.having(rootdir=str(Path.home())).isolation.enclose(place.project)
    with pytest.raises(SandboxError, match="--rootdir"):
        place.having(rootdir="/").isolation.enclose(place.project)


def test_the_project_is_found_from_a_subdirectory(place, tree):
    (tree / "sub").mkdir()
    place.having(invocation_dir=str(tree / "sub"))
    assert place.run("import os; print(os.getcwd())").out == f"{place.enclosure.root}/sub"


def test_a_mount_can_be_read_and_not_written(place, tree):
    data = tree.parent / "data"
    data.mkdir()
    (data / "given.txt").write_text("given")
    place.having(mounts=(str(data),))
    assert place.run("print(open(__import__('sys').argv[1]).read())", str(data / "given.txt")).out == "given"
    assert place.attempt("open(sys.argv[1], 'w')", str(data / "given.txt")) in ("OSError", "PermissionError")


def test_the_package_is_importable_inside_for_an_interpreter_that_lacks_it(place):
    code = "import sys; sys.path.append(sys.argv[1]); import pytest_codemode.worker; print('found')"
    assert place.enclosure.library
    assert place.run(code, place.enclosure.library).out == "found"


def test_an_inner_fork_can_be_confined_further(place):
    code = """
import os, sys
sys.path.append(sys.argv[1])
from pytest_codemode.worker.confine import Confinement, confine
inner = os.path.join(os.environ["TMPDIR"], "inner")
os.mkdir(inner)
confine(Confinement((inner,), 10, None, 64, 1 << 20, None, False))
open(os.path.join(inner, "mine"), "w")
try:
    open("kept.txt", "w")
except PermissionError:
    print("confined")
"""
    assert place.enclosure.inner_landlock
    assert place.run(code, place.enclosure.library).out == "confined"


def test_enclosures_started_at_the_same_time_do_not_disturb_each_other(place):
    code = "import os, sys; sys.stdout.write(sys.argv[1]); print(sorted(map(int, os.listdir('/proc/self/fd')))[3:])"

    def one(number):
        own = dataclasses.replace(place, opened=[])
        try:
            return own.run(code, str(number)).out
        finally:
            own.enclosure.close()

    with ThreadPoolExecutor(4) as threads:
        outputs = list(threads.map(one, range(8)))
    # Beyond the three streams only the descriptor that lists the folder is open.
    assert [re.sub(r"\[\d+\]", "", text) for text in outputs] == [str(number) for number in range(8)]


def test_a_tree_with_an_odd_name_is_no_problem(place, tree):
    odd = tree.parent / "a,b:c d\\e=ü'\"\n%s"
    tree.rename(odd)
    place.having(rootdir=str(odd), invocation_dir=str(odd))
    assert place.run("print(open('kept.txt').read())").out == "as it was"
