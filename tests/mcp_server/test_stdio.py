"""The real server with the real sandbox, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from pytest_codemode.core.codec import encode
from pytest_codemode.core.outcome import Candidate, Mode, Outcome, RunRequest, TryRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient

TESTS = "import time\nfrom calc import add\ndef test_add(): assert add(2, 2) == 4\ndef test_hang(): time.sleep(60)\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (tmp_path / "test_calc.py").write_text(TESTS)
    inifile = str(tmp_path / "pyproject.toml")
    args = ("-p", "no:randomly", "-p", "no:cacheprovider")
    return Project(str(tmp_path), str(tmp_path), sys.executable, args, True, sys_path=_importable(), inifile=inifile)


def _importable():
    return tuple(entry for entry in sys.path if Path(entry).is_absolute() and Path(entry).exists())


def descendants(pid):
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found & parents.keys()


def eventually(holds, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not (value := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


def test_tests_and_patches_run_for_real_behind_the_server(project):
    fixed = {"calc.py": b"def add(a, b):\n    return a + b\n"}
    nodeid = "test_calc.py::test_add"
    before = descendants(os.getpid())  # of earlier tests in this process
    with SandboxClient(project) as sandbox:
        assert sandbox.info().python.startswith("3.")
        assert set(sandbox.collect().nodeids) == {nodeid, "test_calc.py::test_hang"}
        seen = []
        run = sandbox.run_tests(RunRequest((nodeid,)), seen.append)
        assert [result.outcome for result in run.results] == [Outcome.FAILED]
        assert tuple(seen) == run.results
        (trial,) = sandbox.try_patches(TryRequest((Candidate("k", fixed),), (nodeid,)))
        assert trial.status == "passed"
        cold = sandbox.run_tests(RunRequest((nodeid,), files=fixed, mode=Mode.COLD, canary="test_canary_1"))
        assert cold.canary_failed
        assert cold.by_nodeid()[nodeid].outcome is Outcome.PASSED
        pids = descendants(os.getpid()) - {os.getpid(), *before}
    assert pids
    assert eventually(lambda: not pids & descendants(os.getpid()))
    assert (Path(project.rootdir) / "calc.py").read_text() == "def add(a, b):\n    return a - b\n"


def server_of(engine):
    words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in descendants(engine)}
    (server,) = (pid for pid, given in words.items() if b"pytest_codemode.mcp_server" in given)
    return server


ENGINE = """
import sys
from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import RunRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient
import json
with SandboxClient(decode(Project, json.loads(sys.argv[1]))) as sandbox:
    print(sandbox.info().level, flush=True)
    sandbox.run_tests(RunRequest(("test_calc.py::test_hang",)))
"""


@pytest.mark.parametrize("victim", ["engine", "server"])
def test_nothing_is_left_running_when_one_process_is_killed(project, victim):
    command = [sys.executable, "-c", ENGINE, json.dumps(encode(project))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as engine:
        try:
            engine.stdout.readline()
            time.sleep(0.5)  # into the hanging test
            pids = descendants(engine.pid)
            assert len(pids) > 2
            os.kill(engine.pid if victim == "engine" else server_of(engine.pid), signal.SIGKILL)
            _, errors = engine.communicate(timeout=20)
        finally:
            engine.kill()
    assert ("SandboxError" in errors.decode()) == (victim == "server")
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids)), pids


@pytest.mark.anyio
async def test_any_mcp_client_can_use_codemode_serve(project):
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "pytest_codemode.cli.main", "serve"], cwd=project.rootdir
    )
    with anyio.fail_after(60):
        async with Client(command) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert "execute_code" in names
            result = await client.call_tool(
                "execute_code", {"code": "import sys; sys.path[:0] = ['.']; import calc; print(calc.add(5, 3))"}
            )
            assert not result.is_error, result.content
            assert result.structured_content["stdout"] == "2\n"
            run = await client.call_tool("run_tests", {"nodeids": ["test_calc.py::test_add"]})
            assert run.structured_content["results"][0]["outcome"] == "failed"


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_a_project_file_that_is_none_is_named(tmp_path):
    (tmp_path / "p.json").write_text('{"rootdir": 1}')
    command = [sys.executable, "-m", "pytest_codemode.mcp_server", "--project", str(tmp_path / "p.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "project" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_whose_parent_is_gone_already_does_not_start(tmp_path, project):
    (tmp_path / "p.json").write_text(json.dumps(encode(project)))
    command = [sys.executable, "-m", "pytest_codemode.mcp_server", "--project", str(tmp_path / "p.json")]
    done = subprocess.run([*command, "--parent", "1"], stdin=subprocess.PIPE, timeout=30, check=False)
    assert done.returncode == 1


def test_a_server_ends_on_a_signal_though_its_client_stays(tmp_path, project):
    (tmp_path / "p.json").write_text(json.dumps(encode(project)))
    command = [sys.executable, "-m", "pytest_codemode.mcp_server", "--project", str(tmp_path / "p.json")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        time.sleep(1.5)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=10) in (128 + signal.SIGTERM, -signal.SIGTERM)
