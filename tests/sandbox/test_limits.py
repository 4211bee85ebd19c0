"""Each limit ends what breaks it with a sentence that names it, and costs nothing else."""

import textwrap
from collections.abc import Iterator

import pytest

from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, TestResult
from pytest_codemode.core.project import Limits
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.sandbox.isolation.choose import examine
from tests.sandbox.toys import project_at, write_project

LIMITS = Limits(
    test_s=100.0,
    run_s=300.0,
    test_cpu_s=3.0,
    memory_bytes=512 << 20,
    processes=40,
    open_files=128,
    file_bytes=8 << 20,
    disk_bytes=20 << 20,
    output_bytes=64 << 10,
)
TESTS = """
    import os, pathlib, signal, subprocess, sys, threading, time

    FOLDER = pathlib.Path(os.environ["TMPDIR"])

    def test_fine():
        pass

    def test_memory():
        print("so far")
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))

    def test_memory_of_several():
        for _ in range(4):
            if os.fork() == 0:
                hoard = [bytearray(b"x") * (1 << 20) for _ in range(200)]
                time.sleep(200)
        time.sleep(200)

    def test_shared_memory_counts_once():
        hoard = [bytearray(b"x") * (1 << 20) for _ in range(100)]
        children = []
        for _ in range(8):
            children.append(os.fork())
            if children[-1] == 0:
                time.sleep(0.5)
                os._exit(0)
        for child in children:
            os.waitpid(child, 0)

    def test_processor():
        print("so far")
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass

    def test_processor_of_several():
        print("so far", flush=True)
        for _ in range(4):
            if os.fork() == 0:
                while True:
                    pass
        time.sleep(200)

    def test_processes():
        for _ in range(300):
            if os.fork() == 0:
                time.sleep(200)
                os._exit(0)
        time.sleep(200)

    def test_processes_quickly():
        children = []
        try:
            for _ in range(300):
                children.append(os.fork())
                if children[-1] == 0:
                    time.sleep(200)
                    os._exit(0)
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)

    def test_threads():
        for _ in range(300):
            threading.Thread(target=time.sleep, args=(200,), daemon=True).start()
        time.sleep(200)

    def test_open_files():
        files = [open(os.devnull) for _ in range(300)]

    def test_file_size():
        with open(FOLDER / "large", "wb") as file:
            for _ in range(64):
                file.write(b"x" * (1 << 20))

    def test_disk():
        for number in range(100):
            (FOLDER / str(number)).write_bytes(b"x" * (1 << 20))
        time.sleep(200)  # where only the supervisor weighs them, and the disk is faster than its next look

    def test_many_small_files():
        (FOLDER / "small").touch()
        for number in range(6_000):  # a second name costs as much of the limit as a file, and little time on any disk
            os.link(FOLDER / "small", FOLDER / f"small{number}")
        time.sleep(200)  # where only the supervisor counts them

    def test_output():
        print("head")
        for _ in range(3000):
            print("x" * 99)
        print("tail", flush=True)
        assert False
"""


