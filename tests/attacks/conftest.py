from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from pytest_codemode.sandbox.environment import scrub
from tests.attacks import files, kernel, network, processes, taint
from tests.attacks.attack import Range, project_files, works
from tests.attacks.bait import SECRET, Bait
from tests.sandbox.toys import project_at, sandboxed, write_project

ATTACKS = [*files.ATTACKS, *processes.ATTACKS, *network.ATTACKS, *kernel.ATTACKS, *taint.ATTACKS]
CREDENTIALS = {"ANTHROPIC_API_KEY": SECRET, "DB_PASSWORD": SECRET, "HARMLESS": f"https://me:{SECRET}@host/"}


@pytest.fixture(scope="session")
def range_at() -> Iterator[Callable[[str], Range]]:
    """Return the range of a level, opened once for all attacks, or skip where the level does not work."""
    ranges: dict[str, Range] = {}
    with ExitStack() as stack:

        def at(level: str) -> Range:
            if not works(level):
                pytest.skip(f"{level} does not work here")
            if level not in ranges:
                bait = stack.enter_context(Bait())
                write_project(bait.root, project_files(ATTACKS, bait.targets()))
                env = scrub({**project_at(bait.root).env, **CREDENTIALS})
                box = stack.enter_context(sandboxed(project_at(bait.root, level=level, env=env)))
                ranges[level] = Range(level, box, bait)
            return ranges[level]

        yield at
