"""Which test executes which function, and how each test ended on the unpatched tree."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult, TestResult
from pytest_codemode.core.ports import Sandbox

CHECK_SECONDS = 20.0
"""Tests beyond this much measured time are left to the confirmation, which runs them all."""
_QUICK_S, _PACE = 0.005, 4.0


def pace(duration_s: float) -> int:
    """Return how slow a test is, in steps of four times from 5 ms on: what one measurement says of the next.

    Ordered by the duration itself, tests that are equally quick would change places from run to run, and with them
    what is tried first and what a model is shown.
    """
    return max(0, math.ceil(math.log(duration_s / _QUICK_S, _PACE))) if duration_s > 0 else 0


@dataclass(slots=True)
class TestMap:
    """Facts about the unpatched tree, by node id."""

    results: dict[str, TestResult] = field(default_factory=dict)
    _reload: dict[str, Outcome] = field(default_factory=dict)

    __test__ = False

    def add(self, result: RunResult) -> None:
        """Take over the results of a run that recorded functions."""
        self.results.update(result.by_nodeid())

    def functions(self, nodeid: str) -> frozenset[str]:
        """Return `path::qualname` of what the test executes; empty if unknown."""
        return frozenset(self.results[nodeid].functions) if nodeid in self.results else frozenset()

    def duration_s(self, nodeid: str) -> float:
        """Return how long the test took, 0 if unknown."""
        return self.results[nodeid].duration_s if nodeid in self.results else 0.0

    def slowest_passing_s(self) -> float:
        """Return how long the slowest passing test took, 0 if none passed."""
        return max((result.duration_s for result in self.results.values() if result.outcome.green), default=0.0)

    def passing(self) -> tuple[str, ...]:
        """Return the tests that passed, in collected order."""
        return tuple(nodeid for nodeid, result in self.results.items() if result.outcome.green)

    def sharing(self, functions: frozenset[str]) -> tuple[str, ...]:
        """Return the passing tests that execute one of `functions`, those that share most of them first."""
        shared = {nodeid: len(functions & self.functions(nodeid)) for nodeid in self.passing()}
        return tuple(sorted((n for n, count in shared.items() if count), key=lambda n: -shared[n]))

    def affected(self, paths: Iterable[str], *, within_s: float = CHECK_SECONDS) -> tuple[str, ...]:
        """Return the passing tests that execute a function of one of `paths`, quickest first, that fit `within_s`."""
        touched = frozenset(paths)
        hit = [n for n in self.passing() if any(f.partition("::")[0] in touched for f in self.functions(n))]
        chosen, total = [], 0.0
        for nodeid in sorted(hit, key=self.duration_s):
            total += self.duration_s(nodeid)
            if total > within_s:
                break
            chosen.append(nodeid)
        return tuple(chosen)

    def reload_baseline(self, sandbox: Sandbox, nodeids: tuple[str, ...]) -> dict[str, Outcome]:
        """Return how `nodeids` end unpatched when run as a check runs them (reload mode), each measured once."""
        missing = tuple(nodeid for nodeid in nodeids if nodeid not in self._reload)
        if missing:
            result = sandbox.run_tests(RunRequest(nodeids=missing, mode=Mode.RELOAD))
            found = result.by_nodeid()
            self._reload.update({n: found[n].outcome if n in found else Outcome.MISSING for n in missing})
        return {nodeid: self._reload[nodeid] for nodeid in nodeids}
