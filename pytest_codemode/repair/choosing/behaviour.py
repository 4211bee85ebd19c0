"""How a patch behaves beside the unpatched code and beside other patches: arithmetic over what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_codemode.core.credentials import SECRET_VALUE
from pytest_codemode.core.report import Behaviour, Difference
from pytest_codemode.repair.choosing.instrument import Records, Seen


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was seen of the unpatched code and of some patches, on the same inputs."""

    original: Records
    patched: dict[str, Records]
    """By fingerprint."""
    bug: frozenset[str] = frozenset()
    """Exceptions that failing tests end by: near inputs that raise them unpatched are not to stay as they are."""

    def behaviour(self, fingerprint: str) -> Behaviour | None:
        """Return how a patch behaves beside the unpatched code; None if nothing is known of it."""
        records = self.patched.get(fingerprint)
        return None if records is None else behaviour(self.original, records, self.bug)

    def difference(self, chosen: str, other: str) -> Difference | None:
        """Return where two patches give different results; None if nothing is known of one."""
        here, there = self.patched.get(chosen), self.patched.get(other)
        return None if here is None or there is None else difference(here, there)


def behaviour(original: Records, patched: Records, bug: frozenset[str] = frozenset()) -> Behaviour:
    """Return what a patch changes of what passing tests see, and of inputs near those that do not show the bug."""
    pairs = [(one, two) for one, two in _pairs(original, patched) if one.passing]
    seen = [pair for pair in pairs if not pair[0].near]
    near = [pair for pair in pairs if pair[0].near and not _shows(pair[0], bug)]
    raising = [one for one, two in _pairs(original, patched) if two.raised and not one.raised]
    return Behaviour(len(seen), _unequal(seen), len(near), _unequal(near), len(raising))


def difference(here: Records, there: Records) -> Difference:
    """Return on how many inputs two patches differ, with one of them: what a test did, then the shortest.

    One in which something looks like a credential is not shown: reports are read by others.
    """
    pairs = list(_pairs(here, there))
    unequal = [(one, two) for one, two in pairs if one.result != two.result]
    if not unequal:
        return Difference(0, len(pairs))
    shown = [pair for pair in unequal if not any(map(_is_secret, pair))]
    if not shown:
        return Difference(len(unequal), len(pairs))
    one, two = min(shown, key=lambda pair: (pair[0].near, len(pair[0].call), pair[0].call))
    return Difference(len(unequal), len(pairs), one.call, one.result, two.result)


def _is_secret(seen: Seen) -> bool:
    return bool(SECRET_VALUE.search(seen.call) or SECRET_VALUE.search(seen.result))


def _pairs(here: Records, there: Records) -> Iterable[tuple[Seen, Seen]]:
    both = ((one, there[key]) for key, one in here.items() if key in there)
    return ((one, two) for one, two in both if one.steady and two.steady)


def _shows(seen: Seen, bug: frozenset[str]) -> bool:
    return seen.raised and seen.result.partition(",")[0].removeprefix("raises ") in bug


def _unequal(pairs: list[tuple[Seen, Seen]]) -> int:
    return sum(one.result != two.result for one, two in pairs)
