"""Failures that share a cause become one task.

A wrong guess costs little: a patch that turns only some of a task's tests green is kept for those, and the rest is
taken up again.
"""

from __future__ import annotations

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.repair.localisation.hanging import looping_function

Group = tuple[Failure, ...]


def group(failures: tuple[Failure, ...], editable: frozenset[str]) -> tuple[Group, ...]:
    """Return the failures in groups, in the order of their first members.

    Two failures belong together if the same editable line raised the same exception, if both hang in the same editable
    function, or, where no editable line stands in the traceback (an assertion in the test), if they come from the same
    test function.
    """
    groups: dict[tuple[object, ...], list[Failure]] = {}
    for failure in failures:
        groups.setdefault(_cause(failure, editable), []).append(failure)
    return tuple(tuple(members) for members in groups.values())


def _cause(failure: Failure, editable: frozenset[str]) -> tuple[object, ...]:
    frame = failure.innermost(editable)
    hung = looping_function(failure) if failure.timed_out else None
    if hung is not None and hung[0] in editable:
        return ("hangs", *hung)  # the line is any of the loop's
    if failure.when is Phase.COLLECT:
        return ("collect", frame.path, frame.line, failure.exception) if frame else ("collect", failure.nodeid)
    if frame is not None:
        return ("raised", frame.path, frame.line, failure.exception)
    return ("asserted", failure.nodeid.partition("[")[0])
