"""Which files every worker should import ahead: those that each request would otherwise import for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pytest_codemode.core.exploring import Explored
from pytest_codemode.testgen.gaps import FunctionGap

REQUESTS = 10
"""That one function is worth at least: batches of inputs, a search for boundaries, mutants."""
RESTART_S = 2.0
"""What it costs to start the workers once more, and to collect the tests there; a large suite takes longer."""


def worth_preloading(gaps: Sequence[FunctionGap], described: Mapping[str, Explored]) -> tuple[str, ...]:
    """Return paths of modules; none if starting the workers again costs more than that saves.

    Args:
        gaps: functions that are about to be explored.
        described: path -> what came of describing it.
    """
    functions = Counter(gap.path for gap in gaps)
    found = {
        path: functions[path] * REQUESTS * explored.import_s
        for path, explored in described.items()
        if explored.status == "finished" and explored.callables and explored.import_s > 0 and not explored.threads
    }
    return tuple(found) if sum(found.values()) > RESTART_S else ()
