"""Which tests need a place of their own, and the signs by which a result from a fork asks for one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, RunResult, TestResult, TryResult
from pytest_codemode.core.refusal import is_refusal

_Signature = tuple[str, tuple[tuple[str, str], ...]]

_COMPARED_CHARS = 200
"""Of a message: a candidate's failures are shorter than those of a run."""
_GONE = re.compile(r"No such file or directory: \S*/codemode-(?:scratch|[^/\s]+/scratch)/run/(?!pytest/|home/)")
"""A file that the import made in the temporary folder, which is emptied before each fork runs."""
_PRIVATE_FOLDER = re.compile(r"\S*/codemode-[^/\s'\"]+")
"""Where an enclosure lies, which differs from one to the next."""


class Needs:
    """Which tests of the tree as it stands need their own place; to be forgotten with that tree."""

    def __init__(self) -> None:
        self._everywhere: set[str] = set()
        self._from_disk: set[str] = set()
        """Import what writes: a fork of the session that has imported it already can run them."""
        self._own_doing: set[tuple[str, _Signature]] = set()
        """Failures that are the same in a place of their own."""

    def known(self, nodeids: Iterable[str], *, from_disk: bool) -> tuple[str, ...]:
        """Return those of `nodeids` that need not be tried elsewhere first."""
        return tuple(nodeid for nodeid in nodeids if self._needs(nodeid, from_disk=from_disk))

    def call_for(self, result: TestResult, *, from_disk: bool) -> bool:
        """Whether a result from a fork is to be replaced by one from the test's own place."""
        if self._needs(result.nodeid, from_disk=from_disk):
            return True
        refused = any(is_refusal(failure) or _GONE.search(failure.message) for failure in result.failures)
        return refused and (result.nodeid, _signature(result)) not in self._own_doing

    def call_for_import(self, run: RunResult) -> bool:
        """Whether a run from disk could not import, or not even start pytest, for what may be the fence's doing."""
        if run.status == "failed" and not run.results:
            return is_refusal(Failure("", Phase.COLLECT, "", run.reason))
        errors = (TestResult(error.nodeid, Outcome.MISSING, failures=(error,)) for error in run.collection_errors)
        return any(self.call_for(error, from_disk=False) for error in errors)

    def call_for_trial(self, tried: TryResult) -> bool:
        """Whether a candidate is to be tried once more in a place of its own."""
        if tried.status == "passed":
            return False
        if not tried.results:
            return is_refusal(Failure("", Phase.COLLECT, "", tried.reason))
        return any(self.call_for(result, from_disk=tried.strategy == "reload") for result in tried.results)

    def learn_run(self, forked: RunResult, own: RunResult, *, from_disk: bool, patched: bool) -> None:
        """Compare a run in forks with that of its tests, or some of them, in their own place."""
        results = own.by_nodeid()
        for result in forked.results:
            if result.nodeid in results and self.call_for(result, from_disk=from_disk):
                self.learn(result, results[result.nodeid], from_disk=from_disk, patched=patched)
        errors = {error.nodeid: error for error in own.collection_errors}
        for error in forked.collection_errors:
            if error.nodeid in errors:
                before, after = (
                    TestResult(error.nodeid, Outcome.MISSING, failures=(one,)) for one in (error, errors[error.nodeid])
                )
                self.learn(before, after, from_disk=True, patched=True)

    def learn(self, forked: TestResult, own: TestResult, *, from_disk: bool, patched: bool) -> None:
        """Compare a result from a fork with that of the test's own place.

        What a patch makes a test do says nothing about the next patch, only that this failure is its own doing.
        """
        if _signature(forked) == _signature(own):
            self._own_doing.add((forked.nodeid, _signature(forked)))
        elif not patched:
            (self._from_disk if from_disk else self._everywhere).add(forked.nodeid)

    def learn_trial(self, forked: TryResult, own: TryResult) -> None:
        """Compare the failures of one candidate in both places."""
        results = {result.nodeid: result for result in own.results}
        for result in forked.results:
            if result.failures and result.nodeid in results:
                from_disk = forked.strategy == "reload"
                self.learn(result, results[result.nodeid], from_disk=from_disk, patched=True)

    def _needs(self, nodeid: str, *, from_disk: bool) -> bool:
        return nodeid in self._everywhere or (from_disk and nodeid in self._from_disk)


def _signature(result: TestResult) -> _Signature:
    """Return how a test ended, without what differs from one place to the next."""
    said = (_PRIVATE_FOLDER.sub("", failure.message[:_COMPARED_CHARS]) for failure in result.failures)
    return result.outcome.value, tuple(zip((failure.exception for failure in result.failures), said, strict=True))
