"""What honest tests do must work behind each fence as far as the level allows: the table of docs/sandbox.md, run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Mode, RunResult
from pytest_codemode.sandbox.isolation.choose import examine
from tests.sandbox.toys import project_at, sandboxed, write_project

LEVELS = ("namespaces", "landlock")
REFUSED = {
    "namespaces": frozenset({"test_memory_file", "test_semaphore_of_system_v"}),
    "landlock": frozenset(
        {
            *("test_own_server", "test_datagrams_to_itself", "test_unix_server", "test_pair_of_datagrams"),
            *(
                "test_lock_and_queue_of_processes",
                "test_pool_of_processes",
                "test_shared_memory",
                "test_executor_of_processes",
            ),
            *("test_memory_file", "test_semaphore_of_system_v"),
        }
    ),
}
"""What a level refuses to honest code too, as the documentation says."""

TESTS = """
import asyncio, concurrent.futures, getpass, importlib.metadata, locale, multiprocessing, os, pathlib, pty, shutil
import signal, socket, sqlite3, subprocess, sys, tempfile, threading, time, zipfile, zoneinfo, datetime
from multiprocessing import shared_memory

import pytest


def double(number):
    return 2 * number


def put(queue):
    queue.put("from a child")


def test_asyncio():
    async def main():
        return await asyncio.gather(*(asyncio.sleep(0.001, result=n) for n in range(3)))

    assert asyncio.run(main()) == [0, 1, 2]


def test_asyncio_subprocess():
    async def main():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=-1)
        return (await process.communicate())[0]

    assert asyncio.run(main()) == b"42\\n"


def test_asyncio_threads():
    assert asyncio.run(asyncio.to_thread(double, 2)) == 4


def test_subprocess():
    assert subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout == "42\\n"


def test_shell():
    assert subprocess.check_output("echo $((6 * 7))", shell=True) == b"42\\n"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process(method):
    if method == "forkserver" and os.environ.get("LEVEL") == "landlock":
        pytest.skip("needs a unix socket")
    process = multiprocessing.get_context(method).Process(target=double, args=(2,))
    process.start()
    process.join(30)
    assert process.exitcode == 0


def test_pipe_between_processes():
    one, other = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=other.send, args=("hello",))
    child.start()
    assert one.recv() == "hello"
    child.join(10)


def test_lock_and_queue_of_processes():
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=put, args=(queue,))
    child.start()
    assert queue.get(timeout=20) == "from a child"
    child.join(10)
    with context.Lock():
        pass


def test_pool_of_processes():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(double, range(3)) == [0, 2, 4]


def test_executor_of_processes():
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        assert list(executor.map(double, range(3))) == [0, 2, 4]


def test_executor_of_threads():
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        assert list(executor.map(double, range(3))) == [0, 2, 4]


def test_shared_memory():
    block = shared_memory.SharedMemory(create=True, size=64)
    block.buf[:2] = b"ok"
    block.close()
    block.unlink()


def test_own_server():
    import http.server, urllib.request

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{server.server_port}/", timeout=10) as answer:
            assert answer.read() == b"hello"
        server.shutdown()


def test_datagrams_to_itself():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.sendto(b"x", one.getsockname())
        one.settimeout(5)
        assert one.recv(10) == b"x"


