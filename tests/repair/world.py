"""A project of one function, `m.f`, whose tests look at what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Outcome, RunRequest
from pytest_codemode.core.patch import Applied, Files
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.repair.judge import Judge
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.worktree.sources import SourceTree
from tests.repair.sandbox import Behaviour, ScriptedSandbox, failure

SOURCE = b"def f():\n    return 1\n"
RED, RED2, GREEN = "t.py::red", "t.py::red2", "t.py::green"


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def returned(files: Files) -> str:
    """Return what `m.f` returns in this tree, as text."""
    return files["m.py"].decode().partition("return ")[2].strip()


def wants(wanted: Mapping[str, frozenset[str]]) -> Behaviour:
    """Return a behaviour in which each test passes for some values of `f()`; tests not named always pass."""

    def behaves(nodeid: str, files: Files) -> Outcome | Failure:
        value = returned(files)
        if nodeid not in wanted or value in wanted[nodeid]:
            return Outcome.PASSED
        return failure(nodeid, f"{value} is not wanted", ("t.py", 3), ("m.py", 2))

    return behaves


def no_veto(applied: Applied) -> tuple[str, tuple[str, ...]]:
    return "", ()


def task(*nodeids: str, timed_out: bool = False) -> RepairTask:
    """Return the task of the failing tests `nodeids`."""
    failures = tuple(failure(n, "1 is not wanted", ("m.py", 2), timed_out=timed_out) for n in nodeids)
    suspects = (Suspect("m.py", 2, 1.0),)
    return RepairTask("t1", failures, suspects, {"m.py": SOURCE}, {}, ("m.py::f",), dict.fromkeys(nodeids, 0.01))


@dataclass
class World:
    """A sandbox, the facts about its unpatched tree, and a judge."""

    root: Path
    behaves: Behaviour
    nodeids: tuple[str, ...] = (RED, RED2, GREEN)
    swapped: Behaviour | None = None
    allowance: Allowance = field(default_factory=Allowance)
    clock: Clock = field(default_factory=Clock)
    veto: object = no_veto
    second_veto: object = no_veto
    durations_s: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / "m.py").write_bytes(SOURCE)
        self.sandbox = ScriptedSandbox(
            self.nodeids,
            self.behaves,
            files={"m.py": SOURCE},
            swapped=self.swapped,
            functions=dict.fromkeys(self.nodeids, ("m.py::f",)),
            durations_s=self.durations_s,
        )
        self.tree = SourceTree(self.root)
        self.tests = TestMap()
        self.tests.add(self.sandbox.run_tests(RunRequest(record="functions")))
        self.sandbox.runs.clear()
        self.budget = Budget(self.allowance, self.clock)
        self.judge = Judge(
            sandbox=self.sandbox,
            tree=self.tree,
            tests=self.tests,
            budget=self.budget,
            veto=self.veto,  # type: ignore[arg-type]
            second_veto=self.second_veto,  # type: ignore[arg-type]
            test_timeout_s=60.0,
        )