def at_each(*levels: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sandbox", levels, indirect=True, scope="module")


AT_BOTH_LEVELS = at_each("namespaces", "landlock")
AT_THE_BEST = at_each("namespaces", pytest.param("landlock", marks=pytest.mark.slow))
"""What is the same code at both levels: how limits are told, kept output, programs (see `tests/attacks` for those)."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[SandboxClient]:
    if (finding := examine(request.param)).isolation is None:
        pytest.skip(f"{request.param} does not work here: {finding.reason}")
    root = tmp_path_factory.mktemp("limited")
    write_project(root, {"test_l.py": TESTS})
    with SandboxClient(project_at(root, limits=LIMITS, level=request.param)) as client:
        yield client


def ran(sandbox: SandboxClient, name: str, mode: Mode = Mode.WARM) -> TestResult:
    """Return how the test of that name ended; those around it must be none the worse for it."""
    names = [f"test_l.py::test_{part}" for part in ("fine", name)]
    run = sandbox.run_tests(RunRequest(tuple(names), mode=mode))
    assert (run.status, run.reason) == ("finished", "")
    before, result = run.results
    assert before.outcome is Outcome.PASSED
    assert [one.outcome for one in sandbox.run_tests(RunRequest(("test_l.py::test_fine",))).results] == [Outcome.PASSED]
    return result


KILLED = {
    "memory": "killed: memory limit of 512 MiB",
    "memory_of_several": "killed: memory limit of 512 MiB",
    "processor": "killed: processor time limit of 3 s",
    "processor_of_several": "killed: processor time limit of 3 s",
    "processes": "killed: limit of 40 processes",
    "threads": "killed: limit of 40 processes",
}
REFUSED = {
    "open_files": "limit of 128 open files",
    "file_size": "file size limit of 8 MiB",
    "disk": "disk limit of 20 MiB",
    "many_small_files": "disk limit of 20 MiB",
    "processes_quickly": "limit of 40 processes",
}


@AT_BOTH_LEVELS
@pytest.mark.parametrize("name", KILLED)
def test_a_test_that_breaks_a_limit_is_killed_with_a_sentence_that_names_it(sandbox: SandboxClient, name: str) -> None:
    result = ran(sandbox, name)

    told = {(failure.message, failure.limit) for failure in result.failures}
    if name in ("processes", "threads") and result.outcome is Outcome.FAILED:  # the kernel was there first
        assert {limit for _message, limit in told} == {"limit of 40 processes"}
    else:
        assert told == {(KILLED[name], "")}
        assert result.outcome is (Outcome.TIMEOUT if "processor" in name else Outcome.CRASHED)


@AT_BOTH_LEVELS
@pytest.mark.parametrize("name", REFUSED)
def test_a_failure_by_what_the_kernel_refuses_names_the_limit(sandbox: SandboxClient, name: str) -> None:
    result = ran(sandbox, name)

    (failure,) = result.failures
    assert not result.outcome.green
    assert REFUSED[name] in (failure.limit or failure.message)


@AT_THE_BEST
@pytest.mark.parametrize("name", ["memory", "processor", "disk"])
def test_limits_hold_in_a_fresh_interpreter_too(sandbox: SandboxClient, name: str) -> None:
    (failure,) = ran(sandbox, name, Mode.COLD).failures

    assert (KILLED | REFUSED)[name] in (failure.limit or failure.message)


@AT_THE_BEST
@pytest.mark.parametrize("name", ["memory", "processor_of_several"])
def test_what_a_killed_test_had_printed_is_kept(sandbox: SandboxClient, name: str) -> None:
    (failure,) = ran(sandbox, name).failures

    assert failure.output == "Captured stdout:\nso far\n"


@AT_BOTH_LEVELS
def test_memory_that_forks_share_counts_once(sandbox: SandboxClient) -> None:
    assert ran(sandbox, "shared_memory_counts_once").outcome is Outcome.PASSED


@AT_THE_BEST
def test_output_of_a_test_keeps_head_and_tail(sandbox: SandboxClient) -> None:
    (failure,) = ran(sandbox, "output").failures

    assert "head" in failure.output[:100]
    assert failure.output.endswith("tail\n")
    assert "cut" in failure.output
    assert len(failure.output) < LIMITS.output_bytes


def program(name: str) -> str:
    return textwrap.dedent(TESTS) + f"\nprint('begun', flush=True)\ntest_{name}()\n"


@AT_THE_BEST
@pytest.mark.parametrize("name", KILLED)
def test_a_program_that_breaks_a_limit_is_killed_with_its_output_kept(sandbox: SandboxClient, name: str) -> None:
    done = sandbox.execute(program(name), timeout_s=100.0)

    assert done.stdout.startswith("begun\n")
    if name in ("processes", "threads") and done.status == "finished":  # the kernel was there first
        assert (done.exit_code, done.reason) == (1, "most likely the limit of 40 processes")
    else:
        assert (done.status, done.exit_code, done.reason) == ("killed", None, KILLED[name])


@AT_THE_BEST
@pytest.mark.parametrize("name", REFUSED)
def test_a_program_that_fails_by_what_the_kernel_refuses_is_told_the_limit(sandbox: SandboxClient, name: str) -> None:
    done = sandbox.execute(program(name), timeout_s=100.0)

    assert done.stdout.startswith("begun\n")
    assert done.exit_code != 0
    assert REFUSED[name] in done.reason


@AT_THE_BEST
def test_a_program_s_output_keeps_head_and_tail(sandbox: SandboxClient) -> None:
    done = sandbox.execute(program("output"))

    assert done.stdout.startswith("begun\nhead\n")
    assert done.stdout.endswith("tail\n")
    assert "bytes cut" in done.stdout
    assert len(done.stdout) < LIMITS.output_bytes + 100


def test_a_run_out_of_processor_time_ends_and_keeps_the_finished_results(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("burning")
    burn = "import time\n" + "".join(
        f"def test_{n}():\n    end = time.process_time() + 0.6\n    while time.process_time() < end: pass\n"
        for n in range(20)
    )
    write_project(root, {"test_l.py": burn})
    limits = Limits(run_s=60.0, run_cpu_s=2.0)
    with SandboxClient(project_at(root, limits=limits)) as client:
        run = client.run_tests(RunRequest())

    assert (run.status, run.reason) == ("killed", "killed: processor time limit of 2 s for the run")
    assert [result.outcome for result in run.results[:2]] == [Outcome.PASSED, Outcome.PASSED]
    assert len(run.results) < 8
    assert run.results[-1].outcome is Outcome.TIMEOUT
