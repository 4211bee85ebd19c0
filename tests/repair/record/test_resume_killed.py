"""A run that is killed goes on where it was: no rejected candidate is judged twice, and it finds what it would have."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.projects import Workspace, flat

SOURCE = """\
def clamp(value, low, high):
    if value > low:
        return low
    if value < high:
        return high
    return value
"""
TESTS = """\
import pytest
from clamp import clamp


@pytest.mark.parametrize(("value", "wanted"), [(0, 1), (5, 3), (2, 2)])
def test_clamp(value, wanted):
    assert clamp(value, 1, 3) == wanted
"""
BUDGET = "candidates=400,time=none"


def workspace(folder: Path) -> Workspace:
    return Workspace(folder, {"pytest.ini": "[pytest]\n", "clamp.py": SOURCE, "test_clamp.py": TESTS})


def record(space: Workspace) -> Path:
    (found,) = (space.root / ".codemode" / "runs").glob("*/run.jsonl")
    return found


def judged(path: Path) -> Counter[tuple[str, str, str]]:
    """How often each candidate went through each stage; lines that a kill has cut do not count."""
    found: Counter[tuple[str, str, str]] = Counter()
    for line in path.read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["kind"] == "judged":
            found.update((event["scope"], event["stage"], trial["fingerprint"]) for trial in event["trials"])
    return found


def killed(space: Workspace, at_least: int) -> None:
    """Start a repair and kill its engine once so many candidates are judged."""
    process = space.start("--codemode-fix", "--codemode-budget", BUDGET, "--codemode-workers", "1")
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        runs = list((space.root / ".codemode" / "runs").glob("*/run.jsonl"))
        if runs and judged(runs[0]).total() >= at_least:
            break
        time.sleep(0.02)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = space.mark.encode() in (folder / "environ").read_bytes()
            if ours and b"pytest_codemode.cli.engine" in (folder / "cmdline").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue
    process.communicate(timeout=120)
    assert process.returncode == 1


def resume(space: Workspace, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_codemode.cli.main", "runs", "resume", "last", *more]
    env = {**os.environ, "TMPDIR": str(space.temporary), "TEST_PROJECT_MARK": space.mark}
    return subprocess.run(command, cwd=space.root, env=env, capture_output=True, text=True, timeout=240, check=False)


def test_a_killed_run_is_resumed_without_judging_a_rejected_candidate_twice_and_finds_the_same(tmp_path: Path) -> None:
    whole, parts = workspace(tmp_path / "whole"), workspace(tmp_path / "parts")
    killed(parts, 40)
    assert parts.read("clamp.py") == SOURCE
    before = judged(record(parts))
    assert before.total() >= 40
    with record(parts).open("ab") as file:
        file.write(b'{"kind":"judged","scope":"cut by th')

    done = resume(parts)
    assert done.returncode == 0, done.stdout + done.stderr
    known = sum(stage == "tried" for _, stage, _ in before)
    assert f"{known} candidates are judged already" in flat(done.stdout)
    after = judged(record(parts))
    assert after.total() > before.total()
    assert {stage for (_, stage, _), count in after.items() if count > 1} <= {"guarded", "checked"}

    whole.fix("--codemode-budget", BUDGET, "--codemode-workers", "2")
    assert parts.read("clamp.py") == whole.read("clamp.py") != SOURCE
    assert after.keys() == judged(record(whole)).keys()
    assert "came to its end" in resume(parts).stderr


def test_a_run_is_not_resumed_on_another_tree(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    killed(space, 1)
    space.write("clamp.py", SOURCE + "\n")
    space.write("conftest.py", "")
    done = resume(space)
    assert done.returncode == 2
    assert "began: clamp.py, conftest.py; what it knows is about another tree" in done.stderr
