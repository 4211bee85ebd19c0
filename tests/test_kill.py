"""kill -9 of any of our processes at any moment: the tree is as it was or fully patched, and nothing is left."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.projects import Workspace

pytestmark = pytest.mark.slow

LEFT = "def left(a):\n    return a - 1\n"
RIGHT = "from left import left\n\n\ndef right(a):\n    return left(a) + 2\n"
TESTS = """\
from left import left
from right import right


def test_left():
    assert left(3) == 4
    assert left(0) == 1


def test_right():
    assert right(3) == 7
    assert right(1) == 5
"""


def pids(workspace: Workspace) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if workspace.mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("seed", range(24))
def test_after_a_kill_the_tree_is_whole_and_nothing_runs(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
        "left.py": LEFT,
        "right.py": RIGHT,
        "test_both.py": TESTS,
    }
    workspace = Workspace(tmp_path, files)
    process = workspace.start("--codemode-fix")
    time.sleep(rng.uniform(0.3, 8.0))
    victims = pids(workspace)
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(victims), signal.SIGKILL)
    process.communicate(timeout=120)
    subprocess.run(
        [sys.executable, "-m", "pytest_codemode.cli.main", "runs", "list"], cwd=workspace.root, check=True, timeout=60
    )
    tree = workspace.tree()
    fixed = tree["left.py"] != LEFT.encode(), tree["right.py"] != RIGHT.encode()
    assert fixed[0] == fixed[1] or workspace.pytest().status == 1
    assert not list((workspace.root / ".codemode").glob("journal/*"))
    deadline = time.monotonic() + 15
    while workspace.processes() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workspace.processes() == []
