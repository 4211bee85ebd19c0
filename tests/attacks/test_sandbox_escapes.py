"""Programs in the sandbox that reach for the host and for the supervisor, at each level that works here."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Mode
from pytest_codemode.core.project import Limits
from pytest_codemode.sandbox.isolation.choose import examine
from tests.sandbox.toys import Sandboxed, processes_with, project_at, sandboxed, write_project

SECRET = "codemode-attack-secret"
NOTHING = "def test_nothing():\n    pass\n"
PLANTING = textwrap.dedent("""\
    import os, pathlib

    def test_plants():
        here = pathlib.Path(__file__).parent
        planted = ("conftest.py", "sitecustomize.py", "evil.pth", ".codemode/journal/a.json", "test_nothing.py")
        for name in planted:
            try:
                (here / name).write_text("raise SystemExit")
            except OSError:
                pass

    def test_still_there():
        pass
""")
LIMITS = Limits(test_s=10.0, run_s=30.0, disk_bytes=64 << 20)


@pytest.fixture(scope="module", params=["namespaces", "landlock"])
def fenced(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    """A toy project behind one kind of fence."""
    if examine(request.param).isolation is None:
        pytest.skip(f"{request.param} does not work on this machine")
    root = tmp_path_factory.mktemp("project")
    write_project(root, {"test_planting.py": PLANTING, "test_nothing.py": NOTHING, "pytest.ini": "[pytest]\n"})
    with sandboxed(project_at(root, level=request.param, limits=LIMITS)) as found:
        yield found


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the host's with a secret in its environment."""
    process = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], env={"SECRET": SECRET})
    yield process
    process.kill()
    process.wait()


def test_no_environment_of_a_host_process_can_be_read(fenced: Sandboxed, victim: subprocess.Popen[bytes]) -> None:
    assert victim.poll() is None
    found = fenced.execute(f"""
        import glob
        hits = 0
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                hits += b"{SECRET}" in open(path, "rb").read()
            except OSError:
                pass
        print(hits)
    """)
    assert found.stdout == "0\n", found


def test_the_supervisor_can_be_neither_opened_nor_signalled(fenced: Sandboxed) -> None:
    found = fenced.execute("""
        import os
        parent = os.getppid()
        for path in ("mem", "environ", "fd/0", "fd/1", "fd/100", "fd/101"):
            try:
                os.close(os.open(f"/proc/{parent}/{path}", os.O_WRONLY if "fd" in path else os.O_RDONLY))
                print("opened", path)
            except OSError:
                pass
        for number in (0, 9, 19):
            try:
                os.kill(parent, number)
                print("signalled", number)
            except OSError:
                pass
    """)
    assert (found.status, found.stdout) == ("finished", ""), found


def test_home_and_files_beside_the_project_are_out_of_reach(fenced: Sandboxed, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    home = os.environ.get("HOME", "/root")
    found = fenced.execute(f"""
        import os
        for path in ({str(secret)!r}, "{home}/.ssh/id_rsa", "{home}/.netrc", "/etc/shadow"):
            try:
                print("read", path, len(open(path).read()))
            except OSError:
                pass
    """)
    assert found.stdout == "", found


def test_a_daemon_that_left_its_session_dies_with_the_request(fenced: Sandboxed) -> None:
    mark = f"{SECRET}-{id(fenced)}"
    found = fenced.execute(f"""
        import os, sys
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (0, 1, 2):
                    os.close(number)
                os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "{mark}"])
            os._exit(0)
        print("started")
    """)
    assert found.stdout == "started\n", found
    assert processes_with(mark) == []


def test_a_full_scratch_folder_ends_the_program_and_not_the_host(fenced: Sandboxed) -> None:
    found = fenced.execute("""
        import os, tempfile
        for number in range(500):
            with open(os.path.join(tempfile.gettempdir(), str(number)), "wb") as file:
                file.write(bytes(1 << 20))
        print("wrote it all")
    """)
    assert "wrote it all" not in found.stdout
    assert fenced.execute("print('alive')").stdout == "alive\n"


def test_output_that_is_no_text_comes_back_bounded(fenced: Sandboxed) -> None:
    noise = fenced.execute(r"import sys; sys.stdout.buffer.write(b'\xff\xfe\x00ok')")
    assert noise.status == "finished"
    assert noise.stdout.endswith("\x00ok")
    flood = fenced.execute("import sys\nfor _ in range(50):\n    sys.stdout.write('x' * 1_000_000)\n")
    assert len(flood.stdout) < 2 * LIMITS.output_bytes
    assert "bytes cut" in flood.stdout


def test_what_a_test_plants_in_the_tree_never_reaches_the_host(fenced: Sandboxed) -> None:
    root = Path(fenced.project.rootdir)
    before = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    for mode in (Mode.WARM, Mode.COLD):
        outcomes = fenced.outcomes("test_planting.py", mode=mode)
        assert outcomes["test_still_there"] == "passed", (mode, outcomes)
    assert {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()} == before
