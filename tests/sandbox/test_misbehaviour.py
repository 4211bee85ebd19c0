"""Foreign code that hangs, dies, floods, hogs or lies costs its own test and nothing else."""

import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from pytest_codemode.core.outcome import Candidate, Mode, Outcome, RunRequest, Swap, TestResult
from pytest_codemode.core.project import Limits
from pytest_codemode.sandbox.isolation.choose import choose
from pytest_codemode.sandbox.service import SandboxService
from tests.sandbox.toys import Sandboxed, processes_with, project_at, sandboxed, write_project

MARK = f"mark-{uuid.uuid4().hex}"
FILES = {
    "test_fine.py": "def test_fine():\n    pass\n",
    "test_hang.py": """
        import time

        def test_sleeps():
            deadline = time.time() + 60
            while time.time() < deadline:
                time.sleep(1)

        def test_swallows():
            while True:
                try:
                    time.sleep(60)
                except BaseException:
                    pass

        def test_after():
            pass
    """,
    "test_exit.py": """
        import os, signal, sys

        def test_before():
            pass

        def test_claims_success():
            os._exit(0)

        def test_killed():
            os.kill(os.getpid(), signal.SIGKILL)

        def test_system_exit():
            sys.exit(0)

        def test_after():
            pass
    """,
    "test_daemon.py": """
        import os, time

        def test_forks_daemon():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
    """,
    "test_flood.py": """
        import sys

        def test_prints():
            line = "x" * 1023 + "\\n"
            for _ in range(30_000):
                sys.stdout.write(line)
            assert False
    """,
    "test_hog.py": """
        def test_memory():
            hoard = []
            while True:
                hoard.append(bytearray(16 << 20))

        def test_after():
            pass
    """,
    "test_forks.py": """
        import os, time

        def test_many_children():
            for _ in range(300):
                if os.fork() == 0:
                    time.sleep(600)
                    os._exit(0)

        def test_after():
            pass
    """,
    "test_crowd.py": """
        import os, time

        def start(children):
            while children:
                try:
                    if os.fork() == 0:
                        time.sleep(600)
                    children -= 1
                except BlockingIOError:
                    time.sleep(0.01)

        def test_leaves_many():
            start(80)

        def test_needs_some():
            start(60)

        def test_needs_too_many():
            start(140)
            time.sleep(60)

        def test_after():
            start(60)
    """,
    "test_tamper.py": """
        import os, pathlib, signal

        def test_writes_to_tree():
            pathlib.Path(__file__).with_name("test_fine.py").write_text("def test_other(): pass")

        def test_kills_parent():
            os.kill(os.getppid(), signal.SIGKILL)

        def test_forges():
            for fd in map(int, os.listdir("/proc/self/fd")):
                try:
                    os.write(fd, b'{"say":"result","result":{}}\\n' * 3)
                except OSError:
                    pass
    """,
    "test_repr.py": """
        import time

        class Slow:
            def __repr__(self):
                time.sleep(60)

        class Wrong:
            def __repr__(self):
                raise RuntimeError("no")

        def test_reprs():
            slow, wrong, huge = Slow(), Wrong(), "y" * 10_000_000
            raise ValueError("z" * 1_000_000)
    """,
}


@pytest.fixture(scope="module", params=["auto", pytest.param("landlock", marks=pytest.mark.slow)])
def sandbox(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Sandboxed]:
    root = tmp_path_factory.mktemp("unruly")
    write_project(root, FILES)
    limits = Limits(test_s=20.0, run_s=60.0, memory_bytes=400 << 20)
    env = project_at(root).env | {"TOY_MARK": MARK}
    with sandboxed(project_at(root, limits=limits, env=env, level=request.param)) as box:
        yield box
    assert processes_with(MARK) == []


def test_hanging_tests_time_out_and_the_rest_still_runs(sandbox: Sandboxed) -> None:
    nodeids = [f"test_hang.py::{name}" for name in ("test_sleeps", "test_swallows", "test_after")]
    run = sandbox.run(*nodeids, test_timeout_s=2.0)

    assert [result.outcome for result in run.results] == [Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.PASSED]
    (interrupted,) = run.results[0].failures
    assert interrupted.timed_out
    assert interrupted.exception == "Timeout"
    assert interrupted.frames[-1].function == "test_sleeps"


