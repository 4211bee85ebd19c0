"""A job that is cancelled: the runner signals the step's one process, waits, and kills."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ci.conftest import CLAMP, Repository, pull_request
from tests.ci.runner import PATIENCE_S, ROOT, Place, Runner, commands, environment_file, load

STEP = next(step for step in load(ROOT / "action.yml")["runs"]["steps"] if step.get("id") == "propose")
INTERRUPTED = 130
GRACE_S = 10.0
"""Between the first signal and the kill a runner waits 7.5 and 2.5 seconds."""
SLOW = """
    import time

    def test_slow():
        time.sleep(60)
"""


@dataclass(frozen=True)
class Started:
    """The action's step that proposes, while it runs."""

    runner: Runner
    process: subprocess.Popen[str]
    files: Path
    log: Path

    def told(self) -> tuple[dict[str, str], dict[str, Any]]:
        outputs = environment_file(self.files / "output")
        return outputs, json.loads(Path(outputs["report"], "report.json").read_text())

    def engines(self) -> list[int]:
        listed = {folder: folder / "cmdline" for folder in Path("/proc").glob("[0-9]*")}
        mine = [folder for folder in listed if self._is_mine(folder)]
        return [int(folder.name) for folder in mine if b"pytest_codemode.cli.engine" in listed[folder].read_bytes()]

    def _is_mine(self, folder: Path) -> bool:
        try:
            return self.runner.mark.encode() in (folder / "environ").read_bytes()
        except OSError:
            return False


@contextmanager
def cancellable(repository: Repository, on_github: Any, tmp_path: Path, files: dict[str, str]) -> Iterator[Started]:
    commit = repository.change("feature", files)
    runner: Runner = on_github(repository, pull_request(repository, "feature", commit), head_ref="feature")
    machine = runner.folder / "propose"
    repository.git("clone", "-q", str(repository.root), str(machine / "workspace"))
    log = tmp_path / "log"
    log.touch()
    inputs = {"budget": "time=2m", "python": "python", "sandbox": "auto"}
    # The log goes to a file, by the shell that starts the step's own command as before.
    command = f'exec >"{log}" 2>&1\n{STEP["run"]}'
    place = Place(machine, {"inputs": inputs})
    with runner.start(command, STEP["env"], place, machine / "step") as process:
        try:
            yield Started(runner, process, machine / "step", log)
        finally:
            process.kill()


def wait_for(text: str, started: Started) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while text not in started.log.read_text():
        assert started.process.poll() is None, started.log.read_text()
        assert time.monotonic() < deadline, started.log.read_text()
        time.sleep(0.05)


FIRST_RUN, REPAIR = "running the tests in the sandbox", "codemode: reproduce"


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (FIRST_RUN, signal.SIGTERM),
        (REPAIR, signal.SIGINT),
        pytest.param(FIRST_RUN, signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(REPAIR, signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_cancelled_step_leaves_no_process_and_tells_what_there_is(
    repository: Repository, on_github: Any, tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    files = {"tests/test_slow.py": SLOW} if moment == FIRST_RUN else {"src/pkg/clamp.py": CLAMP}
    with cancellable(repository, on_github, tmp_path, files) as started:
        wait_for(moment, started)
        started.process.send_signal(number)
        started.process.wait(GRACE_S)
    assert started.process.returncode == INTERRUPTED, started.log.read_text()
    assert started.runner.processes() == []
    outputs, report = started.told()
    assert outputs["state"] == "interrupted"
    assert "interrupted" in (started.files / "summary").read_text()
    assert report["stop"].startswith("interrupted")
    last = " ".join(started.log.read_text().rpartition("codemode: ")[0].splitlines()[-1:])
    assert last == "codemode: interrupted; nothing was written to the tree"
    assert [task["fixed"] for task in report["tasks"]] == ([False] * 3 if moment == REPAIR else [])


def test_an_engine_that_dies_is_an_error_and_every_failing_test_is_told(
    repository: Repository, on_github: Any, tmp_path: Path
) -> None:
    with cancellable(repository, on_github, tmp_path, {"src/pkg/clamp.py": CLAMP}) as started:
        wait_for(REPAIR, started)
        (engine,) = started.engines()
        os.kill(engine, signal.SIGKILL)
        started.process.wait(GRACE_S)
    assert started.process.returncode == 2, started.log.read_text()
    outputs, report = started.told()
    assert (outputs["state"], outputs["fixed"], outputs["unfixed"]) == ("error", "0", "3")
    assert "the engine was killed by SIGKILL before it could report" in report["stop"]
    errors = [command for command in commands(started.log.read_text()) if command.name == "error"]
    assert [error.properties["title"].partition("[")[0] for error in errors] == [
        "codemode",
        "tests/test_clamp.py::test_clamp",
        "tests/test_clamp.py::test_clamp_elsewhere",
        "tests/test_clamp.py::test_clamp_elsewhere",
    ]
