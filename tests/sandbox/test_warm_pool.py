"""A worker is well before it is lent, replaced when it is not, and worn out after so many requests."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import anyio
import pytest

from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.pool import Pool
from pytest_codemode.sandbox.slot import Slot, SlotDied
from tests.sandbox.toys import Sandboxed, project_at, sandboxed, write_project

SCRIPT = str(Path(__file__).with_name("scripted_worker.py"))


class ScriptedWorkers:
    """An isolation without a fence, in which each worker plays the next script (the last one again and again)."""

    level = "none"
    capabilities = Capabilities()
    notes = ()

    def __init__(self, *scripts: str) -> None:
        self.scripts = [script.split(", ") for script in scripts]
        self.processes: list[subprocess.Popen[bytes]] = []
        self.root = self.scratch = "/"
        self.library = ""
        self.inner_landlock = False

    def enclose(self, _project: Project) -> "ScriptedWorkers":
        return self

    def start(
        self, _argv: Sequence[str], *, env: dict[str, str], stdin: int, stdout: int, stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        words = self.scripts[min(len(self.processes), len(self.scripts) - 1)]
        command = [sys.executable, "-S", SCRIPT, *words]
        self.processes.append(subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr))
        return self.processes[-1]

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)

    close = kill

    def slot(self, ping_after_s: float = 100.0) -> Slot:
        project = Project("/", "/", sys.executable)
        return Slot(project, self, files={}, warm=True, ping_after_s=ping_after_s)


def in_pool(
    workers: ScriptedWorkers,
    play: Callable[[Pool], Awaitable[None]],
    max_requests: int = 100,
    ping_after_s: float = 100.0,
) -> None:
    async def run() -> None:
        pool = Pool(lambda: workers.slot(ping_after_s), 1, max_requests)
        with anyio.fail_after(60):
            try:
                await play(pool)
            finally:
                await pool.clear()

    anyio.run(run)


async def asked(pool: Pool) -> int:
    async with pool.slot() as slot:
        return int((await slot.request({"op": "x"}, None, 30.0))["pid"])


def test_a_worker_that_died_while_it_was_idle_costs_the_next_request_nothing() -> None:
    workers = ScriptedWorkers("done, done, done")

    async def play(pool: Pool) -> None:
        first = await asked(pool)
        workers.processes[0].kill()
        workers.processes[0].wait(10)
        second = await asked(pool)
        assert second == workers.processes[1].pid != first
        assert await asked(pool) == second

    in_pool(workers, play)


def test_a_request_that_no_worker_took_goes_to_another_one() -> None:
    workers = ScriptedWorkers("done, dies", "done")

    async def play(pool: Pool) -> None:
        assert await asked(pool) == workers.processes[0].pid
        assert await asked(pool) == workers.processes[1].pid

    in_pool(workers, play)


def test_a_request_that_kills_two_workers_before_they_take_it_is_given_up() -> None:
    workers = ScriptedWorkers("dies")

    async def play(pool: Pool) -> None:
        with pytest.raises(SlotDied):
            await asked(pool)

    in_pool(workers, play)
    assert len(workers.processes) == 2


def test_a_request_that_was_taken_is_never_repeated() -> None:
    workers = ScriptedWorkers("dies taken", "done")

    async def play(pool: Pool) -> None:
        with pytest.raises(SlotDied):
            await asked(pool)
        assert len(workers.processes) == 1
        assert await asked(pool) == workers.processes[1].pid

    in_pool(workers, play)


def test_a_worker_that_does_not_answer_after_a_rest_is_replaced() -> None:
    workers = ScriptedWorkers("done, hangs", "done, done, done")

    async def play(pool: Pool) -> None:
        assert await asked(pool) == workers.processes[0].pid
        assert await asked(pool) == workers.processes[1].pid
        assert await asked(pool) == workers.processes[1].pid  # answered the ping, too
        assert workers.processes[0].returncode is not None

    in_pool(workers, play, ping_after_s=0.0)


def test_a_worker_is_replaced_after_so_many_requests() -> None:
    workers = ScriptedWorkers("done, done, done, done")

    async def play(pool: Pool) -> None:
        pids = [await asked(pool) for _ in range(7)]
        assert [pids.count(process.pid) for process in workers.processes] == [3, 3, 1]
        assert workers.processes[0].returncode is not None

    in_pool(workers, play, max_requests=3)


def test_what_warms_up_gives_way_to_a_request() -> None:
    workers = ScriptedWorkers("hangs", "done")

    async def play(pool: Pool) -> None:
        warming = anyio.Event()

        async def prepare(slot: Slot) -> None:
            warming.set()
            with suppress(SlotDied):
                await slot.request({"op": "warm_up"}, None, 600.0)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pool.warm_up, prepare)
            await warming.wait()
            assert await asked(pool) == workers.processes[1].pid

    in_pool(workers, play)


SLOW = "import time\ntime.sleep({})\n\ndef test_slow():\n    pass\n"


def test_the_first_program_and_the_first_test_after_a_warm_up_are_warm(tmp_path: Path) -> None:
    write_project(tmp_path, {"test_slow.py": SLOW.format(1)})
    with sandboxed(project_at(tmp_path)) as box:
        box.portal.call(box.service.warm_up)

        assert box.execute("import sys; print('selectors' in sys.modules)").stdout == "True\n"
        (result,) = box.run().results
        assert result.outcome.green
        assert box.run().duration_s < 1  # else it was collected again


def test_a_program_does_not_wait_for_a_session_that_is_collected_ahead(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    write_project(tmp_path, {"test_slow.py": SLOW.format(100)})
    env = {"TOY_MARK": mark, "PATH": os.environ["PATH"]}
    with sandboxed(project_at(tmp_path, env=env, limits=Limits(test_s=200.0))) as box:
        warming = box.portal.start_task_soon(box.service.warm_up)
        deadline = time.monotonic() + 30
        while len(worker_processes(mark)) < 4 and time.monotonic() < deadline:  # bubblewrap's two, it, the session
            time.sleep(0.05)
        started = time.monotonic()
        assert box.execute("print(1)").stdout == "1\n"
        assert time.monotonic() - started < 30
        warming.result(timeout=10)


def test_a_worker_that_is_killed_between_programs_is_replaced(tmp_path: Path) -> None:
    mark = f"mark-{uuid.uuid4().hex}"
    write_project(tmp_path, {"a.py": ""})
    with sandboxed(project_at(tmp_path, env={"TOY_MARK": mark, "PATH": os.environ["PATH"]})) as box:
        for _ in range(3):
            assert outputs_of(box) == ["1\n"] * 3
            for pid in worker_processes(mark):
                with suppress(ProcessLookupError):  # the first one's death takes the others with it
                    os.kill(pid, signal.SIGKILL)
        assert outputs_of(box) == ["1\n"] * 3


def outputs_of(box: Sandboxed) -> list[str]:
    return [box.execute("print(1)").stdout for _ in range(3)]


def worker_processes(mark: object) -> list[int]:
    """Process ids of workers that have `mark` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"pytest_codemode.worker" in (folder / "cmdline").read_bytes() and str(mark).encode() in (
                (folder / "environ").read_bytes()
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)