def test_unix_server(tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        os.chdir(tmp_path)
        server.bind("s")
        server.listen()
        client.connect("s")


def test_pair_of_streams():
    one, other = socket.socketpair()
    with one, other:
        one.send(b"x")
        assert other.recv(1) == b"x"


def test_pair_of_datagrams():
    one, other = socket.socketpair(type=socket.SOCK_DGRAM)
    with one, other:
        one.send(b"x")
        assert other.recv(1) == b"x"


def test_tempfile(tmp_path):
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
        shutil.copy2(__file__, folder)
        os.chmod(os.path.join(folder, os.path.basename(__file__)), 0o600)
        os.symlink(folder, tmp_path / "link")
        os.mkfifo(tmp_path / "fifo")
        os.link(os.path.join(folder, os.path.basename(__file__)), tmp_path / "hard")
        os.truncate(tmp_path / "hard", 0)
        os.rename(tmp_path / "hard", tmp_path / "moved")


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", "b")
    shutil.unpack_archive(tmp_path / "a.zip", tmp_path / "out")


def test_sqlite(tmp_path):
    for place in (":memory:", tmp_path / "db"):
        with sqlite3.connect(place) as base:
            base.execute("pragma journal_mode=wal")
            base.execute("create table t (x)")
            base.execute("insert into t values (1)")
            assert base.execute("select x from t").fetchall() == [(1,)]
        base.close()


def test_threads():
    found = []
    threads = [threading.Thread(target=found.append, args=(n,)) for n in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(found) == list(range(8))


def test_signals():
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert seen == [1, 1]


def test_signal_to_a_child():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child.terminate()
    assert child.wait(20) == -signal.SIGTERM


def test_fork_and_pipe():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, b"x")
        os._exit(0)
    assert os.read(reading, 1) == b"x"
    os.wait()


def test_terminal():
    pid, fd = pty.fork()
    if pid == 0:
        os.write(1, b"hello")
        os._exit(0)
    assert b"hello" in os.read(fd, 100)
    os.waitpid(pid, 0)


def test_zones_and_locale():
    assert datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")).utcoffset() == datetime.timedelta(0)
    locale.setlocale(locale.LC_ALL, "C")


def test_home_and_user():
    home = pathlib.Path.home()
    (home / ".config").mkdir(parents=True)
    (home / ".config" / "x").write_text("x")
    assert getpass.getuser()
    assert os.path.expanduser("~") == str(home)


def test_installed_packages():
    assert importlib.metadata.version("pytest")


def test_own_limits_and_priority():
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(64, soft), hard))
    assert resource.prlimit(0, resource.RLIMIT_NOFILE)[0] == min(64, soft)
    assert os.nice(1) >= 1
    os.sched_setaffinity(0, os.sched_getaffinity(0))


def test_memory_file():
    os.close(os.memfd_create("x"))


def test_semaphore_of_system_v():
    import ctypes

    assert ctypes.CDLL(None).semget(0, 1, 0o1600) >= 0


def test_extension():
    numpy = pytest.importorskip("numpy")
    left = numpy.arange(10_000.0).reshape(100, 100)
    assert (left @ left).shape == (100, 100)
    assert numpy.linalg.inv(numpy.eye(3)).sum() == 3
"""


@pytest.fixture(scope="module", params=LEVELS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, RunResult]]:
    level = request.param
    if examine(level).isolation is None:
        pytest.skip(f"{level} does not work here")
    root: Path = tmp_path_factory.mktemp("honest")
    write_project(root, {"test_honest.py": TESTS, "pytest.ini": "[pytest]\n"})
    project = project_at(root, level=level)
    with sandboxed(project_at(root, level=level, env={**project.env, "LEVEL": level})) as box:
        yield level, box.run(mode=Mode.WARM)


def test_what_honest_tests_do_works_as_far_as_the_level_allows(run: tuple[str, RunResult]) -> None:
    level, found = run
    outcomes = {result.nodeid.partition("::")[2]: result for result in found.results}
    unexpected = {
        name: (result.outcome, [(f.exception, f.message[:300]) for f in result.failures])
        for name, result in outcomes.items()
        if result.outcome.value not in ("passed", "skipped") and name.partition("[")[0] not in REFUSED[level]
    }
    assert found.status == "finished"
    assert unexpected == {}


def test_what_is_said_to_be_refused_is_refused(run: tuple[str, RunResult]) -> None:
    level, found = run
    passed = {result.nodeid.partition("::")[2] for result in found.results if result.outcome.value == "passed"}
    assert passed & REFUSED[level] == set()
