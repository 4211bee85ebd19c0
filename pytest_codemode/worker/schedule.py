"""The order in which a process may speak of its tests: as its plan and its collection say, each once."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_codemode.worker.plan import Plan


class Schedule:
    """What is to run in one process, and how far it has come. Everything else is a lie: a ValueError."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._wanted = None if plan.nodeids is None else frozenset(plan.nodeids)
        self._missing = set(plan.nodeids or ())
        self._order: tuple[str, ...] = ()
        self._next = 0
        self._stopped = False
        self.fixed = False
        """Whether the process has told what it collected."""
        self.running = ""
        """Node id of the test that has started and has no result."""

    def fix(self, nodeids: Sequence[str]) -> None:
        """Take the node ids to be run, in their order."""
        if self.fixed:
            raise ValueError("a second collection")
        if len(set(nodeids)) != len(nodeids):
            raise ValueError("a test that is to run twice")
        done = frozenset(self._plan.done)
        for nodeid in nodeids:
            if nodeid in done or not self._is_wanted(nodeid):
                raise ValueError(f"{nodeid[:80]!r} is not to be run")
        self._missing -= done | set(nodeids)
        self._order = tuple(nodeids)
        self.fixed = True

    def miss(self, nodeid: str) -> None:
        """Take the word that a test which was asked for does not exist."""
        if not self.fixed or self._next or nodeid not in self._missing:
            raise ValueError(f"{nodeid[:80]!r} cannot be missing")
        self._missing.remove(nodeid)

    def start(self, nodeid: str) -> None:
        """Begin a test, which must be the next one."""
        if self.running:
            raise ValueError(f"{self.running[:80]!r} has no result")
        if self._stopped and self._plan.stop_at_failure and self._plan.as_given:
            raise ValueError("a test after the one that ends the run")
        if self._next >= len(self._order) or self._order[self._next] != nodeid:
            raise ValueError(f"{nodeid[:80]!r} is not the next test")
        self.running = nodeid
        self._next += 1

    def finish(self, nodeid: str, *, green: bool) -> None:
        """End the running test."""
        if not self.running or nodeid != self.running:
            raise ValueError(f"a result for {nodeid[:80]!r}, which is not running")
        self.running = ""
        self._stopped = not green

    def end(self) -> None:
        """End the run: after its last test, or after one that is not green if that is enough."""
        early = self._stopped and self._plan.stop_at_failure
        if not self.fixed or self.running or (self._next < len(self._order) and not early):
            raise ValueError("an end before its tests have ended")

    def _is_wanted(self, nodeid: str) -> bool:
        """Whether the plan asks for `nodeid`, or for a file or class that it is in."""
        if self._wanted is None or nodeid in self._wanted:
            return True
        if self._plan.canary and nodeid.endswith(f"::{self._plan.canary}"):
            return True
        return any(nodeid[:end] in self._wanted for end in range(len(nodeid)) if nodeid.startswith(("::", "/"), end))
