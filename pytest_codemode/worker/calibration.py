"""Does a test show another value of a name, put in, as it would show it had the patched file been imported?

Who keeps a copy of the old value (a star import, a loader of settings, whatever was made from it) cannot be seen for
certain. So before a name's values are put in for some tests, one probe is tried both ways: None in the place of the
value. Only if the tests come out the same twice are swaps of that name trusted for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pytest_codemode.core.outcome import Candidate, Swap, TryRequest, TryResult

LEAST = 3
"""Candidates of one request that are worth a probe, which runs its tests twice; fewer go from disk, as many runs."""
Try = Callable[[Candidate], TryResult]
_Names = tuple[tuple[str, str], ...]
VARYING = re.compile(r"0x[0-9a-fA-F]+|(?<=/run/pytest/)\S+")
"""What differs between two runs of a test that fails by the same: addresses, and pytest's numbered folders."""


@dataclass
class Calibration:
    """What is known of one session."""

    _trusted: dict[tuple[tuple[str, ...], _Names], bool] = field(default_factory=dict)
    """(node ids, (path, qualname) of each name) -> whether putting values in shows what the import would."""

    def settle(self, request: TryRequest, attempt: Try) -> TryRequest:
        """Return the request with values swapped only where that is trusted; the other candidates go from disk.

        Args:
            request: candidates with and without swaps.
            attempt: tries one candidate on the tests of the request, by its swaps if it has any.
        """
        times = Counter(map(_names, request.candidates))

        def settled(candidate: Candidate) -> Candidate:
            names = _names(candidate)
            key = (request.nodeids, names)
            if names and key not in self._trusted and times[names] >= LEAST:
                self._trusted[key] = _shows(candidate, attempt)
            return candidate if not names or self._trusted.get(key) else replace(candidate, swaps=())

        return replace(request, candidates=tuple(map(settled, request.candidates)))


def _names(candidate: Candidate) -> _Names:
    """Return (path, qualname) of each name that the candidate gives another value."""
    return tuple((swap.path, swap.qualname) for swap in candidate.swaps if swap.kind == "value")


def _shows(candidate: Candidate, attempt: Try) -> bool:
    probe = _probe(candidate)
    if probe is None:
        return False
    swapped = attempt(probe)
    return swapped.strategy == "swap" and _told(swapped) == _told(attempt(replace(probe, swaps=())))


def _probe(candidate: Candidate) -> Candidate | None:
    """Return the candidate with None for each value that it swaps, None if its lines are not where they should be."""
    files = {path: data.split(b"\n") for path, data in candidate.files.items()}
    swaps: list[Swap] = []
    for swap in sorted(candidate.swaps, key=lambda swap: -swap.line):  # from the end: lines above keep their numbers
        name = swap.qualname.rpartition(".")[2]
        first, count = swap.line - 1, len(swap.source.rstrip("\r\n").split("\n"))
        lines = files.get(swap.path, [])
        indent = swap.source[: len(swap.source) - len(swap.source.lstrip(" \t"))]
        if swap.kind != "value" or not lines[first : first + count][:1] or not name.isascii():
            return None
        if not lines[first].lstrip(b" \t").startswith(name.encode()):
            return None
        none = f"{indent}{name} = None"
        lines[first : first + count] = [none.encode()]
        swaps.append(replace(swap, source=none + "\n"))
    return replace(candidate, files={path: b"\n".join(lines) for path, lines in files.items()}, swaps=tuple(swaps))


def _told(result: TryResult) -> object:
    """Return what tells two outcomes apart."""
    failures = (one for test in result.results for one in test.failures)
    told = ((one.nodeid, one.when, one.exception, one.message, one.left, one.right) for one in failures)
    outcomes = [(test.nodeid, test.outcome) for test in result.results]
    return result.status, outcomes, [tuple(VARYING.sub("", str(part)) for part in one) for one in told]
