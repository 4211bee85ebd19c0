"""What a swap does to a live process, and that it cannot be done."""

from __future__ import annotations

from typing import Protocol


class Unfaithful(Exception):
    """The swap would not behave as the patched file does; the text says why."""


class Exchange(Protocol):
    """One thing that is put in another's place; done twice, all is as before."""

    def exchange(self) -> None:
        """Put in what is held, and hold what was there."""
        ...
