"""A zygote that dies is replaced, and what was running goes on: no result is lost, none comes twice."""

import os
import signal
import sys
import threading
import uuid
import venv
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from pytest_codemode.core.outcome import Candidate, Mode, Outcome, Swap, TestResult, TryRequest
from tests.sandbox.toys import project_at, sandboxed, write_project

NAMES = [f"test_many.py::test_{number}" for number in range(6)]
MANY = "import sys\nimport time\n\nWARM = 'wave' in sys.modules\nimport wave\n\nfrom mod import value\n\n" + "\n".join(
    f"def test_{number}():\n    time.sleep(0.2)\n    assert value() == 1\n" for number in range(6)
)
"""`WARM` is true where a process had imported a library before it came to this file."""
MOD = "def value():\n    return 1\n"


def project_with(mark: str, folder: Path, **changes: object):
    write_project(folder, {"test_many.py": MANY, "mod.py": MOD})
    return project_at(folder, env={"TOY_MARK": mark, "PATH": os.environ["PATH"]}, **changes)


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().hex}"


def family(mark: str) -> dict[int, int]:
    """Worker processes by id, with their parents' ids."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def zygotes(mark: str) -> list[int]:
    """Children of the supervisor, the oldest first."""
    parents = family(mark)
    supervisors = [pid for pid in parents if b"pytest_codemode.worker" in command(pid) and not is_fence(pid)]
    (supervisor,) = [pid for pid in supervisors if parents[pid] not in supervisors]
    return sorted(pid for pid, parent in parents.items() if parent == supervisor)


def command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def is_fence(pid: int) -> bool:
    return b"bwrap" in command(pid) or b"launcher" in command(pid)


def killed(pids: list[int]) -> bool:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


@pytest.mark.parametrize("level", ["auto", pytest.param("landlock", marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", [Mode.WARM, Mode.RELOAD])
def test_a_run_goes_on_when_its_zygote_is_killed(tmp_path: Path, mark: str, mode: Mode, level: str) -> None:
    seen: list[TestResult] = []

    def note(result: TestResult) -> None:
        seen.append(result)
        if len(seen) == 2:  # the next test is asleep
            assert killed(zygotes(mark))

    with sandboxed(project_with(mark, tmp_path, level=level)) as box:
        box.collect()
        assert len(box.run(NAMES[0], mode=mode).results) == 1
        run = box.run(*NAMES, mode=mode, on_result=note)

        assert (run.status, run.reason) == ("finished", "")
        assert [result.nodeid for result in seen] == NAMES
        assert {result.outcome for result in run.results} == {Outcome.PASSED}
        assert box.run(*NAMES, mode=mode).reason == ""


def test_a_test_that_runs_whenever_its_zygote_dies_is_blamed_in_the_end(tmp_path: Path, mark: str) -> None:
    stop = threading.Event()

    def kill_again_and_again() -> None:
        while not stop.wait(0.02):
            with suppress(ValueError):
                young = [pid for pid in family(mark) if b"hang-now" in title(pid)]
                killed([family(mark).get(pid, 0) for pid in young if family(mark).get(pid, 0) > 1])

    named = (
        "import ctypes, time\n\ndef test_named():\n    ctypes.CDLL(None).prctl(15, b'hang-now')\n    time.sleep(5)\n"
    )
    with sandboxed(project_with(mark, tmp_path)) as box:
        (tmp_path / "test_named.py").write_text(named)
        killer = threading.Thread(target=kill_again_and_again)
        killer.start()
        try:
            run = box.run("test_named.py::test_named", NAMES[0])
        finally:
            stop.set()
            killer.join()

    assert [result.outcome for result in run.results] == [Outcome.PASSED, Outcome.CRASHED]


def title(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_bytes()
    return b""


@pytest.mark.parametrize("victims", [zygotes, lambda mark: sorted(family(mark))], ids=["zygotes", "worker"])
def test_a_batch_goes_on_when_a_process_under_it_is_killed(
    tmp_path: Path, mark: str, victims: Callable[[str], list[int]]
) -> None:
    bodies = [f"def value():\n    return {number % 3}\n" for number in range(16)]
    candidates = tuple(
        Candidate(str(number), {"mod.py": body.encode()}, (Swap("mod.py", "value", 1, body),) * (number % 2))
        for number, body in enumerate(bodies)
    )
    killed_at = []

    async def note(done: int, _of: int) -> None:
        if done in (3, 8) and killed(victims(mark)):
            killed_at.append(done)

    with sandboxed(project_with(mark, tmp_path)) as box:
        assert box.run(NAMES[0]).results[0].outcome.green
        assert box.run(NAMES[0], mode=Mode.RELOAD).results[0].outcome.green
        tried = box.portal.call(box.service.try_patches, TryRequest(candidates, (NAMES[0],)), note)

    assert killed_at == [3, 8]
    assert [(result.key, result.status, result.strategy) for result in tried] == [
        (str(number), "passed" if number % 3 == 1 else "failed", "swap" if number % 2 else "reload")
        for number in range(16)
    ]


def test_the_second_zygote_is_replaced_with_its_libraries_imported(tmp_path: Path, mark: str) -> None:
    project = project_with(mark, tmp_path)
    (tmp_path / "test_warm.py").write_text("from test_many import WARM\n\ndef test_it():\n    assert WARM\n")
    with sandboxed(project) as box:
        box.collect()
        for _ in range(3):
            assert box.outcomes("test_warm.py::test_it", mode=Mode.RELOAD) == {"test_it": "passed"}
            assert killed(zygotes(mark)[-1:])


def test_zygotes_keep_what_they_hold_out_of_garbage_collection(tmp_path: Path) -> None:
    test = "import gc\n\ndef test_frozen():\n    assert gc.get_freeze_count() > 10_000\n"
    write_project(tmp_path, {"test_gc.py": test})
    with sandboxed(project_at(tmp_path)) as box:
        assert box.outcomes() == {"test_frozen": "passed"}
        assert box.outcomes("test_gc.py::test_frozen", mode=Mode.RELOAD) == {"test_frozen": "passed"}
        box.portal.call(box.service.warm_up)
        assert int(box.execute("import gc; print(gc.get_freeze_count())").stdout) > 5_000


def test_a_library_that_starts_threads_leaves_the_second_zygote_out(tmp_path: Path) -> None:
    root, place = tmp_path / "project", tmp_path / "venv"
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "all.pth").write_text("\n".join(entry for entry in sys.path if Path(entry).is_dir()))
    starts = "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
    (packages / "busy.py").write_text(starts)
    test = "import busy, threading\n\ndef test_it():\n    assert threading.active_count() == 2\n"
    write_project(root, {"test_busy.py": test})
    sys_path = (*project_at(root).sys_path, str(packages))
    with sandboxed(project_at(root, python=str(place / "bin" / "python"), sys_path=sys_path)) as box:
        for mode in (Mode.WARM, Mode.RELOAD, Mode.WARM):
            assert box.outcomes("test_busy.py::test_it", mode=mode) == {"test_it": "passed"}
