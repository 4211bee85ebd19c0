"""Programs and tests that take more than they may: they end, say why, and the sandbox goes on."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from pytest_codemode.core.project import Limits
from tests.attacks.attack import LEVELS, Attack, Ended, Range, project_files, works
from tests.attacks.bait import Bait
from tests.sandbox.toys import processes_with, project_at, sandboxed, write_project

LIMITS = Limits(
    test_s=4.0,
    run_s=12.0,
    memory_bytes=256 << 20,
    processes=48,
    open_files=256,
    file_bytes=8 << 20,
    disk_bytes=48 << 20,
    output_bytes=64 << 10,
)
TAKE = "memory_limit"
ATTACKS = [
    Attack(
        "bombs with forks",
        """
        import os, time
        for _ in range(4000):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
        """,
        "process_limit",
    ),
    Attack(
        "bombs with forks of forks",
        """
        import os
        for _ in range(12):
            os.fork()
        import time
        time.sleep(3)
        """,
        "process_limit",
    ),
    Attack(
        "bombs with threads",
        """
        import threading
        stop = threading.Event()
        try:
            for _ in range(2000):
                threading.Thread(target=stop.wait, daemon=True).start()
        except RuntimeError as problem:
            raise OSError("no more threads") from problem
        """,
        "process_limit",
    ),
    Attack("takes 3 GiB", "assert bytearray(b'x' * (1 << 20)) * 3072", TAKE),
    Attack(
        "takes 3 GiB bit by bit",
        """
        hoard = []
        for _ in range(3072):
            hoard.append(bytearray(b"x") * (1 << 20))
        """,
        TAKE,
    ),
    Attack(
        "takes it with many processes",
        """
        import os, time
        for _ in range(16):
            if os.fork() == 0:
                hoard = bytearray(b"x") * (96 << 20)
                time.sleep(60)
                os._exit(0)
        time.sleep(60)
        """,
        TAKE,
    ),
    Attack(
        "takes it where no process is seen to hold it",
        """
        import os
        held = []
        for _ in range(12):
            held.append(os.memfd_create("attack"))
            for _ in range(8):
                os.write(held[-1], bytes(1 << 20) * 32)
        """,
        TAKE,
    ),
    Attack(
        "makes a file of 10 GiB with a hole",
        "import os, tempfile; f = tempfile.NamedTemporaryFile(); os.truncate(f.name, 10 << 30)",
    ),
    Attack(
        "writes a file of 10 GiB",
        """
        import tempfile
        with tempfile.TemporaryFile() as file:
            for _ in range(10 << 10):
                file.write(bytes(1 << 20))
        """,
    ),
    Attack(
        "reserves room beyond the end of a file",
        """
        import ctypes, os, tempfile, kit
        with tempfile.TemporaryFile() as file:
            kit.call("fallocate", file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(200 << 20))
        """,
    ),
    Attack(
        "writes many files",
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        for number in range(100):
            with open(os.path.join(folder, str(number)), "wb") as file:
                file.write(bytes(4 << 20))
        """,
        "disk_limit",
    ),
    Attack(
        "makes very many small files",
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        for number in range(60_000):
            os.close(os.open(os.path.join(folder, str(number)), os.O_CREAT | os.O_WRONLY))
        """,
        "disk_limit",
    ),
    Attack(
        "opens more files than it may",
        "import os; held = [os.open('/dev/null', os.O_RDONLY) for _ in range(5000)]",
    ),
    Attack(
        "cannot be ended by asking",
        """
        import signal, time
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(60)
        """,
    ),
    Attack(
        "never comes back from C",
        "import re; re.match(r'(a|a)*$', 'a' * 64 + 'b')",
    ),
]
NAMES = [attack.name for attack in ATTACKS]
MARK = "codemode-attack-on-resources"


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, Range]]:
    with ExitStack() as stack:
        found = {}
        for level in filter(works, LEVELS):
            bait = stack.enter_context(Bait())
            write_project(bait.root, project_files(ATTACKS, bait.targets()))
            project = project_at(bait.root, level=level, limits=LIMITS)
            box = sandboxed(project_at(bait.root, level=level, limits=LIMITS, env={**project.env, "MARKED": MARK}))
            found[level] = Range(level, stack.enter_context(box), bait)
        yield found
    assert processes_with(MARK) == []


def through_test(place: Range, attack: Attack) -> Ended:
    return place.let_in([attack], "test")[0][attack.name]


@pytest.mark.parametrize("door", ["program", pytest.param("test", marks=pytest.mark.slow)])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NAMES)
def test_what_takes_too_much_is_ended_and_the_sandbox_goes_on(
    places: dict[str, Range], name: str, level: str, door: str
) -> None:
    if level not in places:
        pytest.skip(f"{level} does not work here")
    place, attack = places[level], ATTACKS[NAMES.index(name)]
    if attack.capability and not getattr(place.claimed, attack.capability):
        pytest.skip(f"{level} does not claim {attack.capability} here")
    seconds = 12.0 if attack.capability == TAKE else 4.0
    run = {"program": partial(place.execute_alone, timeout_s=seconds), "test": partial(through_test, place)}[door]
    ended = run(attack)

    assert ended.how in ("refused", "killed"), ended
    if attack.capability == TAKE:
        assert ended.how == "refused" or "memory limit of 256 MiB" in ended.told, ended
    assert place.box.execute("print('alive')").stdout == "alive\n"


@pytest.mark.parametrize("level", LEVELS)
def test_a_gigabyte_of_output_is_cut_and_said_to_be(places: dict[str, Range], level: str) -> None:
    if level not in places:
        pytest.skip(f"{level} does not work here")
    found = places[level].box.execute(
        "import sys\nprint('first')\nfor _ in range(1024):\n    sys.stdout.write('x' * (1 << 20))\nprint('last')"
    )
    assert found.stdout.startswith("first\n")
    assert "bytes cut" in found.stdout
    assert len(found.stdout) < 2 * LIMITS.output_bytes
    assert found.status == "killed" or found.stdout.endswith("last\n")
