"""What the processes of a worker tell each other to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.exploring import ExploreRequest
from pytest_codemode.core.outcome import Record, Swap
from pytest_codemode.core.project import Project

Say = Callable[[dict[str, Any]], None]
"""Sends one message to the process that watches."""

PRELOAD_S = 10.0
"""Wall clock of all that `Setup.preload` names."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The first frame a worker gets."""

    project: Project
    root: str
    """Absolute path of the project inside the enclosure."""
    scratch: str
    """Absolute path of the enclosure's private writable folder."""
    deny_unix: bool = True
    """Whether tests may not open unix sockets: needed where those of the host could be reached."""
    private_shm: bool = False
    """Whether /dev/shm is the enclosure's own: tests may then use it, and it is emptied after each."""
    preload: tuple[str, ...] = ()
    """Files that a session which is forked imports once its tests are collected: posix, relative to rootdir."""

    @property
    def fork_scratch(self) -> str:
        """TMPDIR and basetemp of the process that runs tests; emptied after each: no two run at a time."""
        return f"{self.scratch}/run"

    @property
    def home(self) -> str:
        """HOME of the process that runs tests."""
        return f"{self.fork_scratch}/home"


@dataclass(frozen=True, slots=True)
class Measuring:
    """What a plan measures with coverage.py."""

    paths: tuple[str, ...] = ()
    """As in `core.exploring.MeasureRequest`."""
    contexts: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one process that runs tests is to do."""

    test_s: float
    """Wall clock per test."""
    test_cpu_s: float | None = None
    """Processor time per test; None for the sandbox's limit."""
    nodeids: tuple[str, ...] | None = None
    """None: everything collected."""
    as_given: bool = False
    """Run in the order of `nodeids` instead of the collected one."""
    order_seed: int | None = None
    record: Record = "nothing"
    line_paths: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    """With `record="values"` or `"calls"`: `path::qualname` of the functions that are wanted."""
    record_for: tuple[str, ...] | None = None
    """Record these tests only; None for all."""
    output: bool = False
    """Whether each phase is to come with what it printed."""
    stop_at_failure: bool = False
    slim: bool = False
    """Failures with message and operands only, and no phases."""
    canary: str = ""
    """Name of an added test that must fail."""
    token: str = ""
    """Goes with each message of the process that this plan is given to; see `reporter`."""
    done: tuple[str, ...] = ()
    """Finished by an earlier process of the same run."""
    swaps: tuple[Swap, ...] = ()
    batch: tuple[tuple[Swap, ...], ...] = ()
    """Candidates to be judged one after the other on the first of `nodeids`; see `batch`."""
    explore: ExploreRequest | None = None
    """Calls to be tried out; no test runs then."""
    writable: bool = False
    """Whether the tests may write to the tree (it is thrown away)."""
    measure: Measuring | None = None
    """Cold runs only: branch coverage of all that runs, from before the project is imported."""
    extra: tuple[str, ...] = ()
    """Test files that run whatever the user's options select, relative to rootdir; with `nodeids` named there too."""