@pytest.mark.parametrize("mode", Mode)
def test_process_that_ends_early_is_a_crash_of_its_test_alone(sandbox: Sandboxed, mode: Mode) -> None:
    names = ("test_before", "test_claims_success", "test_killed", "test_system_exit", "test_after")
    assert sandbox.outcomes(*(f"test_exit.py::{name}" for name in names), mode=mode) == {
        "test_before": "passed",
        "test_claims_success": "crashed",
        "test_killed": "crashed",
        "test_system_exit": "failed",
        "test_after": "passed",
    }


def test_daemon_does_not_outlive_its_test(sandbox: Sandboxed) -> None:
    assert sandbox.outcomes("test_daemon.py::test_forks_daemon") == {"test_forks_daemon": "passed"}
    left = sandbox.execute("import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")

    if sandbox.info().capabilities.hidden_proc:
        # launcher, supervisor, zygote, this program, and bubblewrap's own
        assert int(left.stdout) <= 6


def test_flood_of_output_is_cut_in_the_middle(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run("test_flood.py::test_prints").results

    assert result.outcome is Outcome.FAILED
    assert "characters cut" in result.failures[0].output
    assert len(result.failures[0].output) < 50_000


def test_program_that_floods_keeps_head_and_tail(sandbox: Sandboxed) -> None:
    done = sandbox.execute("print('head')\nfor _ in range(3000): print('x' * 1000)\nprint('tail')")

    assert done.status == "finished"
    assert done.stdout.startswith("head")
    assert done.stdout.endswith("tail\n")
    assert len(done.stdout) < 1_100_000


def test_output_of_a_program_that_is_no_text_comes_back(sandbox: Sandboxed) -> None:
    done = sandbox.execute(r"import sys; sys.stdout.buffer.write(b'\xff\xfe\x00ok')")

    assert done.status == "finished"
    assert done.stdout.endswith("\x00ok")


def test_memory_hog_is_killed_at_the_limit(sandbox: Sandboxed) -> None:
    run = sandbox.run("test_hog.py::test_memory", "test_hog.py::test_after")

    hog, after = run.results
    assert hog.outcome in (Outcome.CRASHED, Outcome.FAILED)
    assert "memory limit of 400 MiB" in hog.failures[0].message or hog.failures[0].exception == "MemoryError"
    assert after.outcome is Outcome.PASSED


def test_number_of_processes_is_limited(sandbox: Sandboxed) -> None:
    many, after = sandbox.run("test_forks.py::test_many_children", "test_forks.py::test_after").results

    assert many.outcome in (Outcome.FAILED, Outcome.CRASHED)
    assert after.outcome is Outcome.PASSED


def test_limit_that_earlier_tests_used_up_is_no_fault_of_the_next_one(sandbox: Sandboxed) -> None:
    names = ("test_leaves_many", "test_needs_some", "test_needs_too_many", "test_after")
    outcomes = sandbox.outcomes(*(f"test_crowd.py::{name}" for name in names))

    assert outcomes == {
        "test_leaves_many": "passed",
        "test_needs_some": "passed",
        "test_needs_too_many": "crashed",
        "test_after": "passed",
    }


def test_nothing_is_left_of_many_processes(sandbox: Sandboxed) -> None:
    if not sandbox.info().capabilities.hidden_proc:
        pytest.skip("all processes of the machine are seen at this level")
    sandbox.run("test_forks.py::test_many_children")
    left = sandbox.execute("import os; print(sum(name.isdigit() for name in os.listdir('/proc')))")

    assert int(left.stdout) <= 6


def test_tests_can_change_neither_the_tree_of_others_nor_the_supervisor(sandbox: Sandboxed) -> None:
    run = sandbox.run("test_tamper.py::test_writes_to_tree", "test_tamper.py::test_kills_parent")

    wrote, killed = run.results
    assert wrote.outcome is Outcome.PASSED  # in a tree of its own
    assert (killed.outcome, killed.failures[0].exception) == (Outcome.FAILED, "PermissionError")
    assert Path(sandbox.project.rootdir, "test_fine.py").read_text() == FILES["test_fine.py"]
    assert sandbox.outcomes("test_fine.py::test_fine", mode=Mode.RELOAD) == {"test_fine": "passed"}


def test_nonsense_on_the_report_line_is_a_crash(sandbox: Sandboxed) -> None:
    assert sandbox.outcomes("test_tamper.py::test_forges") == {"test_forges": "crashed"}
    assert sandbox.outcomes("test_fine.py::test_fine") == {"test_fine": "passed"}


def test_test_that_is_asked_for_twice_is_told_once(sandbox: Sandboxed) -> None:
    wanted = ("test_fine.py::test_no", "test_fine.py::test_fine") * 2
    run = sandbox.run(*wanted, "test_fine.py")

    assert [result.outcome for result in run.results] == [Outcome.MISSING, Outcome.PASSED]


def test_unruly_reprs_cost_neither_time_nor_space(sandbox: Sandboxed) -> None:
    (result,) = sandbox.run("test_repr.py::test_reprs").results

    (failure,) = result.failures
    assert failure.exception == "ValueError"
    assert len(failure.message) < 21_000
    assert max(map(len, failure.frames[-1].locals.values()), default=0) <= 200


def test_program_that_hangs_is_killed_with_its_output_kept(sandbox: Sandboxed) -> None:
    done = sandbox.execute("import time\nprint('so far', flush=True)\ntime.sleep(60)", timeout_s=2.0)

    assert (done.status, done.exit_code, done.stdout) == ("killed", None, "so far\n")
    assert "time limit" in done.reason


def test_run_out_of_time_keeps_the_finished_results(sandbox: Sandboxed) -> None:
    run = sandbox.run("test_fine.py::test_fine", "test_hang.py::test_swallows", timeout_s=2.0)

    assert run.status == "killed"
    assert "time limit of the run" in run.reason
    assert [result.outcome for result in run.results] == [Outcome.PASSED, Outcome.TIMEOUT]


def test_cancelled_run_is_dead_within_a_second(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    write_project(tmp_path, FILES)
    project = project_at(tmp_path, env={"TOY_MARK": mark})

    async def cancel_midway() -> float:
        service = await SandboxService.open(project, choose(project))
        try:
            await service.collect()
            with anyio.CancelScope() as scope:
                started = anyio.Event()

                async def note(_result: TestResult) -> None:
                    started.set()

                async with anyio.create_task_group() as tasks:
                    request = RunRequest(("test_fine.py::test_fine", "test_hang.py::test_swallows"))
                    tasks.start_soon(service.run_tests, request, note)
                    await started.wait()
                    before = time.monotonic()
                    scope.cancel()
            took = time.monotonic() - before
            assert (await service.run_tests(RunRequest(("test_fine.py::test_fine",)))).results[0].outcome.green
            return took
        finally:
            await service.aclose()

    assert anyio.run(cancel_midway) < 1.0
    assert processes_with(mark) == []


@pytest.mark.parametrize(
    ("files", "status", "word"),
    [
        ({"conftest.py": "import no_such_module\n"}, "finished", "no_such_module"),
        ({"conftest.py": "def pytest_configure(config):\n    1 / 0\n"}, "failed", "ZeroDivisionError"),
        ({"conftest.py": "import os\nos._exit(3)\n"}, "failed", "exit status 3"),
        ({"test_a.py": "import time\ntime.sleep(60)\n"}, "killed", "time limit"),
        ({"pytest.ini": "[pytest]\naddopts = --no-such-option\n"}, "failed", "--no-such-option"),
    ],
    ids=["broken conftest", "hook raises", "exits", "hangs", "usage"],
)
def test_suite_that_cannot_be_collected_says_why(tmp_path: Path, files: dict[str, str], status: str, word: str) -> None:
    write_project(tmp_path, {"test_fine.py": FILES["test_fine.py"]} | files)
    with sandboxed(project_at(tmp_path, limits=Limits(test_s=3.0 if word == "time limit" else 20.0))) as box:
        collection = box.collect()
        run = box.run()

    assert collection.nodeids == ()
    assert (collection.status, run.status) == (status, status)
    told = collection.reason + " ".join(error.message for error in collection.errors)
    assert word in told
    assert word in run.reason + " ".join(error.message for error in run.collection_errors)


def test_worker_processes_that_die_are_replaced(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    write_project(tmp_path, {"test_fine.py": FILES["test_fine.py"]})
    project = project_at(tmp_path, env={"TOY_MARK": mark})

    def pids() -> list[int]:
        found = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _has(folder, mark)]
        return sorted(found)

    with sandboxed(project) as box:
        assert box.run().reason == ""
        os.kill(pids()[-1], signal.SIGKILL)  # the youngest: the zygote
        assert box.run().reason == ""
        for pid in pids():
            with suppress(ProcessLookupError):  # the first one's death takes the others with it
                os.kill(pid, signal.SIGKILL)
        assert box.run().reason == ""


def _has(folder: Path, mark: str) -> bool:
    try:
        return mark.encode() in (folder / "environ").read_bytes()
    except OSError:
        return False


def test_project_with_threads_is_run_from_disk(tmp_path: Path) -> None:
    write_project(
        tmp_path,
        {
            "mod.py": """
                import threading, time
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                def f():
                    return 1
            """,
            "test_mod.py": "import mod\n\ndef test_f():\n    assert mod.f() == 1\n",
        },
    )
    source = (tmp_path / "mod.py").read_text()
    good = Candidate("good", {"mod.py": source.encode()}, (Swap("mod.py", "f", 4, "def f():\n    return 1\n"),))
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes("test_mod.py::test_f") == {"test_f": "passed"}
        (tried,) = box.attempt(good, on=("test_mod.py::test_f",))

    assert (tried.status, tried.strategy) == ("passed", "reload")


@pytest.mark.parametrize("mode", [Mode.WARM, Mode.COLD])
def test_disk_is_limited(tmp_path: Path, mode: Mode) -> None:
    write_project(
        tmp_path,
        {
            "test_disk.py": """
                def test_fills(tmp_path):
                    for number in range(1000):
                        (tmp_path / str(number)).write_bytes(b"x" * 2**20)

                def test_after(tmp_path):
                    (tmp_path / "a").write_bytes(b"x" * 2**20)
            """
        },
    )
    with sandboxed(project_at(tmp_path, limits=Limits(disk_bytes=32 << 20))) as box:
        (filled,) = box.run("test_disk.py::test_fills", mode=mode).results
        (after,) = box.run("test_disk.py::test_after", mode=mode).results

    assert filled.outcome in (Outcome.FAILED, Outcome.CRASHED)
    assert after.outcome is Outcome.PASSED


def test_one_run_leaves_no_file_to_the_next(tmp_path: Path) -> None:
    test = """
        import os, pathlib, tempfile

        def test_alone():
            places = [tempfile.gettempdir(), os.environ["HOME"]] + ["/dev/shm"] * os.access("/dev/shm", os.W_OK)
            for place in places:
                trace = pathlib.Path(place, "trace")
                assert not trace.exists()
                try:
                    trace.write_text("x")
                except PermissionError:
                    assert place == "/dev/shm"
    """
    write_project(tmp_path, {"test_trace.py": test})
    same = Candidate("same", {"test_trace.py": (tmp_path / "test_trace.py").read_bytes()})
    with sandboxed(project_at(tmp_path)) as box:
        for _ in range(2):
            assert box.outcomes() == {"test_alone": "passed"}
        tried = box.attempt(same, same, on=("test_trace.py::test_alone",))

    assert [result.status for result in tried] == ["passed", "passed"]


def test_marks_that_are_no_time_do_not_lift_the_limit(tmp_path: Path) -> None:
    tests = "".join(
        f"@pytest.mark.timeout(float({limit!r}))\ndef test_{number}():\n    time.sleep(60)\n"
        for number, limit in enumerate(("nan", "inf", "-inf", "0"))
    )
    write_project(tmp_path, {"test_hangs.py": "import pytest, time\n\n" + tests})
    with sandboxed(project_at(tmp_path, limits=Limits(test_s=2.0, run_s=60.0))) as box:
        run = box.run()

    # pytest-timeout itself breaks on some of them.
    assert len(run.results) == 4
    assert {result.outcome for result in run.results} <= {Outcome.TIMEOUT, Outcome.FAILED, Outcome.CRASHED}
    assert run.duration_s < 50
