"""What counts towards a limit, weighed on this process's own children and folders."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_codemode.core.limits import memory_limit
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.disk import Disk
from pytest_codemode.worker.usage import shared_once_bytes, usage
from pytest_codemode.worker.weighing import Scales, Tally

needs_proc = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")


class Turns:
    """The tests of a run, one after the other."""

    def __init__(self) -> None:
        self.now = (0, 0.0)

    def __call__(self) -> tuple[int, float]:
        return self.now


def test_processor_time_counts_from_the_first_look_and_for_the_test_that_runs() -> None:
    turns = Turns()
    tally = Tally(10.0, 5.0, test=turns)
    for cpu_s, running in ((100.0, 1), (101.0, 1), (103.0, 1), (104.0, 2), (104.5, 2)):
        turns.now = (running, 1.0)
        tally.take(cpu_s)

    assert tally.spent_s == 4.5
    assert tally.spent_on_test_s == 0.5
    assert not tally.is_over
    tally.take(105.5)
    assert tally.is_over


def test_time_that_vanishes_with_a_process_nobody_waited_for_is_not_taken_back() -> None:
    tally = Tally(run_cpu_s=5.0)
    for cpu_s in (0.0, 3.0, 0.5, 2.0):
        tally.take(cpu_s)

    assert tally.spent_s == 4.5


def test_a_new_process_starts_with_a_look_of_its_own_and_the_run_goes_on() -> None:
    tally = Tally(run_cpu_s=5.0)
    for cpu_s in (0.0, 3.0):
        tally.take(cpu_s)
    tally.restart()
    for cpu_s in (50.0, 51.0):
        tally.take(cpu_s)

    assert tally.spent_s == 4.0


@needs_proc
def test_threads_memory_and_time_of_children_are_seen() -> None:
    program = (
        "import threading, time; hoard = b'x' * (64 << 20)\n"
        "for _ in range(5): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "end = time.process_time() + 0.2\n"
        "while time.process_time() < end: pass\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    before = usage(os.getpid(), ())
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        used, kept = usage(os.getpid(), ()), usage(os.getpid(), {child.pid})
        pages = shared_once_bytes([child.pid])
        child.kill()

    assert used.tasks - before.tasks == 6
    assert used.cpu_s - before.cpu_s >= 0.2
    assert child.pid in used.weighed
    assert used.resident_bytes - before.resident_bytes > 64 << 20
    assert (kept.tasks, child.pid in kept.weighed) == (used.tasks, False)
    assert 64 << 20 < pages < 128 << 20


@needs_proc
def test_the_first_limit_that_is_broken_is_named(tmp_path: Path) -> None:
    disk = Disk((str(tmp_path),), 2**40)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        assert Scales(Limits(), set(), disk).broken(Tally()) is None
        few = Scales(Limits(processes=2), set(), disk).broken(Tally())
        little = Scales(Limits(memory_bytes=2**12), set(), disk).broken(Tally())
        child.kill()

    assert few is not None
    assert few.reason == "killed: limit of 2 processes"
    assert little is not None
    assert little.reason == "killed: memory limit of 4 KiB"


@needs_proc
def test_memory_that_grows_beyond_what_was_left_is_weighed_again_soon(tmp_path: Path) -> None:
    program = (
        "import os, sys; hoards = []; ours, theirs = os.pipe()\n"
        "if os.fork() == 0: os.close(theirs); os.read(ours, 1); os._exit(0)  # when the other one ends\n"
        "for line in sys.stdin: hoards.append(b'x' * (64 << 20)); print('grown', flush=True)"
    )
    others = shared_once_bytes(usage(os.getpid(), set()).weighed)  # what earlier tests of this process have left
    limits = Limits(memory_bytes=others + (48 << 20))
    scales = Scales(limits, set(), Disk((str(tmp_path),), 2**40))
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert scales.broken(Tally()) is None
        child.stdin.write(b"grow\n" * 2)
        child.stdin.flush()
        child.stdout.readline()
        broken = scales.broken(Tally())
        child.kill()
    assert broken is not None
    assert broken.reason == f"killed: {memory_limit(limits)}"


def test_a_folder_is_full_when_more_was_written_than_the_bound(tmp_path: Path) -> None:
    (tmp_path / "before").write_bytes(b"x" * 2**20)
    disk = Disk((str(tmp_path),), 2**20)
    assert not disk.is_full()
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a").write_bytes(b"x" * 2**19)
    assert not disk.is_full()
    (tmp_path / "below" / "b").write_bytes(b"x" * (2**19 + 2**16))
    assert disk.is_full()


def test_many_empty_files_fill_a_folder_too(tmp_path: Path) -> None:
    disk = Disk((str(tmp_path),), 2**20)
    for number in range(4_097):
        (tmp_path / str(number)).touch()
    assert disk.is_full()


@needs_proc
def test_a_file_without_a_name_fills_a_folder_as_long_as_somebody_holds_it(tmp_path: Path) -> None:
    disk = Disk((str(tmp_path),), 2**20)
    path = tmp_path / "unlinked"
    with path.open("wb") as file, path.open("rb"):
        file.write(b"x" * 2**19)
        file.flush()
        path.unlink()
        assert not disk.is_full([os.getpid()])  # open twice, and counted once
        file.write(b"x" * (2**19 + 2**16))
        file.flush()
        assert disk.is_full([os.getpid()])
        assert not disk.is_full()
    assert not disk.is_full([os.getpid()])


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "large").write_bytes(b"x" * 2**22)
    disk = Disk((str(tmp_path / "inside"),), 2**20)
    (tmp_path / "inside" / "link").symlink_to(tmp_path)
    (tmp_path / "inside" / "file").symlink_to(tmp_path / "large")
    assert not disk.is_full()


def test_a_look_is_cheap(tmp_path: Path) -> None:
    scales = Scales(Limits(), set(), Disk((str(tmp_path),), 2**40))
    began = time.perf_counter()
    for _ in range(20):
        scales.broken(Tally())
    assert (time.perf_counter() - began) / 20 < 0.05
