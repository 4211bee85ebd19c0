"""What else a patch turns green: other causes of the same round that one patch of several edits repairs too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.task import RepairTask


def reach(sandbox: Sandbox, task: RepairTask, changed: Files, others: Iterable[RepairTask]) -> RepairTask:
    """Return `task` with the failures of `others` that the patch turns green as well.

    An edit that only another cause needs must not be minimised away: the tree would have changed under the rest of the
    patch when that cause is taken up, and it would not fit any more.

    Args:
        sandbox: runs the others' tests once, from files on disk.
        task: the failures that the patch is known to turn green.
        changed: the files that the patch changes, as it leaves them.
        others: tasks that are not taken up yet.
    """
    # Where files cannot be collected, what their tests do with the patch is nothing that failed before.
    related = [one for one in others if set(one.sources) & set(changed) and not _uncollected(one)]
    if not related or _uncollected(task):
        return task
    wanted = tuple(dict.fromkeys(nodeid for one in related for nodeid in one.nodeids))
    found = sandbox.run_tests(RunRequest(wanted, changed, Mode.RELOAD)).by_nodeid()
    green = {nodeid for nodeid in wanted if nodeid in found and found[nodeid].outcome is Outcome.PASSED}
    more = tuple(failure for one in related for failure in one.failures if failure.nodeid in green)
    return replace(task, failures=(*task.failures, *more))


def _uncollected(task: RepairTask) -> bool:
    return any(failure.when is Phase.COLLECT for failure in task.failures)
