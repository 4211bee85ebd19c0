"""A pytest plugin, and the engine it starts, that writes which tasks a repair would give to its proposers.

`bench.reach` copies this file beside a case. The file named by CODEMODE_BENCH_TASKS gets the tasks as JSON; the engine
runs with the interpreter that CODEMODE_BENCH_ENGINE names.
"""

import json
import os
import sys
from pathlib import Path

import pytest

VARIABLE = "CODEMODE_BENCH_TASKS"
ENGINE = "CODEMODE_BENCH_ENGINE"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Put this file in the place of the engine."""
    repair = config.pluginmanager.get_plugin("codemode-repair")
    if repair is not None and os.environ.get(VARIABLE):
        repair.engine_command = (os.environ.get(ENGINE, sys.executable), "-P", __file__)


class _Listener:
    """A proposer that has no ideas, and remembers what it was asked."""

    name = "listener"

    def __init__(self) -> None:
        self.tasks: list[object] = []

    def propose(self, task):
        """Take the task in."""
        self.tasks.append(task)
        yield from ()


def main() -> None:
    """Be the engine: localise as for a repair, and write the tasks."""
    from pytest_codemode.core.codec import encode  # noqa: PLC0415  # the plugin must stay light
    from pytest_codemode.core.events import RunDone, to_line  # noqa: PLC0415
    from pytest_codemode.core.request import from_json  # noqa: PLC0415
    from pytest_codemode.wiring.repairing import repair  # noqa: PLC0415

    listener = _Listener()
    report = repair(from_json(sys.stdin.read()), lambda event: None, (listener,))
    Path(os.environ[VARIABLE]).write_text(json.dumps([encode(task) for task in listener.tasks]), encoding="utf-8")
    sys.stdout.write(to_line(RunDone(report)) + "\n")


if __name__ == "__main__":
    main()
